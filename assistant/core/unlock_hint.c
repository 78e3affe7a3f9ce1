/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/unlock_hint.h"

#include <glib/gstdio.h>
#include <string.h>

#define GROUP     "unlock"
#define SUFFIX    ".unlock"
#define FILES_MAX 1000

static const char *const words[] = {
	[UNLOCK_HINT_COMMANDED] = "commanded",
	[UNLOCK_HINT_DONE] = "done",
	[UNLOCK_HINT_FOREIGN] = "foreign",
};

static char *
folder(void)
{
	return g_build_filename(g_get_user_data_dir(), "openukey", "unlock", NULL);
}

/* A serial number may have any characters: the file is named by its digest. */
static char *
path_of(const char *sn)
{
	g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, sn, -1);
	g_autofree char *name = g_strdup_printf("%.16s" SUFFIX, digest);
	g_autofree char *dir = folder();

	return g_build_filename(dir, name, NULL);
}

void
ouk_unlock_hint_free(OukUnlockHint *hint)
{
	g_free(hint->sn);
	g_free(hint->order);
	g_free(hint->profile);
	g_free(hint);
}

static UnlockHintState
state_of(const char *word)
{
	for (guint i = UNLOCK_HINT_COMMANDED; i < G_N_ELEMENTS(words); i++)
		if (g_strcmp0(word, words[i]) == 0)
			return (UnlockHintState)i;
	return UNLOCK_HINT_NONE;
}

/* The token's own answer has room for the end of a long serial number only. */
static gboolean
is_same_key(const char *whole, const char *sn)
{
	gsize most = sizeof(((CK_TOKEN_INFO *)NULL)->serialNumber);

	return strcmp(whole, sn) == 0 || (strlen(sn) == most && g_str_has_suffix(whole, sn));
}

static UnlockHintState
file_read(const char *path, const char *sn, OukUnlockHint **ret_hint)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(OukUnlockHint) hint = g_new0(OukUnlockHint, 1);
	g_autofree char *word = NULL;
	UnlockHintState state;

	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
		return UNLOCK_HINT_NONE;
	hint->sn = g_key_file_get_string(file, GROUP, "sn", NULL);
	hint->order = g_key_file_get_string(file, GROUP, "order", NULL);
	hint->profile = g_key_file_get_string(file, GROUP, "profile", NULL);
	word = g_key_file_get_string(file, GROUP, "state", NULL);
	state = state_of(word);
	if (hint->sn == NULL || hint->order == NULL || !is_same_key(hint->sn, sn))
		return UNLOCK_HINT_NONE;
	hint->pin_unknown = state == UNLOCK_HINT_COMMANDED;
	if (ret_hint != NULL && state != UNLOCK_HINT_NONE)
		*ret_hint = g_steal_pointer(&hint);
	return state;
}

UnlockHintState
unlock_hint_read(const char *sn, OukUnlockHint **ret_hint)
{
	g_autofree char *dir = folder();
	g_autoptr(GDir) files = g_dir_open(dir, 0, NULL);
	UnlockHintState state = UNLOCK_HINT_NONE;
	const char *name;

	for (guint i = 0; files != NULL && state == UNLOCK_HINT_NONE && i < FILES_MAX; i++) {
		g_autofree char *path = NULL;

		name = g_dir_read_name(files);
		if (name == NULL)
			break;
		path = g_build_filename(dir, name, NULL);
		if (g_str_has_suffix(name, SUFFIX))
			state = file_read(path, sn, ret_hint);
	}
	return state;
}

void
unlock_hint_write(const char *sn, const char *order, const char *profile, UnlockHintState state)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *path = path_of(sn);
	g_autofree char *dir = folder();
	g_autofree char *text = NULL;
	gsize len = 0;

	if (state == UNLOCK_HINT_NONE) {
		(void)g_unlink(path);
		return;
	}
	g_key_file_set_string(file, GROUP, "sn", sn);
	g_key_file_set_string(file, GROUP, "order", order);
	if (profile != NULL)
		g_key_file_set_string(file, GROUP, "profile", profile);
	g_key_file_set_string(file, GROUP, "state", words[state]);
	text = g_key_file_to_data(file, &len, NULL);
	(void)g_mkdir_with_parents(dir, 0700);
	if (!g_file_set_contents_full(path, text, (gssize)len,
				      G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
				      0600, &error))
		g_debug("no hint of the order: %s", error->message);
}

OukUnlockHint *
ouk_unlock_hint(const char *sn)
{
	OukUnlockHint *hint = NULL;

	(void)unlock_hint_read(sn, &hint);
	return hint;
}

char *
ouk_unlock_pending(const char *sn)
{
	g_autoptr(OukUnlockHint) hint = ouk_unlock_hint(sn);

	return hint != NULL && hint->pin_unknown ? g_steal_pointer(&hint->order) : NULL;
}

void
ouk_unlock_forget(const char *sn)
{
	g_autoptr(OukUnlockHint) hint = ouk_unlock_hint(sn);

	if (hint != NULL)
		unlock_hint_write(hint->sn, "", NULL, UNLOCK_HINT_NONE);
}

void
ouk_unlock_over(const char *sn, const char *order)
{
	g_autoptr(OukUnlockHint) hint = ouk_unlock_hint(sn);

	if (hint != NULL && strcmp(hint->order, order) == 0)
		unlock_hint_write(hint->sn, "", NULL, UNLOCK_HINT_NONE);
}
