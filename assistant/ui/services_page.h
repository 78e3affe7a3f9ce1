/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be asked of the CA, as a list: for one key, or without any. */
#ifndef OUK_UI_SERVICES_PAGE_H
#define OUK_UI_SERVICES_PAGE_H

#include "assistant/core/guide.h"
#include "assistant/core/view.h"

#include <gtk/gtk.h>

#define OUK_TYPE_SERVICES ouk_services_get_type()
G_DECLARE_FINAL_TYPE(OukServices, ouk_services, OUK, SERVICES, GtkBox)

/* The list for a key, or what needs none (view NULL). */
void ouk_services_set(OukServices *self, const OukProfile *profile, OukTokenView *view);
/* The page for one of them, on top of the present one. profile, view: may be NULL. */
void ouk_services_open(GtkWidget *widget, OukGuideKind kind, const OukProfile *profile,
		       OukTokenView *view);

/* Whether it can be done from here, with the CA's service. */
gboolean ouk_services_online(OukGuideKind kind, const OukProfile *profile);

/* The place at the side: without a key, the person says which CA. */
GtkWidget *ouk_services_page_new(void);

#endif
