/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service's questions and answers of a batch: openukey-unlockd's wire, service/wire. */
#include "assistant/cli/batch.h"
#include "assistant/core/approval.h"
#include "assistant/core/errors.h"
#include "assistant/core/profile_json.h"
#include "assistant/service-client/answer.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>

#define ANSWER_ROOM    65536
#define APPROVAL_MAX   ((gsize)256 * 1024)
#define APPROVALS_MAX  10000
#define ANSWER_SECONDS 3 /* the key is held meanwhile */

/* What the callback returns when `error` says why. */
#define CKR_OF_THE_SERVICE (CKR_VENDOR_DEFINED | 0x7e57UL)

/* ---- signatures ---- */

static void
text_add(JsonBuilder *json, const char *name, const char *value)
{
	json_builder_set_member_name(json, name);
	json_builder_add_string_value(json, value);
}

static void
approvals_add(JsonBuilder *json, const char *dir, const char *body)
{
	g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, body, -1);
	g_autoptr(GDir) files = g_dir_open(dir, 0, NULL);
	const char *name = NULL;

	json_builder_set_member_name(json, "approvals");
	json_builder_begin_array(json);
	for (guint i = 0; files != NULL && i < APPROVALS_MAX; i++) {
		g_autofree char *path = NULL;
		g_autoptr(GBytes) file = NULL;
		g_autoptr(OukVouch) vouch = NULL;

		name = g_dir_read_name(files);
		if (name == NULL)
			break;
		path = g_build_filename(dir, name, NULL);
		file = g_str_has_suffix(name, ".json") ? cli_read(path, NULL) : NULL;
		if (file != NULL && g_bytes_get_size(file) <= APPROVAL_MAX)
			vouch = ouk_approval_vouch(file, hash);
		if (vouch == NULL)
			continue;
		json_builder_begin_object(json);
		text_add(json, "operator", vouch->operator_name);
		text_add(json, "signature", vouch->signature);
		json_builder_end_object(json);
	}
	json_builder_end_array(json);
}

/* ---- a question ---- */

/* Without its closing brace: what is secret comes behind, in memory that is wiped. */
static char *
question_begin(const BatchDesk *desk, const char *op, const char *what)
{
	g_autofree char *body = batch_body(desk->list, desk->key, what);
	g_autoptr(JsonBuilder) json = json_builder_new();
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autoptr(JsonNode) root = NULL;
	char *text;

	json_builder_begin_object(json);
	text_add(json, "op", op);
	text_add(json, "sn", desk->key->sn);
	text_add(json, "model", desk->key->model);
	json_builder_set_member_name(json, "master");
	json_builder_add_int_value(json, desk->list->master);
	json_builder_set_member_name(json, "contact");
	json_builder_begin_object(json);
	text_add(json, "phone", desk->key->phone);
	text_add(json, "account", desk->key->account);
	text_add(json, "notify", desk->key->notify);
	json_builder_end_object(json);
	approvals_add(json, desk->approvals, body);
	json_builder_end_object(json);
	root = json_builder_get_root(json);
	json_generator_set_root(generator, root);
	text = json_generator_to_data(generator, NULL);
	text[strlen(text) - 1] = '\0';
	return text;
}

static gboolean
exchange(const char *path, const char *message, GBytes **ret, GError **error)
{
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
	g_autoptr(GSocketConnection) link = NULL;
	g_autofree char *answer = g_malloc(ANSWER_ROOM);
	guint32 len = GUINT32_TO_BE((guint32)strlen(message));
	GOutputStream *out;
	GInputStream *in;
	gsize done = 0;

	g_socket_client_set_timeout(client, ANSWER_SECONDS);
	link = g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, NULL);
	if (link == NULL)
		return ouk_fail_with(error, OUK_E_SERVICE_OFFLINE, "(%s)", path);
	out = g_io_stream_get_output_stream(G_IO_STREAM(link));
	in = g_io_stream_get_input_stream(G_IO_STREAM(link));
	if (!g_output_stream_write_all(out, &len, sizeof(len), &done, NULL, NULL) ||
	    !g_output_stream_write_all(out, message, strlen(message), &done, NULL, NULL) ||
	    !g_input_stream_read_all(in, &len, sizeof(len), &done, NULL, NULL) ||
	    done != sizeof(len))
		return ouk_fail(error, OUK_E_SERVICE_TIMEOUT);
	len = GUINT32_FROM_BE(len);
	if (len > ANSWER_ROOM)
		return ouk_fail(error, OUK_E_SERVICE_ANSWER);
	if (!g_input_stream_read_all(in, answer, len, &done, NULL, NULL) || done != len)
		return ouk_fail(error, OUK_E_SERVICE_TIMEOUT);
	*ret = g_bytes_new(answer, len);
	return TRUE;
}

/* Takes the question. */
static JsonObject *
ask(const BatchDesk *desk, char *question, GError **error)
{
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(JsonObject) answer = NULL;
	gboolean done = exchange(desk->socket, question, &bytes, error);

	uk_wipe(question, strlen(question));
	g_free(question);
	if (!done)
		return NULL;
	answer = profile_json_parse(bytes);
	if (answer == NULL)
		ouk_fail(error, OUK_E_SERVICE_ANSWER);
	else if (json_object_has_member(answer, "error"))
		answer_fail(bytes, 0, error);
	else
		return g_steal_pointer(&answer);
	return NULL;
}

/* ---- the key's questions ---- */

static void
hex_put(GString *out, const char *name, const void *bytes, gsize len)
{
	const guint8 *at = bytes;

	g_string_append_printf(out, ",\"%s\":\"", name);
	for (gsize i = 0; i < len; i++)
		g_string_append_printf(out, "%02x", at[i]);
	g_string_append_c(out, '"');
}

/* Room for everything, so that no copy of a secret is left behind by growing. */
static char *
question_make(const BatchDesk *desk, const struct openukey_relay_question *key)
{
	gboolean admin = key->stage == OPENUKEY_RELAY_ADMIN_PIN;
	gboolean change = key->stage == OPENUKEY_RELAY_DEVICE_KEY;
	g_autofree char *begin = question_begin(desk, admin ? "personalise" : "device-key",
						admin ? "personalise" : "device");
	GString *out = g_string_sized_new(strlen(begin) + 512);

	g_string_append(out, begin);
	hex_put(out, "random", key->random, sizeof(key->random));
	if (admin) {
		hex_put(out, "app", key->app, sizeof(key->app));
		g_string_append_printf(out, ",\"old\":\"%.*s\"", (int)desk->admin_pin->len,
				       (const char *)desk->admin_pin->bytes);
	} else {
		g_string_append_printf(out, ",\"stage\":\"%s\"", change ? "change" : "proof");
	}
	if (change)
		hex_put(out, "old", desk->device_key->bytes, desk->device_key->len);
	g_string_append_c(out, '}');
	return g_string_free(out, FALSE);
}

static gboolean
data_take(JsonObject *answer, struct openukey_relay_answer *ret)
{
	const char *text = profile_json_text(answer, "data");
	gsize len = text != NULL ? strlen(text) : 0;

	if (len == 0 || len % 2 != 0 || len / 2 > sizeof(ret->data))
		return FALSE;
	for (gsize i = 0; i < len / 2; i++) {
		int high = g_ascii_xdigit_value(text[2 * i]);
		int low = g_ascii_xdigit_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return FALSE;
		ret->data[i] = (CK_BYTE)(high << 4 | low);
	}
	ret->data_len = len / 2;
	return TRUE;
}

static CK_RV
on_question(void *context, const struct openukey_relay_question *question,
	    struct openukey_relay_answer *ret)
{
	BatchDesk *desk = context;
	g_autoptr(JsonObject) answer = NULL;

	g_clear_error(&desk->error);
	answer = ask(desk, question_make(desk, question), &desk->error);
	if (answer == NULL)
		return CKR_OF_THE_SERVICE;
	if (data_take(answer, ret))
		return CKR_OK;
	ouk_fail(&desk->error, OUK_E_SERVICE_ANSWER);
	return CKR_OF_THE_SERVICE;
}

struct openukey_relay
batch_relay(BatchDesk *desk)
{
	return (struct openukey_relay){desk, on_question};
}

gboolean
batch_enrol(BatchDesk *desk, GError **error)
{
	g_autofree char *begin = question_begin(desk, "enrol", "enrol");
	g_autoptr(GError) refused = NULL;
	g_autoptr(JsonObject) answer = ask(desk, g_strconcat(begin, "}", NULL), &refused);

	/* The answer of an earlier run may have been lost. */
	if (answer != NULL || g_error_matches(refused, OUK_ERROR, OUK_E_SERVICE_EXISTS))
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&refused));
	return FALSE;
}
