/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this computer knows of a person's orders. Their capabilities are in the desktop's keyring
 * (Secret Service); where there is none, in a file that only the user can read, and the person is
 * told. Beside them a list of orders by key, which has no secrets and is a hint only: what an order
 * really is, the service says. Without either, orders come back by a query (calls.h).
 *
 * All functions do I/O: call them on a worker thread. They are safe on any.
 */
#ifndef OUK_SERVICE_CLIENT_ORDERS_H
#define OUK_SERVICE_CLIENT_ORDERS_H

#include "assistant/service-client/service.h"

typedef struct _OukOrders OukOrders;

/* dir: NULL for the user's own ($XDG_DATA_HOME/openukey). OUK_E_FILE_READ. */
OukOrders *ouk_orders_open(const char *dir, GError **error);
OukOrders *ouk_orders_ref(OukOrders *orders);
void ouk_orders_unref(OukOrders *orders);

/*
 * Before an order is opened: the Idempotency-Key for it. The same one comes back for the same
 * profile, kind and key until the order is kept, also in another process: so that a program that
 * was killed between the two does not open a second order. The caller frees.
 */
char *ouk_orders_begin(OukOrders *orders, OukService *service, const char *kind, const char *serial,
		       GError **error);
/* The key that ouk_orders_begin gave was used for something else (OUK_E_SERVICE_CHANGED). */
gboolean ouk_orders_begin_anew(OukOrders *orders, OukService *service, const char *kind,
			       const char *serial, GError **error);

/*
 * Keeps an order and its capability. *ret_in_file (may be NULL): there is no keyring, the
 * capability lies in a file; tell the person. OUK_E_FILE_WRITE.
 */
gboolean ouk_orders_keep(OukOrders *orders, OukService *service, OukOrder *order,
			 gboolean *ret_in_file, GError **error);
/* The order is of no more use to the person. */
gboolean ouk_orders_forget(OukOrders *orders, OukService *service, OukOrder *order, GError **error);

/*
 * Of OukOrder, newest first: those of a key, or of all with NULL; as they were remembered (number,
 * kind, key, capability), nothing is asked. ouk_order_is_ours is FALSE for one whose capability is
 * lost.
 */
GPtrArray *ouk_orders_list(OukOrders *orders, OukService *service, const char *serial,
			   GError **error);
/*
 * The same after the service was asked what each is; finished ones are forgotten here when the
 * service does not know them any more. So are hints of unlocking (core/unlock.h) that is over.
 */
GPtrArray *ouk_orders_resume_sync(OukOrders *orders, OukService *service, const char *serial,
				  GCancellable *cancellable, GError **error);
void ouk_orders_resume_async(OukOrders *orders, OukService *service, const char *serial,
			     GCancellable *cancellable, GAsyncReadyCallback callback,
			     gpointer data);
GPtrArray *ouk_orders_resume_finish(GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukOrders, ouk_orders_unref)

#endif
