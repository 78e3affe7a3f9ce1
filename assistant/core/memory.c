/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/memory.h"

#include "assistant/core/memory_file.h"
#include "assistant/core/snapshot.h"
#include "common/defs.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#define FILE_NAME "remembered.json"

struct _OukMemory {
	gint refs;
	char *dir, *path;
	GMutex lock;     /* for what follows */
	char *damaged;   /* where a damaged file went */
	MemoryData data; /* as last read or written */
};

/* ---- beginning and end ---- */

static char *
dir_default(void)
{
	return g_build_filename(g_get_user_data_dir(), "openukey", NULL);
}

/* Called with the lock. */
static void
note_damaged(OukMemory *memory, char *aside)
{
	if (aside == NULL)
		return;
	g_free(memory->damaged);
	memory->damaged = aside;
}

gboolean
ouk_memory_reload(OukMemory *memory, GError **error)
{
	MemoryData data = {0};
	char *aside = NULL;
	gboolean done = memory_file_read(memory->dir, memory->path, &data, &aside, error);

	g_mutex_lock(&memory->lock);
	note_damaged(memory, aside);
	if (done) {
		memory_data_clear(&memory->data);
		memory->data = data;
	}
	g_mutex_unlock(&memory->lock);
	return done;
}

OukMemory *
ouk_memory_open(const char *dir, GError **error)
{
	g_autoptr(OukMemory) memory = g_new0(OukMemory, 1);

	memory->refs = 1;
	memory->dir = dir != NULL ? g_strdup(dir) : dir_default();
	memory->path = g_build_filename(memory->dir, FILE_NAME, NULL);
	g_mutex_init(&memory->lock);
	memory_data_init(&memory->data);
	return ouk_memory_reload(memory, error) ? g_steal_pointer(&memory) : NULL;
}

OukMemory *
ouk_memory_ref(OukMemory *memory)
{
	g_atomic_int_inc(&memory->refs);
	return memory;
}

void
ouk_memory_unref(OukMemory *memory)
{
	if (memory == NULL || !g_atomic_int_dec_and_test(&memory->refs))
		return;
	memory_data_clear(&memory->data);
	g_mutex_clear(&memory->lock);
	g_free(memory->damaged);
	g_free(memory->dir);
	g_free(memory->path);
	g_free(memory);
}

const char *
ouk_memory_path(OukMemory *memory)
{
	return memory->path;
}

char *
ouk_memory_damaged(OukMemory *memory)
{
	char *damaged;

	g_mutex_lock(&memory->lock);
	damaged = g_strdup(memory->damaged);
	g_mutex_unlock(&memory->lock);
	return damaged;
}

/* ---- the list ---- */

void
ouk_remembered_free(OukRemembered *remembered)
{
	if (remembered == NULL)
		return;
	g_free(remembered->id);
	g_free(remembered->key_id);
	g_free(remembered->serial_end);
	g_free(remembered->label);
	g_free(remembered->nickname);
	g_clear_object(&remembered->pair);
	g_free(remembered);
}

static OukRemembered *
remembered_of_row(const OukMemory *memory, const MemoryRow *row, gint64 now)
{
	OukPairSource source = {.name = row->name, .sign = row->sign, .encrypt = row->encrypt};
	OukRemembered *remembered = g_new0(OukRemembered, 1);

	remembered->id = g_strdup(row->id);
	remembered->key_id = g_strdup(row->key_id);
	remembered->serial_end = g_strdup(row->serial_end);
	remembered->label = g_strdup(row->label);
	remembered->nickname = g_strdup(g_hash_table_lookup(memory->data.nicknames, row->key_id));
	remembered->seen = row->seen;
	remembered->reminded = row->reminded;
	remembered->pair = ouk_pair_view_new(&source, now);
	return remembered;
}

static int
compare_ends(gconstpointer a, gconstpointer b)
{
	const OukRemembered *row_a = *(OukRemembered *const *)a,
			    *row_b = *(OukRemembered *const *)b;
	const OukPairCert *cert_a = ouk_pair_view_cert(row_a->pair);
	const OukPairCert *cert_b = ouk_pair_view_cert(row_b->pair);

	if (cert_a == NULL || cert_b == NULL || cert_a->ends == NULL || cert_b->ends == NULL)
		return strcmp(row_a->id, row_b->id);
	return g_date_time_compare(cert_a->ends, cert_b->ends);
}

GPtrArray *
ouk_memory_list_at(OukMemory *memory, gint64 now)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)ouk_remembered_free);
	g_autoptr(GPtrArray) pairs = g_ptr_array_new();

	g_mutex_lock(&memory->lock);
	for (guint i = 0; i < memory->data.rows->len; i++) {
		OukRemembered *row =
			remembered_of_row(memory, g_ptr_array_index(memory->data.rows, i), now);

		g_ptr_array_add(list, row);
		g_ptr_array_add(pairs, row->pair);
	}
	g_mutex_unlock(&memory->lock);
	ouk_pairs_settle(pairs);
	g_ptr_array_sort(list, compare_ends);
	return list;
}

GPtrArray *
ouk_memory_list(OukMemory *memory)
{
	return ouk_memory_list_at(memory, g_get_real_time() / G_USEC_PER_SEC);
}

/* ---- changes ---- */

typedef gboolean (*Change)(MemoryData *data, gconstpointer arg, GError **error);

/* Reads, changes and writes the file under its lock; what is in memory follows only then. */
static gboolean
memory_change(OukMemory *memory, Change change, gconstpointer arg, GError **error)
{
	UK_CLEANUP(memory_file_unlock) int lock = memory_file_lock(memory->dir, error);
	MemoryData data = {0};
	char *aside = NULL;
	gboolean done;

	if (lock < 0)
		return FALSE;
	if (!memory_file_read(memory->dir, memory->path, &data, &aside, error))
		return FALSE;
	done = change(&data, arg, error) &&
	       memory_file_write(memory->dir, memory->path, &data, error);
	g_mutex_lock(&memory->lock);
	note_damaged(memory, aside);
	if (done) {
		memory_data_clear(&memory->data);
		memory->data = data;
	} else {
		memory_data_clear(&data);
	}
	g_mutex_unlock(&memory->lock);
	return done;
}

static MemoryRow *
row_find(const MemoryData *data, const char *id)
{
	for (guint i = 0; i < data->rows->len; i++) {
		MemoryRow *row = g_ptr_array_index(data->rows, i);

		if (strcmp(row->id, id) == 0)
			return row;
	}
	return NULL;
}

static void
row_set_text(char **where, const char *text)
{
	g_free(*where);
	*where = g_strdup(text);
}

static void
remember_pair(MemoryData *data, const OukTokenInfo *token, const OukPairView *pair)
{
	const OukPairInfo *info = ouk_pair_view_info(pair);
	const char *id = ouk_pair_view_cert(pair)->sha256;
	MemoryRow *row = row_find(data, id);

	if (row == NULL) {
		row = g_new0(MemoryRow, 1);
		row->id = g_strdup(id);
		g_ptr_array_add(data->rows, row);
	}
	row_set_text(&row->key_id, token->key_id);
	row_set_text(&row->serial_end, token->serial_end);
	row_set_text(&row->label, token->label);
	row_set_text(&row->name, info->name);
	g_clear_pointer(&row->sign, g_bytes_unref);
	g_clear_pointer(&row->encrypt, g_bytes_unref);
	row->sign = info->sign != NULL ? g_bytes_ref(info->sign->der) : NULL;
	row->encrypt = info->encrypt != NULL ? g_bytes_ref(info->encrypt->der) : NULL;
	row->seen = g_get_real_time() / G_USEC_PER_SEC;
}

static gboolean
remember(MemoryData *data, gconstpointer arg, GError **error)
{
	const OukTokenInfo *token = arg;

	for (guint i = 0; i < token->pairs->len; i++) {
		const OukPairView *pair = g_ptr_array_index(token->pairs, i);

		if (ouk_pair_view_cert(pair) != NULL)
			remember_pair(data, token, pair);
	}
	return TRUE;
}

gboolean
ouk_memory_remember(OukMemory *memory, OukTokenView *token, GError **error)
{
	return memory_change(memory, remember, ouk_token_view_info(token), error);
}

static gboolean
forget(MemoryData *data, gconstpointer arg, GError **error)
{
	if (arg == NULL) {
		g_ptr_array_set_size(data->rows, 0);
		g_hash_table_remove_all(data->nicknames);
		return TRUE;
	}
	return g_ptr_array_remove(data->rows, row_find(data, arg)) ||
	       ouk_fail(error, OUK_E_NO_CERT);
}

gboolean
ouk_memory_forget(OukMemory *memory, const char *id, GError **error)
{
	return memory_change(memory, forget, id, error);
}

struct reminded {
	const char *id;
	guint stages;
};

static gboolean
set_reminded(MemoryData *data, gconstpointer arg, GError **error)
{
	const struct reminded *reminded = arg;
	MemoryRow *row = row_find(data, reminded->id);

	if (row == NULL)
		return ouk_fail(error, OUK_E_NO_CERT);
	row->reminded |= reminded->stages;
	return TRUE;
}

gboolean
ouk_memory_set_reminded(OukMemory *memory, const char *id, guint stages, GError **error)
{
	struct reminded reminded = {id, stages};

	return memory_change(memory, set_reminded, &reminded, error);
}

guint
ouk_memory_key_number(OukMemory *memory, const char *key_id)
{
	g_autoptr(GHashTable) before = g_hash_table_new(g_str_hash, g_str_equal);
	guint number;

	g_mutex_lock(&memory->lock);
	for (guint i = 0; i < memory->data.rows->len; i++) {
		const MemoryRow *row = g_ptr_array_index(memory->data.rows, i);

		if (strcmp(row->key_id, key_id) == 0)
			break;
		g_hash_table_add(before, row->key_id);
	}
	number = g_hash_table_size(before);
	g_mutex_unlock(&memory->lock);
	return number;
}

/* ---- nicknames ---- */

struct naming {
	const char *key_id, *nickname;
};

static gboolean
set_nickname(MemoryData *data, gconstpointer arg, GError **error)
{
	const struct naming *naming = arg;

	if (naming->nickname == NULL || *naming->nickname == '\0')
		g_hash_table_remove(data->nicknames, naming->key_id);
	else
		g_hash_table_replace(data->nicknames, g_strdup(naming->key_id),
				     g_strdup(naming->nickname));
	return TRUE;
}

gboolean
ouk_memory_set_nickname(OukMemory *memory, const char *key_id, const char *nickname, GError **error)
{
	struct naming naming = {key_id, nickname};

	return memory_change(memory, set_nickname, &naming, error);
}

char *
ouk_memory_nickname(OukMemory *memory, const char *key_id)
{
	char *nickname;

	g_mutex_lock(&memory->lock);
	nickname = g_strdup(g_hash_table_lookup(memory->data.nicknames, key_id));
	g_mutex_unlock(&memory->lock);
	return nickname;
}
