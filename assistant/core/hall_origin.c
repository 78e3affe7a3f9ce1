/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/hall_origin.h"

#include "assistant/core/lookalike.h"

#include <string.h>

#define URL_MAX  2048
#define HOST_MAX 253

/* An origin in its parts; port 0 is the scheme's own. */
typedef struct {
	char *host;
	gboolean https;
	int port;
} Place;

static void
place_clear(Place *place)
{
	g_clear_pointer(&place->host, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

/* What a browser would have in its origin; NULL for what none has. */
static char *
host_canonical(const char *host)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
	g_autofree char *ascii = NULL;

	if (g_hostname_is_ip_address(host))
		return g_ascii_strdown(host, -1);
	ascii = g_hostname_to_ascii(host);
	if (ascii == NULL)
		return NULL;
	for (char *at = ascii; *at != '\0'; at++)
		*at = g_ascii_tolower(*at);
	if (*ascii == '\0' || *ascii == '.' || strlen(ascii) > HOST_MAX ||
	    strspn(ascii, allowed) != strlen(ascii))
		return NULL;
	return g_steal_pointer(&ascii);
}

static gboolean
place_of(const char *url, Place *ret)
{
	g_autoptr(GUri) uri = NULL;
	const char *scheme;

	if (url == NULL || strlen(url) > URL_MAX)
		return FALSE;
	uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
	if (uri == NULL || g_uri_get_host(uri) == NULL || g_uri_get_userinfo(uri) != NULL)
		return FALSE;
	scheme = g_uri_get_scheme(uri);
	ret->https = strcmp(scheme, "https") == 0;
	if (!ret->https && strcmp(scheme, "http") != 0)
		return FALSE;
	ret->port = g_uri_get_port(uri);
	if (ret->port < 0 || ret->port == (ret->https ? 443 : 80))
		ret->port = 0;
	ret->host = host_canonical(g_uri_get_host(uri));
	return ret->host != NULL;
}

char *
ouk_origin_of(const char *url)
{
	g_auto(Place) place = {0};
	const char *scheme, *open = "", *close = "";

	if (!place_of(url, &place))
		return NULL;
	scheme = place.https ? "https" : "http";
	if (strchr(place.host, ':') != NULL) {
		open = "[";
		close = "]";
	}
	if (place.port == 0)
		return g_strdup_printf("%s://%s%s%s", scheme, open, place.host, close);
	return g_strdup_printf("%s://%s%s%s:%d", scheme, open, place.host, close, place.port);
}

/* An origin as a browser says it: nothing after the host and port. */
static gboolean
is_bare(const char *origin)
{
	const char *host = strstr(origin, "://");

	return host != NULL && strpbrk(host + 3, "/?#@") == NULL;
}

/* ---- the list ---- */

static void
compare_address(const OukHall *hall, const char *url, const Place *place, OukHallSeen *seen)
{
	g_auto(Place) listed = {0};

	if (!place_of(url, &listed))
		return;
	if (strcmp(listed.host, place->host) == 0 && listed.port == place->port) {
		seen->match = OUK_HALL_KNOWN;
		seen->hall = hall;
	} else if (seen->match == OUK_HALL_UNKNOWN && lookalike_of(place->host, listed.host)) {
		seen->match = OUK_HALL_LOOKALIKE;
		seen->hall = hall;
	}
}

/* One of its addresses on that host is https, and the person is not there. */
static gboolean
is_downgraded(const OukHall *hall, const Place *place)
{
	for (guint i = 0; !place->https && i < hall->urls->len; i++) {
		g_auto(Place) listed = {0};

		if (place_of(g_ptr_array_index(hall->urls, i), &listed) && listed.https &&
		    strcmp(listed.host, place->host) == 0)
			return TRUE;
	}
	return FALSE;
}

static void
compare_hall(const OukHall *hall, const Place *place, OukHallSeen *seen)
{
	for (guint i = 0; i < hall->urls->len && seen->match != OUK_HALL_KNOWN; i++)
		compare_address(hall, g_ptr_array_index(hall->urls, i), place, seen);
}

static void
compare_all(const OukProfiles *profiles, const Place *place, gboolean rehearsal, OukHallSeen *seen)
{
	const GPtrArray *list = ouk_profiles_list(profiles);

	for (guint i = 0; i < list->len; i++) {
		const OukProfile *profile = g_ptr_array_index(list, i);

		if (profile->rehearsal && !rehearsal)
			continue;
		for (guint n = 0; n < profile->halls->len && seen->match != OUK_HALL_KNOWN; n++)
			compare_hall(g_ptr_array_index(profile->halls, n), place, seen);
	}
}

OukHallMatch
ouk_hall_for_origin_at(const OukProfiles *profiles, const char *origin, gboolean rehearsal,
		       GDateTime *now, OukHallSeen *ret)
{
	OukHallSeen seen = {.match = OUK_HALL_UNKNOWN};
	g_auto(Place) place = {0};

	if (origin != NULL && is_bare(origin) && place_of(origin, &place)) {
		seen.https = place.https;
		compare_all(profiles, &place, rehearsal, &seen);
	}
	if (seen.match == OUK_HALL_KNOWN) {
		seen.downgraded = is_downgraded(seen.hall, &place);
		seen.fresh = ouk_hall_is_fresh(seen.hall, now);
	}
	if (ret != NULL)
		*ret = seen;
	return seen.match;
}

OukHallMatch
ouk_hall_for_origin(const OukProfiles *profiles, const char *origin, gboolean rehearsal,
		    OukHallSeen *ret)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();

	return ouk_hall_for_origin_at(profiles, origin, rehearsal, now, ret);
}

gboolean
ouk_hall_has_mark(const OukHallSeen *seen, gboolean valid_chain)
{
	return seen->match == OUK_HALL_KNOWN && seen->fresh && seen->https && valid_chain;
}
