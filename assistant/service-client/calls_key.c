/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The questions about keys, and about orders that were lost from sight. */
#include "assistant/service-client/call_data.h"

/* The key is held for one attempt meanwhile, and its random is forgotten soon. */
#define KEY_HELD_MS     3500
#define KEY_HELD_MS_MAX 120000

/* ---- unlocking ---- */

OukCall *
ouk_call_unlock_code(OukOrder *order)
{
	OukCall *call = call_of_order_bare(order, "/unlock/code");

	call->once = TRUE; /* each one is a message to somebody */
	return call;
}

static OukCall *
with_text(OukCall *call, const char *name, const char *value)
{
	JsonObject *body = json_object_new();

	call_put_text(body, name, value);
	return call_json(call, body);
}

OukCall *
ouk_call_unlock_check(OukOrder *order, const char *code)
{
	OukCall *call = with_text(call_of_order("POST", order, "/unlock/check"), "code", code);

	call->once = TRUE;
	return call;
}

/* The driver takes the same variable, for tests on slow machines. */
static guint
key_held_ms(void)
{
	const char *text = g_getenv("OPENUKEY_RELAY_MS");
	guint64 ms = text != NULL ? g_ascii_strtoull(text, NULL, 10) : 0;

	return ms > 0 && ms <= KEY_HELD_MS_MAX ? (guint)ms : KEY_HELD_MS;
}

OukCall *
ouk_call_unlock_command(OukOrder *order, const OukUnlockCommand *command)
{
	JsonObject *body = json_object_new();
	OukCall *call = call_of_order("POST", order, "/unlock/command");

	call_put_text(body, "grant", command->grant);
	call_put_text(body, "stage", command->stage);
	call_put_hex(body, "random", command->random);
	call_put_hex(body, "app", command->app);
	json_object_set_int_member(body, "admin_left", command->admin_left);
	call->time_ms = key_held_ms();
	return call_json(call, body);
}

OukCall *
ouk_call_unlock_ack(OukOrder *order, const char *grant)
{
	static const char *const reached[] = {"done", NULL};
	OukCall *call = with_text(call_of_order("POST", order, "/unlock/ack"), "grant", grant);

	call->reached = reached;
	return call;
}

OukCall *
ouk_call_unlock_foreign(OukOrder *order, const char *grant)
{
	static const char *const reached[] = {"counter-only", NULL};
	OukCall *call = with_text(call_of_order("POST", order, "/unlock/foreign"), "grant", grant);

	call->reached = reached;
	return call;
}

static JsonObject *
vouch_json(const OukVouch *vouch)
{
	JsonObject *row = json_object_new();

	call_put_text(row, "operator", vouch->operator_name);
	call_put_text(row, "signature", vouch->signature);
	return row;
}

OukCall *
ouk_call_unlock_counter(const OukStation *station, const OukVouch *vouch)
{
	g_autofree char *part = call_part(station->number);
	OukCall *call = call_new("POST", g_strdup_printf("/v1/orders/%s/unlock/counter", part));
	JsonObject *body = json_object_new();

	call_put_text(body, "sn", station->serial);
	json_object_set_int_member(body, "at", station->at);
	call_put_text(body, "once", station->once);
	json_object_set_object_member(body, "station", vouch_json(vouch));
	call->once = TRUE; /* a lost answer needs another signature */
	return call_json(call, body);
}

/* ---- certificates ---- */

OukCall *
ouk_call_csr(OukOrder *order, GBytes *csr, GBytes *proof)
{
	JsonObject *body = json_object_new();

	call_put_hex(body, "csr", csr);
	call_put_hex(body, "proof", proof);
	return call_json(call_of_order("POST", order, "/csr"), body);
}

OukCall *
ouk_call_result(OukOrder *order)
{
	return call_of_order("GET", order, "/result");
}

OukCall *
ouk_call_confirm(OukOrder *order, GBytes *signature)
{
	JsonObject *body = json_object_new();

	call_put_hex(body, "signature", signature);
	return call_json(call_of_order("POST", order, "/confirm"), body);
}

static JsonArray *
vouches_json(const GPtrArray *vouches)
{
	JsonArray *array = json_array_new();

	for (guint i = 0; i < vouches->len; i++)
		json_array_add_object_element(array, vouch_json(g_ptr_array_index(vouches, i)));
	return array;
}

/* No capability goes with it: operators' signatures are what is looked at. */
OukCall *
ouk_call_recover(OukOrder *order, const OukRecoverRequest *request)
{
	g_autofree char *part = call_part(ouk_order_info(order)->number);
	OukCall *call = call_new("POST", g_strdup_printf("/v1/operator/%s/recover", part));
	JsonObject *body = json_object_new();

	call_put_hex(body, "enc_cert", request->enc_cert);
	call_put_hex(body, "to", request->to);
	call_put_text(body, "notify", request->notify);
	call_put_hex(body, "signature", request->signature);
	json_object_set_array_member(body, "approvals", vouches_json(request->vouches));
	return call_json(call, body);
}

/* ---- orders found again ---- */

OukCall *
ouk_call_query(const char *unit_code, const char *phone)
{
	JsonObject *body = json_object_new();
	OukCall *call = call_new("POST", g_strdup("/v1/query-grants"));

	call_put_text(body, "uscc", unit_code);
	call_put_text(body, "phone", phone);
	call->once = TRUE; /* each one is a message to somebody */
	return call_json(call, body);
}

static OukCall *
code_to(const char *where, const char *grant, const char *code)
{
	g_autofree char *part = call_part(grant);
	OukCall *call = call_new("POST", g_strdup_printf("/v1/%s/%s/code", where, part));

	call->once = TRUE; /* a guess */
	return with_text(call, "code", code);
}

OukCall *
ouk_call_query_code(const char *grant, const char *code)
{
	return code_to("query-grants", grant, code);
}

OukCall *
ouk_call_challenge(const char *serial)
{
	return with_text(call_new("POST", g_strdup("/v1/challenges")), "sn", serial);
}

OukCall *
ouk_call_challenge_answer(const char *challenge, const char *serial, GBytes *certificate,
			  GBytes *signature)
{
	g_autofree char *part = call_part(challenge);
	OukCall *call = call_new("POST", g_strdup_printf("/v1/challenges/%s", part));
	JsonObject *body = json_object_new();

	call_put_text(body, "sn", serial);
	call_put_hex(body, "cert", certificate);
	call_put_hex(body, "signature", signature);
	call->once = TRUE; /* good once: a lost answer needs another challenge */
	return call_json(call, body);
}

char *
ouk_challenge_body(const char *challenge, const char *serial)
{
	return g_strdup_printf("challenge=%s\nsn=%s\n", challenge, serial);
}

/* ---- a new handler ---- */

OukCall *
ouk_call_handler(const OukHandler *handler)
{
	JsonObject *body = json_object_new();
	OukCall *call = call_new("POST", g_strdup("/v1/handlers"));

	call_put_text(body, "uscc", handler->unit_code);
	call_put_text(body, "name", handler->name);
	call_put_text(body, "phone", handler->phone);
	call_put_text(body, "email", handler->email);
	call->once = TRUE;
	return call_json(call, body);
}

OukCall *
ouk_call_handler_code(const char *grant, const char *code)
{
	return code_to("handlers", grant, code);
}
