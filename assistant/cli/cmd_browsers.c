/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey browsers: what each browser can do with a key; telling them of it, and taking that back. */
#include "assistant/cli/cli.h"
#include "assistant/cli/words.h"
#include "assistant/core/browsers/look.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

static gboolean for_all, rehearsal, http_halls, quiet;
static char *root, *module;

static const GOptionEntry entries[] = {
	{"system", 0, 0, G_OPTION_ARG_NONE, &for_all,
	 N_("for all users of this computer (as root), by policies"), NULL},
	{"root", 0, 0, G_OPTION_ARG_FILENAME, &root,
	 N_("the system in this folder, an image being built"), N_("DIR")},
	{"module", 0, 0, G_OPTION_ARG_FILENAME, &module,
	 N_("browsers are to load this PKCS #11 module"), N_("FILE")},
	{"rehearsal", 0, 0, G_OPTION_ARG_NONE, &rehearsal,
	 N_("also the halls of the rehearsal world"), NULL},
	{"http-halls", 0, 0, G_OPTION_ARG_NONE, &http_halls,
	 N_("with --system: Chromium takes known halls without https for secure, so that their "
	    "pages "
	    "reach the key by a port"),
	 NULL},
	{"quiet", 0, 0, G_OPTION_ARG_NONE, &quiet, N_("say only what went wrong"), NULL},
	{NULL},
};

/* ---- status ---- */

static void
print_way(const char *name, OukWay way, const char *where)
{
	g_print("    %s%s%s", name, _(": "), ouk_way_text(way));
	if (way == OUK_WAY_READY && where != NULL && *where != '\0')
		g_print(" (%s)", where);
	g_print("\n");
}

static void
print_state(const OukBrowserState *state)
{
	const char *limit = ouk_browser_limit(state);

	g_print("%s%s\n", state->title,
		state->row->proven ? "" : _(" (nobody has tried this browser with OpenUKey yet)"));
	print_way(_("Log in by https with the key"), state->module, state->where);
	print_way(_("Pages that ask by a port of this computer"), state->ports, NULL);
	print_way(_("Pages that ask the extension"), state->extension, NULL);
	if (state->rival != NULL)
		g_print("    %s\n", state->rival);
	if (limit != NULL)
		g_print("    %s\n", limit);
}

static void
json_state(JsonBuilder *json, const OukBrowserState *state)
{
	json_builder_begin_object(json);
	cli_json_text(json, "id", state->row->id);
	cli_json_text(json, "name", state->title);
	cli_json_flag(json, "proven", state->row->proven);
	cli_json_text(json, "module", ouk_way_name(state->module));
	cli_json_text(json, "where", *state->where != '\0' ? state->where : NULL);
	cli_json_text(json, "ports", ouk_way_name(state->ports));
	cli_json_text(json, "extension", ouk_way_name(state->extension));
	cli_json_text(json, "overridden_by", state->rival);
	json_builder_end_object(json);
}

static gboolean
print_status(const OukBrowserSetup *setup, GError **error)
{
	g_autoptr(GPtrArray) states = ouk_browsers_look(setup);
	g_autoptr(JsonBuilder) json = json_builder_new();

	json_builder_begin_array(json);
	for (guint i = 0; i < states->len; i++) {
		if (cli_options.json)
			json_state(json, states->pdata[i]);
		else
			print_state(states->pdata[i]);
	}
	json_builder_end_array(json);
	if (cli_options.json)
		cli_print_json(json_builder_get_root(json));
	else if (states->len == 0)
		g_print("%s\n", _("No browser that OpenUKey knows is installed."));
	return TRUE;
}

/* ---- changes ---- */

static void
print_files(const GPtrArray *files, const char *what)
{
	for (guint i = 0; !quiet && i < files->len; i++)
		g_print("%s%s%s\n", what, _(": "), (const char *)files->pdata[i]);
	if (!quiet && files->len == 0)
		g_print("%s\n", _("Nothing had to be changed."));
}

/* Who has undone it does not want it again at the next login, which registers quietly. */
static char *
unwanted_path(void)
{
	return g_build_filename(g_get_user_state_dir(), "openukey", "browsers-undone", NULL);
}

static gboolean
do_register(const OukBrowserSetup *setup, GError **error)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *unwanted = unwanted_path();
	gboolean done;

	if (!setup->system && quiet && g_file_test(unwanted, G_FILE_TEST_EXISTS))
		return TRUE;
	if (!setup->system && !quiet)
		g_unlink(unwanted);
	done = ouk_browsers_register(setup, files, error);

	print_files(files, _("Changed"));
	if (!quiet && files->len > 0)
		g_print("%s\n", _("Browsers that are open see it when they are started again."));
	return done;
}

static gboolean
do_undo(const OukBrowserSetup *setup, GError **error)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	gboolean done = ouk_browsers_undo(setup, files, error);
	g_autofree char *unwanted = unwanted_path();
	g_autofree char *folder = g_path_get_dirname(unwanted);

	if (!setup->system && g_mkdir_with_parents(folder, 0700) == 0)
		g_file_set_contents(unwanted, "", 0, NULL);
	print_files(files, _("As before"));
	return done;
}

static const struct {
	const char *word;
	gboolean (*run)(const OukBrowserSetup *setup, GError **error);
} words[] = {{"status", print_status}, {"register", do_register}, {"undo", do_undo}};

static gboolean
run(int argc, char **argv, GError **error)
{
	g_autoptr(OukProfiles) profiles = NULL;
	g_autofree char *leaf = ouk_browsers_leaf_path();
	g_autofree char *path = NULL;
	OukBrowserSetup setup;

	if (!cli_parse(&cli_browsers, &argc, &argv, CLI_TAKES_NO_KEY | CLI_TAKES_JSON, entries,
		       error) ||
	    !cli_arguments(argc, 0, 1, error))
		return FALSE;
	profiles = ouk_profiles_load_default();
	path = g_canonicalize_filename(module != NULL ? module : ouk_browsers_module(), NULL);
	setup = (OukBrowserSetup){
		.ground = {.root = root != NULL ? root : "",
			   .home = g_get_home_dir(),
			   .module = path},
		.profiles = profiles,
		.rehearsal = rehearsal,
		.http_halls = http_halls,
		.system = for_all,
		.leaf = leaf,
		.addon = ouk_browsers_addon(),
	};
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(words[i].word, argc > 1 ? argv[1] : "status") == 0)
			return words[i].run(&setup, error);
	return ouk_fail_with(error, OUK_E_USAGE, "(%s)", argv[1]);
}

const CliCommand cli_browsers = {"browsers", N_("[status|register|undo]"),
				 N_("what each browser can do with a key, and registering"), run};
