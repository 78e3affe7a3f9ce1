/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often something happens under a name: a page, a site, a kind of refusal. Not locked. */
#ifndef OUK_BRIDGE_RATE_H
#define OUK_BRIDGE_RATE_H

#include <glib.h>

typedef struct _OukRates OukRates;

typedef struct {
	guint most;    /* so many */
	guint seconds; /* within so long */
} OukRate;

OukRates *ouk_rates_new(void);
void ouk_rates_free(OukRates *rates);

/* Counts one more; FALSE, not counted, when there were `rate->most` within the time before `now`
 * (monotonic, microseconds). */
gboolean ouk_rates_take(OukRates *rates, const char *name, const OukRate *rate, gint64 now);
/* Whether one more would fit; counts nothing. */
gboolean ouk_rates_fits(OukRates *rates, const char *name, const OukRate *rate, gint64 now);
/* How many were turned away since the last that was taken, and forgets them. */
guint ouk_rates_skipped(OukRates *rates, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukRates, ouk_rates_free)

#endif
