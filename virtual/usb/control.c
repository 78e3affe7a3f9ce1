/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/usb/control.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <unistd.h>

#define LINE_MAX_LEN 128

struct control {
	control_order order;
	void *data;
};

/* A line that fits is one packet on a Unix socket. */
static gboolean
on_incoming(GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
	const struct control *control = data;
	GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
	GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
	g_autoptr(GString) answer = g_string_new("ok ");
	char line[LINE_MAX_LEN + 1] = "";
	gssize len = g_input_stream_read(in, line, LINE_MAX_LEN, NULL, NULL);

	if (len <= 0)
		return TRUE;
	if (!control->order(control->data, g_strchomp(line), answer))
		g_string_assign(answer, "no");
	g_string_append_c(g_string_truncate(answer, strlen(g_strchomp(answer->str))), '\n');
	(void)g_output_stream_write_all(out, answer->str, answer->len, NULL, NULL, NULL);
	return TRUE;
}

bool
control_listen(const char *path, control_order order, void *data)
{
	GSocketService *service = g_socket_service_new();
	g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
	g_autoptr(GError) error = NULL;
	struct control *control = g_new(struct control, 1);

	*control = (struct control){order, data};
	(void)unlink(path);
	if (!g_socket_listener_add_address(G_SOCKET_LISTENER(service), address,
					   G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL,
					   NULL, &error)) {
		g_printerr("%s: %s\n", path, error->message);
		return false;
	}
	g_signal_connect(service, "incoming", G_CALLBACK(on_incoming), control);
	return true; /* both stay for good */
}
