/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/doctor.h"

#include <glib/gi18n.h>
#include <string.h>
#include <sys/utsname.h>

/* How each state is marked in plain text. */
static const char *const marks[] = {
	[OUK_LINK_WAITING] = " ", [OUK_LINK_LOOKING] = "…", [OUK_LINK_OK] = "+",
	[OUK_LINK_NOTE] = "!",    [OUK_LINK_BROKEN] = "x",  [OUK_LINK_NOT_TESTED] = "-",
};

static void
add_link(GString *report, OukDoctor *doctor, OukLinkId id)
{
	const OukLinkResult *result = ouk_doctor_result(doctor, id);

	g_string_append_printf(report, "[%s] %s", marks[result->state], ouk_link_title(id));
	if (result->finding != NULL)
		g_string_append_printf(report, _(": %s"), _(result->finding->sentence));
	if (result->fact != NULL && *result->fact != '\0')
		g_string_append_printf(report, result->finding != NULL ? _(" (%s)") : _(": %s"),
				       result->fact);
	g_string_append_c(report, '\n');
}

static void
add_system(GString *report)
{
	g_autofree char *name = g_get_os_info(G_OS_INFO_KEY_PRETTY_NAME);
	const char *session = g_getenv("XDG_SESSION_TYPE"),
		   *desktop = g_getenv("XDG_CURRENT_DESKTOP");
	struct utsname kernel = {0};

	(void)uname(&kernel);
	g_string_append_printf(report, _("System: %s, kernel %s, %s\n"), name != NULL ? name : "?",
			       kernel.release, kernel.machine);
	g_string_append_printf(report, _("Desktop: %s, %s\n"), desktop != NULL ? desktop : "?",
			       session != NULL ? session : "?");
}

char *
ouk_doctor_report(OukDoctor *doctor)
{
	GString *report = g_string_new(NULL);
	g_autofree char *code = ouk_doctor_code(doctor);
	const OukFinding *finding = ouk_doctor_finding(doctor);
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *when = g_date_time_format(now, "%F %R %z");

	g_string_append_printf(report, _("OpenUKey %s, report of %s\n"), OPENUKEY_VERSION, when);
	g_string_append_printf(report, _("Code: %s\n"), code);
	if (finding != NULL)
		g_string_append_printf(report, _("Finding: %s\n"), _(finding->sentence));
	else
		g_string_append(report, _("Finding: none\n"));
	add_system(report);
	g_string_append_c(report, '\n');
	for (OukLinkId id = 0; id < OUK_LINKS; id++)
		add_link(report, doctor, id);
	g_string_append_printf(report, "\n%s\n",
			       _("Serial numbers are shortened, units named by their first "
				 "character. No PIN is ever read."));
	return g_string_free(report, FALSE);
}
