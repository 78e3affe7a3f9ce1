/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/service-client/call_data.h"

#include "assistant/core/text.h"
#include "assistant/service-client/order_data.h"

#include <string.h>

#define JSON_TYPE "application/json"

OukCall *
call_new(const char *method, char *path)
{
	OukCall *call = g_new0(OukCall, 1);

	call->refs = 1;
	call->method = method;
	call->path = path;
	return call;
}

OukCall *
ouk_call_ref(OukCall *call)
{
	g_atomic_int_inc(&call->refs);
	return call;
}

void
ouk_call_unref(OukCall *call)
{
	if (call == NULL || !g_atomic_int_dec_and_test(&call->refs))
		return;
	g_free(call->path);
	g_clear_pointer(&call->body, g_bytes_unref);
	g_clear_object(&call->order);
	g_free(call->idempotency);
	g_free(call->kind);
	g_free(call->serial);
	g_free(call);
}

/* ---- bodies ---- */

static void
body_wipe(gpointer text)
{
	order_text_wipe(text);
}

/* Takes the object. */
OukCall *
call_json(OukCall *call, JsonObject *object)
{
	g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
	char *text;
	gsize len;

	json_node_take_object(node, object);
	text = json_to_string(node, FALSE);
	len = strlen(text);
	call->body = g_bytes_new_with_free_func(text, len, body_wipe, text);
	call->type = JSON_TYPE;
	return call;
}

/* Leaves out what is NULL. */
void
call_put_text(JsonObject *in, const char *name, const char *text)
{
	if (text != NULL)
		json_object_set_string_member(in, name, text);
}

void
call_put_hex(JsonObject *in, const char *name, GBytes *bytes)
{
	g_autofree char *text = bytes == NULL ? NULL
					      : ouk_text_hex(g_bytes_get_data(bytes, NULL),
							     g_bytes_get_size(bytes));

	call_put_text(in, name, text);
}

/* ---- paths ---- */

/* What stands between two slashes; a word of ours or the service's, but it may be anything. */
char *
call_part(const char *text)
{
	return g_uri_escape_string(text, NULL, FALSE);
}

OukCall *
call_of_order(const char *method, OukOrder *order, const char *rest)
{
	g_autofree char *id = call_part(ouk_order_info(order)->id);
	OukCall *call = call_new(method, g_strdup_printf("/v1/orders/%s%s", id, rest));

	call->order = g_object_ref(order);
	return call;
}

/* POST without members. */
OukCall *
call_of_order_bare(OukOrder *order, const char *rest)
{
	return call_json(call_of_order("POST", order, rest), json_object_new());
}
