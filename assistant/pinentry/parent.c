/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/pinentry/parent.h"

#ifdef GDK_WINDOWING_X11
#include <gdk/gdkx.h>
#endif
#ifdef GDK_WINDOWING_WAYLAND
#include <gdk/gdkwayland.h>
#endif

#ifdef GDK_WINDOWING_X11
static void
x11_set(GdkWindow *window, const char *id)
{
	GdkDisplay *display = gdk_window_get_display(window);
	GdkWindow *parent;
	guint64 xid;

	if (!GDK_IS_X11_DISPLAY(display) ||
	    !g_ascii_string_to_unsigned(id, 16, 1, G_MAXUINT32, &xid, NULL))
		return;
	parent = gdk_x11_window_foreign_new_for_display(display, (Window)xid);
	if (parent == NULL)
		return;
	gdk_window_set_transient_for(window, parent);
	g_object_unref(parent);
}
#endif

#ifdef GDK_WINDOWING_WAYLAND
static void
wayland_set(GdkWindow *window, const char *id)
{
	g_autofree char *handle = g_strdup(id);

	if (GDK_IS_WAYLAND_WINDOW(window))
		(void)gdk_wayland_window_set_transient_for_exported(window, handle);
}
#endif

void
ouk_parent_set(GtkWindow *window, const char *parent)
{
	static const struct {
		const char *prefix;
		void (*set)(GdkWindow *window, const char *id);
	} kinds[] = {
#ifdef GDK_WINDOWING_X11
		{"x11:", x11_set},
#endif
#ifdef GDK_WINDOWING_WAYLAND
		{"wayland:", wayland_set},
#endif
		{NULL, NULL},
	};

	if (parent == NULL)
		return;
	gtk_widget_realize(GTK_WIDGET(window));
	for (gsize i = 0; kinds[i].prefix != NULL; i++)
		if (g_str_has_prefix(parent, kinds[i].prefix))
			kinds[i].set(gtk_widget_get_window(GTK_WIDGET(window)),
				     parent + strlen(kinds[i].prefix));
}
