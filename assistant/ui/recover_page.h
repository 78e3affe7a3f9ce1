/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Getting the old encryption key onto the key that replaced a lost or broken one. */
#ifndef OUK_UI_RECOVER_PAGE_H
#define OUK_UI_RECOVER_PAGE_H

#include "assistant/core/profile.h"
#include "assistant/core/view.h"
#include "assistant/service-client/order.h"

#include <gtk/gtk.h>

/* Whether a key of that CA can be asked for here. */
gboolean ouk_recover_offered(const OukProfile *profile, OukTokenView *view);
/* order: of the replacement; NULL: the CA is asked for it. window: outlives the page. */
GtkWidget *ouk_recover_page_new(GtkWindow *window, const OukProfile *profile, OukTokenView *view,
				OukOrder *order);

#endif
