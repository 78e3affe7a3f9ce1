/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/bridge_client.h"

#include "assistant/core/errors.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>

#define ANSWER_MAX (1024 * 1024)
#define TIMEOUT_S  10

char *
ouk_runtime_path(const char *name)
{
	return g_build_filename(g_get_user_runtime_dir(), "openukey", name, NULL);
}

static GSocketConnection *
bridge_connect(GError **error)
{
	g_autofree char *path = ouk_runtime_path(OUK_BRIDGE_CONTROL);
	g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
	g_autoptr(GSocketClient) client = g_socket_client_new();
	GSocketConnection *connection;

	g_socket_client_set_enable_proxy(client, FALSE);
	g_socket_client_set_timeout(client, TIMEOUT_S);
	connection = g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, NULL);
	if (connection == NULL)
		ouk_fail(error, OUK_E_BRIDGE);
	return connection;
}

/* Everything until the other end closes. */
static char *
answer_read(GInputStream *in, gsize *ret_len)
{
	g_autofree char *text = g_malloc(ANSWER_MAX);

	if (!g_input_stream_read_all(in, text, ANSWER_MAX, ret_len, NULL, NULL))
		return NULL;
	return g_steal_pointer(&text);
}

JsonNode *
ouk_bridge_ask(const char *what, guint id, GError **error)
{
	g_autoptr(GSocketConnection) connection = bridge_connect(error);
	g_autofree char *question = g_strdup_printf("{\"ask\":\"%s\",\"id\":%u}\n", what, id);
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autofree char *answer = NULL;
	JsonNode *root = NULL;
	GIOStream *stream = G_IO_STREAM(connection);
	gsize len = 0;

	if (connection == NULL)
		return NULL;
	if (g_output_stream_write_all(g_io_stream_get_output_stream(stream), question,
				      strlen(question), NULL, NULL, NULL))
		answer = answer_read(g_io_stream_get_input_stream(stream), &len);
	if (answer != NULL && json_parser_load_from_data(parser, answer, (gssize)len, NULL))
		root = json_parser_steal_root(parser);
	if (root != NULL && JSON_NODE_HOLDS_OBJECT(root))
		return root;
	g_clear_pointer(&root, json_node_unref);
	ouk_fail(error, OUK_E_BRIDGE);
	return NULL;
}
