/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-bridge: web pages that ask for the key. */
#include "assistant/bridge/bridge.h"
#include "assistant/bridge/control.h"
#include "assistant/bridge/listen/leaf.h"
#include "assistant/bridge/listen/listen.h"
#include "assistant/bridge/relay.h"
#include "assistant/bridge/wire.h"
#include "assistant/core/errors.h"
#include "assistant/core/language.h"
#include "assistant/core/pin.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <glib/gprintf.h>
#include <signal.h>
#include <stdlib.h>

static struct {
	gboolean native_messaging, leaf_certificate, version;
	int session_idle, session_limit;
	char *ports;
} options;

static const GOptionEntry entries[] = {
	{"native-messaging", 0, 0, G_OPTION_ARG_NONE, &options.native_messaging,
	 N_("Bring the frames of a browser's extension to the bridge"), NULL},
	{"session-idle", 0, 0, G_OPTION_ARG_INT, &options.session_idle,
	 N_("End a session so long after the last use of the key (at most 300)"), N_("SECONDS")},
	{"session-limit", 0, 0, G_OPTION_ARG_INT, &options.session_limit,
	 N_("End a session after so long (at most 1800)"), N_("SECONDS")},
	{"ports", 0, 0, G_OPTION_ARG_STRING, &options.ports,
	 N_("Listen on other ports than 21051,21061,17212,17215; 0 leaves one out"), N_("LIST")},
	{"leaf-certificate", 0, 0, G_OPTION_ARG_NONE, &options.leaf_certificate,
	 N_("Print the file of the certificate for 127.0.0.1, made if there is none"), NULL},
	{"version", 0, 0, G_OPTION_ARG_NONE, &options.version, N_("Print the version"), NULL},
	{NULL, 0, 0, 0, NULL, NULL, NULL},
};

/* Browsers start their host with the manifest's path or the extension's address behind it. */
static gboolean
is_browsers(int argc, char **argv)
{
	return argc > 1 && (g_str_has_prefix(argv[1], "chrome-extension://") ||
			    g_str_has_suffix(argv[1], "/org.openukey.bridge.json"));
}

static gboolean
on_signal(gpointer data)
{
	g_main_loop_quit(data);
	return G_SOURCE_CONTINUE;
}

static int
report(const GError *error)
{
	g_fprintf(stderr, "openukey-bridge: %s [%s]\n", error->message, ouk_error_row(error)->name);
	return EXIT_FAILURE;
}

static int
print_leaf(void)
{
	g_autofree char *path = ouk_leaf_path();
	g_autoptr(GError) error = NULL;
	g_autoptr(GTlsCertificate) leaf =
		ouk_leaf_open(g_get_real_time() / G_USEC_PER_SEC, NULL, &error);

	if (leaf == NULL)
		return report(error);
	g_printf("%s\n", path);
	return EXIT_SUCCESS;
}

static int
serve(void)
{
	const OukBridgeSetup setup = {
		.session_idle = (guint)MAX(options.session_idle, 0),
		.session_limit = (guint)MAX(options.session_limit, 0),
	};
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	g_autoptr(GError) error = NULL;
	g_autoptr(OukBridge) bridge = NULL;
	g_autoptr(OukListen) listen = NULL;
	g_autoptr(OukWire) wire = NULL;
	g_autoptr(OukControl) control = NULL;
	OukListenPorts ports;

	if (!ouk_listen_ports_read(options.ports, &ports)) {
		ouk_fail_with(&error, OUK_E_USAGE, "(--ports %s)", options.ports);
		return report(error);
	}
	/* A disk that is full and a peer that is gone are told by the call that notices them. */
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	ouk_process_harden();
	bridge = ouk_bridge_new(&setup, &error);
	wire = bridge != NULL ? ouk_wire_new(bridge, &error) : NULL;
	listen = wire != NULL ? ouk_listen_new(bridge, &ports) : NULL;
	control = listen != NULL ? ouk_control_new(bridge, listen, &error) : NULL;
	if (control == NULL)
		return report(error);
	g_unix_signal_add(SIGTERM, on_signal, loop);
	g_unix_signal_add(SIGINT, on_signal, loop);
	g_main_loop_run(loop);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;

	if (is_browsers(argc, argv))
		return ouk_relay_run();
	ouk_language_open(OPENUKEY_LOCALEDIR);
	g_option_context_add_main_entries(context, entries, "openukey");
	if (!g_option_context_parse(context, &argc, &argv, &error) ||
	    (argc > 1 && !options.native_messaging)) {
		g_fprintf(stderr, "openukey-bridge: %s\n",
			  error != NULL ? error->message : _("it takes no arguments"));
		return 2;
	}
	if (options.version) {
		g_printf("openukey-bridge %s\n", OPENUKEY_VERSION);
		return EXIT_SUCCESS;
	}
	if (options.leaf_certificate)
		return print_leaf();
	return options.native_messaging ? ouk_relay_run() : serve();
}
