/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts that operators sign, as a person reads them. */
#include "assistant/core/approval.h"

#include "assistant/core/text.h"

#include <glib/gi18n.h>
#include <string.h>

#define CHINA_OFFSET (8 * 3600)

/* "order" is followed by its act. */
static const struct {
	const char *act, *title;
} titles[] = {
	{"again", N_("Try the service's administrator PIN once more on a key that refused it")},
	{"contact", N_("Change where a key's authorization codes go")},
	{"device", N_("Give a new key the service's device authentication key")},
	{"enrol", N_("Take a key into the unlocking service")},
	{"found", N_("Let a key that was lost be unlocked again")},
	{"issue", N_("Issue a certificate")},
	{"operators add", N_("Add an operator, or change what one may do")},
	{"operators begin", N_("Begin the list of operators")},
	{"operators lost", N_("An operator's key is lost: it counts no more")},
	{"operators remove", N_("Remove an operator")},
	{"order approve", N_("Approve an order")},
	{"order at-counter", N_("Somebody came to the counter: identity and papers were checked")},
	{"order hand-over", N_("Hand over a key: the identity was checked")},
	{"order lay-out", N_("A new key is ready to be collected")},
	{"order make", N_("A new key was made for an order")},
	{"order paper-came", N_("The papers of an order have come")},
	{"order post", N_("A new key was posted")},
	{"order refund-seen", N_("The refund of an order was made")},
	{"order refuse", N_("Refuse an order")},
	{"order reject", N_("Send an order back to be corrected")},
	{"order release", N_("Release a key from its loss")},
	{"order transfer-seen", N_("The bank transfer for an order has come")},
	{"order view", N_("Look at a document of an order")},
	{"personalise", N_("Give a new key its administrator PIN")},
	{"recover", N_("Recover an encryption key onto another key")},
	{"release", N_("Let a suspended certificate be valid again")},
	{"request", N_("Certify the request of a new key")},
	{"revoke", N_("Revoke certificates for good")},
	{"station", N_("Unlock this key now, at the counter")},
	{"unlock", N_("Unlock a key at the counter")},
};

typedef enum { SHOWN_TEXT, SHOWN_TIME, SHOWN_MONEY, SHOWN_KIND, SHOWN_ROLES } Shown;

static const struct {
	const char *name, *label;
	Shown shown;
} labels[] = {
	{"account", N_("bank account"), SHOWN_TEXT},
	{"at", N_("time"), SHOWN_TIME},
	{"cert", N_("certificate (SHA-256)"), SHOWN_TEXT},
	{"code", N_("credit code"), SHOWN_TEXT},
	{"csr", N_("request (SHA-256)"), SHOWN_TEXT},
	{"enc", N_("old encryption certificate (SHA-256)"), SHOWN_TEXT},
	{"from", N_("from"), SHOWN_TIME},
	{"identity", N_("identity document (SHA-256)"), SHOWN_TEXT},
	{"key", N_("public key (SHA-256)"), SHOWN_TEXT},
	{"kind", N_("business"), SHOWN_KIND},
	{"name", N_("operator"), SHOWN_TEXT},
	{"notify", N_("notices go to"), SHOWN_TEXT},
	{"number", N_("number"), SHOWN_TEXT},
	{"old", N_("old certificate (SHA-256)"), SHOWN_TEXT},
	{"once", N_("good once"), SHOWN_TEXT},
	{"order", N_("order"), SHOWN_TEXT},
	{"paid", N_("paid"), SHOWN_MONEY},
	{"phone", N_("phone for codes"), SHOWN_TEXT},
	{"prev", N_("follows the entry (SHA-256)"), SHOWN_TEXT},
	{"reason", N_("reason"), SHOWN_TEXT},
	{"roles", N_("roles"), SHOWN_ROLES},
	{"seq", N_("entry"), SHOWN_TEXT},
	{"slots", N_("documents"), SHOWN_TEXT},
	{"sn", N_("serial number of the key"), SHOWN_TEXT},
	{"subject", N_("name in the certificate (SHA-256)"), SHOWN_TEXT},
	{"to", N_("extra key pair for it (SHA-256)"), SHOWN_TEXT},
	{"token", N_("serial number of the new key"), SHOWN_TEXT},
	{"tracking", N_("tracking number"), SHOWN_TEXT},
	{"transfer", N_("bank transfer"), SHOWN_TEXT},
	{"until", N_("until"), SHOWN_TIME},
	{"ver", N_("version of the order"), SHOWN_TEXT},
	{"years", N_("years"), SHOWN_TEXT},
};

static const struct {
	const char *word, *words;
} kinds[] = {
	{"new", N_("new certificate")},
	{"renewal", N_("renewal")},
	{"unlock", N_("unlocking")},
	{"lost", N_("replacement of a lost key")},
	{"damaged", N_("replacement of a damaged key")},
	{"revoke", N_("revocation")},
	{"change", N_("change of information")},
	{"open", N_("another application")},
	{"return", N_("return")},
	{"loss", N_("report of a loss")},
};

static char *
time_words(const char *value)
{
	gint64 at = g_ascii_strtoll(value, NULL, 10);
	g_autoptr(GTimeZone) china = g_time_zone_new_offset(CHINA_OFFSET);
	g_autoptr(GDateTime) utc = at > 0 ? g_date_time_new_from_unix_utc(at) : NULL;
	g_autoptr(GDateTime) local = utc != NULL ? g_date_time_to_timezone(utc, china) : NULL;

	return local != NULL ? g_date_time_format(local, "%Y-%m-%d %H:%M:%S")
			     : g_strdup(_("without end"));
}

static char *
value_words(Shown shown, const char *value)
{
	gint64 cents;

	switch (shown) {
	case SHOWN_TIME:
		return time_words(value);
	case SHOWN_MONEY:
		cents = g_ascii_strtoll(value, NULL, 10);
		return g_strdup_printf("¥%" G_GINT64_FORMAT ".%02d", cents / 100,
				       (int)(cents % 100));
	case SHOWN_KIND:
		for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
			if (strcmp(kinds[i].word, value) == 0)
				return g_strdup(_(kinds[i].words));
		return g_strdup(value);
	default:
		return g_strdup(value);
	}
}

void
ouk_approval_line_add(OukApprovalItem *item, const char *label, const char *value)
{
	OukApprovalLine *line = g_new0(OukApprovalLine, 1);

	line->label = g_strdup(label);
	line->value = ouk_text_of(value, strlen(value));
	g_ptr_array_add(item->words, line);
}

static gboolean
line_words(OukApprovalItem *item, const char *line)
{
	const char *is = strchr(line, '=');
	g_autofree char *name = is != NULL ? g_strndup(line, (gsize)(is - line)) : NULL;

	if (name == NULL || name[0] == '\0')
		return FALSE;
	/* Said by the title, or nothing said at all. */
	if ((strcmp(name, "act") == 0 && item->known) || is[1] == '\0')
		return TRUE;
	for (size_t i = 0; i < G_N_ELEMENTS(labels); i++)
		if (strcmp(labels[i].name, name) == 0) {
			g_autofree char *value = value_words(labels[i].shown, is + 1);

			ouk_approval_line_add(item, _(labels[i].label), value);
			return TRUE;
		}
	ouk_approval_line_add(item, name, is + 1);
	return TRUE;
}

/* The text's first words: "order" and "operators" are told by their act. */
static char *
act_of(char **lines)
{
	const char *space = strchr(lines[0], ' ');
	g_autofree char *word =
		g_strndup(lines[0], space != NULL ? (gsize)(space - lines[0]) : strlen(lines[0]));

	if (strcmp(word, "order") != 0 && strcmp(word, "operators") != 0)
		return g_steal_pointer(&word);
	for (char **line = lines + 1; *line != NULL; line++)
		if (g_str_has_prefix(*line, "act="))
			return g_strdup_printf("%s %s", word, *line + 4);
	return g_steal_pointer(&word);
}

gboolean
ouk_approval_words(OukApprovalItem *item)
{
	g_auto(GStrv) lines = g_strsplit(item->body, "\n", -1);
	guint len = g_strv_length(lines);
	g_autofree char *act = NULL;

	/* Each line ends with a newline, so what follows the last one is empty. */
	if (len < 3 || lines[len - 1][0] != '\0')
		return FALSE;
	act = act_of(lines);
	for (size_t i = 0; i < G_N_ELEMENTS(titles); i++)
		if (strcmp(titles[i].act, act) == 0) {
			item->known = TRUE;
			item->title = g_strdup(_(titles[i].title));
		}
	if (item->title == NULL)
		item->title = ouk_text_of(lines[0], strlen(lines[0]));
	else if (strchr(lines[0], ' ') != NULL)
		ouk_approval_line_add(item, _("model"), strchr(lines[0], ' ') + 1);
	for (guint i = 1; i + 1 < len; i++)
		if (!line_words(item, lines[i]))
			return FALSE;
	return TRUE;
}
