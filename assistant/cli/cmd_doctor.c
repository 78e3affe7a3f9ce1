/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey doctor: what is wrong between the USB port and the hall, and putting it right. */
#include "assistant/cli/cli.h"
#include "assistant/core/doctor/doctor.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <string.h>

/* Words before each line; never a colour alone. */
static const char *const marks[] = {
	[OUK_LINK_WAITING] = "",          [OUK_LINK_LOOKING] = "",
	[OUK_LINK_OK] = N_("good"),       [OUK_LINK_NOTE] = N_("note"),
	[OUK_LINK_BROKEN] = N_("broken"), [OUK_LINK_NOT_TESTED] = N_("not tested"),
};

static void
on_link(OukDoctor *doctor, guint id, gpointer data)
{
	const OukLinkResult *result = ouk_doctor_result(doctor, id);

	if (result->state < OUK_LINK_OK)
		return;
	g_print("[%s] %s", _(marks[result->state]), ouk_link_title(id));
	if (result->finding != NULL)
		g_print(_(": %s"), _(result->finding->sentence));
	if (*result->text != '\0')
		g_print(result->finding != NULL ? " (%s)" : _(": %s"), result->text);
	g_print("\n");
}

static gboolean
run(int argc, char **argv, GError **error)
{
	OukDoctorSetup setup = {0};
	g_autoptr(OukDoctor) doctor = NULL;
	const OukFinding *finding;
	g_autofree char *code = NULL;

	if (!cli_parse(&cli_doctor, &argc, &argv, CLI_TAKES_NO_KEY, NULL, error) ||
	    !cli_arguments(argc, 0, 0, error))
		return FALSE;
	doctor = ouk_doctor_new(&setup);
	g_signal_connect(doctor, "link", G_CALLBACK(on_link), NULL);
	if (!ouk_doctor_run(doctor, NULL, error))
		return FALSE;
	finding = ouk_doctor_finding(doctor);
	code = ouk_doctor_code(doctor);
	if (finding != NULL)
		g_print("\n%s\n%s\n", _(finding->sentence), _(finding->cure));
	g_print(_("Code for the hotline: %s\n"), code);
	return TRUE;
}

const CliCommand cli_doctor = {"doctor", "", N_("what is wrong, and putting it right"), run};
