/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openukey-virtual-usbip [--port NUMBER] KIND[,VENDOR:PRODUCT]=PATH...
 *
 * Virtual keys as USB devices for a real kernel: it imports them by USB/IP (usbip attach), so that
 * its own drivers, udev and permissions have their say.
 */
#include "virtual/usb/usbip_server.h"

#include <glib-unix.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#define USBIP_PORT 3240

/* What KIND[,VENDOR:PRODUCT]=PATH says. */
struct key_argument {
	const struct usb_kind *kind;
	uint16_t vendor, product;
	const char *path; /* in the argument */
};

static gboolean
on_terminate(gpointer data)
{
	g_main_loop_quit(data);
	return G_SOURCE_CONTINUE;
}

/* Four hexadecimal digits and what ends them; text is behind that afterwards. */
static bool
take_number(const char **text, char end, uint16_t *ret)
{
	guint value = 0;

	for (int i = 0; i < 4; i++) {
		int digit = g_ascii_xdigit_value((*text)[i]);

		if (digit < 0)
			return false;
		value = value << 4 | (guint)digit;
	}
	if ((*text)[4] != end)
		return false;
	*text += 5;
	*ret = (uint16_t)value;
	return true;
}

static bool
read_key(const char *argument, struct key_argument *ret)
{
	const char *equals = strchr(argument, '=');
	g_autofree char *what =
		equals == NULL ? NULL : g_strndup(argument, (gsize)(equals - argument));
	const char *numbers;
	char *comma = what == NULL ? NULL : strchr(what, ',');
	struct key_argument key = {.vendor = USB_VENDOR};

	if (what == NULL)
		return false;
	if (comma != NULL)
		*comma = '\0';
	key.kind = usb_kind_find(what);
	if (key.kind == NULL)
		return false;
	key.product = key.kind->product;
	numbers = comma == NULL ? NULL : comma + 1;
	if (numbers != NULL && (!take_number(&numbers, ':', &key.vendor) ||
				!take_number(&numbers, '\0', &key.product)))
		return false;
	key.path = equals + 1;
	*ret = key;
	return true;
}

static bool
add_keys(struct usbip_server *server, int count, char **arguments)
{
	struct key_argument key;

	for (int i = 0; i < count; i++) {
		if (!read_key(arguments[i], &key)) {
			g_printerr("not KIND[,VENDOR:PRODUCT]=PATH: %s\n", arguments[i]);
			return false;
		}
		if (!usbip_server_add(server, key.kind, key.vendor, key.product, key.path)) {
			g_printerr("too many keys, eight at most\n");
			return false;
		}
	}
	return true;
}

static bool
read_arguments(int *argc, char ***argv, gint *port)
{
	const GOptionEntry options[] = {
		{"port", 0, 0, G_OPTION_ARG_INT, port,
		 "Where kernels find the keys, on the loopback interface: 3240 unless said; 0: any",
		 "NUMBER"},
		{NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("KIND[,VENDOR:PRODUCT]=PATH...");
	g_autoptr(GError) error = NULL;

	g_option_context_set_summary(context,
				     "KIND is ccid, ccid-short, hid, hid-set-report or storage; "
				     "PATH is where openukey-virtual-key listens.");
	g_option_context_add_main_entries(context, options, NULL);
	if (g_option_context_parse(context, argc, argv, &error) && *argc >= 2 && *port >= 0 &&
	    *port <= G_MAXUINT16)
		return true;
	g_printerr("%s\n", error != NULL ? error->message : "which keys?");
	return false;
}

/* Until somebody ends it; its exit status. */
static int
serve(struct usbip_server *server, uint16_t port)
{
	uint16_t at = usbip_server_listen(server, port);
	GMainLoop *loop;

	if (at == 0)
		return 1;
	g_print("listening %u\n", at);
	(void)fflush(stdout);
	loop = g_main_loop_new(NULL, FALSE);
	g_unix_signal_add(SIGTERM, on_terminate, loop);
	g_unix_signal_add(SIGINT, on_terminate, loop);
	g_main_loop_run(loop);
	g_main_loop_unref(loop);
	return 0;
}

int
main(int argc, char **argv)
{
	struct usbip_server *server;
	gint port = USBIP_PORT;
	int status = 2;

	(void)setlocale(LC_ALL, "");
	if (!read_arguments(&argc, &argv, &port))
		return 2;
	server = usbip_server_new();
	if (add_keys(server, argc - 1, argv + 1))
		status = serve(server, (uint16_t)port);
	usbip_server_free(server);
	return status;
}
