/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/status.h"

#include <glib/gi18n.h>

static const OukStatusLook looks[OUK_PAIR_STATUS_COUNT] = {
	[OUK_PAIR_VALID] = {"ouk-valid-symbolic", "ouk-good", FALSE},
	[OUK_PAIR_NOT_YET] = {"ouk-not-yet-symbolic", "ouk-warn", FALSE},
	[OUK_PAIR_ENDS_SOON] = {"ouk-ends-soon-symbolic", "ouk-warn", FALSE},
	[OUK_PAIR_ENDED] = {"ouk-ended-symbolic", "ouk-bad", TRUE},
	[OUK_PAIR_REVOKED] = {"ouk-revoked-symbolic", "ouk-bad", TRUE},
	[OUK_PAIR_NOT_CHECKED] = {"ouk-not-checked-symbolic", "ouk-warn", FALSE},
	[OUK_PAIR_KEY_MISSING] = {"ouk-key-missing-symbolic", "ouk-bad", TRUE},
	[OUK_PAIR_UNREADABLE] = {"ouk-unreadable-symbolic", "ouk-bad", TRUE},
	[OUK_PAIR_SUPERSEDED] = {"ouk-superseded-symbolic", "ouk-neutral", TRUE},
};

const OukStatusLook *
ouk_status_look(OukPairStatus status)
{
	return &looks[status < OUK_PAIR_STATUS_COUNT ? status : OUK_PAIR_UNREADABLE];
}

GtkWidget *
ouk_badge_new(const char *icon, const char *tone, const char *text)
{
	GtkWidget *badge = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
	GtkWidget *image = gtk_image_new_from_icon_name(icon, GTK_ICON_SIZE_MENU);
	GtkWidget *label = gtk_label_new(text);
	GtkStyleContext *context = gtk_widget_get_style_context(badge);

	gtk_style_context_add_class(context, "ouk-badge");
	gtk_style_context_add_class(context, tone);
	gtk_container_add(GTK_CONTAINER(badge), image);
	gtk_container_add(GTK_CONTAINER(badge), label);
	gtk_widget_set_halign(badge, GTK_ALIGN_START);
	gtk_widget_set_valign(badge, GTK_ALIGN_START);
	gtk_widget_show_all(badge);
	return badge;
}

GtkWidget *
ouk_status_badge(OukPairStatus status)
{
	const OukStatusLook *look = ouk_status_look(status);

	return ouk_badge_new(look->icon, look->tone, ouk_pair_status_text(status));
}

char *
ouk_date_text(GDateTime *date)
{
	/* TRANSLATORS: a date for g_date_time_format(), such as 3 March 2026 */
	return g_date_time_format(date, _("%-d %B %Y"));
}

char *
ouk_days_text(int days)
{
	if (days == 0)
		return g_strdup(_("ends today"));
	if (days > 0)
		return g_strdup_printf(ngettext("%d day left", "%d days left", (gulong)days), days);
	return g_strdup_printf(ngettext("ended %d day ago", "ended %d days ago", (gulong)-days),
			       -days);
}

char *
ouk_validity_text(const OukPairInfo *info)
{
	const OukPairCert *cert = info->sign != NULL ? info->sign : info->encrypt;
	g_autofree char *from = NULL, *until = NULL, *days = NULL;

	if (cert == NULL)
		return g_strdup(_("Its validity cannot be read."));
	from = ouk_date_text(cert->begins);
	until = ouk_date_text(cert->ends);
	days = ouk_days_text(info->days_left);
	/* TRANSLATORS: first day, last day, "365 days left" */
	return g_strdup_printf(_("%s to %s · %s"), from, until, days);
}
