/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/hall_book.h"

#include "assistant/core/errors.h"
#include "assistant/core/memory_file.h"
#include "common/defs.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define FILE_NAME "halls.conf"
#define FILE_MAX  (1024 * 1024)
#define USE       "use-"
#define RISK      "risk-"

struct _OukHallBook {
	char *dir, *path;
};

/* ---- names ---- */

char *
ouk_hall_name(const OukHall *hall)
{
	return g_strdup_printf("%s/%s", hall->profile->id, hall->id);
}

static gboolean
has_name(const OukHall *hall, const char *name)
{
	g_autofree char *whole = ouk_hall_name(hall);

	return strcmp(whole, name) == 0 || strcmp(hall->id, name) == 0;
}

const OukHall *
ouk_hall_by_name(const OukProfiles *profiles, const char *name)
{
	const GPtrArray *list = ouk_profiles_list(profiles);
	const OukHall *found = NULL;

	for (guint i = 0; i < list->len; i++) {
		const OukProfile *profile = g_ptr_array_index(list, i);

		for (guint n = 0; n < profile->halls->len; n++) {
			const OukHall *hall = g_ptr_array_index(profile->halls, n);

			if (!has_name(hall, name))
				continue;
			if (found != NULL)
				return NULL;
			found = hall;
		}
	}
	return found;
}

/* One group for each hall and key, or address. */
static char *
group_name(const char *kind, const OukHall *hall, const char *what)
{
	g_autofree char *name = ouk_hall_name(hall);
	g_autofree char *text = g_strdup_printf("%s %s", name, what);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);

	return g_strconcat(kind, sum, NULL);
}

/* ---- the file ---- */

OukHallBook *
ouk_hall_book_open(const char *dir)
{
	OukHallBook *book = g_new0(OukHallBook, 1);

	book->dir = dir != NULL ? g_strdup(dir)
				: g_build_filename(g_get_user_data_dir(), "openukey", NULL);
	book->path = g_build_filename(book->dir, FILE_NAME, NULL);
	return book;
}

void
ouk_hall_book_free(OukHallBook *book)
{
	if (book == NULL)
		return;
	g_free(book->dir);
	g_free(book->path);
	g_free(book);
}

/* A damaged file holds nothing that would not come again by itself. */
static GKeyFile *
book_read(OukHallBook *book)
{
	GKeyFile *file = g_key_file_new();
	GStatBuf status;

	if (g_stat(book->path, &status) == 0 && status.st_size <= FILE_MAX)
		g_key_file_load_from_file(file, book->path, G_KEY_FILE_NONE, NULL);
	return file;
}

static gboolean
book_write(OukHallBook *book, GKeyFile *file, GError **error)
{
	g_autoptr(GError) reason = NULL;
	gsize len;
	g_autofree char *text = g_key_file_to_data(file, &len, NULL);

	if (g_file_set_contents_full(book->path, text, (gssize)len,
				     G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
				     0600, &reason))
		return TRUE;
	return ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s)", reason->message);
}

typedef void (*Change)(GKeyFile *file, const char *group, gconstpointer data);

static gboolean
book_change(OukHallBook *book, const char *group, Change change, gconstpointer data, GError **error)
{
	UK_CLEANUP(memory_file_unlock) int lock = memory_file_lock(book->dir, error);
	g_autoptr(GKeyFile) file = NULL;

	if (lock < 0)
		return FALSE;
	file = book_read(book);
	change(file, group, data);
	return book_write(book, file, error);
}

/* ---- keys ---- */

void
ouk_hall_use_free(OukHallUse *use)
{
	if (use == NULL)
		return;
	g_free(use->key_id);
	g_free(use->serial_end);
	g_free(use->certificate);
	g_free(use->unit);
	g_free(use->credit_code);
	g_free(use);
}

static char *
text_of(GKeyFile *file, const char *group, const char *name)
{
	char *text = g_key_file_get_string(file, group, name, NULL);

	return text != NULL ? text : g_strdup("");
}

static OukHallUse *
use_read(GKeyFile *file, const char *group)
{
	OukHallUse *use = g_new0(OukHallUse, 1);

	use->key_id = text_of(file, group, "key");
	use->serial_end = text_of(file, group, "serial_end");
	use->certificate = text_of(file, group, "certificate");
	use->unit = text_of(file, group, "unit");
	use->credit_code = text_of(file, group, "credit_code");
	use->used = g_key_file_get_int64(file, group, "used", NULL);
	return use;
}

static int
last_first(gconstpointer a, gconstpointer b)
{
	const OukHallUse *one = *(OukHallUse *const *)a, *other = *(OukHallUse *const *)b;

	return (one->used < other->used) - (one->used > other->used);
}

GPtrArray *
ouk_hall_book_uses(OukHallBook *book, const OukHall *hall)
{
	GPtrArray *uses = g_ptr_array_new_with_free_func((GDestroyNotify)ouk_hall_use_free);
	g_autoptr(GKeyFile) file = book_read(book);
	g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
	g_autofree char *name = ouk_hall_name(hall);

	for (char **group = groups; *group != NULL; group++) {
		g_autofree char *of = text_of(file, *group, "hall");

		if (g_str_has_prefix(*group, USE) && strcmp(of, name) == 0)
			g_ptr_array_add(uses, use_read(file, *group));
	}
	g_ptr_array_sort(uses, last_first);
	return uses;
}

struct note {
	const char *hall;
	const OukTokenInfo *token;
	const OukPairInfo *pair;
	const OukPairCert *cert;
};

static void
put(GKeyFile *file, const char *group, const char *name, const char *text)
{
	g_key_file_set_string(file, group, name, text != NULL ? text : "");
}

/* Another key of the same unit is the one that the hall knows from now on. */
static void
drop_others(GKeyFile *file, const struct note *note)
{
	g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

	for (char **group = groups; *group != NULL; group++) {
		g_autofree char *hall = text_of(file, *group, "hall");
		g_autofree char *code = text_of(file, *group, "credit_code");
		g_autofree char *unit = text_of(file, *group, "unit");

		if (!g_str_has_prefix(*group, USE) || strcmp(hall, note->hall) != 0)
			continue;
		if (*code != '\0' ? g_strcmp0(code, note->pair->credit_code) == 0
				  : g_strcmp0(unit, note->pair->unit) == 0)
			g_key_file_remove_group(file, *group, NULL);
	}
}

static void
put_use(GKeyFile *file, const char *group, gconstpointer data)
{
	const struct note *note = data;

	drop_others(file, note);
	put(file, group, "hall", note->hall);
	put(file, group, "key", note->token->key_id);
	put(file, group, "serial_end", note->token->serial_end);
	put(file, group, "certificate", note->cert->sha256);
	put(file, group, "unit", note->pair->unit);
	put(file, group, "credit_code", note->pair->credit_code);
	g_key_file_set_int64(file, group, "used", g_get_real_time() / G_USEC_PER_SEC);
}

gboolean
ouk_hall_book_note(OukHallBook *book, const OukHall *hall, OukTokenView *token, OukPairView *pair,
		   GError **error)
{
	g_autofree char *name = ouk_hall_name(hall);
	const struct note note = {
		.hall = name,
		.token = ouk_token_view_info(token),
		.pair = ouk_pair_view_info(pair),
		.cert = ouk_pair_view_cert(pair),
	};
	g_autofree char *group = group_name(USE, hall, note.token->key_id);

	if (note.cert == NULL)
		return ouk_fail(error, OUK_E_NO_CERT);
	return book_change(book, group, put_use, &note, error);
}

/* ---- http ---- */

static void
put_risk(GKeyFile *file, const char *group, gconstpointer url)
{
	put(file, group, "address", url);
	g_key_file_set_int64(file, group, "told", g_get_real_time() / G_USEC_PER_SEC);
}

gboolean
ouk_hall_book_risk_taken(OukHallBook *book, const OukHall *hall, const char *url)
{
	g_autoptr(GKeyFile) file = book_read(book);
	g_autofree char *group = group_name(RISK, hall, url);

	return g_key_file_has_group(file, group);
}

gboolean
ouk_hall_book_take_risk(OukHallBook *book, const OukHall *hall, const char *url, GError **error)
{
	g_autofree char *group = group_name(RISK, hall, url);

	return book_change(book, group, put_risk, url, error);
}

gboolean
ouk_hall_book_forget(OukHallBook *book, GError **error)
{
	if (g_unlink(book->path) == 0 || errno == ENOENT)
		return TRUE;
	return ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s: %s)", book->path, g_strerror(errno));
}
