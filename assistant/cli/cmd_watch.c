/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey watch: tells of keys that come and go, until it is stopped. */
#include "assistant/cli/cli.h"
#include "assistant/cli/words.h"
#include "assistant/core/memory.h"
#include "assistant/core/watch.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <stdio.h>

static int seconds;

static const GOptionEntry entries[] = {{"seconds", 0, 0, G_OPTION_ARG_INT, &seconds,
					N_("stop after so many seconds"), N_("NUMBER")},
				       {NULL}};

/* What "changed" is about, where no key says it. */
static const char *const state_texts[OUK_WATCH_STATE_COUNT] = {
	[OUK_WATCH_STARTING] = N_("Looking for keys…"),
	[OUK_WATCH_NO_MODULE] = N_("No driver for keys is installed."),
	[OUK_WATCH_NO_SERVICE] =
		N_("The smart card service (pcscd) cannot be reached; waiting for it."),
	[OUK_WATCH_EMPTY] = N_("No key is plugged in."),
	[OUK_WATCH_READY] = NULL, /* the keys speak for themselves */
};

struct watching {
	OukWatch *watch;
	GMainLoop *loop;
	OukWatchState state;
};

static void
print_time(void)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *time = g_date_time_format(now, "%H:%M:%S");

	g_print("%s ", time);
}

static void
print_pair(const OukPairInfo *pair)
{
	g_autofree char *sentence = ouk_pair_sentence(pair);

	g_print("           %s — %s: %s\n", pair->unit, ouk_pair_status_text(pair->status),
		sentence);
}

/* Something short by which a person tells this key from another. */
static const char *
place_of(const OukTokenView *view)
{
	const OukTokenInfo *info = ouk_token_view_info(view);

	return *info->serial_end != '\0' ? info->serial_end : info->reader;
}

/* ---- JSON: one object a line ---- */

static void
json_end(JsonBuilder *json)
{
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *line = NULL;

	json_builder_end_object(json);
	root = json_builder_get_root(json);
	line = json_to_string(root, FALSE);
	g_print("%s\n", line);
	fflush(stdout);
}

static JsonBuilder *
json_begin(const char *event)
{
	JsonBuilder *json = json_builder_new();

	json_builder_begin_object(json);
	cli_json_text(json, "event", event);
	return json;
}

static void
json_pair(JsonBuilder *json, const OukPairInfo *pair)
{
	const OukPairCert *cert = pair->sign != NULL ? pair->sign : pair->encrypt;

	json_builder_begin_object(json);
	cli_json_text(json, "unit", pair->unit);
	cli_json_text(json, "issuer", pair->issuer);
	cli_json_text(json, "credit_code", pair->credit_code);
	cli_json_text(json, "container", pair->name);
	cli_json_text(json, "status", ouk_pair_status_name(pair->status));
	cli_json_number(json, "days_left", pair->days_left);
	if (cert != NULL)
		cli_json_text(json, "sha256", cert->sha256);
	json_builder_end_object(json);
}

static void
json_key(const char *event, const OukTokenView *view)
{
	const OukTokenInfo *info = ouk_token_view_info(view);
	g_autoptr(JsonBuilder) json = json_begin(event);

	cli_json_text(json, "title", ouk_token_view_title(view));
	cli_json_text(json, "label", info->label);
	cli_json_text(json, "nickname", info->nickname);
	cli_json_text(json, "serial", info->serial);
	cli_json_text(json, "reader", info->reader);
	cli_json_flag(json, "blank", (info->flags & OUK_TOKEN_BLANK) != 0);
	cli_json_flag(json, "first_pin", (info->flags & OUK_TOKEN_FIRST_PIN) != 0);
	cli_json_text(json, "error", info->failed ? info->error_text : NULL);
	cli_json_tries(json, "user_pin", &info->tries);
	json_builder_set_member_name(json, "certificates");
	json_builder_begin_array(json);
	for (guint i = 0; i < info->pairs->len; i++)
		json_pair(json, ouk_pair_view_info(g_ptr_array_index(info->pairs, i)));
	json_builder_end_array(json);
	json_end(json);
}

/* ---- what is told ---- */

static void
on_plugged(OukWatch *watch, OukTokenView *view, struct watching *watching)
{
	const OukTokenInfo *info = ouk_token_view_info(view);

	if (cli_options.json) {
		json_key("plugged", view);
		return;
	}
	print_time();
	/* Translators: the key's name, the end of its serial number */
	g_print(_("Plugged in: %s (…%s)\n"), ouk_token_view_title(view), place_of(view));
	if (info->failed)
		g_print("           %s\n", info->error_text);
	for (guint i = 0; i < info->pairs->len; i++)
		print_pair(ouk_pair_view_info(g_ptr_array_index(info->pairs, i)));
	if ((info->flags & OUK_TOKEN_FIRST_PIN) != 0)
		g_print("           %s\n", _("This is still the first PIN the key was issued with: "
					     "change it with \"ukey pin change\"."));
	fflush(stdout);
}

static void
on_pulled(OukWatch *watch, OukTokenView *view, struct watching *watching)
{
	if (cli_options.json) {
		json_key("pulled", view);
		return;
	}
	print_time();
	g_print(_("Unplugged: %s (…%s)\n"), ouk_token_view_title(view), place_of(view));
	fflush(stdout);
}

static void
state_tell(struct watching *watching)
{
	g_autoptr(JsonBuilder) json = NULL;

	watching->state = ouk_watch_state(watching->watch);
	if (cli_options.json) {
		json = json_begin("state");
		cli_json_text(json, "state", ouk_watch_state_name(watching->state));
		json_end(json);
	} else if (state_texts[watching->state] != NULL) {
		print_time();
		g_print("%s\n", _(state_texts[watching->state]));
		fflush(stdout);
	}
}

static void
on_changed(OukWatch *watch, struct watching *watching)
{
	if (ouk_watch_state(watch) != watching->state)
		state_tell(watching);
}

static gboolean
on_stop(gpointer data)
{
	g_main_loop_quit(data);
	return G_SOURCE_CONTINUE;
}

static void
watch_run(struct watching *watching)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	guint sources[G_N_ELEMENTS(numbers)];
	guint timer = 0;

	g_signal_connect(watching->watch, "plugged", G_CALLBACK(on_plugged), watching);
	g_signal_connect(watching->watch, "pulled", G_CALLBACK(on_pulled), watching);
	g_signal_connect(watching->watch, "changed", G_CALLBACK(on_changed), watching);
	for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
		sources[i] = g_unix_signal_add(numbers[i], on_stop, watching->loop);
	if (seconds > 0)
		timer = g_timeout_add_seconds((guint)seconds, on_stop, watching->loop);
	state_tell(watching);
	g_main_loop_run(watching->loop);
	for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
		g_source_remove(sources[i]);
	if (timer != 0)
		g_source_remove(timer);
	g_signal_handlers_disconnect_by_data(watching->watch, watching);
}

static gboolean
run(int argc, char **argv, GError **error)
{
	g_autoptr(OukMemory) memory = NULL;
	g_autoptr(OukWatch) watch = NULL;
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	struct watching watching = {.loop = loop};

	if (!cli_parse(&cli_watch, &argc, &argv, CLI_TAKES_JSON, entries, error) ||
	    !cli_arguments(argc, 0, 0, error))
		return FALSE;
	memory = ouk_memory_open(NULL, NULL); /* without it there are no nicknames */
	watch = ouk_watch_new(cli_options.module, memory);
	watching.watch = watch;
	watch_run(&watching);
	ouk_watch_close(watch);
	return TRUE;
}

const CliCommand cli_watch = {"watch", "", N_("tell of keys that come and go"), run};
