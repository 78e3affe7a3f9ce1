/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The window: keys and places at the start side, the page of the chosen one beside them. */
#ifndef OUK_UI_WINDOW_H
#define OUK_UI_WINDOW_H

#include "assistant/core/watch.h"

#include <gtk/gtk.h>

#define OUK_TYPE_WINDOW ouk_window_get_type()
G_DECLARE_FINAL_TYPE(OukWindow, ouk_window, OUK, WINDOW, GtkApplicationWindow)

/* watch: NULL: comes later. practice: says on every page that nothing here is real. */
OukWindow *ouk_window_new(GtkApplication *application, OukWatch *watch, gboolean practice);
void ouk_window_set_watch(OukWindow *self, OukWatch *watch);

/* "keys", "timeline", "services", "halls" or "doctor"; FALSE when there is no such place. */
gboolean ouk_window_show_place(OukWindow *self, const char *place);
/*
 * The page of a key, at its tab "certificates", "pin" or "key" (NULL: as it is); as soon as it has
 * been read when the program has just been started.
 */
void ouk_window_show_key(OukWindow *self, const char *id, const char *tab);

/* A page on top of the present one, with a way back. The window takes it. */
void ouk_window_push(OukWindow *self, GtkWidget *page, const char *title);

/* Keeps that page on top when the key is pulled that it is about: it says itself what is next. */
void ouk_window_keep(GtkWidget *page);

/*
 * Tells a result in the window. label and action (a detailed action name): a button, or NULL.
 * The window that a widget is in; does nothing when it is in none.
 */
void ouk_window_say(GtkWidget *widget, GtkMessageType kind, const char *text);
void ouk_window_offer(GtkWidget *widget, GtkMessageType kind, const char *text, const char *label,
		      const char *action);
/* The row of an error of ours: what happened, what to do, and its button. */
void ouk_window_report(GtkWidget *widget, const GError *error);

#endif
