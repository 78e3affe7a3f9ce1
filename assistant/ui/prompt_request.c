/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/prompt_request.h"

#include "assistant/core/pin_rule.h"
#include "assistant/ui/route_card.h"

#include <glib/gi18n.h>

#ifdef GDK_WINDOWING_X11
#include <gdk/gdkx.h>
#endif
#ifdef GDK_WINDOWING_WAYLAND
#include <gdk/gdkwayland.h>
#endif

struct _OukPromptParent {
	GtkWindow *window;
	char *handle;      /* NULL: none */
	gboolean exported; /* Wayland: to be taken back */
	OukPromptParentReady ready;
	gpointer data;
};

OukPromptParent *
ouk_prompt_parent_new(GtkWindow *window)
{
	OukPromptParent *parent = g_new0(OukPromptParent, 1);

	parent->window = window;
	return parent;
}

#ifdef GDK_WINDOWING_WAYLAND
static void
on_exported(GdkWindow *window, const char *handle, gpointer data)
{
	OukPromptParent *parent = data;

	parent->handle = g_strdup_printf("wayland:%s", handle);
	parent->ready(parent->data);
}
#endif

/* TRUE: on_exported goes on. */
static gboolean export(OukPromptParent *parent)
{
	GdkWindow *window = gtk_widget_get_window(GTK_WIDGET(parent->window));

	if (window == NULL || parent->handle != NULL)
		return FALSE;
#ifdef GDK_WINDOWING_X11
	if (GDK_IS_X11_WINDOW(window))
		parent->handle = g_strdup_printf("x11:%lx", (gulong)gdk_x11_window_get_xid(window));
#endif
#ifdef GDK_WINDOWING_WAYLAND
	if (GDK_IS_WAYLAND_WINDOW(window))
		parent->exported =
			gdk_wayland_window_export_handle(window, on_exported, parent, NULL);
#endif
	return parent->exported;
}

void
ouk_prompt_parent_export(OukPromptParent *parent, OukPromptParentReady ready, gpointer data)
{
	parent->ready = ready;
	parent->data = data;
	if (!export(parent))
		ready(data);
}

void
ouk_prompt_parent_free(OukPromptParent *parent)
{
	if (parent == NULL)
		return;
#ifdef GDK_WINDOWING_WAYLAND
	GdkWindow *window = gtk_widget_get_window(GTK_WIDGET(parent->window));

	if (parent->exported && window != NULL)
		gdk_wayland_window_unexport_handle(window);
#endif
	g_free(parent->handle);
	g_free(parent);
}

void
ouk_prompt_request_fill(OukPromptRequest *request, OukTokenView *view, const OukProfile *profile,
			const OukTries *tries, const OukPromptParent *parent)
{
	const OukTokenInfo *info = ouk_token_view_info(view);
	OukPairView *best = ouk_token_view_best(view);
	const char *parts[] = {info->serial,
			       best != NULL ? ouk_pair_view_info(best)->credit_code : NULL, NULL};
	g_autoptr(OukPinRule) rule = ouk_pin_rule_new(
		profile, (guint)info->pin_min, (guint)MIN(info->pin_max, G_MAXUINT16), parts);

	ouk_prompt_request_init(request);
	request->asker = g_strdup(_("My Certificates"));
	request->token = g_strdup(info->label);
	request->nickname = g_strdup(info->nickname);
	request->serial = g_strdup(info->serial_end);
	request->unit = g_strdup(info->unit);
	request->min_length = (int)MIN(info->pin_min, G_MAXUINT8);
	request->max_length = (int)MIN(info->pin_max, G_MAXUINT8);
	request->first_pin = (info->flags & OUK_TOKEN_FIRST_PIN) != 0;
	request->rehearsal = (info->flags & OUK_TOKEN_VIRTUAL) != 0;
	request->rule = ouk_pin_rule_pack(rule);
	request->route = ouk_route_text(profile);
	request->parent = parent != NULL ? g_strdup(parent->handle) : NULL;
	if (tries != NULL)
		ouk_prompt_set_tries(request, tries);
	if (profile != NULL) {
		request->first_hint = g_strdup(ouk_words(&profile->first_pin.text));
		request->hotline = g_strdup(ouk_profile_hotline(profile));
	}
}
