/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/browsers/plan.h"

#include "assistant/core/browsers/nss.h"
#include "assistant/core/browsers/override.h"
#include "assistant/core/browsers/policy.h"

#include <stdlib.h>
#include <string.h>

#define PROFILES_MAX 100

/* ---- places ---- */

static void
place_free(gpointer data)
{
	Place *place = data;

	g_free(place->path);
	g_free(place);
}

static Place *
add_place(GPtrArray *places, PlaceKind kind, const char *path)
{
	Place *place;

	for (guint i = 0; i < places->len; i++) {
		place = g_ptr_array_index(places, i);
		if (g_strcmp0(place->path, path) == 0)
			return place;
	}
	place = g_new0(Place, 1);
	*place = (Place){.kind = kind, .path = g_strdup(path)};
	g_ptr_array_add(places, place);
	return place;
}

static gboolean
is_file(const char *path)
{
	return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* The folder of the program, of which "distribution" is a part. */
static gboolean
has_program_folder(const char *policies)
{
	g_autofree char *distribution = g_path_get_dirname(policies);
	g_autofree char *program = g_path_get_dirname(distribution);

	return g_file_test(program, G_FILE_TEST_IS_DIR);
}

/*
 * Firefox reads the first file alone where it is there. So it is made only where none is: it would
 * hide what somebody set in the folder of a program.
 */
static void
add_firefox_policies(GPtrArray *places, const OukGround *ground, const OukBrowserRow *row)
{
	g_auto(GStrv) paths = browser_paths(ground, row->policies);
	gboolean any = FALSE;

	for (char **path = paths; *path != NULL; path++)
		any = any || is_file(*path);
	if (!any) {
		(void)add_place(places, PLACE_POLICY, paths[0]);
		return;
	}
	for (char **path = paths; *path != NULL; path++)
		if (is_file(*path) ||
		    (path != paths && !is_file(paths[0]) && has_program_folder(*path)))
			(void)add_place(places, PLACE_POLICY, *path);
}

static void
add_system_places(GPtrArray *places, const OukGround *ground, const OukBrowserRow *row)
{
	g_autofree char *managed = NULL;

	if (*row->policies == '\0')
		return;
	if (row->engine == OUK_ENGINE_GECKO) {
		add_firefox_policies(places, ground, row);
		return;
	}
	managed = g_build_filename(ground->root, row->policies, BROWSER_POLICY_FILE, NULL);
	(void)add_place(places, PLACE_MANAGED, managed);
}

GPtrArray *
plan_data_folders(const OukGround *ground, const OukBrowserRow *row)
{
	GPtrArray *folders = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) data = browser_paths(ground, row->data);
	g_autoptr(GDir) dir = NULL;
	const char *name;

	if (row->engine == OUK_ENGINE_BLINK) {
		g_ptr_array_add(folders, g_strdup(data[0]));
		return folders;
	}
	dir = g_dir_open(data[0], 0, NULL);
	while (dir != NULL && folders->len < PROFILES_MAX &&
	       (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *folder = g_build_filename(data[0], name, NULL);

		if (nss_is_there(folder))
			g_ptr_array_add(folders, g_steal_pointer(&folder));
	}
	return folders;
}

char *
plan_policy_of(const OukGround *ground, const OukBrowserRow *row)
{
	g_auto(GStrv) paths = browser_paths(ground, row->policies);
	char *data;
	gsize len;

	for (char **path = paths; *path != NULL; path++) {
		g_autoptr(GBytes) bytes = NULL;

		if (!g_file_get_contents(*path, &data, &len, NULL))
			continue;
		bytes = g_bytes_new_take(data, len);
		if (firefox_policy_has(bytes, ground->module))
			return g_strdup(*path);
	}
	return NULL;
}

static void
add_user_places(GPtrArray *places, const OukGround *ground, const OukBrowserRow *row)
{
	g_autoptr(GPtrArray) folders = plan_data_folders(ground, row);
	gboolean native = row->packaging == OUK_PACKAGING_NATIVE;
	g_autofree char *policy =
		row->engine == OUK_ENGINE_GECKO ? plan_policy_of(ground, row) : NULL;
	gboolean module = native && policy == NULL;

	for (guint i = 0; i < folders->len; i++) {
		Place *place = add_place(places, PLACE_DATA, folders->pdata[i]);

		place->module = module;
		place->gecko = row->engine == OUK_ENGINE_GECKO;
		place->make = native && !place->gecko;
	}
}

GPtrArray *
plan_places(const OukBrowserSetup *setup)
{
	GPtrArray *places = g_ptr_array_new_with_free_func(place_free);
	gsize count;
	const OukBrowserRow *rows = ouk_browser_rows(&count);

	for (gsize i = 0; i < count; i++) {
		g_autofree char *here = browser_place(&setup->ground, &rows[i]);

		if (here == NULL)
			continue;
		if (setup->system)
			add_system_places(places, &setup->ground, &rows[i]);
		else
			add_user_places(places, &setup->ground, &rows[i]);
	}
	return places;
}

/* ---- changes ---- */

/* NULL: there is none. A link is followed: it is the file behind it that counts. */
static GBytes *
file_read(const char *path)
{
	char *data;
	gsize len;

	return g_file_get_contents(path, &data, &len, NULL) ? g_bytes_new_take(data, len) : NULL;
}

static char *
file_behind(const char *path)
{
	g_autofree char *real = NULL;
	char *resolved = realpath(path, NULL);

	real = resolved != NULL ? g_strdup(resolved) : g_strdup(path);
	free(resolved);
	return g_steal_pointer(&real);
}

/* Files of administrators are for everybody to read. */
static gboolean
add_system_file(OukRepair *repair, const char *path, GBytes *after, GError **error)
{
	g_autofree char *real = file_behind(path);
	g_autoptr(GBytes) before = file_read(real);
	OukFileChange *change;

	if (before != NULL && g_bytes_equal(before, after)) {
		g_bytes_unref(after);
		return TRUE;
	}
	if (!change_add(repair, real, after, error))
		return FALSE;
	change = g_ptr_array_index(repair->files, repair->files->len - 1);
	if (change->before == NULL)
		change->mode = 0644;
	return TRUE;
}

static gboolean
plan_policy(const OukBrowserSetup *setup, const Place *place, OukRepair *repair, GError **error)
{
	g_autoptr(GBytes) before = file_read(place->path);
	g_autoptr(GPtrArray) hosts = policy_hall_hosts(setup->profiles, setup->rehearsal);
	const FirefoxPolicy ours = {setup->ground.module, setup->addon, hosts};
	GBytes *after = firefox_policy_merge(before, &ours, error);

	if (after == NULL) {
		if (error != NULL && *error != NULL)
			g_prefix_error(error, "%s: ", place->path);
		return FALSE;
	}
	return add_system_file(repair, place->path, after, error);
}

static gboolean
plan_managed(const OukBrowserSetup *setup, const Place *place, OukRepair *repair, GError **error)
{
	const ChromiumPolicy ours = {setup->rehearsal, setup->http_halls};
	g_autofree char *folder = g_path_get_dirname(place->path);

	return add_system_file(repair, place->path, chromium_policy(setup->profiles, &ours, folder),
			       error);
}

gboolean
plan_place(const OukBrowserSetup *setup, const Place *place, OukRepair *repair, GError **error)
{
	switch (place->kind) {
	case PLACE_POLICY:
		return plan_policy(setup, place, repair, error);
	case PLACE_MANAGED:
		return plan_managed(setup, place, repair, error);
	case PLACE_DATA:
		break;
	}
	if (!place->module || (!place->make && !nss_is_there(place->path)))
		return TRUE;
	return nss_plan_module(repair, place->path, setup->ground.module, error);
}

gboolean
plan_leaf(const OukBrowserSetup *setup, const Place *place, OukRepair *repair, GError **error)
{
	if (setup->leaf == NULL || place->kind != PLACE_DATA || !is_file(setup->leaf))
		return TRUE;
	return place->gecko ? override_plan(repair, place->path, setup->leaf, error)
			    : nss_plan_leaf(repair, place->path, setup->leaf, error);
}
