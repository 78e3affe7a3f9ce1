/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/browsers/register.h"

#include "assistant/core/browsers/nss.h"
#include "assistant/core/browsers/override.h"
#include "assistant/core/browsers/plan.h"
#include "assistant/core/browsers/policy.h"
#include "assistant/core/browsers/store.h"
#include "assistant/core/errors.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define SYSTEM_STORE "var/lib/openukey/browsers"
/* A part of a package that Firefox's maker has signed; Firefox takes no others. */
#define SIGNED "META-INF/mozilla.rsa"

const char *
ouk_browsers_module(void)
{
	return OPENUKEY_MODULE_PATH;
}

const char *
ouk_browsers_addon(void)
{
	g_autofree char *text = NULL;
	gsize len;

	if (!g_file_get_contents(OPENUKEY_ADDON, &text, &len, NULL))
		return NULL;
	/* a zip's names may have zero bytes before them */
	return memmem(text, len, SIGNED, strlen(SIGNED)) != NULL ? OPENUKEY_ADDON : NULL;
}

char *
ouk_browsers_leaf_path(void)
{
	return g_build_filename(g_get_user_data_dir(), "openukey", "bridge", "leaf.pem", NULL);
}

static char *
store_of(const OukBrowserSetup *setup)
{
	if (setup->store != NULL)
		return g_strdup(setup->store);
	if (setup->system)
		return g_build_filename("/", setup->ground.root, SYSTEM_STORE, NULL);
	return g_build_filename(g_get_user_state_dir(), "openukey", "browsers", NULL);
}

/* The first error is the one that is told. */
static void
note_error(GError **first, GError *error)
{
	if (*first == NULL)
		*first = error;
	else
		g_clear_error(&error);
}

static gboolean
told(GError **error, GError *first)
{
	if (first == NULL)
		return TRUE;
	g_propagate_error(error, first);
	return FALSE;
}

/* ---- registering ---- */

static StoreKind
kind_of(const Place *place, const char *path)
{
	if (place->kind == PLACE_POLICY)
		return STORE_POLICY;
	if (place->kind == PLACE_MANAGED)
		return STORE_OWN;
	if (g_str_has_suffix(path, "cert_override.txt"))
		return STORE_OVERRIDE;
	return g_str_has_suffix(path, "pkcs11.txt") ? STORE_NSS : STORE_LEAF;
}

/* The file as it would be without us. NULL: it would not be there. */
static GBytes *
without_us(const OukBrowserSetup *setup, StoreKind kind, GBytes *now)
{
	g_autoptr(GPtrArray) hosts = NULL;

	switch (kind) {
	case STORE_POLICY:
		hosts = policy_hall_hosts(setup->profiles, TRUE);
		return firefox_policy_without(now, hosts);
	case STORE_NSS:
		return nss_without_module(now);
	case STORE_OVERRIDE:
		return override_without(now);
	case STORE_OWN:
	case STORE_LEAF:
	case STORE_KINDS:
		break;
	}
	return kind == STORE_OWN ? NULL : g_bytes_ref(now);
}

/*
 * What is kept as "before": of a file that was registered earlier, what was there before that;
 * where somebody has changed it since, what it would be without us.
 */
static gboolean
keep(const OukBrowserSetup *setup, StoreKind kind, const OukFileChange *change, GError **error)
{
	g_autofree char *store = store_of(setup);
	g_autoptr(GPtrArray) rows = store_read(store);
	const StoreRow *row = store_find(rows, change->path);
	g_autofree char *missing = store_missing_folder(change->path);
	g_autoptr(GBytes) bare = NULL;
	OukFileChange kept = *change;

	if (row == NULL)
		return store_keep(store, kind, change, missing, error);
	kept.mode = row->mode;
	if (change->before != NULL && g_bytes_equal(change->before, row->after)) {
		kept.before = row->before;
	} else if (change->before != NULL) {
		bare = without_us(setup, kind, change->before);
		kept.before = bare;
	}
	return store_keep(store, kind, &kept, row->made, error);
}

static gboolean
make_change(const OukBrowserSetup *setup, const Place *place, const OukFileChange *change,
	    GError **error)
{
	g_autofree char *folder = g_path_get_dirname(change->path);

	if (!change_check(change, error) ||
	    !keep(setup, kind_of(place, change->path), change, error))
		return FALSE;
	/* a data base is the user's alone */
	if (place->kind == PLACE_DATA)
		(void)g_mkdir_with_parents(folder, 0700);
	return change_make(change, error);
}

static gboolean
make_changes(const OukBrowserSetup *setup, const Place *place, const OukRepair *repair,
	     GPtrArray *ret_files, GError **error)
{
	for (guint i = 0; repair->files != NULL && i < repair->files->len; i++) {
		const OukFileChange *change = g_ptr_array_index(repair->files, i);

		if (!make_change(setup, place, change, error))
			return FALSE;
		g_ptr_array_add(ret_files, g_strdup(change->path));
	}
	return TRUE;
}

typedef gboolean (*Plan)(const OukBrowserSetup *setup, const Place *place, OukRepair *repair,
			 GError **error);

static void
do_plan(const OukBrowserSetup *setup, const Place *place, Plan plan, GPtrArray *ret_files,
	GError **first)
{
	OukRepair repair = {0};
	GError *error = NULL;

	if (!plan(setup, place, &repair, &error) ||
	    !make_changes(setup, place, &repair, ret_files, &error))
		note_error(first, error);
	g_clear_pointer(&repair.files, g_ptr_array_unref);
}

gboolean
ouk_browsers_register(const OukBrowserSetup *setup, GPtrArray *ret_files, GError **error)
{
	g_autoptr(GPtrArray) places = plan_places(setup);
	GError *first = NULL;

	for (guint i = 0; i < places->len; i++) {
		const Place *place = g_ptr_array_index(places, i);

		do_plan(setup, place, plan_place, ret_files, &first);
		do_plan(setup, place, plan_leaf, ret_files, &first);
	}
	return told(error, first);
}

/* ---- undoing ---- */

static GBytes *
file_read(const char *path)
{
	char *data;
	gsize len;

	return g_file_get_contents(path, &data, &len, NULL) ? g_bytes_new_take(data, len) : NULL;
}

/* Somebody has changed the file since: only what is ours goes. */
static gboolean
take_out(const OukBrowserSetup *setup, const StoreRow *row, GBytes *now, GError **error)
{
	g_autoptr(GBytes) rest = NULL;
	g_autofree char *folder = g_path_get_dirname(row->path);
	GStatBuf status;
	OukFileChange change = {.path = row->path, .mode = row->mode};

	if (row->kind == STORE_LEAF) {
		/* that it is not in there any more is what was wanted */
		(void)nss_drop_leaf(folder, NULL);
		return TRUE;
	}
	rest = without_us(setup, row->kind, now);
	if (rest != NULL && g_bytes_equal(rest, now))
		return TRUE;
	if (g_stat(row->path, &status) == 0)
		change.mode = status.st_mode & 0777;
	change.after = rest;
	return change_make(&change, error);
}

static gboolean
undo_row(const OukBrowserSetup *setup, const StoreRow *row, GError **error)
{
	g_autoptr(GBytes) now = file_read(row->path);
	const OukFileChange back = {.path = row->path, .after = row->before, .mode = row->mode};

	if (now == NULL) /* gone: there is nothing of ours in it */
		return TRUE;
	return g_bytes_equal(now, row->after) ? change_make(&back, error)
					      : take_out(setup, row, now, error);
}

gboolean
ouk_browsers_undo(const OukBrowserSetup *setup, GPtrArray *ret_files, GError **error)
{
	g_autofree char *store = store_of(setup);
	g_autoptr(GPtrArray) rows = store_read(store);
	GError *first = NULL;

	for (guint i = 0; i < rows->len; i++) {
		const StoreRow *row = g_ptr_array_index(rows, i);
		GError *reason = NULL;

		if (!undo_row(setup, row, &reason)) {
			note_error(&first, reason);
			continue;
		}
		store_drop(store, row);
		g_ptr_array_add(ret_files, g_strdup(row->path));
	}
	/* only now: a folder goes when the last file in it has gone */
	for (guint i = 0; i < rows->len; i++)
		store_remove_folders(g_ptr_array_index(rows, i));
	return told(error, first);
}
