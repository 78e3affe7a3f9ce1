/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OukOrders' list: a hint, no secrets. One file of JSON. For this folder only. */
#ifndef OUK_SERVICE_CLIENT_ORDERS_FILE_H
#define OUK_SERVICE_CLIENT_ORDERS_FILE_H

#include <glib.h>

/* An order, or one that is about to be opened: then id and number are "" and key is not. */
typedef struct {
	char *profile, *id, *number, *kind, *serial;
	char *key; /* Idempotency-Key */
	gint64 made;
} OrdersRow;

OrdersRow *orders_row_new(void);
void orders_row_free(OrdersRow *row);

/* Of OrdersRow. What cannot be understood is left out: it is a hint. Takes no lock. */
GPtrArray *orders_file_read(const char *dir);
/* Whole or not at all. The lock is held. OUK_E_FILE_WRITE. */
gboolean orders_file_write(const char *dir, const GPtrArray *rows, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OrdersRow, orders_row_free)

#endif
