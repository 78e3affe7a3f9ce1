/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openukey-virtual-usb [--kind KIND] [--control PATH] --socket PATH... PROGRAM [ARGUMENT...]
 *
 * Runs a program (pcscd, or anything that uses libusb and libudev) on a machine whose USB ports
 * are ours: a virtual key that listens at a PATH is a USB key in a port, and gone from it when it
 * stops listening.  No kernel USB, no privileges.
 */
#include "virtual/usb/control.h"
#include "virtual/usb/key_device.h"
#include "virtual/usb/usb_port.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORTS_MAX 8

#define PRELOAD     "libumockdev-preload.so.0"
#define PRELOAD_SET "OPENUKEY_VIRTUAL_USB"

struct port {
	struct key_device *key;
	struct usb_port *usb;
};

struct world {
	UMockdevTestbed *testbed;
	GMainLoop *loop;
	struct port ports[PORTS_MAX];
	size_t port_count;
	char **argv;
	GPid program; /* 0: an order has ended it */
	bool stopping;
	int status;
};

/* ---- between the key's process and its port ---- */

static void
on_key_came(void *data)
{
	struct port *port = data;

	usb_port_plug(port->usb);
}

static void
on_key_went(void *data)
{
	struct port *port = data;

	usb_port_unplug(port->usb);
}

static void
on_key_changed(void *data)
{
	struct port *port = data;

	usb_port_pump(port->usb);
}

static const struct key_device_watcher key_watcher = {
	.came = on_key_came,
	.went = on_key_went,
	.changed = on_key_changed,
};

/* ---- the program ---- */

static void
on_program_end(GPid pid, gint status, gpointer data)
{
	struct world *world = data;

	world->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	world->program = 0;
	for (size_t i = 0; i < world->port_count; i++)
		usb_port_forget(world->ports[i].usb);
	if (!world->stopping)
		g_main_loop_quit(world->loop);
	world->stopping = false;
}

static gboolean
on_terminate(gpointer data)
{
	struct world *world = data;

	world->stopping = false;
	if (world->program == 0)
		g_main_loop_quit(world->loop);
	else
		kill(world->program, SIGTERM);
	return G_SOURCE_CONTINUE;
}

static void
die_with_parent(gpointer data)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static bool
start_program(struct world *world)
{
	g_autoptr(GError) error = NULL;

	if (!g_spawn_async(NULL, world->argv, NULL,
			   G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH |
				   G_SPAWN_CHILD_INHERITS_STDIN,
			   die_with_parent, NULL, &world->program, &error)) {
		g_printerr("openukey-virtual-usb: %s\n", error->message);
		return false;
	}
	g_child_watch_add(world->program, on_program_end, world);
	return true;
}

static bool
run_program(struct world *world)
{
	if (!start_program(world))
		return false;
	g_unix_signal_add(SIGTERM, on_terminate, world);
	g_unix_signal_add(SIGINT, on_terminate, world);
	g_main_loop_run(world->loop);
	return true;
}

/* ---- start ---- */

/* Sending the kernel's events needs umockdev's library in this process too: start anew with it. */
static void
need_preload(char **argv)
{
	if (g_getenv(PRELOAD_SET) != NULL)
		return;
	g_setenv("LD_PRELOAD", PRELOAD, TRUE);
	g_setenv(PRELOAD_SET, "1", TRUE);
	execv("/proc/self/exe", argv);
	perror("/proc/self/exe");
	exit(1);
}

static bool
add_port(struct world *world, const struct usb_kind *kind, const char *path)
{
	struct port *port = &world->ports[world->port_count];
	char serial[USB_SERIAL_MAX];

	g_snprintf(serial, sizeof(serial), "VIRTUAL%02zu", world->port_count);
	port->key = key_device_new(kind, serial, path, &key_watcher, port);
	if (port->key == NULL)
		return false;
	world->port_count++;
	port->usb = usb_port_new(world->testbed, (unsigned int)world->port_count,
				 key_device_function(port->key));
	return true;
}

static void
free_world(struct world *world)
{
	for (size_t i = 0; i < world->port_count; i++) {
		usb_port_free(world->ports[i].usb);
		key_device_free(world->ports[i].key);
	}
	g_main_loop_unref(world->loop);
	g_object_unref(world->testbed);
}

/* "program": its process number, 0 when it has ended; "program stop", "program kill" and, after
 * these, "program start". */
static bool
on_program_order(struct world *world, const char *order, GString *answer)
{
	static const struct {
		const char *name;
		int signal;
	} ends[] = {{" stop", SIGINT}, {" kill", SIGKILL}};

	if (*order == '\0') {
		g_string_append_printf(answer, "%d", (int)world->program);
		return true;
	}
	if (g_str_equal(order, " start"))
		return world->program == 0 && start_program(world);
	for (size_t i = 0; i < ARRAY_SIZE(ends) && world->program != 0; i++)
		if (g_str_equal(order, ends[i].name)) {
			world->stopping = true;
			return kill(world->program, ends[i].signal) == 0;
		}
	return false;
}

/* "PORT ORDER", ports counted from 0, or "program ORDER". */
static bool
on_order(void *data, const char *line, GString *answer)
{
	struct world *world = data;
	char *order;
	guint64 port = g_ascii_strtoull(line, &order, 10);

	if (g_str_has_prefix(line, "program"))
		return on_program_order(world, line + strlen("program"), answer);
	return order != line && *order == ' ' && port < world->port_count &&
	       usb_port_tell(world->ports[port].usb, order + 1, answer);
}

struct arguments {
	char *kind, *control;
	GStrv sockets;
};

static bool
read_arguments(int *argc, char ***argv, struct arguments *ret)
{
	const GOptionEntry options[] = {
		{"kind", 0, 0, G_OPTION_ARG_STRING, &ret->kind,
		 "What the keys are: ccid, ccid-short (messages of 271 bytes), hid, "
		 "hid-set-report (without an OUT endpoint), hid-reset, hid-keep, hid-unknown or "
		 "storage; several, with commas: port by port, the last for the rest",
		 "KIND"},
		{"control", 0, 0, G_OPTION_ARG_FILENAME, &ret->control,
		 "Take orders at a socket: a line \"PORT count|driver|sleep|fault AT KIND\" or "
		 "\"program stop|kill|start\"",
		 "PATH"},
		{"socket", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &ret->sockets,
		 "Where the key of the next port listens", "PATH"},
		{NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("PROGRAM [ARGUMENT...]");
	g_autoptr(GError) error = NULL;

	g_option_context_set_strict_posix(context, TRUE);
	g_option_context_add_main_entries(context, options, NULL);
	if (g_option_context_parse(context, argc, argv, &error) && *argc >= 2 &&
	    ret->sockets != NULL && g_strv_length(ret->sockets) <= PORTS_MAX)
		return true;
	g_printerr("%s\n",
		   error != NULL ? error->message : "which program, and one to eight sockets?");
	return false;
}

static bool
make_world(struct world *world, const struct arguments *arguments)
{
	g_auto(GStrv) kinds =
		g_strsplit(arguments->kind != NULL ? arguments->kind : "ccid", ",", PORTS_MAX);
	const struct usb_kind *kind = NULL;
	guint more = g_strv_length(kinds);

	for (size_t i = 0; arguments->sockets[i] != NULL; i++) {
		if (i < more)
			kind = usb_kind_find(kinds[i]);
		if (kind == NULL) {
			g_printerr("no such kind of key: %s\n", arguments->kind);
			return false;
		}
		if (!add_port(world, kind, arguments->sockets[i]))
			return false;
	}
	return arguments->control == NULL || control_listen(arguments->control, on_order, world);
}

int
main(int argc, char **argv)
{
	struct arguments arguments = {0};
	struct world world = {0};
	char **exec_argv = g_strdupv(argv);

	need_preload(exec_argv);
	g_strfreev(exec_argv);
	if (!read_arguments(&argc, &argv, &arguments))
		return 2;
	world.testbed = umockdev_testbed_new();
	world.loop = g_main_loop_new(NULL, FALSE);
	world.argv = argv + 1;
	if (!make_world(&world, &arguments) || !run_program(&world))
		world.status = 1;
	free_world(&world);
	g_strfreev(arguments.sockets);
	g_free(arguments.kind);
	g_free(arguments.control);
	return world.status;
}
