/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/core/room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define OPTIONS_MAX 40

static void
on_changed(OukWatch *watch, struct room *room)
{
	room->changed++;
}

static void
on_plugged(OukWatch *watch, OukTokenView *view, struct room *room)
{
	assert_non_null(ouk_token_view_info(view)->id);
	room->plugged++;
}

static void
on_pulled(OukWatch *watch, OukTokenView *view, struct room *room)
{
	assert_non_null(ouk_token_view_info(view)->id);
	room->pulled++;
}

void
room_watch(struct room *room, const char *modules, OukMemory *memory)
{
	room->changed = room->plugged = room->pulled = 0;
	room->watch = ouk_watch_new(modules != NULL ? modules : getenv("OPENUKEY_MODULE"), memory);
	g_signal_connect(room->watch, "changed", G_CALLBACK(on_changed), room);
	g_signal_connect(room->watch, "plugged", G_CALLBACK(on_plugged), room);
	g_signal_connect(room->watch, "pulled", G_CALLBACK(on_pulled), room);
}

void
room_open(struct room *room, unsigned int readers, const char *modules, OukMemory *memory)
{
	memset(room, 0, sizeof(*room));
	room->rig = rig_start(readers);
	assert_non_null(room->rig);
	room_watch(room, modules, memory);
	assert_true(room_until(room, room_settled, NULL, ROOM_LATE_MS));
}

void
room_close(struct room *room)
{
	if (room->watch != NULL)
		ouk_watch_close(room->watch);
	while (g_main_context_iteration(NULL, FALSE))
		;
	g_clear_object(&room->watch);
	rig_stop(room->rig);
	room->rig = NULL;
}

/* ---- keys ---- */

static void
state_path(const struct room *room, unsigned int reader, char *out, size_t size)
{
	(void)snprintf(out, size, "%s/key-%u.state", rig_dir(room->rig), reader);
}

void
room_make(struct room *room, unsigned int reader, const char *const *options)
{
	char path[512], serial[16];
	const char *words[OPTIONS_MAX] = {
		"--state", path,    "--serial", serial, "--application", "OpenUKey-Rehearsal",
		"--pin",   ROOM_PIN};
	size_t count = 8;

	state_path(room, reader, path, sizeof(path));
	(void)snprintf(serial, sizeof(serial), "R%04u", reader);
	(void)remove(path);
	for (; options != NULL && *options != NULL; options++) {
		assert_true(count < OPTIONS_MAX - 1);
		words[count++] = *options;
	}
	assert_true(rig_provision(words));
}

static char *
fixture(const char *alg, const char *file)
{
	return g_strdup_printf("%s/%s-%s", getenv("OPENUKEY_FIXTURES"), alg, file);
}

void
room_plug(struct room *room, unsigned int reader, const char *alg)
{
	g_autofree char *sign_key = fixture(alg, "sign.key");
	g_autofree char *sign_cert = fixture(alg, "sign.pem");
	g_autofree char *enc_key = fixture(alg, "enc.key");
	g_autofree char *enc_cert = fixture(alg, "enc.pem");
	const char *const options[] = {"--container", "Unit",    "--sign-key", sign_key,
				       "--sign-cert", sign_cert, "--enc-key",  enc_key,
				       "--enc-cert",  enc_cert,  NULL};

	room_make(room, reader, options);
	room_plug_again(room, reader);
}

void
room_plug_again(struct room *room, unsigned int reader)
{
	char path[512];

	state_path(room, reader, path, sizeof(path));
	assert_true(rig_plug(room->rig, reader, path, NULL));
}

void
room_pull(struct room *room, unsigned int reader)
{
	assert_true(rig_pull(room->rig, reader));
}

/* ---- the list ---- */

guint
room_count(struct room *room)
{
	return g_list_model_get_n_items(G_LIST_MODEL(room->watch));
}

const OukTokenInfo *
room_key(struct room *room, unsigned int reader)
{
	char serial[16];

	(void)snprintf(serial, sizeof(serial), "R%04u", reader);
	for (guint i = 0; i < room_count(room); i++) {
		g_autoptr(OukTokenView) view = g_list_model_get_item(G_LIST_MODEL(room->watch), i);
		const OukTokenInfo *info = ouk_token_view_info(view);

		if (strcmp(info->serial, serial) == 0)
			return info; /* the list keeps the view */
	}
	return NULL;
}

static gboolean
on_late(gpointer data)
{
	*(gboolean *)data = TRUE;
	return G_SOURCE_REMOVE;
}

gboolean
room_until(struct room *room, room_check check, gpointer data, guint ms)
{
	gboolean late = FALSE;
	guint timer = g_timeout_add(ms, on_late, &late);

	while (!check(room, data) && !late)
		g_main_context_iteration(NULL, TRUE);
	if (!late)
		g_source_remove(timer);
	return check(room, data);
}

static gboolean
never(struct room *room, gpointer data)
{
	return FALSE;
}

void
room_spend(struct room *room, guint ms)
{
	(void)room_until(room, never, NULL, ms);
}

gboolean
room_settled(struct room *room, gpointer data)
{
	return ouk_watch_settled(room->watch);
}

gboolean
room_has(struct room *room, gpointer count)
{
	return room_count(room) == GPOINTER_TO_UINT(count);
}

gboolean
room_is(struct room *room, gpointer state)
{
	return ouk_watch_state(room->watch) == (OukWatchState)GPOINTER_TO_INT(state);
}

static double
cpu_seconds(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

void
room_idle(struct room *room, const char *what, guint ms)
{
	double before = cpu_seconds(), share;

	room_spend(room, ms);
	share = (cpu_seconds() - before) / (ms / 1000.0) * 100;
	print_message("idle, %s: %.3f %% of a processor\n", what, share);
	/* Times are told, not asserted: a loop would take the whole processor. */
	if (share >= 20)
		fail_msg("%s costs %.2f %% of a processor", what, share);
}
