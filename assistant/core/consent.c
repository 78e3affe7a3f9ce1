/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/consent.h"

#include "assistant/core/errors.h"
#include "assistant/core/memory_file.h"
#include "assistant/core/text.h"
#include "common/defs.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#define FILE_MAX  (1024 * 1024)
#define ROWS_MAX  2000
#define KEYS_MAX  64
#define VERSION   1
#define FILE_NAME "sites.json"

static const char *const state_names[OUK_CONSENT_STATES] = {
	[OUK_CONSENT_ASK] = "ask",
	[OUK_CONSENT_ALLOWED] = "allowed",
	[OUK_CONSENT_BLOCKED] = "blocked",
};

OukConsent *
ouk_consent_new(const char *origin, OukConsentState state)
{
	OukConsent *consent = g_new0(OukConsent, 1);

	consent->origin = g_strdup(origin);
	consent->state = state;
	consent->since = g_get_real_time() / G_USEC_PER_SEC;
	consent->keys = g_ptr_array_new_with_free_func(g_free);
	return consent;
}

OukConsent *
ouk_consent_copy(const OukConsent *consent)
{
	OukConsent *copy = ouk_consent_new(consent->origin, consent->state);

	copy->name = g_strdup(consent->name);
	copy->since = consent->since;
	copy->used = consent->used;
	for (guint i = 0; i < consent->keys->len; i++)
		g_ptr_array_add(copy->keys, g_strdup(g_ptr_array_index(consent->keys, i)));
	return copy;
}

void
ouk_consent_free(OukConsent *consent)
{
	if (consent == NULL)
		return;
	g_free(consent->origin);
	g_free(consent->name);
	g_ptr_array_unref(consent->keys);
	g_free(consent);
}

gboolean
ouk_consent_has_key(const OukConsent *consent, const char *key_id)
{
	for (guint i = 0; i < consent->keys->len; i++)
		if (strcmp(g_ptr_array_index(consent->keys, i), key_id) == 0)
			return TRUE;
	return FALSE;
}

const char *
ouk_consent_state_name(OukConsentState state)
{
	return state_names[state];
}

/* ---- reading ---- */

static char *
folder(void)
{
	return g_build_filename(g_get_user_config_dir(), "openukey", NULL);
}

char *
ouk_consents_path(void)
{
	return g_build_filename(g_get_user_config_dir(), "openukey", FILE_NAME, NULL);
}

/* NULL when it is missing or no string. */
static char *
text_member(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);
	const char *text =
		node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;

	return text != NULL ? ouk_text_of(text, strlen(text)) : NULL;
}

static gint64
number_member(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);

	return node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : 0;
}

static void
keys_read(JsonObject *object, GPtrArray *keys)
{
	JsonNode *node = json_object_get_member(object, "keys");
	JsonArray *array;

	if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
		return;
	array = json_node_get_array(node);
	for (guint i = 0; i < MIN(json_array_get_length(array), KEYS_MAX); i++) {
		JsonNode *each = json_array_get_element(array, i);

		if (JSON_NODE_HOLDS_VALUE(each) && json_node_get_string(each) != NULL)
			g_ptr_array_add(keys, g_strdup(json_node_get_string(each)));
	}
}

static OukConsentState
state_of(const char *name)
{
	for (int i = 0; i < OUK_CONSENT_STATES; i++)
		if (g_strcmp0(state_names[i], name) == 0)
			return (OukConsentState)i;
	return OUK_CONSENT_ASK;
}

static void
row_read(JsonNode *node, GPtrArray *consents)
{
	g_autofree char *origin = NULL;
	g_autofree char *state = NULL;
	OukConsent *consent;
	JsonObject *object;

	if (!JSON_NODE_HOLDS_OBJECT(node) || consents->len >= ROWS_MAX)
		return;
	object = json_node_get_object(node);
	origin = text_member(object, "origin");
	state = text_member(object, "state");
	if (origin == NULL || state_of(state) == OUK_CONSENT_ASK)
		return;
	consent = ouk_consent_new(origin, state_of(state));
	consent->name = text_member(object, "name");
	consent->since = number_member(object, "since");
	consent->used = number_member(object, "used");
	keys_read(object, consent->keys);
	g_ptr_array_add(consents, consent);
}

/* FALSE: damaged. */
static gboolean
text_read(const char *text, gsize len, GPtrArray *consents)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonNode *root, *list;
	JsonArray *array;

	if (!json_parser_load_from_data(parser, text, (gssize)len, NULL))
		return FALSE;
	root = json_parser_get_root(parser);
	if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root))
		return FALSE;
	list = json_object_get_member(json_node_get_object(root), "sites");
	if (list == NULL || !JSON_NODE_HOLDS_ARRAY(list))
		return FALSE;
	array = json_node_get_array(list);
	for (guint i = 0; i < json_array_get_length(array); i++)
		row_read(json_array_get_element(array, i), consents);
	return TRUE;
}

static GPtrArray *
consents_read(gboolean *ret_damaged, GError **error)
{
	g_autoptr(GPtrArray) consents =
		g_ptr_array_new_with_free_func((GDestroyNotify)ouk_consent_free);
	g_autofree char *path = ouk_consents_path();
	g_autofree char *text = NULL;
	g_autoptr(GError) reason = NULL;
	GStatBuf status;
	gsize len = 0;

	*ret_damaged = FALSE;
	if (g_stat(path, &status) == 0 && status.st_size > FILE_MAX) {
		*ret_damaged = TRUE;
		return g_steal_pointer(&consents);
	}
	if (!g_file_get_contents(path, &text, &len, &reason)) {
		if (g_error_matches(reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
			return g_steal_pointer(&consents);
		ouk_fail_with(error, OUK_E_FILE_READ, "(%s)", reason->message);
		return NULL;
	}
	*ret_damaged = !text_read(text, len, consents);
	return g_steal_pointer(&consents);
}

GPtrArray *
ouk_consents_load(GError **error)
{
	gboolean damaged;

	return consents_read(&damaged, error);
}

const OukConsent *
ouk_consents_find(const GPtrArray *consents, const char *origin)
{
	for (guint i = 0; i < consents->len; i++) {
		const OukConsent *consent = g_ptr_array_index(consents, i);

		if (strcmp(consent->origin, origin) == 0)
			return consent;
	}
	return NULL;
}

/* ---- writing ---- */

static void
put_text(JsonBuilder *json, const char *name, const char *text)
{
	if (text == NULL)
		return;
	json_builder_set_member_name(json, name);
	json_builder_add_string_value(json, text);
}

static void
put_row(JsonBuilder *json, const OukConsent *consent)
{
	json_builder_begin_object(json);
	put_text(json, "origin", consent->origin);
	put_text(json, "state", state_names[consent->state]);
	put_text(json, "name", consent->name);
	json_builder_set_member_name(json, "since");
	json_builder_add_int_value(json, consent->since);
	json_builder_set_member_name(json, "used");
	json_builder_add_int_value(json, consent->used);
	json_builder_set_member_name(json, "keys");
	json_builder_begin_array(json);
	for (guint i = 0; i < consent->keys->len; i++)
		json_builder_add_string_value(json, g_ptr_array_index(consent->keys, i));
	json_builder_end_array(json);
	json_builder_end_object(json);
}

static gint
by_origin(gconstpointer a, gconstpointer b)
{
	return strcmp((*(const OukConsent *const *)a)->origin,
		      (*(const OukConsent *const *)b)->origin);
}

static gboolean
consents_write(GPtrArray *consents, gboolean damaged, GError **error)
{
	g_autoptr(JsonBuilder) json = json_builder_new();
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *path = ouk_consents_path();
	g_autofree char *aside = g_strdup_printf("%s.damaged", path);
	g_autofree char *text = NULL;
	g_autoptr(GError) reason = NULL;

	if (damaged)
		(void)g_rename(path, aside);
	g_ptr_array_sort(consents, by_origin);
	json_builder_begin_object(json);
	json_builder_set_member_name(json, "version");
	json_builder_add_int_value(json, VERSION);
	json_builder_set_member_name(json, "sites");
	json_builder_begin_array(json);
	for (guint i = 0; i < consents->len; i++)
		put_row(json, g_ptr_array_index(consents, i));
	json_builder_end_array(json);
	json_builder_end_object(json);
	root = json_builder_get_root(json);
	text = json_to_string(root, TRUE);
	if (g_file_set_contents_full(path, text, -1,
				     G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
				     0600, &reason))
		return TRUE;
	return ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s)", reason->message);
}

/* Takes out what there is of an origin (NULL: all); the number of rows. */
static guint
rows_drop(GPtrArray *consents, const char *origin)
{
	guint before = consents->len;

	for (guint i = consents->len; i > 0; i--) {
		const OukConsent *consent = g_ptr_array_index(consents, i - 1);

		if (origin == NULL || strcmp(consent->origin, origin) == 0)
			g_ptr_array_remove_index(consents, i - 1);
	}
	return before - consents->len;
}

/* consent NULL: only takes away. */
static gboolean
consents_change(const char *origin, const OukConsent *consent, guint *ret_count, GError **error)
{
	g_autofree char *dir = folder();
	UK_CLEANUP(memory_file_unlock) int lock = memory_file_lock(dir, error);
	g_autoptr(GPtrArray) consents = NULL;
	gboolean damaged = FALSE;
	guint count;

	if (lock < 0)
		return FALSE;
	consents = consents_read(&damaged, error);
	if (consents == NULL)
		return FALSE;
	count = rows_drop(consents, origin);
	if (ret_count != NULL)
		*ret_count = count;
	if (consent != NULL)
		g_ptr_array_add(consents, ouk_consent_copy(consent));
	else if (count == 0 && !damaged)
		return TRUE;
	return consents_write(consents, damaged, error);
}

gboolean
ouk_consents_set(const OukConsent *consent, GError **error)
{
	return consents_change(consent->origin, consent, NULL, error);
}

gboolean
ouk_consents_forget(const char *origin, guint *ret_count, GError **error)
{
	return consents_change(origin, NULL, ret_count, error);
}
