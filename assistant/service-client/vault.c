/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/service-client/vault.h"

#include "assistant/core/errors.h"
#include "assistant/core/memory_file.h"
#include "assistant/service-client/order_data.h"

#include "common/secret.h"

#include <libsecret/secret.h>
#include <string.h>

#define FILE_NAME "order-capabilities"
#define FILE_SIZE (256 * 1024) /* bytes, at most */

static const SecretSchema schema = {
	"org.openukey.Order",
	SECRET_SCHEMA_NONE,
	{{"profile", SECRET_SCHEMA_ATTRIBUTE_STRING}, {"order", SECRET_SCHEMA_ATTRIBUTE_STRING}},
	0,
	NULL,
	NULL,
	NULL,
	NULL,
	NULL,
	NULL,
	NULL,
};

#define ATTRIBUTES(place) "profile", (place)->profile, "order", (place)->order, NULL

/* ---- the file ---- */

static char *
file_path(const VaultPlace *place)
{
	return g_build_filename(place->dir, FILE_NAME, NULL);
}

static char *
line_start(const VaultPlace *place)
{
	return g_strdup_printf("%s %s ", place->profile, place->order);
}

/* "" when there is none, or none of ours. */
static char *
file_read(const VaultPlace *place)
{
	g_autofree char *path = file_path(place);
	char *text = NULL;
	gsize len = 0;

	if (!g_file_get_contents(path, &text, &len, NULL))
		return g_strdup("");
	if (len > FILE_SIZE || strlen(text) != len) {
		order_text_wipe(text);
		return g_strdup("");
	}
	return text;
}

/* The other orders' lines, and a new one for this where there is a capability. */
static gboolean
file_write(const VaultPlace *place, const char *capability, GError **error)
{
	g_autofree char *path = file_path(place);
	g_autofree char *start = line_start(place);
	UK_CLEANUP(memory_file_unlock) int lock = memory_file_lock(place->dir, error);
	char *before;
	g_auto(GStrv) lines = NULL;
	GString *text;
	gboolean good;

	if (lock < 0)
		return FALSE;
	before = file_read(place);
	lines = g_strsplit(before, "\n", -1);
	text = g_string_new(NULL);
	for (guint i = 0; lines != NULL && lines[i] != NULL; i++) {
		if (*lines[i] != '\0' && !g_str_has_prefix(lines[i], start))
			g_string_append_printf(text, "%s\n", lines[i]);
		uk_wipe(lines[i], strlen(lines[i]));
	}
	if (capability != NULL)
		g_string_append_printf(text, "%s%s\n", start, capability);
	good = g_file_set_contents_full(
		path, text->str, (gssize)text->len,
		G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, NULL);
	order_text_wipe(before);
	order_text_wipe(g_string_free(text, FALSE));
	return good || ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s)", path);
}

static char *
file_get(const VaultPlace *place)
{
	g_autofree char *start = line_start(place);
	char *text = file_read(place);
	char *at = g_str_has_prefix(text, start) ? text : NULL;
	char *found = NULL;

	if (at == NULL && text != NULL) {
		g_autofree char *inside = g_strconcat("\n", start, NULL);

		at = strstr(text, inside);
		at = at != NULL ? at + 1 : NULL;
	}
	if (at != NULL) {
		at += strlen(start);
		found = g_strndup(at, strcspn(at, "\n"));
	}
	order_text_wipe(text);
	return found;
}

/* ---- the keyring ---- */

/* Whether there is one that can be written to: without a default keyring it asks to make one. */
static gboolean
keyring_is_there(void)
{
	g_autoptr(SecretService) service =
		secret_service_get_sync(SECRET_SERVICE_OPEN_SESSION, NULL, NULL);
	g_autoptr(SecretCollection) collection = NULL;

	if (service != NULL)
		collection = secret_collection_for_alias_sync(service, SECRET_COLLECTION_DEFAULT,
							      SECRET_COLLECTION_NONE, NULL, NULL);
	return collection != NULL;
}

static gboolean
keyring_put(const VaultPlace *place, const char *capability)
{
	return keyring_is_there() &&
	       secret_password_store_sync(&schema, SECRET_COLLECTION_DEFAULT, place->label,
					  capability, NULL, NULL, ATTRIBUTES(place));
}

static void
file_drop(const VaultPlace *place)
{
	char *kept = file_get(place);

	if (kept != NULL)
		(void)file_write(place, NULL, NULL);
	order_text_wipe(kept);
}

gboolean
vault_put(const VaultPlace *place, const char *capability, gboolean *ret_in_file, GError **error)
{
	gboolean in_file = !keyring_put(place, capability);

	if (in_file && !file_write(place, capability, error))
		return FALSE;
	/* the file is looked at first: an older one in it would hide the one in the keyring */
	if (!in_file)
		file_drop(place);
	*ret_in_file = in_file;
	return TRUE;
}

char *
vault_get(const VaultPlace *place)
{
	char *kept = file_get(place);
	char *found;

	if (kept != NULL)
		return kept;
	found = secret_password_lookup_sync(&schema, NULL, NULL, ATTRIBUTES(place));
	kept = g_strdup(found);
	secret_password_wipe(found);
	secret_password_free(found);
	return kept;
}

void
vault_remove(const VaultPlace *place)
{
	char *kept = file_get(place);

	if (kept != NULL)
		(void)file_write(place, NULL, NULL);
	else
		(void)secret_password_clear_sync(&schema, NULL, NULL, ATTRIBUTES(place));
	order_text_wipe(kept);
}
