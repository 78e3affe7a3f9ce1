/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A card's life: opened, plugged, powered, written to, closed. */
#include "virtual/key/card.h"

#include "common/secret.h"
#include "virtual/key/crypto.h"
#include "virtual/key/dispatch.h"
#include "virtual/key/session_keys.h"
#include "virtual/key/timing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void
forget_volatile(struct vk_card *card)
{
	vk_hash_free(card->session.digest);
	uk_wipe(&card->session, sizeof(card->session));
	uk_wipe(&card->chain, sizeof(card->chain));
	uk_wipe(&card->pending, sizeof(card->pending));
}

void
vk_session_drop_app(struct vk_session *session, size_t app)
{
	memset(&session->apps[app], 0, sizeof(session->apps[app]));
	memset(&session->export, 0, sizeof(session->export));
	for (size_t i = 0; i < VK_CONTAINERS_MAX; i++)
		vk_session_keys_drop(session, app, i);
}

bool
vk_right_held(const struct vk_call *call, unsigned int pin_type)
{
	return call->card->session.apps[call->app_index].rights[pin_type];
}

bool
vk_rights_held(const struct vk_call *call, uint32_t rights)
{
	if ((rights & GM_RIGHT_ANYONE) == GM_RIGHT_ANYONE)
		return true;
	return ((rights & GM_RIGHT_ADMIN) != 0 && vk_right_held(call, GM_PIN_ADMIN)) ||
	       ((rights & GM_RIGHT_USER) != 0 && vk_right_held(call, GM_PIN_USER));
}

uint16_t
vk_commit(struct vk_card *card)
{
	enum vk_stored stored = vk_store_save(&card->store, &card->state);

	if (stored == VK_STORED)
		return GM_SW_OK;
	if (stored == VK_STORE_CUT)
		vk_card_pull(card);
	/* The memory has what it has: so shall we. */
	if (vk_store_load(&card->store, &card->state) != VK_LOADED)
		vk_card_pull(card);
	return GM_SW_WRITE_FAILED;
}

static bool
make_blank(struct vk_card *card)
{
	const struct vk_options *options = &card->options;

	if (!vk_state_blank(&card->state, options->model == NULL ? "V0" : options->model,
			    options->serial, options->label))
		return false;
	if (options->space != 0)
		card->state.space = options->space;
	if (vk_store_save(&card->store, &card->state) != VK_STORED)
		return false;
	card->store.writes = 0; /* the factory's, not the key's */
	return true;
}

static const char *
open_store(struct vk_card *card)
{
	static const char *const texts[] = {
		[VK_LOADED] = NULL,
		[VK_LOAD_EMPTY] = NULL,
		[VK_LOAD_DAMAGED] = "the state file is damaged or not a virtual key's",
		[VK_LOAD_BUSY] = "another virtual key runs on this state file",
		[VK_LOAD_FAILED] = "the state file cannot be opened",
	};
	enum vk_loaded loaded = vk_store_open(&card->store, card->options.state);

	if (loaded == VK_LOADED)
		loaded = vk_store_load(&card->store, &card->state);
	if (loaded == VK_LOAD_EMPTY && !make_blank(card))
		return "the state file cannot be written";
	return texts[loaded];
}

static enum vk_open_error
open_card(struct vk_card *card, const char **ret_text)
{
	const struct vk_options *options = &card->options;
	char model[VK_NAME_MAX + 1];

	if (options->model != NULL && vk_model_find(options->model) == NULL) {
		*ret_text = "there is no such model; V0, VC and V1 exist";
		return VK_OPEN_OPTIONS;
	}
	if (options->space > VK_SPACE_MAX) {
		*ret_text = "a key has at most 131072 bytes of space";
		return VK_OPEN_OPTIONS;
	}
	*ret_text = open_store(card);
	if (*ret_text != NULL)
		return VK_OPEN_STATE;
	(void)snprintf(model, sizeof(model), "%.*s", card->state.model.len,
		       (const char *)card->state.model.bytes);
	card->model = vk_model_find(model);
	if (card->model == NULL || (options->model != NULL && strcmp(options->model, model) != 0)) {
		*ret_text = "the state file belongs to a key of another model";
		return VK_OPEN_STATE;
	}
	if (!vk_tracelog_open(&card->log, options->log)) {
		*ret_text = "the log cannot be opened";
		return VK_OPEN_LOG;
	}
	vk_model_atr(card->model, card->atr);
	card->plugging = 1;
	return VK_OPEN_OK;
}

struct vk_card *
vk_card_open(const struct vk_options *options, enum vk_open_error *ret_error, const char **ret_text)
{
	struct vk_card *card = calloc(1, sizeof(*card));

	*ret_error = VK_OPEN_STATE;
	*ret_text = "out of memory";
	if (card == NULL)
		return NULL;
	card->store.fd = -1;
	card->options = *options;
	*ret_error = open_card(card, ret_text);
	if (*ret_error == VK_OPEN_OK)
		return card;
	vk_card_close(card);
	return NULL;
}

void
vk_card_close(struct vk_card *card)
{
	if (card == NULL)
		return;
	forget_volatile(card);
	vk_state_clear(&card->state);
	vk_store_close(&card->store);
	vk_tracelog_close(&card->log);
	free(card);
}

unsigned int
vk_card_plugging(const struct vk_card *card)
{
	return card->plugging;
}

bool
vk_card_plug(struct vk_card *card)
{
	if (vk_card_plugged(card))
		return true;
	if (vk_store_load(&card->store, &card->state) != VK_LOADED)
		return false;
	card->plugging++;
	vk_tracelog_event(&card->log, "plug");
	return true;
}

void
vk_card_pull(struct vk_card *card)
{
	if (!vk_card_plugged(card))
		return;
	forget_volatile(card);
	card->plugging++;
	vk_tracelog_event(&card->log, "pull");
}

void
vk_card_power(struct vk_card *card, enum vk_power power)
{
	static const char *const names[] = {
		[VK_POWER_OFF] = "power off",
		[VK_POWER_ON] = "power on",
		[VK_POWER_RESET] = "reset",
	};

	forget_volatile(card);
	vk_tracelog_event(&card->log, names[power]);
}

struct uk_span
vk_card_atr(const struct vk_card *card)
{
	return uk_span_of(card->atr, sizeof(card->atr));
}

static void
count_command(struct vk_counts *counts, struct uk_span command)
{
	counts->commands++;
	counts->bytes_in += command.len;
	if (command.len > 1)
		counts->by_ins[command.ptr[1]]++;
}

static uint64_t
clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Lets the faults of this command have their way with it. */
static enum vk_result
run_command(struct vk_card *card, struct uk_span command, struct uk_writer *reply,
	    uint64_t *ret_slow_us)
{
	uint8_t ins = command.len > 1 ? command.ptr[1] : 0;
	struct vk_faults_now now;

	vk_faults_take(&card->faults, ins, &now);
	*ret_slow_us = now.slow_us;
	if (now.pull_before) {
		vk_card_pull(card);
		return VK_PULLED;
	}
	if (now.sw != 0)
		uk_put_u16(reply, UK_BIG_ENDIAN, now.sw);
	else
		vk_dispatch(card, command, reply);
	if (!vk_card_plugged(card))
		return VK_PULLED;
	vk_faults_spoil(&now, reply);
	if (now.pull_after) {
		vk_card_pull(card);
		return VK_PULLED;
	}
	return VK_ANSWERED;
}

enum vk_result
vk_card_apdu(struct vk_card *card, struct uk_span command, struct uk_writer *reply,
	     uint64_t *ret_delay_us)
{
	uint64_t start = clock_us(), writes = card->store.writes, due, spent, slow;
	size_t before = reply->len;
	enum vk_result result;
	struct uk_span answer;

	*ret_delay_us = 0;
	if (!vk_card_plugged(card))
		return VK_PULLED;
	count_command(&card->since_start, command);
	count_command(&card->since_reset, command);
	result = run_command(card, command, reply, &slow);
	if (result == VK_PULLED)
		reply->len = before;
	answer = uk_span_of(reply->ptr + before, reply->len - before);
	card->since_start.bytes_out += answer.len;
	card->since_reset.bytes_out += answer.len;
	vk_tracelog_command(&card->log, command, answer, result == VK_ANSWERED,
			    card->store.writes - writes);

	due = slow;
	if (card->options.timing == VK_TIMING_FULL_SPEED)
		due += vk_timing_us(command, answer, card->store.writes - writes);
	card->since_start.due_us += due;
	card->since_reset.due_us += due;
	spent = clock_us() - start;
	*ret_delay_us = due > spent ? due - spent : 0;
	return result;
}
