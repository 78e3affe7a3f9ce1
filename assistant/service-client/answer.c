/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/service-client/answer.h"

#include "assistant/core/profile_json.h"
#include "assistant/core/text.h"
#include "assistant/service-client/order_data.h"

#include <string.h>

#define TEXT_MAX      200
#define AGREEMENT_MAX 20000
#define LIST_MAX      1000U
#define TIME_MAX      INT64_C(253402300799) /* the end of the year 9999 */
#define CAPABILITY    64
#define CENTS_MAX     INT64_C(100000000000)
#define GUESSES_MAX   100

struct _OukReply {
	JsonObject *root; /* NULL for a file */
	GBytes *file;
	OukOrder *order;
	GPtrArray *orders;
};

/* ---- members ---- */

/* NULL: none, or no string, or too long. */
static const char *
text_of(JsonObject *in, const char *name, gsize most)
{
	JsonNode *node = in != NULL ? json_object_get_member(in, name) : NULL;
	const char *text = NULL;

	if (node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
	    json_node_get_value_type(node) == G_TYPE_STRING)
		text = json_node_get_string(node);
	return text != NULL && strlen(text) <= most ? text : NULL;
}

static gint64
number_of(JsonObject *in, const char *name, gint64 otherwise)
{
	JsonNode *node = in != NULL ? json_object_get_member(in, name) : NULL;

	if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
	    json_node_get_value_type(node) != G_TYPE_INT64)
		return otherwise;
	return json_node_get_int(node);
}

static gint64
time_of(JsonObject *in, const char *name)
{
	gint64 at = number_of(in, name, 0);

	return at >= 0 && at <= TIME_MAX ? at : 0;
}

/* Cents; 0: none, or none that is one. */
static gint64
amount_of(JsonObject *in)
{
	gint64 cents = number_of(in, "amount", 0);

	return cents >= 0 && cents <= CENTS_MAX ? cents : 0;
}

static JsonObject *
object_of(JsonObject *in, const char *name)
{
	JsonNode *node = in != NULL ? json_object_get_member(in, name) : NULL;

	return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

typedef void (*Element)(JsonObject *element, gpointer data);

static void
each_of(JsonObject *in, const char *name, Element fn, gpointer data)
{
	JsonNode *node = in != NULL ? json_object_get_member(in, name) : NULL;
	JsonArray *list =
		node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
	guint len = list != NULL ? MIN(json_array_get_length(list), LIST_MAX) : 0;

	for (guint i = 0; i < len; i++) {
		JsonNode *element = json_array_get_element(list, i);

		if (JSON_NODE_HOLDS_OBJECT(element))
			fn(json_node_get_object(element), data);
	}
}

/* Safe to show; "" without. */
static char *
shown_of(JsonObject *in, const char *name)
{
	const char *text = text_of(in, name, TEXT_MAX);

	return text != NULL ? ouk_text_of(text, strlen(text)) : g_strdup("");
}

/* ---- orders ---- */

static void
add_document(JsonObject *element, gpointer data)
{
	OukDocument *document = g_new0(OukDocument, 1);

	document->slot = shown_of(element, "slot");
	document->title = shown_of(element, "title");
	document->state = shown_of(element, "state");
	document->reason = shown_of(element, "reason");
	g_ptr_array_add(data, document);
}

/* Letters, digits and hyphens: what may stand in a path. */
static gboolean
is_word(const char *text)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ-";

	return text != NULL && *text != '\0' && strspn(text, allowed) == strlen(text);
}

static gboolean
is_capability(const char *text)
{
	return text != NULL && strlen(text) == CAPABILITY &&
	       strspn(text, "0123456789abcdef") == CAPABILITY;
}

/* What the answer does not say stays as it was. */
static void
texts_read(JsonObject *in, OukOrder *before, OukOrderInfo *info)
{
	for (gsize i = 0; i < G_N_ELEMENTS(order_texts); i++) {
		const char *object = order_texts[i].object;
		JsonObject *from = object != NULL ? object_of(in, object) : in;
		char **at = order_text_at(info, i);
		char *text = shown_of(from, order_texts[i].member);

		if (*text == '\0' && before != NULL && object == NULL) {
			OukOrderInfo *old = (OukOrderInfo *)(uintptr_t)ouk_order_info(before);

			g_free(text);
			text = g_strdup(*order_text_at(old, i));
		}
		g_free(*at);
		*at = text;
	}
}

/* NULL when the object is no order. */
static OukOrder *
order_read(JsonObject *in, OukOrder *before)
{
	const char *capability = text_of(in, "capability", CAPABILITY);
	OukOrderInfo *info;
	g_autoptr(OukOrder) order = NULL;

	if (!is_capability(capability))
		capability = before != NULL ? ouk_order_capability(before) : "";
	order = order_new(capability, &info);
	texts_read(in, before, info);
	if (!is_word(info->id) || !is_word(info->number) ||
	    (before != NULL && !is_word(text_of(in, "state", TEXT_MAX))))
		return NULL;
	/* another order than was asked about */
	if (before != NULL && strcmp(ouk_order_info(before)->id, info->id) != 0)
		return NULL;
	info->next = order_next_of(text_of(in, "next", TEXT_MAX) ?: "", info->state);
	info->created = time_of(in, "created");
	info->changed = time_of(in, "changed");
	info->deadline = time_of(in, "deadline");
	info->amount = amount_of(object_of(in, "payment"));
	info->transfer_amount = amount_of(object_of(in, "transfer"));
	info->handler_code = object_of(in, "handler_code") != NULL;
	info->handler_code_until = time_of(object_of(in, "handler_code"), "until");
	info->handler_code_left =
		CLAMP(number_of(object_of(in, "handler_code"), "left", 0), 0, GUESSES_MAX);
	each_of(in, "documents", add_document, info->documents);
	return g_steal_pointer(&order);
}

static void
add_order(JsonObject *element, gpointer data)
{
	OukOrder *order = order_read(element, NULL);

	if (order != NULL)
		g_ptr_array_add(data, order);
}

/* ---- replies ---- */

OukReply *
answer_read(GBytes *body, OukOrder *before, GError **error)
{
	g_autoptr(OukReply) reply = g_new0(OukReply, 1);
	gboolean about_order;

	reply->orders = g_ptr_array_new_with_free_func(g_object_unref);
	if (g_bytes_get_size(body) <= ANSWER_MAX)
		reply->root = profile_json_parse(body);
	if (reply->root == NULL) {
		ouk_fail(error, OUK_E_SERVICE_ANSWER);
		return NULL;
	}
	about_order = json_object_has_member(reply->root, "number") ||
		      json_object_has_member(reply->root, "state");
	/* the state of a payment is no state of an order */
	if (about_order && !json_object_has_member(reply->root, "reference")) {
		reply->order = order_read(reply->root, before);
		if (reply->order == NULL) {
			ouk_fail(error, OUK_E_SERVICE_ANSWER);
			return NULL;
		}
	}
	each_of(reply->root, "orders", add_order, reply->orders);
	return g_steal_pointer(&reply);
}

OukReply *
answer_file(GBytes *body)
{
	OukReply *reply = g_new0(OukReply, 1);

	reply->orders = g_ptr_array_new_with_free_func(g_object_unref);
	reply->file = g_bytes_ref(body);
	return reply;
}

void
answer_opened(OukReply *reply, const char *kind, const char *serial)
{
	const OukOrderInfo *info;
	OukOrder *order;

	if (reply->order == NULL)
		return;
	info = ouk_order_info(reply->order);
	order = ouk_order_remembered(info->id, info->number, kind, serial,
				     ouk_order_capability(reply->order));
	g_object_unref(reply->order);
	reply->order = order;
}

/* The parser's own copies are beyond reach; the strings that stay with the reply are not. */
static void
member_wipe(JsonObject *object, const char *name, JsonNode *node, gpointer data)
{
	char *text;

	if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
		return;
	text = (char *)(uintptr_t)json_node_get_string(node);
	uk_wipe(text, strlen(text));
}

static void
element_wipe(JsonObject *element, gpointer data)
{
	json_object_foreach_member(element, member_wipe, NULL);
}

void
ouk_reply_unref(OukReply *reply)
{
	if (reply == NULL)
		return;
	if (reply->root != NULL) {
		each_of(reply->root, "orders", element_wipe, NULL);
		json_object_foreach_member(reply->root, member_wipe, NULL);
		json_object_unref(reply->root);
	}
	g_clear_pointer(&reply->file, g_bytes_unref);
	g_clear_object(&reply->order);
	g_ptr_array_unref(reply->orders);
	g_free(reply);
}

OukOrder *
ouk_reply_order(const OukReply *reply)
{
	return reply->order;
}

const GPtrArray *
ouk_reply_orders(const OukReply *reply)
{
	return reply->orders;
}

const char *
ouk_reply_text(const OukReply *reply, const char *name)
{
	return text_of(reply->root, name, ANSWER_MAX);
}

gint64
ouk_reply_number(const OukReply *reply, const char *name, gint64 otherwise)
{
	return number_of(reply->root, name, otherwise);
}

GBytes *
ouk_reply_bytes(const OukReply *reply, const char *name, gsize most)
{
	const char *text = text_of(reply->root, name, 2 * most);
	gsize len = text != NULL ? strlen(text) : 0;
	g_autofree guint8 *bytes = NULL;

	if (len == 0 || len % 2 != 0)
		return NULL;
	bytes = g_malloc(len / 2);
	for (gsize i = 0; i < len / 2; i++) {
		int high = g_ascii_xdigit_value(text[2 * i]);
		int low = g_ascii_xdigit_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return NULL;
		bytes[i] = (guint8)(high << 4 | low);
	}
	return g_bytes_new_take(g_steal_pointer(&bytes), len / 2);
}

gboolean
ouk_reply_secret(const OukReply *reply, const char *name, struct uk_secret *ret)
{
	const char *text = text_of(reply->root, name, UK_SECRET_MAX);

	return text != NULL && *text != '\0' && uk_secret_set(ret, uk_span_str(text)) == UK_OK;
}

GBytes *
ouk_reply_file(const OukReply *reply)
{
	return reply->file;
}

/* ---- texts to agree to ---- */

static void
agreement_free(gpointer data)
{
	OukAgreement *agreement = data;

	g_free(agreement->id);
	g_free(agreement->version);
	g_free(agreement->title);
	g_free(agreement->text);
	g_free(agreement->needed_if);
	g_free(agreement->sha256);
	g_free(agreement);
}

static void
add_agreement(JsonObject *element, gpointer data)
{
	const char *text = text_of(element, "text", AGREEMENT_MAX);
	JsonNode *sensitive = json_object_get_member(element, "sensitive");
	OukAgreement *agreement;

	if (text == NULL)
		return;
	agreement = g_new0(OukAgreement, 1);
	agreement->id = shown_of(element, "id");
	agreement->version = shown_of(element, "version");
	agreement->title = shown_of(element, "title");
	agreement->needed_if = shown_of(element, "if");
	agreement->text = ouk_text_lines_of(text, strlen(text));
	agreement->sensitive = sensitive != NULL && JSON_NODE_HOLDS_VALUE(sensitive) &&
			       json_node_get_boolean(sensitive);
	agreement->sha256 = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
	g_ptr_array_add(data, agreement);
}

GPtrArray *
ouk_reply_agreements(const OukReply *reply)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(agreement_free);

	each_of(reply->root, "texts", add_agreement, list);
	return list;
}
