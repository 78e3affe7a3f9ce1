/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/rate.h"

#define NAMES_MAX 4096

/* When the last ones happened: a ring of as many as may be counted. */
struct times {
	guint most, at, count, skipped;
	gint64 last;
	gint64 when[];
};

struct _OukRates {
	GHashTable *names; /* name -> struct times */
};

OukRates *
ouk_rates_new(void)
{
	OukRates *rates = g_new0(OukRates, 1);

	rates->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return rates;
}

void
ouk_rates_free(OukRates *rates)
{
	if (rates == NULL)
		return;
	g_hash_table_unref(rates->names);
	g_free(rates);
}

static gboolean
is_old(gpointer name, gpointer value, gpointer now)
{
	const struct times *times = value;

	return *(const gint64 *)now - times->last > 600 * G_USEC_PER_SEC;
}

/* Pages choose the names: there must not be more and more of them. */
static void
names_tidy(OukRates *rates, gint64 now)
{
	if (g_hash_table_size(rates->names) < NAMES_MAX)
		return;
	g_hash_table_foreach_remove(rates->names, is_old, &now);
	if (g_hash_table_size(rates->names) >= NAMES_MAX)
		g_hash_table_remove_all(rates->names);
}

static struct times *
times_of(OukRates *rates, const char *name, const OukRate *rate, gint64 now)
{
	struct times *times = g_hash_table_lookup(rates->names, name);

	if (times != NULL)
		return times;
	names_tidy(rates, now);
	times = g_malloc0(sizeof(*times) + rate->most * sizeof(times->when[0]));
	times->most = rate->most;
	g_hash_table_insert(rates->names, g_strdup(name), times);
	return times;
}

/* The one that is `most` back is the one that must be long enough ago. */
static gboolean
fits(const struct times *times, const OukRate *rate, gint64 now)
{
	return times->count < times->most ||
	       now - times->when[times->at] >= (gint64)rate->seconds * G_USEC_PER_SEC;
}

gboolean
ouk_rates_fits(OukRates *rates, const char *name, const OukRate *rate, gint64 now)
{
	return fits(times_of(rates, name, rate, now), rate, now);
}

gboolean
ouk_rates_take(OukRates *rates, const char *name, const OukRate *rate, gint64 now)
{
	struct times *times = times_of(rates, name, rate, now);

	times->last = now;
	if (!fits(times, rate, now)) {
		times->skipped++;
		return FALSE;
	}
	times->when[times->at] = now;
	times->at = (times->at + 1) % times->most;
	times->count = MIN(times->count + 1, times->most);
	return TRUE;
}

guint
ouk_rates_skipped(OukRates *rates, const char *name)
{
	struct times *times = g_hash_table_lookup(rates->names, name);
	guint skipped = times != NULL ? times->skipped : 0;

	if (times != NULL)
		times->skipped = 0;
	return skipped;
}
