/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/about.h"

#include <glib/gi18n.h>

void
ouk_about_show(GtkWindow *parent)
{
	gtk_show_about_dialog(
		parent, "program-name", _("My Certificates"), "version", OPENUKEY_VERSION,
		"logo-icon-name", "org.openukey.Assistant", "license-type", GTK_LICENSE_LGPL_2_1,
		"copyright", _("The OpenUKey project"), "comments",
		_("The certificate on your USB key, its PIN, and your hall.\n\n"
		  "This program is independent: it belongs to none of the certificate authorities "
		  "and halls that it lists, and none of them has approved it. What it says about "
		  "them comes from their public manuals."),
		NULL);
}
