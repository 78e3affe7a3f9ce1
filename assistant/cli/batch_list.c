/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/cli/batch.h"
#include "assistant/core/errors.h"
#include "assistant/core/profile_json.h"

#include <glib/gi18n.h>
#include <string.h>

#define LIST_MAX ((gsize)4 * 1024 * 1024)
#define KEYS_MAX 10000
#define TEXT_MAX 128

/* ---- the list ---- */

static void
key_free(BatchKey *key)
{
	g_free(key->sn);
	g_free(key->model);
	g_free(key->unit);
	g_free(key->phone);
	g_free(key->account);
	g_free(key->notify);
	g_free(key);
}

void
batch_list_free(BatchList *list)
{
	g_free(list->application);
	g_free(list->container);
	g_free(list->algorithm);
	g_ptr_array_unref(list->keys);
	g_free(list);
}

/* A member that is a line of text; `otherwise` where it is missing. NULL: not that. */
static char *
text_of(JsonObject *object, const char *name, const char *otherwise)
{
	JsonNode *node = json_object_get_member(object, name);
	const char *text;

	if (node == NULL)
		return g_strdup(otherwise);
	text = json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node) : NULL;
	if (text == NULL || strlen(text) > TEXT_MAX || strchr(text, '\n') != NULL)
		return NULL;
	return g_strdup(text);
}

/* What the service takes as a serial number; it also names files here. */
static gboolean
sn_good(const char *sn)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ._:-";

	return sn != NULL && sn[0] != '\0' && sn[0] != '.' && strspn(sn, allowed) == strlen(sn);
}

static gboolean
key_read(JsonNode *node, BatchList *list)
{
	JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
	JsonNode *contact_node;
	JsonObject *contact;
	BatchKey *key;

	if (object == NULL)
		return FALSE;
	contact_node = json_object_get_member(object, "contact");
	if (contact_node == NULL || !JSON_NODE_HOLDS_OBJECT(contact_node))
		return FALSE;
	contact = json_node_get_object(contact_node);
	key = g_new0(BatchKey, 1);
	g_ptr_array_add(list->keys, key);
	key->sn = text_of(object, "sn", NULL);
	key->model = text_of(object, "model", NULL);
	key->unit = text_of(object, "unit", NULL);
	key->phone = text_of(contact, "phone", "");
	key->account = text_of(contact, "account", "");
	key->notify = text_of(contact, "notify", "");
	return sn_good(key->sn) && key->model != NULL && key->unit != NULL && key->phone != NULL &&
	       key->account != NULL && key->notify != NULL;
}

static gboolean
list_fill(JsonObject *root, BatchList *list)
{
	JsonNode *keys = json_object_get_member(root, "keys");
	JsonArray *array =
		keys != NULL && JSON_NODE_HOLDS_ARRAY(keys) ? json_node_get_array(keys) : NULL;
	guint count = array != NULL ? json_array_get_length(array) : 0;

	list->application = text_of(root, "application", "OpenUKey");
	list->container = text_of(root, "container", "Unit");
	list->algorithm = text_of(root, "algorithm", "sm2");
	list->master = json_object_get_int_member_with_default(root, "master", 1);
	if (list->application == NULL || list->container == NULL || list->algorithm == NULL ||
	    count == 0 || count > KEYS_MAX)
		return FALSE;
	for (guint i = 0; i < count; i++)
		if (!key_read(json_array_get_element(array, i), list))
			return FALSE;
	return TRUE;
}

BatchList *
batch_list_read(const char *path, GError **error)
{
	g_autoptr(GBytes) file = cli_read(path, error);
	g_autoptr(BatchList) list = NULL;
	g_autoptr(JsonObject) root = NULL;

	if (file == NULL)
		return NULL;
	root = g_bytes_get_size(file) <= LIST_MAX ? profile_json_parse(file) : NULL;
	list = g_new0(BatchList, 1);
	list->keys = g_ptr_array_new_with_free_func((GDestroyNotify)key_free);
	if (root != NULL && list_fill(root, list))
		return g_steal_pointer(&list);
	ouk_fail_with(error, OUK_E_BATCH_LIST, "(%s)", path);
	return NULL;
}

const BatchKey *
batch_list_find(const BatchList *list, const char *sn)
{
	for (guint i = 0; i < list->keys->len; i++) {
		const BatchKey *key = g_ptr_array_index(list->keys, i);

		if (strcmp(key->sn, sn) == 0)
			return key;
	}
	return NULL;
}

/* ---- what operators sign ---- */

char *
batch_body(const BatchList *list, const BatchKey *key, const char *what)
{
	return g_strdup_printf(
		"%s %s\nsn=%s\nnumber=%" G_GINT64_FORMAT "\nphone=%s\naccount=%s\nnotify=%s\n",
		what, key->model, key->sn, list->master, key->phone, key->account, key->notify);
}

static GBytes *
paper_make(const BatchList *list, const BatchKey *key)
{
	static const char *const acts[] = {"personalise", "device", "enrol"};
	g_autoptr(JsonBuilder) json = json_builder_new();
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autoptr(JsonNode) root = NULL;
	gsize len = 0;
	char *text;

	json_builder_begin_object(json);
	json_builder_set_member_name(json, "openukey-approval");
	json_builder_add_int_value(json, 1);
	json_builder_set_member_name(json, "number");
	json_builder_add_string_value(json, key->sn);
	json_builder_set_member_name(json, "items");
	json_builder_begin_array(json);
	for (gsize i = 0; i < G_N_ELEMENTS(acts); i++) {
		g_autofree char *body = batch_body(list, key, acts[i]);

		json_builder_begin_object(json);
		json_builder_set_member_name(json, "body");
		json_builder_add_string_value(json, body);
		json_builder_end_object(json);
	}
	json_builder_end_array(json);
	json_builder_end_object(json);
	root = json_builder_get_root(json);
	json_generator_set_root(generator, root);
	text = json_generator_to_data(generator, &len);
	return g_bytes_new_take(text, len);
}

gboolean
batch_papers_write(const BatchList *list, const char *dir, GError **error)
{
	(void)g_mkdir_with_parents(dir, 0700);
	for (guint i = 0; i < list->keys->len; i++) {
		const BatchKey *key = g_ptr_array_index(list->keys, i);
		g_autofree char *name = g_strdup_printf("%s.paper.json", key->sn);
		g_autofree char *path = g_build_filename(dir, name, NULL);
		g_autoptr(GBytes) paper = paper_make(list, key);

		if (!cli_write(path, paper, TRUE, error))
			return FALSE;
	}
	g_print(ngettext("%u paper for \"ukey approve\" is in %s.\n",
			 "%u papers for \"ukey approve\" are in %s.\n", list->keys->len),
		list->keys->len, dir);
	return TRUE;
}

/* ---- how far a key is ---- */

#define GROUP "key"

static const char *const states[BATCH_STATES] = {
	[BATCH_NEW] = "new",           [BATCH_MADE] = "made",     [BATCH_ADMIN] = "admin",
	[BATCH_REQUESTED] = "request", [BATCH_DEVICE] = "device", [BATCH_ENROLLED] = "enrolled",
	[BATCH_DONE] = "done",
};

static char *
note_path(const char *dir, const char *sn)
{
	g_autofree char *name = g_strdup_printf("%s.state", sn);

	return g_build_filename(dir, name, NULL);
}

static gboolean
note_take(const char *word, const char *pin, BatchNote *ret)
{
	for (int i = 0; i < BATCH_STATES; i++)
		if (g_strcmp0(word, states[i]) == 0) {
			ret->state = (BatchState)i;
			return pin == NULL || uk_secret_set(&ret->pin, uk_span_str(pin)) == UK_OK;
		}
	return FALSE;
}

gboolean
batch_note_read(const char *dir, const char *sn, BatchNote *ret, GError **error)
{
	g_autofree char *path = note_path(dir, sn);
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *word = NULL;
	char *pin;
	gboolean good;

	ret->state = BATCH_NEW;
	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return TRUE;
	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
		return ouk_fail_with(error, OUK_E_FILE_READ, "(%s)", path);
	word = g_key_file_get_string(file, GROUP, "state", NULL);
	pin = g_key_file_get_string(file, GROUP, "pin", NULL);
	good = note_take(word, pin, ret);
	if (pin != NULL)
		uk_wipe(pin, strlen(pin));
	g_free(pin);
	return good || ouk_fail_with(error, OUK_E_FILE_READ, "(%s)", path);
}

gboolean
batch_note_write(const char *dir, const char *sn, const BatchNote *note, GError **error)
{
	g_autofree char *path = note_path(dir, sn);
	g_autofree char *text = NULL;
	gboolean done;

	text = g_strdup_printf("[" GROUP "]\nstate=%s\n%s%.*s\n", states[note->state],
			       note->pin.len > 0 ? "pin=" : "", (int)note->pin.len,
			       (const char *)note->pin.bytes);
	done = g_file_set_contents_full(
		path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
		NULL);
	uk_wipe(text, strlen(text));
	return done || ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s)", path);
}
