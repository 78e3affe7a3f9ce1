/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/service/unlock_service.h"

#include "assistant/core/errors.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_MAX 65536

/* ---- one question, one answer ---- */

static gboolean
exchange(const char *path, const char *message, char *answer, GCancellable *cancellable,
	 GError **error)
{
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
	g_autoptr(GSocketConnection) link =
		g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), cancellable, error);
	guint32 len = GUINT32_TO_BE((guint32)strlen(message));
	GInputStream *in;
	GOutputStream *out;
	gsize done;

	if (link == NULL)
		return FALSE;
	in = g_io_stream_get_input_stream(G_IO_STREAM(link));
	out = g_io_stream_get_output_stream(G_IO_STREAM(link));
	if (!g_output_stream_write_all(out, &len, sizeof(len), &done, cancellable, error) ||
	    !g_output_stream_write_all(out, message, strlen(message), &done, cancellable, error) ||
	    !g_input_stream_read_all(in, &len, sizeof(len), &done, cancellable, error))
		return FALSE;
	len = GUINT32_FROM_BE(len);
	if (done != sizeof(len) || len >= ANSWER_MAX ||
	    !g_input_stream_read_all(in, answer, len, &done, cancellable, error) || done != len) {
		g_clear_error(error);
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CLOSED, "lost");
		return FALSE;
	}
	answer[len] = '\0';
	return TRUE;
}

static JsonParser *
ask(const struct order *order, const char *op, const char *more, GCancellable *cancellable,
    GError **error)
{
	g_autofree char *message =
		g_strdup_printf("{\"op\":\"%s\",\"order\":\"%s\",\"sn\":\"%s\",\"grant\":\"%s\"%s}",
				op, order->number, order->sn, order->grant, more);
	g_autofree char *answer = g_malloc(ANSWER_MAX);
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonObject *object;

	if (!exchange(order->socket, message, answer, cancellable, error)) {
		if (g_cancellable_is_cancelled(cancellable)) {
			g_clear_error(error);
			ouk_fail(error, OUK_E_CANCELLED);
		}
		return NULL;
	}
	if (!json_parser_load_from_data(parser, answer, -1, error))
		return NULL;
	object = json_node_get_object(json_parser_get_root(parser));
	if (json_object_has_member(object, "error")) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "service-%s",
			    json_object_get_string_member(object, "error"));
		return NULL;
	}
	return g_steal_pointer(&parser);
}

/* ---- the service ---- */

static void
hex(const guint8 *bytes, gsize len, char *out)
{
	for (gsize i = 0; i < len; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static gboolean
command(gpointer context, const OukUnlockQuestion *question, OukUnlockAnswer *ret,
	GCancellable *cancellable, GError **error)
{
	char random[17], app[5];
	g_autofree char *more = NULL;
	g_autoptr(JsonParser) answer = NULL;
	JsonObject *object;
	const char *text;

	hex(question->random, sizeof(question->random), random);
	hex(question->app, sizeof(question->app), app);
	more = g_strdup_printf(
		",\"stage\":\"%s\",\"random\":\"%s\",\"app\":\"%s\",\"admin_left\":%u",
		question->stage, random, app, question->admin_left);
	answer = ask(context, "command", more, cancellable, error);
	if (answer == NULL)
		return FALSE;
	object = json_node_get_object(json_parser_get_root(answer));
	text = json_object_get_string_member(object, "data");
	for (gsize i = 0; text[2 * i] != '\0' && i < sizeof(ret->data); i++)
		ret->data[ret->data_len++] = (guint8)(g_ascii_xdigit_value(text[2 * i]) << 4 |
						      g_ascii_xdigit_value(text[2 * i + 1]));
	return !json_object_has_member(object, "transport") ||
	       uk_secret_set(&ret->transport,
			     uk_span_str(json_object_get_string_member(object, "transport"))) ==
		       UK_OK;
}

static gboolean
ack(gpointer context, GCancellable *cancellable, GError **error)
{
	g_autoptr(JsonParser) answer = ask(context, "ack", "", cancellable, error);

	return answer != NULL;
}

static gboolean
foreign(gpointer context, GCancellable *cancellable, GError **error)
{
	g_autoptr(JsonParser) answer = ask(context, "foreign", "", cancellable, error);

	return answer != NULL;
}

OukUnlockService
order_service(struct order *order)
{
	return (OukUnlockService){order, command, ack, foreign};
}
