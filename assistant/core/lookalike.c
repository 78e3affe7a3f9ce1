/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/lookalike.h"

#include <libsoup/soup.h>
#include <stdint.h>
#include <string.h>

#define HOST_MAX 253
/* Shorter names are one letter off from many honest ones. */
#define TELLING_LENGTH 5
/* "www" and "www2" are the same people's. */
#define FIRST_LABEL_LENGTH 4

/* ---- how a name looks ---- */

#define LOOKS(code, as) {code, as},
static const struct {
	gunichar code;
	const char *as;
} letters[] = {
#include "assistant/core/lookalike.def"
};
#undef LOOKS

/* Several letters that are read as one. */
static const struct {
	const char *letters, *as;
} groups[] = {{"rn", "m"}, {"vv", "w"}, {"nn", "m"}, {"cl", "d"}};

static void
append_as_seen(GString *seen, gunichar letter)
{
	if (g_unichar_ismark(letter) || g_unichar_iszerowidth(letter))
		return;
	letter = g_unichar_tolower(letter);
	for (gsize i = 0; i < G_N_ELEMENTS(letters); i++) {
		if (letters[i].code == letter) {
			g_string_append(seen, letters[i].as);
			return;
		}
	}
	g_string_append_unichar(seen, letter);
}

char *
lookalike_skeleton(const char *host)
{
	g_autofree char *shown = g_hostname_to_unicode(host);
	g_autofree char *plain =
		g_utf8_normalize(shown != NULL ? shown : host, -1, G_NORMALIZE_NFKD);
	GString *seen = g_string_new(NULL);

	for (const char *at = plain != NULL ? plain : ""; *at != '\0';
	     at += g_utf8_skip[(guchar)*at])
		append_as_seen(seen, g_utf8_get_char(at));
	while (g_str_has_suffix(seen->str, "."))
		g_string_truncate(seen, seen->len - 1);
	for (gsize i = 0; i < G_N_ELEMENTS(groups); i++)
		g_string_replace(seen, groups[i].letters, groups[i].as, 0);
	return g_string_free(seen, FALSE);
}

/* ---- one letter off ---- */

static gsize
skip_letter(const char *text)
{
	return (gsize)g_utf8_skip[(guchar)*text];
}

/* Equal, or one letter more, less, or other, or two neighbours changed over. */
static gboolean
is_one_off(const char *a, const char *b)
{
	const char *after_a, *after_b;

	while (*a != '\0' && g_utf8_get_char(a) == g_utf8_get_char(b)) {
		a += g_utf8_skip[(guchar)*a];
		b += g_utf8_skip[(guchar)*b];
	}
	if (*a == '\0' || *b == '\0')
		return g_utf8_strlen(a, -1) + g_utf8_strlen(b, -1) <= 1;
	after_a = a + skip_letter(a);
	after_b = b + skip_letter(b);
	if (strcmp(after_a, after_b) == 0 || strcmp(after_a, b) == 0 || strcmp(a, after_b) == 0)
		return TRUE;
	return *after_a != '\0' && *after_b != '\0' &&
	       g_utf8_get_char(a) == g_utf8_get_char(after_b) &&
	       g_utf8_get_char(b) == g_utf8_get_char(after_a) &&
	       strcmp(after_a + skip_letter(after_a), after_b + skip_letter(after_b)) == 0;
}

/* ---- whose name it is ---- */

/* The part that its owner registered: "xtsgjj.org.cn" of "www.xtsgjj.org.cn". Points into host. */
static const char *
registered_part(const char *host)
{
	const char *base = soup_tld_get_base_domain(host, NULL);

	return base != NULL ? base : host;
}

static char *
first_label(const char *name)
{
	return g_strndup(name, strcspn(name, "."));
}

/* real's registered name, whole, with "-" or nothing in place of its dots. */
static gboolean
carries_whole_name(const char *seen, const char *real_seen)
{
	g_autofree char *flat = g_strdelimit(g_strdup(seen), ".", '-');
	g_autofree char *flat_real = g_strdelimit(g_strdup(real_seen), ".", '-');

	for (const char *at = flat; (at = strstr(at, flat_real)) != NULL; at++) {
		const char after = at[strlen(flat_real)];

		if ((at == flat || at[-1] == '-') && (after == '\0' || after == '-'))
			return TRUE;
	}
	return FALSE;
}

static gboolean
is_stranger_alike(const char *host, const char *base, const char *real_base)
{
	g_autofree char *seen = lookalike_skeleton(host);
	g_autofree char *base_seen = lookalike_skeleton(base);
	g_autofree char *real_seen = lookalike_skeleton(real_base);
	g_autofree char *label = first_label(base_seen);
	g_autofree char *real_label = first_label(real_seen);

	if (is_one_off(base_seen, real_seen) || carries_whole_name(seen, real_seen))
		return TRUE;
	if (g_utf8_strlen(real_label, -1) < TELLING_LENGTH)
		return FALSE;
	return is_one_off(label, real_label) || strstr(seen, real_label) != NULL;
}

/* Of the same owner, but a person who mistypes is not to be served there either. */
static gboolean
is_neighbour_alike(const char *host, const char *real)
{
	g_autofree char *seen = lookalike_skeleton(host);
	g_autofree char *real_seen = lookalike_skeleton(real);

	return strcspn(real, ".") >= FIRST_LABEL_LENGTH && is_one_off(seen, real_seen);
}

gboolean
lookalike_of(const char *host, const char *real)
{
	const char *base, *real_base;

	if (strlen(host) > HOST_MAX || strlen(real) > HOST_MAX || strcmp(host, real) == 0 ||
	    g_hostname_is_ip_address(host) || g_hostname_is_ip_address(real))
		return FALSE;
	base = registered_part(host);
	real_base = registered_part(real);
	return strcmp(base, real_base) == 0 ? is_neighbour_alike(host, real)
					    : is_stranger_alike(host, base, real_base);
}
