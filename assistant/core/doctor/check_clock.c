/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The clock against what cannot be older than now: the day this program was built, files of the
 * system, and, where the network is there, what a server says.
 */
#include "assistant/core/doctor/exam.h"
#include "assistant/core/doctor/web.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#define DAY_S       (24 * 60 * 60)
#define YEAR_S      (365 * (gint64)DAY_S)
#define TOLERANCE_S (10 * 60) /* against a server */
#define SLACK_S     DAY_S     /* against files: time zones of other systems on the disk */
#define AHEAD_AFTER (15 * YEAR_S)

/* Written while the system runs; systemd keeps the last two for this very purpose. */
static const char *const witnesses[] = {
	"/var/lib/dpkg/status",
	"/var/lib/rpm",
	"/var/log/wtmp",
	"/var/log/lastlog",
	"/var/lib/systemd/random-seed",
	"/var/lib/systemd/timesync/clock",
	"/var/lib/private/systemd/timesync/clock",
};

/* The latest time that has certainly been. */
static gint64
latest_past(const OukExam *exam)
{
	gint64 latest = OPENUKEY_BUILD_TIME;
	GStatBuf file;

	for (size_t i = 0; i < G_N_ELEMENTS(witnesses); i++)
		if (g_stat(witnesses[i], &file) == 0 && file.st_mtime > latest)
			latest = file.st_mtime;
	return latest;
}

static OukFindingId
clock_alone(const OukExam *exam)
{
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;

	if (now < latest_past(exam) - SLACK_S)
		return OUK_F_CLOCK_BEHIND;
	return now > OPENUKEY_BUILD_TIME + AHEAD_AFTER ? OUK_F_CLOCK_AHEAD : OUK_FINDING_COUNT;
}

/* A certificate that has not begun or has ended for this clock may be good for the right one. */
#define CLOCK_ERRORS (G_TLS_CERTIFICATE_NOT_ACTIVATED | G_TLS_CERTIFICATE_EXPIRED)

/* What a server of the hall says; of one that cannot be trusted nothing is taken. */
static gboolean
web_date(OukExam *exam, gint64 *ret)
{
	g_autofree char *address = NULL;
	OukWebAnswer answer;
	gboolean known;

	if (exam->offline)
		return FALSE;
	address = exam_time_server(exam);
	if (address == NULL)
		return FALSE;
	web_ask(address, exam->cancellable, &answer);
	known = answer.state == OUK_WEB_ANSWERED && answer.date != 0 &&
		(answer.errors & (GTlsCertificateFlags)~CLOCK_ERRORS) == 0;
	if (known)
		*ret = answer.date;
	web_answer_clear(&answer);
	return known;
}

OukFindingId
exam_clock(OukExam *exam)
{
	gint64 there;

	if (exam->clock_known)
		return exam->clock_finding;
	exam->clock_known = TRUE;
	exam->clock_finding = clock_alone(exam);
	if (web_date(exam, &there)) {
		exam->clues.offset = there - g_get_real_time() / G_USEC_PER_SEC;
		exam->clock_finding = exam->clues.offset > TOLERANCE_S    ? OUK_F_CLOCK_BEHIND
				      : exam->clues.offset < -TOLERANCE_S ? OUK_F_CLOCK_AHEAD
									  : OUK_FINDING_COUNT;
	}
	return exam->clock_finding;
}

void
check_clock(OukExam *exam, OukLinkResult *ret)
{
	OukFindingId finding = exam_clock(exam);
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *shown = g_date_time_format(now, "%F %R");

	exam_found(ret, finding == OUK_FINDING_COUNT ? OUK_LINK_OK : OUK_LINK_BROKEN, finding,
		   g_strdup(shown));
}
