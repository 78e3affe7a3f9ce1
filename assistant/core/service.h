/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the smart card service can be reached, known at once when it comes or goes: one idle
 * connection to pcscd's socket is held. PKCS #11 itself does not tell "no service" from "no key".
 */
#ifndef OUK_CORE_SERVICE_H
#define OUK_CORE_SERVICE_H

#include <glib.h>

typedef struct _OukService OukService;

/* changed is called on the thread-default main context, never from within ouk_service_new. */
OukService *ouk_service_new(void (*changed)(gpointer data), gpointer data);
void ouk_service_free(OukService *service);
gboolean ouk_service_is_up(const OukService *service);

#endif
