/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/approval.h"

#include "assistant/core/cert.h"
#include "assistant/core/errors.h"
#include "assistant/core/profile_json.h"
#include "assistant/core/text.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>
#include <openssl/x509.h>
#include <string.h>

#define BODY_MAX  4096
#define ITEMS_MAX 16

static const char tag[] = "OpenUKey-sig-v1\0operator-approval";

static void
line_free(gpointer data)
{
	OukApprovalLine *line = data;

	g_free(line->label);
	g_free(line->value);
	g_free(line);
}

static void
item_free(gpointer data)
{
	OukApprovalItem *item = data;

	g_free(item->body);
	g_free(item->title);
	g_ptr_array_unref(item->words);
	g_free(item);
}

void
ouk_approval_free(OukApproval *approval)
{
	if (approval == NULL)
		return;
	g_free(approval->operator_name);
	g_ptr_array_unref(approval->items);
	g_free(approval);
}

/* What is signed is exactly what is shown: nothing that a screen shows otherwise, or not at all. */
static gboolean
body_good(const char *body)
{
	if (body == NULL || strlen(body) > BODY_MAX || !g_utf8_validate(body, -1, NULL))
		return FALSE;
	for (const char *at = body; *at != '\0'; at += g_utf8_skip[(guchar)*at]) {
		gunichar character = g_utf8_get_char(at);

		if (character != '\n' && !g_unichar_isprint(character))
			return FALSE;
	}
	return TRUE;
}

static char *
hash_of(const void *bytes, gsize len)
{
	return g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, len);
}

static GByteArray *
hex_read(const char *text)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	gsize len = strlen(text);

	for (gsize i = 0; i + 1 < len; i += 2) {
		int high = g_ascii_xdigit_value(text[i]), low = g_ascii_xdigit_value(text[i + 1]);
		guint8 byte;

		if (high < 0 || low < 0)
			return NULL;
		byte = (guint8)(high << 4 | low);
		g_byte_array_append(bytes, &byte, 1);
	}
	return len % 2 == 0 && len > 0 ? g_steal_pointer(&bytes) : NULL;
}

/* The value of a line of the text; the caller frees. NULL: no such line. */
static char *
line_value(const char *body, const char *name)
{
	g_autofree char *start = g_strdup_printf("\n%s=", name);
	const char *at = strstr(body, start);

	return at != NULL ? g_strndup(at + strlen(start), strcspn(at + strlen(start), "\n")) : NULL;
}

static char *
name_words(X509_NAME *name)
{
	g_autoptr(BIO) out = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	long len;

	X509_NAME_print_ex(out, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
	len = BIO_get_mem_data(out, &bytes);
	return ouk_text_of(bytes, (gsize)len);
}

static char *
subject_words(const GByteArray *der)
{
	const unsigned char *at = der->data;
	X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)der->len);
	char *words = name != NULL && at == der->data + der->len ? name_words(name) : NULL;

	X509_NAME_free(name);
	return words;
}

static char *
cert_words(const GByteArray *der)
{
	const unsigned char *at = der->data;
	g_autoptr(X509) cert = d2i_X509(NULL, &at, (long)der->len);
	g_autofree char *unit = NULL;
	g_autofree char *serial = NULL;

	if (cert == NULL || at != der->data + der->len)
		return NULL;
	unit = ouk_x509_unit(cert);
	serial = ouk_x509_serial(cert);
	return g_strdup_printf("%s (%s)", unit, serial);
}

/* What the text names by its hash comes along, so that a person sees more than the hash. */
static const struct {
	const char *member, *line, *label;
	char *(*words)(const GByteArray *der);
} details[] = {
	{"subject", "subject", N_("name in the certificate"), subject_words},
	{"old_cert", "old", N_("old certificate"), cert_words},
	{"old_cert", "cert", N_("certificate"), cert_words},
	{"enc_cert", "enc", N_("old encryption certificate"), cert_words},
};

static gboolean
details_read(OukApprovalItem *item, JsonObject *object, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(details); i++) {
		g_autofree char *wanted = line_value(item->body, details[i].line);
		const char *hex = profile_json_text(object, details[i].member);
		g_autoptr(GByteArray) der = hex != NULL ? hex_read(hex) : NULL;
		g_autofree char *hash = der != NULL ? hash_of(der->data, der->len) : NULL;
		g_autofree char *words = NULL;

		/* "-": there is none. A hash alone says nothing to whoever is to sign. */
		if (wanted == NULL || strcmp(wanted, "-") == 0)
			continue;
		if (hash != NULL && strcmp(hash, wanted) == 0)
			words = details[i].words(der);
		if (words == NULL)
			return ouk_fail(error, OUK_E_PAPER_DECEIVES);
		ouk_approval_line_add(item, _(details[i].label), words);
	}
	return TRUE;
}

static OukApprovalItem *
item_read(JsonObject *object, GError **error)
{
	const char *body = profile_json_text(object, "body");
	OukApprovalItem *item = g_new0(OukApprovalItem, 1);

	item->words = g_ptr_array_new_with_free_func(line_free);
	item->body = g_strdup(body);
	if (!body_good(body) || !ouk_approval_words(item))
		ouk_fail(error, OUK_E_NOT_A_PAPER);
	else if (details_read(item, object, error))
		return item;
	item_free(item);
	return NULL;
}

static JsonArray *
items_of(JsonObject *object)
{
	JsonNode *kind =
		object != NULL ? json_object_get_member(object, "openukey-approval") : NULL;
	JsonNode *items = object != NULL ? json_object_get_member(object, "items") : NULL;

	if (kind == NULL || json_node_get_value_type(kind) != G_TYPE_INT64 ||
	    json_node_get_int(kind) != 1 || items == NULL || !JSON_NODE_HOLDS_ARRAY(items))
		return NULL;
	return json_node_get_array(items);
}

OukApproval *
ouk_approval_read(GBytes *json, GError **error)
{
	g_autoptr(JsonObject) root = profile_json_parse(json);
	g_autoptr(OukApproval) approval = g_new0(OukApproval, 1);
	JsonArray *items = items_of(root);
	guint len;

	approval->items = g_ptr_array_new_with_free_func(item_free);
	len = items != NULL ? json_array_get_length(items) : 0;
	if (len == 0 || len > ITEMS_MAX) {
		ouk_fail(error, OUK_E_NOT_A_PAPER);
		return NULL;
	}
	approval->operator_name = g_strdup(profile_json_text(root, "operator"));
	for (guint i = 0; i < len; i++) {
		JsonNode *node = json_array_get_element(items, i);
		OukApprovalItem *item = NULL;

		if (!JSON_NODE_HOLDS_OBJECT(node))
			ouk_fail(error, OUK_E_NOT_A_PAPER);
		else
			item = item_read(json_node_get_object(node), error);
		if (item == NULL)
			return NULL;
		g_ptr_array_add(approval->items, item);
	}
	return g_steal_pointer(&approval);
}

static char *
signature_hex(const OukSigner *signer, const char *body, GError **error)
{
	g_autoptr(GByteArray) message = g_byte_array_new();
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GBytes) signature = NULL;
	GString *hex;
	gsize len;
	const guint8 *at;

	g_byte_array_append(message, (const guint8 *)tag, sizeof(tag));
	g_byte_array_append(message, (const guint8 *)body, (guint)strlen(body));
	bytes = g_byte_array_free_to_bytes(g_steal_pointer(&message));
	signature = ouk_signer_sign(signer, bytes, error);
	if (signature == NULL)
		return NULL;
	at = g_bytes_get_data(signature, &len);
	hex = g_string_sized_new(2 * len);
	for (gsize i = 0; i < len; i++)
		g_string_append_printf(hex, "%02x", at[i]);
	return g_string_free(hex, FALSE);
}

GBytes *
ouk_approval_sign(const OukApproval *approval, const char *operator_name, const OukSigner *signer,
		  GError **error)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autoptr(JsonNode) root = NULL;
	gsize len;
	char *text;

	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "operator");
	json_builder_add_string_value(builder, operator_name);
	json_builder_set_member_name(builder, "signatures");
	json_builder_begin_array(builder);
	for (guint i = 0; i < approval->items->len; i++) {
		const OukApprovalItem *item = g_ptr_array_index(approval->items, i);
		g_autofree char *hash = hash_of(item->body, strlen(item->body));
		g_autofree char *signature = signature_hex(signer, item->body, error);

		if (signature == NULL)
			return NULL;
		json_builder_begin_object(builder);
		json_builder_set_member_name(builder, "body");
		json_builder_add_string_value(builder, hash);
		json_builder_set_member_name(builder, "signature");
		json_builder_add_string_value(builder, signature);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	json_generator_set_root(generator, root);
	json_generator_set_pretty(generator, TRUE);
	text = json_generator_to_data(generator, &len);
	return g_bytes_new_take(text, len);
}

/* ---- what came back ---- */

static const char *
signature_over(JsonObject *answer, const char *body_hash)
{
	JsonNode *list = json_object_get_member(answer, "signatures");
	JsonArray *array =
		list != NULL && JSON_NODE_HOLDS_ARRAY(list) ? json_node_get_array(list) : NULL;

	for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
		JsonNode *node = json_array_get_element(array, i);
		JsonObject *row = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
		const char *signature = row != NULL ? profile_json_text(row, "signature") : NULL;

		if (signature != NULL && g_strcmp0(profile_json_text(row, "body"), body_hash) == 0)
			return signature;
	}
	return NULL;
}

OukVouch *
ouk_approval_vouch(GBytes *answer, const char *body_hash)
{
	g_autoptr(JsonObject) object = profile_json_parse(answer);
	const char *name = object != NULL ? profile_json_text(object, "operator") : NULL;
	const char *signature = name != NULL ? signature_over(object, body_hash) : NULL;
	OukVouch *vouch;

	if (signature == NULL)
		return NULL;
	vouch = g_new0(OukVouch, 1);
	vouch->operator_name = g_strdup(name);
	vouch->signature = g_strdup(signature);
	return vouch;
}

void
ouk_vouch_free(OukVouch *vouch)
{
	g_free(vouch->operator_name);
	g_free(vouch->signature);
	g_free(vouch);
}
