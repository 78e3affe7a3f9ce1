/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which hall a page belongs to. Argument: the folder of the profiles. */
#include "assistant/core/hall_origin.h"
#include "assistant/core/lookalike.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *source;

static void
an_address_has_the_origin_that_browsers_say(void **state)
{
	static const struct {
		const char *scheme, *rest, *origin;
	} rows[] = {
		{"http", "www.xtsgjj.org.cn/", "http|www.xtsgjj.org.cn"},
		{"HTTPS", "WWW.XTSGJJ.org.cn:443/a?b#c", "https|www.xtsgjj.org.cn"},
		{"https", "h.example:80", "https|h.example:80"},
		{"http", "h.example:8080/x", "http|h.example:8080"},
		{"http", "公积金.cn/", "http|xn--55qp10hc3p.cn"},
		{"http", "127.0.0.1:21180/", "http|127.0.0.1:21180"},
		{"http", "[::1]:21180/", "http|[::1]:21180"},
		{"https", "user@h.example/", NULL},
		{"https", "user:word@h.example/", NULL},
		{"ftp", "h.example/", NULL},
		{"https", "", NULL},
		{"https", "/path", NULL},
		{"https", "h example/", NULL},
		{"https", "h%00.example/", NULL},
		{"https", "h%2fexample/", NULL},
		{"", "", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *url = g_strconcat(rows[i].scheme, "://", rows[i].rest, NULL);
		g_autofree char *origin = ouk_origin_of(url);
		g_auto(GStrv) parts = g_strsplit(origin != NULL ? origin : "", "://", 2);
		g_autofree char *joined = g_strjoinv("|", parts);

		if (strcmp(joined, rows[i].origin != NULL ? rows[i].origin : "") != 0)
			fail_msg("%s: %s", url, origin);
	}
	assert_null(ouk_origin_of("javascript:alert(1)"));
	assert_null(ouk_origin_of("null"));
	assert_null(ouk_origin_of(NULL));
}

static void
a_page_is_the_hall_or_like_it_or_unknown(void **state)
{
	static const struct {
		const char *scheme, *host;
		OukHallMatch match;
		const char *hall;
	} rows[] = {
		{"http", "www.xtsgjj.org.cn", OUK_HALL_KNOWN, "xingtai"},
		{"https", "www.xtsgjj.org.cn", OUK_HALL_KNOWN, "xingtai"},
		{"http", "help.bjca.org.cn", OUK_HALL_KNOWN, "baise"},
		/* the same people's, but not the hall */
		{"https", "xtsgjj.org.cn", OUK_HALL_UNKNOWN, NULL},
		{"https", "www2.xtsgjj.org.cn", OUK_HALL_UNKNOWN, NULL},
		{"https", "www.xtsgjj.org.cn:8443", OUK_HALL_UNKNOWN, NULL},
		{"https", "www.bjca.org.cn", OUK_HALL_UNKNOWN, NULL},
		/* one letter off */
		{"http", "www.xtsgij.org.cn", OUK_HALL_LOOKALIKE, "xingtai"},
		{"http", "www.xtsgj.org.cn", OUK_HALL_LOOKALIKE, "xingtai"},
		{"http", "www.xtssgjj.org.cn", OUK_HALL_LOOKALIKE, "xingtai"},
		{"http", "www.xstgjj.org.cn", OUK_HALL_LOOKALIKE, "xingtai"},
		{"http", "help.bica.org.cn", OUK_HALL_LOOKALIKE, "baise"},
		{"http", "hep.bjca.org.cn", OUK_HALL_LOOKALIKE, "baise"},
		{"http", "www.xjbtgji.com", OUK_HALL_LOOKALIKE, "btgjj"},
		/* another ending */
		{"https", "www.xtsgjj.com", OUK_HALL_LOOKALIKE, "xingtai"},
		{"https", "xtsgjj.top", OUK_HALL_LOOKALIKE, "xingtai"},
		/* its name within a stranger's */
		{"http", "www.xtsgjj.org.cn.login.top", OUK_HALL_LOOKALIKE, "xingtai"},
		{"http", "www-xtsgjj-org-cn.top", OUK_HALL_LOOKALIKE, "xingtai"},
		{"https", "xtsgjj-denglu.com", OUK_HALL_LOOKALIKE, "xingtai"},
		{"https", "help.bjca.org.cn.evil.example", OUK_HALL_LOOKALIKE, "baise"},
		{"https", "help-bjca-org-cn.example", OUK_HALL_LOOKALIKE, "baise"},
		/* other letters drawn the same: Cyrillic "хт" and "с" */
		{"http", "www.xn--sgjj-p6dr.org.cn", OUK_HALL_LOOKALIKE, "xingtai"},
		/* a dot at the end is another origin of the same machine */
		{"http", "www.xtsgjj.org.cn.", OUK_HALL_LOOKALIKE, "xingtai"},
		/* honest strangers */
		{"https", "www.xjca.com.cn", OUK_HALL_UNKNOWN, NULL},
		{"https", "www.hebca.com", OUK_HALL_UNKNOWN, NULL},
		{"https", "www.baidu.com", OUK_HALL_UNKNOWN, NULL},
		{"https", "gjj.beijing.gov.cn", OUK_HALL_UNKNOWN, NULL},
		{"http", "127.0.0.1:21180", OUK_HALL_UNKNOWN, NULL},
		{"http", "127.0.0.2", OUK_HALL_UNKNOWN, NULL},
		/* no origins */
		{"http", "www.xtsgjj.org.cn/", OUK_HALL_UNKNOWN, NULL},
		{"http", "www.xtsgjj.org.cn@evil.example", OUK_HALL_UNKNOWN, NULL},
		{"ws", "www.xtsgjj.org.cn", OUK_HALL_UNKNOWN, NULL},
		{"file", "/etc", OUK_HALL_UNKNOWN, NULL},
		{"", "", OUK_HALL_UNKNOWN, NULL},
	};
	const char *const dirs[] = {source, NULL};
	g_autoptr(OukProfiles) profiles = ouk_profiles_load(dirs);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *origin = g_strconcat(rows[i].scheme, "://", rows[i].host, NULL);
		OukHallSeen seen;
		OukHallMatch match = ouk_hall_for_origin(profiles, origin, FALSE, &seen);

		if (match != rows[i].match || match != seen.match ||
		    g_strcmp0(seen.hall != NULL ? seen.hall->id : NULL, rows[i].hall) != 0)
			fail_msg("%s: %d %s", origin, (int)match,
				 seen.hall != NULL ? seen.hall->id : "");
	}
	assert_int_equal(ouk_hall_for_origin(profiles, NULL, TRUE, NULL), OUK_HALL_UNKNOWN);
	assert_int_equal(ouk_hall_for_origin(profiles, "null", TRUE, NULL), OUK_HALL_UNKNOWN);
}

static void
letters_drawn_the_same_are_seen_through(void **state)
{
	static const struct {
		const char *written, *taken_for;
	} rows[] = {
		{"www.хtsgjj.org.cn", "www.xtsgjj.org.cn"},
		{"www.ｘｔｓｇｊｊ.org.cn", "www.xtsgjj.org.cn"},
		{"www.xtśgjj.org.cn", "www.xtsgjj.org.cn"},
		{"www.xtsɡjj.org.cn", "www.xtsgjj.org.cn"},
		{"www.xtsgϳj.org.cn", "www.xtsgjj.org.cn"},
		{"vvvvw.xtsgjj.org.cn", "wvvw.xtsgjj.org.cn"},
		{"harnony.com", "hannony.com"},
		{"g00d.com", "good.com"},
		{"𝐱𝐭𝐬𝐠𝐣𝐣.org.cn", "xtsgjj.org.cn"},
		{"xt\u200bsgjj.org.cn", "xtsgjj.org.cn"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *written = lookalike_skeleton(rows[i].written);
		g_autofree char *taken_for = lookalike_skeleton(rows[i].taken_for);

		if (strcmp(written, taken_for) != 0)
			fail_msg("%s: %s", rows[i].written, written);
	}
}

static void
the_mark_needs_https_a_chain_and_a_recent_look(void **state)
{
	static const struct {
		OukHallSeen seen;
		gboolean chain, mark;
	} rows[] = {
		{{.match = OUK_HALL_KNOWN, .https = TRUE, .fresh = TRUE}, TRUE, TRUE},
		{{.match = OUK_HALL_KNOWN, .https = TRUE, .fresh = TRUE}, FALSE, FALSE},
		{{.match = OUK_HALL_KNOWN, .https = FALSE, .fresh = TRUE}, TRUE, FALSE},
		{{.match = OUK_HALL_KNOWN, .https = TRUE, .fresh = FALSE}, TRUE, FALSE},
		{{.match = OUK_HALL_LOOKALIKE, .https = TRUE, .fresh = TRUE}, TRUE, FALSE},
		{{.match = OUK_HALL_UNKNOWN, .https = TRUE, .fresh = TRUE}, TRUE, FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_int_equal(ouk_hall_has_mark(&rows[i].seen, rows[i].chain), rows[i].mark);
}

static void
halls_of_the_manuals_are_listed_not_verified(void **state)
{
	const char *const dirs[] = {source, NULL};
	g_autoptr(OukProfiles) profiles = ouk_profiles_load(dirs);
	OukHallSeen seen;

	assert_int_equal(ouk_hall_for_origin(profiles,
					     "https:"
					     "//www.xtsgjj.org.cn",
					     FALSE, &seen),
			 OUK_HALL_KNOWN);
	assert_true(seen.https);
	assert_false(seen.fresh);
	assert_false(seen.downgraded);
	assert_false(ouk_hall_has_mark(&seen, TRUE));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_has_the_origin_that_browsers_say),
		cmocka_unit_test(a_page_is_the_hall_or_like_it_or_unknown),
		cmocka_unit_test(letters_drawn_the_same_are_seen_through),
		cmocka_unit_test(the_mark_needs_https_a_chain_and_a_recent_look),
		cmocka_unit_test(halls_of_the_manuals_are_listed_not_verified),
	};

	if (argc != 2)
		return 2;
	source = argv[1];
	setlocale(LC_ALL, "C");
	return cmocka_run_group_tests_name("origins", tests, NULL, NULL);
}
