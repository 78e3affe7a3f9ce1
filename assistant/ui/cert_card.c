/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/cert_card.h"

#include "assistant/ui/application.h"
#include "assistant/ui/details_page.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/status.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>

/* "Signing and encryption certificate · SM2" */
static char *
kind_text(const OukPairInfo *info)
{
	const OukPairCert *cert = info->sign != NULL ? info->sign : info->encrypt;
	const char *kind = info->sign != NULL && info->encrypt != NULL
				   ? _("Signing and encryption certificate")
			   : info->sign != NULL ? _("Signing certificate")
						: _("Encryption certificate");

	return cert != NULL ? g_strdup_printf("%s · %s", kind, cert->algorithm) : NULL;
}

static void
on_details(GtkWidget *button, OukPairView *pair)
{
	OukTokenView *view = g_object_get_data(G_OBJECT(button), "token");
	GtkWidget *top = gtk_widget_get_toplevel(button);

	if (OUK_IS_WINDOW(top))
		ouk_window_push(OUK_WINDOW(top), ouk_details_page_new(view, pair),
				_("Certificate Details"));
}

static GtkWidget *
details_button(OukTokenView *view, OukPairView *pair)
{
	const OukPairInfo *info = ouk_pair_view_info(pair);
	GtkWidget *button = gtk_button_new_with_mnemonic(_("_Details"));
	g_autofree char *spoken =
		g_strdup_printf(_("Details of the certificate of %s"), info->unit);

	atk_object_set_description(gtk_widget_get_accessible(button), spoken);
	if (view != NULL)
		g_object_set_data_full(G_OBJECT(button), "token", g_object_ref(view),
				       g_object_unref);
	g_signal_connect_data(button, "clicked", G_CALLBACK(on_details), g_object_ref(pair),
			      ouk_closure_unref(), 0);
	gtk_widget_set_valign(button, GTK_ALIGN_END);
	gtk_widget_set_halign(button, GTK_ALIGN_END);
	return button;
}

/* From some weeks before the end to the last day, and after it. */
static gboolean
wants_renewal(OukTokenView *view, const OukPairInfo *info)
{
	const OukProfile *profile = ouk_application_profile_of(ouk_application_get(), view);

	return profile != NULL &&
	       (info->status == OUK_PAIR_ENDS_SOON || info->status == OUK_PAIR_ENDED);
}

static GtkWidget *
renew_button(const OukPairInfo *info)
{
	GtkWidget *button = gtk_button_new_with_mnemonic(_("Re_new…"));
	g_autofree char *spoken = g_strdup_printf(_("Renew the certificate of %s"), info->unit);

	atk_object_set_description(gtk_widget_get_accessible(button), spoken);
	gtk_actionable_set_detailed_action_name(GTK_ACTIONABLE(button), "win.service::renewal");
	gtk_widget_set_valign(button, GTK_ALIGN_END);
	gtk_widget_set_halign(button, GTK_ALIGN_END);
	ouk_add_class(button, "suggested-action");
	return button;
}

static void
fill_texts(GtkBox *box, OukPairView *pair)
{
	const OukPairInfo *info = ouk_pair_view_info(pair);
	g_autofree char *issuer = g_strdup_printf(_("Issued by %s"), info->issuer);
	g_autofree char *validity = ouk_validity_text(info), *kind = kind_text(info);
	g_autofree char *sentence = ouk_pair_sentence(info);

	gtk_container_add(GTK_CONTAINER(box), ouk_label_new(info->unit, "ouk-unit"));
	if (kind != NULL) {
		gtk_container_add(GTK_CONTAINER(box), ouk_label_new(validity, NULL));
		gtk_container_add(GTK_CONTAINER(box), ouk_label_new(issuer, "dim-label"));
		gtk_container_add(GTK_CONTAINER(box), ouk_label_new(kind, "dim-label"));
	}
	if (info->status != OUK_PAIR_VALID && sentence != NULL && *sentence != '\0')
		gtk_container_add(GTK_CONTAINER(box), ouk_label_new(sentence, NULL));
}

GtkWidget *
ouk_cert_card_new(OukTokenView *view, OukPairView *pair, gboolean details)
{
	const OukPairInfo *info = ouk_pair_view_info(pair);
	const OukStatusLook *look = ouk_status_look(info->status);
	GtkWidget *card = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 16);
	GtkWidget *image = gtk_image_new_from_icon_name(look->icon, GTK_ICON_SIZE_DND);
	GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
	GtkWidget *side = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
	GtkWidget *badge = ouk_status_badge(info->status);
	GtkStyleContext *context = gtk_widget_get_style_context(card);

	gtk_style_context_add_class(context, "ouk-card");
	ouk_add_class(image, look->tone);
	if (look->faded)
		gtk_style_context_add_class(context, "ouk-faded");
	gtk_image_set_pixel_size(GTK_IMAGE(image), 40);
	gtk_widget_set_valign(image, GTK_ALIGN_START);
	fill_texts(GTK_BOX(texts), pair);
	gtk_widget_set_halign(badge, GTK_ALIGN_END);
	gtk_box_pack_start(GTK_BOX(side), badge, FALSE, FALSE, 0);
	if (details && view != NULL && wants_renewal(view, info))
		gtk_box_pack_end(GTK_BOX(side), renew_button(info), FALSE, FALSE, 0);
	if (details && ouk_pair_view_cert(pair) != NULL)
		gtk_box_pack_end(GTK_BOX(side), details_button(view, pair), FALSE, FALSE, 0);
	gtk_container_add(GTK_CONTAINER(card), image);
	gtk_box_pack_start(GTK_BOX(card), texts, TRUE, TRUE, 0);
	gtk_container_add(GTK_CONTAINER(card), side);
	atk_object_set_role(gtk_widget_get_accessible(card), ATK_ROLE_PANEL);
	atk_object_set_name(gtk_widget_get_accessible(card), info->unit);
	atk_object_set_description(gtk_widget_get_accessible(card),
				   ouk_pair_status_text(info->status));
	gtk_widget_show_all(card);
	return card;
}
