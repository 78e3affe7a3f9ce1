/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/service-client/call_data.h"

#include <string.h>

static OukCall *
get_file(OukCall *call)
{
	call->file = TRUE;
	return call;
}

/* ---- orders ---- */

static JsonObject *
object_of(GHashTable *table)
{
	JsonObject *object = json_object_new();
	GHashTableIter iter;
	gpointer name, value;

	g_hash_table_iter_init(&iter, table);
	while (g_hash_table_iter_next(&iter, &name, &value))
		call_put_text(object, name, value);
	return object;
}

/* The same request gives the same bytes: the service compares them when it comes again. */
static int
by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(a, b);
}

static JsonObject *
form_of(GHashTable *table, GBytes *certificate)
{
	JsonObject *form = json_object_new();
	GList *names = g_list_sort(g_hash_table_get_keys(table), by_name);

	for (GList *at = names; at != NULL; at = at->next)
		call_put_text(form, at->data, g_hash_table_lookup(table, at->data));
	g_list_free(names);
	call_put_hex(form, "certificate", certificate);
	return form;
}

static JsonObject *
token_of(const OukOrderRequest *request)
{
	const struct {
		const char *name;
		gboolean set;
	} flags[] = {{"locked", request->locked},
		     {"name_changed", request->name_changed},
		     {"code_changed", request->code_changed}};
	JsonObject *token = json_object_new();

	json_object_set_string_member(token, "sn", request->serial);
	json_object_set_int_member(token, "not_after", request->not_after);
	for (gsize i = 0; i < G_N_ELEMENTS(flags); i++)
		if (flags[i].set)
			json_object_set_boolean_member(token, flags[i].name, TRUE);
	return token;
}

OukCall *
ouk_call_order_new(const OukOrderRequest *request)
{
	OukCall *call = call_new("POST", g_strdup("/v1/orders"));
	JsonObject *body = json_object_new();

	call->idempotency = g_strdup(request->idempotency);
	call->kind = g_strdup(request->kind);
	call->serial = g_strdup(request->serial);
	call_put_text(body, "kind", request->kind);
	call_put_text(body, "unit_code", request->unit_code);
	call_put_text(body, "method", request->method);
	if (request->serial != NULL)
		json_object_set_object_member(body, "token", token_of(request));
	json_object_set_object_member(body, "form", form_of(request->form, request->certificate));
	return call_json(call, body);
}

OukCall *
ouk_call_order(OukOrder *order)
{
	return call_of_order("GET", order, "");
}

OukCall *
ouk_call_submit(OukOrder *order)
{
	return call_of_order_bare(order, "/submit");
}

OukCall *
ouk_call_form(OukOrder *order, GHashTable *form)
{
	JsonObject *body = json_object_new();

	json_object_set_object_member(body, "form", form_of(form, NULL));
	return call_json(call_of_order("POST", order, "/form"), body);
}

/* By its first bytes; the service looks closer. */
static const char *
image_type(GBytes *image)
{
	static const struct {
		const char *magic, *type;
	} types[] = {{"GIF8", "image/gif"}, {"\x89PNG", "image/png"}};
	gsize len = 0;
	const char *bytes = g_bytes_get_data(image, &len);

	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (len > 4 && memcmp(bytes, types[i].magic, 4) == 0)
			return types[i].type;
	return "image/jpeg";
}

OukCall *
ouk_call_document(OukOrder *order, const char *slot, GBytes *image)
{
	g_autofree char *part = call_part(slot);
	g_autofree char *rest = g_strdup_printf("/documents/%s", part);
	OukCall *call = call_of_order("POST", order, rest);

	call->body = g_bytes_ref(image);
	call->type = image_type(image);
	return call;
}

OukCall *
ouk_call_form_pdf(OukOrder *order)
{
	return get_file(call_of_order("GET", order, "/form.pdf"));
}

OukCall *
ouk_call_paper_filled(OukOrder *order, const char *id)
{
	g_autofree char *part = call_part(id);
	g_autofree char *rest = g_strdup_printf("/papers/%s.pdf", part);

	return get_file(call_of_order("GET", order, rest));
}

OukCall *
ouk_call_consent_code(OukOrder *order)
{
	OukCall *call = call_of_order_bare(order, "/consent/code");

	call->once = TRUE; /* each one is a message to somebody */
	return call;
}

OukCall *
ouk_call_consent(OukOrder *order, const GPtrArray *agreed, const char *code)
{
	static const char *const reached[] = {"consented", NULL};
	JsonObject *body = json_object_new();
	JsonArray *texts = json_array_new();
	OukCall *call;

	for (guint i = 0; i < agreed->len; i++) {
		const OukAgreement *agreement = g_ptr_array_index(agreed, i);
		JsonObject *text = json_object_new();

		call_put_text(text, "id", agreement->id);
		call_put_text(text, "version", agreement->version);
		call_put_text(text, "sha256", agreement->sha256);
		json_array_add_object_element(texts, text);
	}
	json_object_set_array_member(body, "texts", texts);
	call_put_text(body, "code", code);
	call = call_json(call_of_order("POST", order, "/consent"), body);
	call->reached = reached;
	call->once = code != NULL; /* a guess */
	return call;
}

OukCall *
ouk_call_payment(OukOrder *order, guint years, const char *way)
{
	JsonObject *body = json_object_new();

	if (years > 0)
		json_object_set_int_member(body, "years", years);
	call_put_text(body, "way", way);
	return call_json(call_of_order("POST", order, "/payment"), body);
}

OukCall *
ouk_call_event(OukOrder *order, OukOrderEvent event)
{
	static const struct {
		const char *word;
		const char *reached[3];
	} events[OUK_EVENT_COUNT] = {
		[OUK_EVENT_HAND_IN] = {"hand-in", {"review", NULL}},
		[OUK_EVENT_CANCEL] = {"cancel", {"cancelled", "refunding", NULL}},
		[OUK_EVENT_TO_PAPER] = {"to-paper", {"paper-wait", NULL}},
	};
	JsonObject *body = json_object_new();
	OukCall *call;

	call_put_text(body, "event", events[event].word);
	call = call_json(call_of_order("POST", order, "/event"), body);
	call->reached = events[event].reached;
	return call;
}

OukCall *
ouk_call_pay_offline(OukOrder *order, guint years)
{
	static const char *const reached[] = {"wait-transfer", NULL};
	JsonObject *body = json_object_new();
	OukCall *call;

	call_put_text(body, "event", "pay-offline");
	json_object_set_int_member(body, "years", years);
	call = call_json(call_of_order("POST", order, "/event"), body);
	call->reached = reached;
	return call;
}

OukCall *
ouk_call_invoice(OukOrder *order, GHashTable *invoice)
{
	return call_json(call_of_order("POST", order, "/invoice"), object_of(invoice));
}

/* ---- before there is an order ---- */

OukCall *
ouk_call_texts(void)
{
	return call_new("GET", g_strdup("/v1/texts"));
}

OukCall *
ouk_call_paper_list(const char *kind)
{
	g_autofree char *part = call_part(kind);

	return call_new("GET", g_strdup_printf("/v1/papers/%s", part));
}

OukCall *
ouk_call_paper_blank(const char *kind, const char *id)
{
	g_autofree char *part = call_part(kind);
	g_autofree char *template = call_part(id);

	return get_file(call_new("GET", g_strdup_printf("/v1/papers/%s/%s.pdf", part, template)));
}
