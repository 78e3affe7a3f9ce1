/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/renew_rule.h"

#include <glib/gi18n.h>

#define DAY INT64_C(86400)

static GDateTime *
local_of(const OukProfile *profile, gint64 at)
{
	g_autoptr(GTimeZone) zone = g_time_zone_new_offset(profile->renewal.utc_offset);
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(at);

	return utc != NULL ? g_date_time_to_timezone(utc, zone) : NULL;
}

OukRenewWindow
ouk_renew_window(const OukProfile *profile, gint64 not_after, gint64 now)
{
	const OukRenewalTerms *terms = &profile->renewal;
	OukRenewWindow window = {.may = OUK_MAY_RENEW_UNKNOWN};

	if (terms->days_before > 0)
		window.opens = not_after - terms->days_before * DAY;
	if (terms->days_after >= 0)
		window.closes = not_after + terms->days_after * DAY;
	if (window.closes != 0 && now > window.closes)
		window.may = OUK_MAY_RENEW_TOO_LATE;
	else if (window.opens != 0 && now < window.opens)
		window.may = OUK_MAY_RENEW_TOO_EARLY;
	else if (now > not_after)
		window.may = window.closes != 0 ? OUK_MAY_RENEW_ENDED : OUK_MAY_RENEW_UNKNOWN;
	else if (window.opens != 0)
		window.may = OUK_MAY_RENEW;
	return window;
}

gint64
ouk_renewed_end(const OukProfile *profile, gint64 not_after, gint64 now, guint years)
{
	g_autoptr(GDateTime) from = local_of(profile, now <= not_after ? not_after : now);
	g_autoptr(GDateTime) day = from != NULL ? g_date_time_add_years(from, (gint)years) : NULL;
	g_autoptr(GTimeZone) zone = g_time_zone_new_offset(profile->renewal.utc_offset);
	g_autoptr(GDateTime) end = NULL;

	if (day == NULL)
		return 0;
	end = g_date_time_new(zone, g_date_time_get_year(day), g_date_time_get_month(day),
			      g_date_time_get_day_of_month(day), 23, 59, 59);
	return end != NULL ? g_date_time_to_unix(end) : 0;
}

char *
ouk_renew_day(const OukProfile *profile, gint64 at)
{
	g_autoptr(GDateTime) local = local_of(profile, at);

	return local != NULL ? g_date_time_format(local, "%Y-%m-%d") : g_strdup("?");
}

/* "Renewed now, it is good until ...", where the CA says for how long. */
static char *
new_end_text(const OukProfile *profile, gint64 not_after, gint64 now)
{
	guint years = profile->renewal.lifetime_years;
	g_autofree char *day = NULL;

	if (years == 0)
		return g_strdup("");
	day = ouk_renew_day(profile, ouk_renewed_end(profile, not_after, now, years));
	/* Translators: a date; follows another sentence */
	return g_strdup_printf(_(" Renewed now, it is good until %s."), day);
}

char *
ouk_renew_sentence(const OukProfile *profile, gint64 not_after, gint64 now)
{
	OukRenewWindow window = ouk_renew_window(profile, not_after, now);
	g_autofree char *opens = ouk_renew_day(profile, window.opens);
	g_autofree char *closes = ouk_renew_day(profile, window.closes);
	g_autofree char *ends = ouk_renew_day(profile, not_after);
	g_autofree char *more = new_end_text(profile, not_after, now);

	switch (window.may) {
	case OUK_MAY_RENEW:
		if (window.closes == 0)
			/* Translators: a date; %s at the end is another sentence or nothing */
			return g_strdup_printf(_("It can be renewed now; it ends on %s.%s"), ends,
					       more);
		/* Translators: two dates; %s at the end is another sentence or nothing */
		return g_strdup_printf(
			_("It can be renewed now; it ends on %s, and renewal closes on %s.%s"),
			ends, closes, more);
	case OUK_MAY_RENEW_ENDED:
		/* Translators: two dates; %s at the end is another sentence or nothing */
		return g_strdup_printf(_("It ended on %s and can still be renewed until %s.%s"),
				       ends, closes, more);
	case OUK_MAY_RENEW_TOO_EARLY:
		/* Translators: two dates */
		return g_strdup_printf(_("It ends on %s and can be renewed from %s on."), ends,
				       opens);
	case OUK_MAY_RENEW_TOO_LATE:
		/* Translators: two dates */
		return g_strdup_printf(_("It ended on %s; since %s it cannot be renewed any more. "
					 "Apply for a new certificate."),
				       ends, closes);
	default:
		/* Translators: a date */
		return g_strdup_printf(_("It ends on %s. When it can be renewed, the CA's hotline "
					 "knows."),
				       ends);
	}
}
