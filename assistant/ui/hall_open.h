/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening a hall: first a look at its address and at the keys, then what the person has to know,
 * asked where it must be, then the browser that is fit.
 */
#ifndef OUK_UI_HALL_OPEN_H
#define OUK_UI_HALL_OPEN_H

#include "assistant/core/doctor/visit.h"
#include "assistant/core/hall_key.h"

#include <gtk/gtk.h>

/* Of disk and network, read on a worker thread. */
typedef struct {
	OukVisit *visit;
	GPtrArray *uses;     /* of OukHallUse */
	GPtrArray *browsers; /* of OukBrowserState */
	gboolean risk_taken;
} OukHallFacts;

/* network: also asks the hall's server who it is. Finish: NULL when it was cancelled. */
void ouk_hall_facts_async(const OukHall *hall, gboolean network, GCancellable *cancellable,
			  GAsyncReadyCallback callback, gpointer data);
OukHallFacts *ouk_hall_facts_finish(GAsyncResult *result);
void ouk_hall_facts_free(OukHallFacts *facts);

/* The key to use there, of those that are plugged in. The caller clears it. */
void ouk_hall_facts_key(const OukHall *hall, const OukHallFacts *facts, OukHallKey *ret);

/* Opens it; what comes of that is told in the widget's window. */
void ouk_hall_open(GtkWidget *widget, const OukHall *hall);

/* The hall's page: what it wants, which key, what to know, and the way in. */
GtkWidget *ouk_hall_page_new(const OukHall *hall);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukHallFacts, ouk_hall_facts_free)

#endif
