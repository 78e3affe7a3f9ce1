/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/calendar.h"

#include <glib/gi18n.h>
#include <string.h>

/* RFC 5545, 3.1: bytes of a line without its CRLF */
#define FOLD_AT 75

static const int alarm_days[] = {30, 7, 1};

/* A content line, folded between characters, never inside one. */
static void
put_line(GString *out, const char *line)
{
	gsize room = FOLD_AT;

	while (strlen(line) > room) {
		const char *cut = line + room + 1;

		cut = g_utf8_find_prev_char(line, cut);
		g_string_append_len(out, line, cut - line);
		g_string_append(out, "\r\n ");
		line = cut;
		room = FOLD_AT - 1; /* the blank that marks the continuation */
	}
	g_string_append(out, line);
	g_string_append(out, "\r\n");
}

/* 3.3.11: TEXT. Certificates' texts have no control characters any more. */
static char *
escape(const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			g_string_append(out, "\\n");
			continue;
		}
		if (strchr("\\;,", *text) != NULL)
			g_string_append_c(out, '\\');
		g_string_append_c(out, *text);
	}
	return g_strdup(out->str);
}

static void
put_text(GString *out, const char *name, const char *text)
{
	g_autofree char *escaped = escape(text);
	g_autofree char *line = g_strdup_printf("%s:%s", name, escaped);

	put_line(out, line);
}

static void
put_time(GString *out, const char *name, GDateTime *time)
{
	g_autoptr(GDateTime) utc = g_date_time_to_utc(time);
	g_autofree char *text = g_date_time_format(utc, "%Y%m%dT%H%M%SZ");
	g_autofree char *line = g_strdup_printf("%s:%s", name, text);

	put_line(out, line);
}

static void
put_alarm(GString *out, int days, const char *summary)
{
	g_autofree char *trigger = g_strdup_printf("TRIGGER;RELATED=START:-P%dD", days);

	put_line(out, "BEGIN:VALARM");
	put_line(out, "ACTION:DISPLAY");
	put_line(out, trigger);
	put_text(out, "DESCRIPTION", summary);
	put_line(out, "END:VALARM");
}

/* The same event when it is made again. */
static void
put_uid(GString *out, const OukPairCert *cert)
{
	g_autofree char *line = NULL;
	g_auto(GStrv) parts = g_strsplit(cert->sha256, ":", -1);
	g_autofree char *digits = g_strjoinv("", parts);

	line = g_strdup_printf("UID:%s@openukey", digits);
	put_line(out, line);
}

static void
put_event(GString *out, const OukPairInfo *pair, const OukPairCert *cert)
{
	g_autofree char *summary = g_strdup_printf(_("Certificate of %s ends"), pair->unit);
	g_autofree char *text = g_strdup_printf(
		_("Issued by: %s\nSerial number: %s\nRenew it before this day. After it has ended "
		  "it cannot be used to log in any more."),
		pair->issuer, cert->serial);

	put_time(out, "DTSTART", cert->ends);
	put_text(out, "SUMMARY", summary);
	put_text(out, "DESCRIPTION", text);
	put_line(out, "TRANSP:TRANSPARENT");
	for (gsize i = 0; i < G_N_ELEMENTS(alarm_days); i++)
		put_alarm(out, alarm_days[i], summary);
}

static const OukPairCert *
cert_of(const OukPairInfo *pair)
{
	return pair->sign != NULL ? pair->sign : pair->encrypt;
}

char *
ouk_calendar_text(const OukPairInfo *pair, gint64 now)
{
	const OukPairCert *cert = cert_of(pair);
	g_autoptr(GDateTime) stamp = g_date_time_new_from_unix_utc(now);
	g_autoptr(GString) out = g_string_new(NULL);

	if (cert == NULL || cert->ends == NULL || stamp == NULL)
		return NULL;
	put_line(out, "BEGIN:VCALENDAR");
	put_line(out, "VERSION:2.0");
	put_line(out, "PRODID:-//OpenUKey//OpenUKey//ZH");
	put_line(out, "BEGIN:VEVENT");
	put_uid(out, cert);
	put_time(out, "DTSTAMP", stamp);
	put_event(out, pair, cert);
	put_line(out, "END:VEVENT");
	put_line(out, "END:VCALENDAR");
	return g_strdup(out->str);
}

char *
ouk_calendar_file_name(const OukPairInfo *pair)
{
	const OukPairCert *cert = cert_of(pair);
	g_autofree char *unit = g_strdelimit(g_strdup(pair->unit), "/\\:*?\"<>|", '-');
	g_autofree char *date = NULL;

	if (cert == NULL || cert->ends == NULL)
		return g_strdup_printf("%s.ics", unit);
	date = g_date_time_format(cert->ends, "%Y-%m-%d");
	return g_strdup_printf("%s-%s.ics", unit, date);
}
