/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key we talk to: its state here, the command exchange, and the frame of every operation. */
#ifndef UK_DRIVERS_GM_SESSION_H
#define UK_DRIVERS_GM_SESSION_H

#include "common/apdu.h"
#include "common/secret.h"
#include "drivers/gm/reply.h"
#include "drivers/gm/vault.h"
#include "drivers/pcsc/pcsc.h"

#include <time.h>

#define GM_CONTAINERS_KEPT 64

struct gm_container {
	char name[TOKEN_NAME_MAX];
	size_t name_len;
	uint8_t id[GM_ID_LEN];
};

struct gm_token {
	struct token base; /* first */
	struct pcsc_card *card;
	bool removed;        /* for good */
	bool in_transaction; /* ours, on the card */
	unsigned int resets; /* pcsc_card_resets, as far as this token knows */
	unsigned int rights; /* 1 << enum token_role: what we gained and did not see going */
	unsigned int epoch;  /* no other token's, nor this one's before its last reset */
	size_t piece_max;    /* gm_piece_max; 0 = not asked yet */
	struct vault vault;

	/* Ids are the key's, shared with other programs: never closed, opened again when refused.
	 */
	bool app_open;
	char app_name[TOKEN_NAME_MAX];
	bool app_fixed; /* by token_set_application: that one and no other */
	struct gm_application app;
	struct gm_container containers[GM_CONTAINERS_KEPT];
	size_t container_count;
	size_t container_next; /* to be overwritten once all are used */

	/* verify_once: the transaction stays open for one private-key use */
	struct {
		bool active, used;
		struct timespec end;
	} once;

	/* The exchange's buffers. */
	uint16_t sw;       /* of the last answer; 0 when there was none */
	unsigned int sent; /* commands handed to PC/SC in this operation */
	struct uk_apdu cmd;
	uint8_t wire[UK_APDU_MAX];
	uint8_t reply[UK_REPLY_MAX];
};

static inline struct gm_token *
gm_token_of(struct token *token)
{
	return (struct gm_token *)token;
}

/* ---- cmd.c: one command ---- */

/* Begins a command; the writer is over its data field. */
struct uk_writer gm_cmd_begin(struct gm_token *token, enum gm_ins ins, uint8_t p1, uint8_t p2);
/*
 * Sends it with the data written and waits for the answer. *ret_data borrows the answer's data
 * until the next command; the status word stays in token->sw. What a row marks LOG_SECRET is wiped
 * on every way out, but for a random, which gm_random_take wipes.
 */
UK_CHECKED enum uk_status gm_cmd_send(struct gm_token *token, const struct uk_writer *data,
				      uint32_t le, struct uk_span *ret_data);
/* The same for a command that answers nothing but a status word: UK_E_REPLY when it does. */
UK_CHECKED enum uk_status gm_cmd_send_only(struct gm_token *token, const struct uk_writer *data);
/* What a status word means; logs the unknown ones. */
enum uk_status gm_sw_status(uint16_t sw);
/*
 * How many bytes of data one command, and its answer, should have at most. Asks the key once, and
 * only when `wanted` is more than every key takes.
 */
UK_CHECKED enum uk_status gm_piece_max(struct gm_token *token, size_t wanted, size_t *ret);
/* Wipes `len` bytes of what the last command carried, and of its answer. */
void gm_cmd_wipe(struct gm_token *token, size_t len);
/* Whether a command needs no right, spends no try and changes nothing of a login. */
bool gm_cmd_harmless(uint8_t ins);
/* UK_E_NOT_VERIFIED for a command that was not seen to work on this model (and no opt-in). */
UK_CHECKED enum uk_status gm_cmd_allowed(const struct gm_token *token, enum gm_ins ins);

/* ---- session.c: what is open, and what becomes of it ---- */

/* Opens the application unless it is. UK_E_NO_APPLICATION: blank key. */
UK_CHECKED enum uk_status gm_app_open(struct gm_token *token);
/* Remembers a container's id, or forgets it. */
UK_CHECKED enum uk_status gm_container_keep(struct gm_token *token, struct uk_span name,
					    const uint8_t *id);
void gm_container_forget(struct gm_token *token, struct uk_span name);
/* Application and containers have to be opened again. */
void gm_ids_forget(struct gm_token *token);
/* The key was reset or is gone: ids, rights and the admin key with them. */
void gm_session_lost(struct gm_token *token);
/* Gives a token an epoch that none ever had. */
void gm_epoch_begin(struct gm_token *token);
/* Our right is gone (6982). */
void gm_rights_lost(struct gm_token *token);
/* gm_cmd_begin for a command that starts with AppID; opens the application first. */
UK_CHECKED enum uk_status gm_cmd_begin_app(struct gm_token *token, enum gm_ins ins, uint8_t p2,
					   struct uk_writer *ret);
/* The same with AppID and ContainerID. */
UK_CHECKED enum uk_status gm_cmd_begin_container(struct gm_token *token, struct uk_span name,
						 enum gm_ins ins, uint8_t p1,
						 struct uk_writer *ret);

/* ---- op.c: an operation ---- */

enum gm_op_flags {
	GM_OP_TRANSACTION = 1 << 0, /* several commands that belong together */
	GM_OP_RIGHT = 1 << 1,       /* needs a right that a reset takes: say so, do not go on */
	GM_OP_ONCE = 1 << 2,        /* sends a secret: never run a second time */
	GM_OP_PRIVATE_KEY = 1 << 3, /* the use that verify_once was for */
};

/*
 * Runs an operation's commands under the rules of token.h: the transaction, a reset by another
 * program, ids that the key forgot, the time limit of verify_once. `ins` is the command that the
 * model must allow.
 */
UK_CHECKED enum uk_status gm_op_run(struct gm_token *token, enum gm_ins ins, unsigned int flags,
				    enum uk_status (*run)(struct gm_token *token, void *args),
				    void *args);

/* Whether verify_once's time is over. */
bool gm_once_expired(const struct gm_token *token);
/* Ends verify_once: clears the right unless the key has done so, lets go of the card. */
void gm_once_end(struct gm_token *token);

/* ---- rights.c ---- */

/* Asks for GM_RANDOM_LEN random bytes, which the next command uses up. */
UK_CHECKED enum uk_status gm_random_take(struct gm_token *token, struct uk_secret *ret);
/* ClearSecureState */
UK_CHECKED enum uk_status gm_clear_send(struct gm_token *token);

#endif
