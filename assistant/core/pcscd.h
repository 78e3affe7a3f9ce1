/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the smart card service can be reached, known at once when it comes or goes: one idle
 * connection to pcscd's socket is held. PKCS #11 itself does not tell "no service" from "no key".
 */
#ifndef OUK_CORE_PCSCD_H
#define OUK_CORE_PCSCD_H

#include <glib.h>

typedef struct _OukPcscd OukPcscd;

/* changed is called on the thread-default main context, never from within ouk_pcscd_new. */
OukPcscd *ouk_pcscd_new(void (*changed)(gpointer data), gpointer data);
void ouk_pcscd_free(OukPcscd *service);
gboolean ouk_pcscd_is_up(const OukPcscd *service);

#endif
