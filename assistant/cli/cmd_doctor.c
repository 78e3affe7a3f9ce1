/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey doctor: what is wrong between the USB port and the hall, and putting it right. */
#include "assistant/cli/cli.h"
#include "assistant/cli/words.h"
#include "assistant/core/doctor/doctor.h"
#include "assistant/core/doctor/key_report.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <string.h>

/* One after the other, as what is repaired uncovers what is behind it. */
#define REPAIRS_MAX 6

static struct {
	char *module, *hall, *report, *report_key, *device;
	gboolean repair, undo, offline, force, with_serial;
} options;

static const GOptionEntry entries[] = {
	{"repair", 0, 0, G_OPTION_ARG_NONE, &options.repair,
	 N_("put right what can be, each change shown and asked for first"), NULL},
	{"undo", 0, 0, G_OPTION_ARG_NONE, &options.undo, N_("take the last repair back"), NULL},
	{"report", 0, 0, G_OPTION_ARG_STRING, &options.report,
	 N_("show a report for the hotline, ask, and save it"), N_("FILE")},
	{"report-key", 0, 0, G_OPTION_ARG_STRING, &options.report_key,
	 N_("show a description of the key for the makers of OpenUKey, ask, and save it"),
	 N_("FILE")},
	{"device", 0, 0, G_OPTION_ARG_STRING, &options.device,
	 N_("of the USB device with these numbers, whatever it is, with --report-key"),
	 N_("VENDOR:PRODUCT")},
	{"with-serial", 0, 0, G_OPTION_ARG_NONE, &options.with_serial,
	 N_("serial numbers in full, with --report-key"), NULL},
	{"force", 0, 0, G_OPTION_ARG_NONE, &options.force,
	 N_("replace the file of --report or --report-key"), NULL},
	{"offline", 0, 0, G_OPTION_ARG_NONE, &options.offline, N_("do not use the network"), NULL},
	{"hall", 0, 0, G_OPTION_ARG_STRING, &options.hall,
	 N_("try to reach this hall instead of the first of the CA"), N_("ADDRESS")},
	{"module", 0, 0, G_OPTION_ARG_STRING, &options.module,
	 N_("where OpenUKey's PKCS #11 module is"), N_("FILE")},
	{NULL}};

/* Words, not colours; names for scripts. */
static const struct {
	const char *mark, *name;
} states[] = {
	[OUK_LINK_WAITING] = {"", "waiting"},
	[OUK_LINK_LOOKING] = {"", "looking"},
	[OUK_LINK_OK] = {N_("good"), "good"},
	[OUK_LINK_NOTE] = {N_("note"), "note"},
	[OUK_LINK_BROKEN] = {N_("broken"), "broken"},
	[OUK_LINK_NOT_TESTED] = {N_("not tested"), "not tested"},
};

#define LINK(id, title, check) #id,
static const char *const link_names[] = {
#include "assistant/core/doctor/links.def"
};
#undef LINK

/* ---- for people ---- */

static void
on_link(OukDoctor *doctor, guint id, gpointer data)
{
	const OukLinkResult *result = ouk_doctor_result(doctor, id);

	if (result->state < OUK_LINK_OK)
		return;
	g_print("[%s] %s", _(states[result->state].mark), ouk_link_title(id));
	if (result->finding != NULL)
		g_print(_(": %s"), _(result->finding->sentence));
	if (*result->text != '\0')
		g_print(result->finding != NULL ? _(" (%s)") : _(": %s"), result->text);
	g_print("\n");
}

/* What to do, and the code; the repair only where this computer has one. */
static void
print_outcome(OukDoctor *doctor)
{
	const OukFinding *finding = ouk_doctor_finding(doctor);
	g_autofree char *code = ouk_doctor_code(doctor);
	g_autoptr(OukRepair) repair = NULL;

	g_print("\n");
	if (finding == NULL) {
		g_print(_("Everything is in order.\n"));
	} else {
		g_print("%s\n%s\n", _(finding->sentence), _(finding->cure));
		repair = ouk_repair_new(doctor, finding, NULL);
	}
	if (repair != NULL)
		g_print(_("\"ukey doctor --repair\" can do that: %s\n"), ouk_repair_title(repair));
	g_print(_("Code for the hotline: %s\n"), code);
}

/* ---- for scripts ---- */

static void
json_link(JsonBuilder *json, OukDoctor *doctor, OukLinkId id)
{
	const OukLinkResult *result = ouk_doctor_result(doctor, id);

	json_builder_begin_object(json);
	cli_json_text(json, "link", link_names[id]);
	cli_json_text(json, "state", states[result->state].name);
	if (result->finding != NULL)
		cli_json_text(json, "finding", result->finding->name);
	cli_json_text(json, "text", result->fact);
	json_builder_end_object(json);
}

static void
print_json(OukDoctor *doctor)
{
	const OukFinding *finding = ouk_doctor_finding(doctor);
	g_autofree char *code = ouk_doctor_code(doctor);
	g_autoptr(JsonBuilder) json = json_builder_new();

	json_builder_begin_object(json);
	cli_json_text(json, "code", code);
	if (finding != NULL) {
		cli_json_text(json, "finding", finding->name);
		cli_json_text(json, "sentence", _(finding->sentence));
		cli_json_text(json, "cure", _(finding->cure));
		cli_json_text(json, "repair", finding->repair);
	}
	json_builder_set_member_name(json, "links");
	json_builder_begin_array(json);
	for (OukLinkId id = 0; id < OUK_LINKS; id++)
		json_link(json, doctor, id);
	json_builder_end_array(json);
	json_builder_end_object(json);
	cli_print_json(json_builder_get_root(json));
}

/* ---- repairs ---- */

/* Shows the change, asks, makes it. Takes the repair. */
static gboolean
confirm_and_apply(OukRepair *repair, GError **error)
{
	g_print(_("%s. This will be changed:\n%s"), ouk_repair_title(repair),
		ouk_repair_change(repair));
	if (ouk_repair_needs_root(repair))
		g_print("%s\n", _("The administrator's password is needed for it."));
	if (!cli_confirm(ouk_repair_has_undo(repair) ? _("\"ukey doctor --undo\" takes it back.")
						     : _("It cannot be taken back."),
			 error)) {
		ouk_repair_free(repair);
		return FALSE;
	}
	return ouk_repair_apply(repair, NULL, error);
}

static gboolean
is_broken(OukDoctor *doctor)
{
	for (OukLinkId id = 0; id < OUK_LINKS; id++)
		if (ouk_doctor_result(doctor, id)->state == OUK_LINK_BROKEN)
			return TRUE;
	return FALSE;
}

/* A note counts where something can be done about it. */
static gboolean
wants_repair(OukDoctor *doctor)
{
	const OukFinding *finding = ouk_doctor_finding(doctor);

	return is_broken(doctor) || (finding != NULL && finding->repair != NULL);
}

static gboolean
repair_all(OukDoctor *doctor, GError **error)
{
	const OukFinding *last = NULL;

	for (int i = 0; i < REPAIRS_MAX && wants_repair(doctor); i++) {
		const OukFinding *finding = ouk_doctor_finding(doctor);
		OukRepair *repair;

		if (finding == last)
			return ouk_fail(error, OUK_E_REPAIR_FAILED);
		last = finding;
		repair = ouk_repair_new(doctor, finding, error);
		if (repair == NULL || !confirm_and_apply(repair, error))
			return FALSE;
		g_print("\n%s\n", _("Done. Looking again:"));
		if (!ouk_doctor_run(doctor, NULL, error))
			return FALSE;
		print_outcome(doctor);
	}
	return TRUE;
}

static gboolean
undo_last(GError **error)
{
	OukRepair *repair = ouk_repair_undo(error);

	return repair != NULL && confirm_and_apply(repair, error);
}

/* ---- the report ---- */

static gboolean
save_report(OukDoctor *doctor, GError **error)
{
	g_autofree char *report = ouk_doctor_report(doctor);
	g_autoptr(GBytes) bytes = g_bytes_new(report, strlen(report));

	if (strcmp(options.report, "-") == 0)
		return cli_write("-", bytes, FALSE, error);
	g_print("\n%s\n", report);
	return cli_confirm(_("This is the whole report."), error) &&
	       cli_write(options.report, bytes, options.force, error);
}

/* ---- a key's description ---- */

/* "055c:e618" */
static gboolean
read_device(const char *text, OukKeyReportSetup *setup, GError **error)
{
	g_auto(GStrv) halves = g_strsplit(text, ":", 2);
	guint64 vendor, product;

	if (g_strv_length(halves) != 2 ||
	    !g_ascii_string_to_unsigned(halves[0], 16, 0, G_MAXUINT16, &vendor, NULL) ||
	    !g_ascii_string_to_unsigned(halves[1], 16, 0, G_MAXUINT16, &product, NULL))
		return ouk_fail_with(error, OUK_E_USAGE, "(%s)", text);
	setup->vendor = (guint16)vendor;
	setup->product = (guint16)product;
	return TRUE;
}

static gboolean
report_key(GError **error)
{
	OukKeyReportSetup setup = {.module = options.module, .serial = options.with_serial};
	const gboolean quiet = strcmp(options.report_key, "-") == 0;
	g_autofree char *json = NULL;
	g_autoptr(GBytes) bytes = NULL;
	char *report;

	if (options.device != NULL && !read_device(options.device, &setup, error))
		return FALSE;
	json = ouk_key_report(&setup, error);
	if (json == NULL)
		return FALSE;
	report = cli_options.json ? g_strconcat(json, "\n", NULL) : ouk_key_report_text(json);
	bytes = g_bytes_new_take(report, strlen(report));
	if (quiet)
		return cli_write("-", bytes, FALSE, error);
	g_print("%s\n%s\n%s\n", report,
		_("This is the whole description. It is saved to the file that you named and sent "
		  "nowhere."),
		_("Whoever wants OpenUKey to know this model can send that file to its makers."));
	return cli_confirm(_("Save it?"), error) &&
	       cli_write(options.report_key, bytes, options.force, error);
}

static gboolean
run(int argc, char **argv, GError **error)
{
	OukDoctorSetup setup = {0};
	g_autoptr(OukDoctor) doctor = NULL;
	gboolean quiet;

	if (!cli_parse(&cli_doctor, &argc, &argv, CLI_TAKES_NO_KEY | CLI_TAKES_JSON | CLI_TAKES_YES,
		       entries, error) ||
	    !cli_arguments(argc, 0, 0, error))
		return FALSE;
	if (options.undo)
		return undo_last(error);
	if (options.report_key != NULL)
		return report_key(error);
	quiet = cli_options.json || g_strcmp0(options.report, "-") == 0;
	setup = (OukDoctorSetup){options.module, options.hall, options.offline};
	doctor = ouk_doctor_new(&setup);
	if (!quiet)
		g_signal_connect(doctor, "link", G_CALLBACK(on_link), NULL);
	if (!ouk_doctor_run(doctor, NULL, error))
		return FALSE;
	if (!quiet)
		print_outcome(doctor);
	if (cli_options.json)
		print_json(doctor);
	if (options.repair && !repair_all(doctor, error))
		return FALSE;
	if (options.report != NULL && !save_report(doctor, error))
		return FALSE;
	return !is_broken(doctor) || ouk_fail(error, OUK_E_DOCTOR_FOUND);
}

const CliCommand cli_doctor = {
	"doctor", "", N_("what is wrong between USB port and hall, and putting it right"), run};
