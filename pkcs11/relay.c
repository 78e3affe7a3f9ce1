/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/relay.h"

#include "common/secret.h"
#include "pkcs11/module.h"
#include "pkcs11/rv.h"

#include <string.h>

_Static_assert((int)TOKEN_RELAY_ADMIN == (int)OPENUKEY_RELAY_ADMIN &&
		       (int)TOKEN_RELAY_UNBLOCK == (int)OPENUKEY_RELAY_UNBLOCK &&
		       (int)TOKEN_RELAY_ADMIN_PIN == (int)OPENUKEY_RELAY_ADMIN_PIN &&
		       (int)TOKEN_RELAY_DEVICE_KEY == (int)OPENUKEY_RELAY_DEVICE_KEY &&
		       (int)TOKEN_RELAY_DEVICE_PROOF == (int)OPENUKEY_RELAY_DEVICE_PROOF,
	       "both ends count the stages alike");

/* ---- the caller's callback, as the driver sees it ---- */

struct caller {
	const struct openukey_relay *relay;
	const char *model;
	bool asked;
	CK_RV rv; /* what the callback returned last */
};

/* Like strncpy that always ends with a NUL; size > 0. */
static void
text_copy(char *out, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);

	memcpy(out, text, len);
	memset(out + len, 0, size - len);
}

static void
answer_wipe(struct openukey_relay_answer *answer)
{
	uk_wipe(answer, sizeof(*answer));
}

static enum uk_status
answer_take(const struct openukey_relay_answer *in, struct token_relay_answer *out)
{
	if (in->data_len > sizeof(out->data) || in->transport_len > sizeof(out->transport))
		return UK_E_RELAY_ANSWER;
	memcpy(out->data, in->data, in->data_len);
	out->data_len = in->data_len;
	memcpy(out->transport, in->transport, in->transport_len);
	out->transport_len = in->transport_len;
	return UK_OK;
}

static enum uk_status
caller_ask(void *context, const struct token_relay_question *question,
	   struct token_relay_answer *ret)
{
	struct caller *caller = context;
	struct openukey_relay_question out = {.stage = question->stage,
					      .admin_left = question->admin_left};
	UK_CLEANUP(answer_wipe) struct openukey_relay_answer answer = {.data_len = 0};

	text_copy(out.serial, sizeof(out.serial), question->serial);
	text_copy(out.model, sizeof(out.model), caller->model);
	memcpy(out.app, question->app, sizeof(out.app));
	memcpy(out.random, question->random, sizeof(out.random));
	caller->asked = true;
	module_pause();
	caller->rv = caller->relay->ask(caller->relay->context, &out, &answer);
	uk_wipe(out.random, sizeof(out.random));
	if (module_resume() != CKR_OK)
		return UK_E_INTERNAL;
	return caller->rv == CKR_OK ? answer_take(&answer, ret) : UK_E_RELAY;
}

/* ---- a connection of the call's own ---- */

struct relayed {
	struct slot *slot;
	struct token *token;
	struct caller caller;
	struct token_relay relay;
	struct uk_span bytes; /* the new PIN, or the old device key */
	enum uk_status (*run)(struct relayed *relayed);
};

static CK_RV
connect(struct relayed *relayed)
{
	struct slot *slot = relayed->slot;
	struct token_reader seen;
	struct token_bus *bus;
	enum uk_status st;

	slots_refresh();
	slot_seen(slot, &seen);
	if (!seen.present)
		return CKR_TOKEN_NOT_PRESENT;
	if (!seen.ours)
		return CKR_TOKEN_NOT_RECOGNIZED;
	bus = module_bus_peek();
	if (bus == NULL)
		return CKR_DEVICE_ERROR;
	st = token_open(bus, &seen, &relayed->token);
	if (st != UK_OK)
		return rv_of(st);
	if (slot->application[0] != '\0')
		token_set_application(relayed->token, slot->application);
	relayed->caller.model = token_model_info(relayed->token->model)->name;
	return CKR_OK;
}

/* What this process had of the key is gone with its reset. */
static void
slot_was_reset(struct slot *slot)
{
	slot_lock(slot);
	if (slot->token != NULL)
		slot->token->login_lost = true;
	slot_info_stale(slot);
	slot_unlock(slot);
}

static CK_RV
relayed_run(struct relayed *relayed, const char *serial)
{
	struct caller *caller = &relayed->caller;
	enum uk_status st;
	CK_RV rv = connect(relayed);

	if (rv != CKR_OK)
		return rv;
	relayed->relay = (struct token_relay){
		.context = caller,
		.serial = serial,
		.threads = module_may_make_threads(),
		.ask = caller_ask,
	};
	st = relayed->run(relayed);
	/* Another program's reset, met before anything was done. */
	if (st == UK_E_RESET && !caller->asked)
		st = relayed->run(relayed);
	token_close(relayed->token);
	slot_was_reset(relayed->slot);
	if (st == UK_E_RELAY)
		return caller->rv;
	return rv_of(st);
}

static enum uk_status
run_unblock(struct relayed *relayed)
{
	return relayed->token->ops->unblock_by_relay(relayed->token, &relayed->relay,
						     relayed->bytes);
}

CK_RV
relay_unblock(struct slot *slot, const char *serial, const struct openukey_relay *relay,
	      struct uk_span new_pin)
{
	struct relayed relayed = {
		.slot = slot, .caller.relay = relay, .bytes = new_pin, .run = run_unblock};

	return relayed_run(&relayed, serial);
}

static enum uk_status
run_admin_pin(struct relayed *relayed)
{
	return relayed->token->ops->change_admin_pin_by_relay(relayed->token, &relayed->relay);
}

CK_RV
relay_admin_pin(struct slot *slot, const char *serial, const struct openukey_relay *relay)
{
	struct relayed relayed = {.slot = slot, .caller.relay = relay, .run = run_admin_pin};

	return relayed_run(&relayed, serial);
}

static enum uk_status
run_device_key(struct relayed *relayed)
{
	return relayed->token->ops->change_device_key_by_relay(relayed->token, &relayed->relay,
							       relayed->bytes);
}

CK_RV
relay_device_key(struct slot *slot, const char *serial, const struct openukey_relay *relay,
		 struct uk_span old_key)
{
	struct relayed relayed = {
		.slot = slot, .caller.relay = relay, .bytes = old_key, .run = run_device_key};

	return relayed_run(&relayed, serial);
}
