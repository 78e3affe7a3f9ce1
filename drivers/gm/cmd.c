/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/gm/session.h"

#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_DATA_MAX   255
#define SHORT_LE_MAX     256
#define GET_RESPONSE_MAX 300 /* parts of at least 256 bytes: more than any answer has */
#define LOGGED_BYTES     300

/* ---- what we know of each command ---- */

enum access { ANYONE, FILE_RIGHT, CREATE, USER, DEVICE, OLD_PIN, ADMIN };
enum log { LOG_HEADER, LOG_DATA, LOG_SECRET };

struct command_row {
	const char *name; /* NULL: no such command */
	enum access access;
	enum log log;
};

/* The table's word is a libc type's name. */
#define FILE                            FILE_RIGHT
#define COMMAND(name, ins, access, log) [ins] = {#name, access, log},
static const struct command_row rows[256] = {
#include "common/commands.def"
};
#undef COMMAND
#undef FILE

/* The commands that were seen to work on real keys (gm-keys 2.2, marked A). */
static const uint8_t proven[] = {
	GM_INS_GET_DEV_INFO,       GM_INS_VERIFY_PIN,       GM_INS_CLEAR_SECURE_STATE,
	GM_INS_ENUM_APPLICATION,   GM_INS_OPEN_APPLICATION, GM_INS_CLOSE_APPLICATION,
	GM_INS_OPEN_CONTAINER,     GM_INS_ENUM_CONTAINER,   GM_INS_GET_CONTAINER_INFO,
	GM_INS_EXPORT_CERTIFICATE, GM_INS_GEN_RANDOM,       GM_INS_ECC_SIGN_DATA,
	GM_INS_EXPORT_PUBLIC_KEY,
};

enum uk_status
gm_cmd_allowed(const struct gm_token *token, enum gm_ins ins)
{
	const char *opt_in;

	if ((token->base.model->info.flags & TOKEN_MODEL_VERIFIED) != 0 ||
	    memchr(proven, (int)ins, sizeof(proven)) != NULL)
		return UK_OK;
	opt_in = secure_getenv("OPENUKEY_UNVERIFIED");
	return opt_in != NULL && strcmp(opt_in, "1") == 0 ? UK_OK : UK_E_NOT_VERIFIED;
}

bool
gm_cmd_harmless(uint8_t ins)
{
	const struct command_row *row = &rows[ins];

	if (row->name == NULL || row->access != ANYONE || ins == GM_INS_CLEAR_SECURE_STATE)
		return false;
	return row->log != LOG_SECRET || ins == GM_INS_GEN_RANDOM;
}

/* ---- status words ---- */

enum uk_status
gm_sw_status(uint16_t sw)
{
	static const struct {
		uint16_t mask, word;
		enum uk_status status;
	} rules[] = {
#define SW(word, mask, status) {mask, (word) & (mask), UK_##status},
#include "drivers/gm/sw.def"
#undef SW
	};

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if ((sw & rules[i].mask) == rules[i].word)
			return rules[i].status;
	uk_warning("card", "unmapped status word %04x", sw);
	return UK_E_CARD;
}

/* ---- logging ---- */

static void
log_bytes(const char *direction, struct uk_span bytes)
{
	char text[2 * LOGGED_BYTES + 1];
	size_t len = bytes.len < LOGGED_BYTES ? bytes.len : LOGGED_BYTES;

	for (size_t i = 0; i < len; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", bytes.ptr[i]);
	if (len > 0)
		uk_debug("apdu", "%s %s%s", direction, text, len < bytes.len ? "..." : "");
}

static void
log_exchange(const struct gm_token *token, enum uk_status st, size_t reply_len)
{
	const struct uk_apdu *cmd = &token->cmd;
	const struct command_row *row = &rows[cmd->ins];

	if (!uk_log_on(UK_LOG_DEBUG, "apdu"))
		return;
	if (row->log == LOG_DATA)
		log_bytes(">", uk_span_of(cmd->data, cmd->lc));
	if (st != UK_OK) {
		uk_debug("apdu", "%02x%02x%02x%02x %s Lc=%u Le=%u -> %s", cmd->cla, cmd->ins,
			 cmd->p1, cmd->p2, row->name, (unsigned int)cmd->lc, (unsigned int)cmd->le,
			 uk_status_text(st));
		return;
	}
	uk_debug("apdu", "%02x%02x%02x%02x %s Lc=%u Le=%u -> %04x, %zu bytes", cmd->cla, cmd->ins,
		 cmd->p1, cmd->p2, row->name, (unsigned int)cmd->lc, (unsigned int)cmd->le,
		 token->sw, reply_len);
	if (row->log == LOG_DATA)
		log_bytes("<", uk_span_of(token->reply, reply_len));
}

/* ---- the exchange ---- */

/* One command as it goes over the wire; its answer is put at `at`. *ret_end: behind its data. */
static enum uk_status
transmit(struct gm_token *token, const struct uk_apdu *cmd, enum uk_apdu_form form, size_t at,
	 size_t *ret_end)
{
	struct uk_writer wire = uk_writer_of(token->wire, sizeof(token->wire));
	struct uk_span data;
	size_t len;
	enum uk_status st;

	st = uk_apdu_encode(cmd, form, &wire);
	if (st != UK_OK)
		return st;
	token->sent++;
	st = pcsc_card_transmit(token->card, uk_writer_span(&wire), token->reply + at,
				sizeof(token->reply) - at, &len);
	if (st == UK_E_RESET)
		token->sent--; /* it was not sent */
	if (st != UK_OK)
		return st;
	st = uk_reply_split(uk_span_of(token->reply + at, len), &data, &token->sw);
	if (st != UK_OK)
		return st;
	*ret_end = at + data.len;
	return UK_OK;
}

/* Small commands that we make up as we go; never with secrets, so not wiped. */
struct small_apdu {
	uint8_t cla, ins, p1, p2;
	uint8_t le; /* 0 = 256 */
};

static enum uk_status
transmit_small(struct gm_token *token, const struct small_apdu *cmd, size_t at, size_t *ret_end)
{
	const uint8_t wire[] = {cmd->cla, cmd->ins, cmd->p1, cmd->p2, cmd->le};
	struct uk_span data;
	size_t len;
	enum uk_status st;

	if (sizeof(token->reply) - at < SHORT_LE_MAX + 2)
		return UK_E_REPLY;
	st = pcsc_card_transmit(token->card, uk_span_of(wire, sizeof(wire)), token->reply + at,
				sizeof(token->reply) - at, &len);
	if (st != UK_OK)
		return st;
	st = uk_reply_split(uk_span_of(token->reply + at, len), &data, &token->sw);
	if (st != UK_OK)
		return st;
	*ret_end = at + data.len;
	return UK_OK;
}

/* 61xx: the rest of the answer is to be fetched (ISO 7816-4, 5.1.3). */
static enum uk_status
fetch_rest(struct gm_token *token, size_t *end)
{
	enum uk_status st = UK_OK;

	for (int i = 0; st == UK_OK && token->sw >> 8 == 0x61; i++) {
		size_t before = *end;
		const struct small_apdu get = {.ins = ISO_INS_GET_RESPONSE,
					       .le = (uint8_t)token->sw};

		if (i == GET_RESPONSE_MAX)
			return UK_E_REPLY;
		st = transmit_small(token, &get, before, end);
		if (st == UK_OK && *end == before && token->sw >> 8 == 0x61)
			return UK_E_REPLY;
	}
	return st;
}

/* A short form that is too long for one command: parts with the chaining bit (5.1.1). */
static enum uk_status
transmit_chained(struct gm_token *token, size_t *end)
{
	UK_CLEANUP(uk_apdu_wipe) struct uk_apdu part;
	struct uk_span rest = uk_span_of(token->cmd.data, token->cmd.lc);
	struct uk_span piece;
	enum uk_status st;

	part.lc = 0;
	part.ins = token->cmd.ins;
	part.p1 = token->cmd.p1;
	part.p2 = token->cmd.p2;
	do {
		bool last = rest.len <= SHORT_DATA_MAX;

		if (!uk_take(&rest, last ? rest.len : SHORT_DATA_MAX, &piece))
			return UK_E_INTERNAL;
		part.cla = last ? token->cmd.cla : token->cmd.cla | ISO_CLA_CHAIN;
		part.le = last ? token->cmd.le : UK_LE_NONE;
		part.lc = (uint16_t)piece.len;
		if (piece.len > 0)
			memcpy(part.data, piece.ptr, piece.len);
		st = transmit(token, &part, UK_APDU_SHORT, 0, end);
		if (st != UK_OK || (!last && token->sw != GM_SW_OK))
			return st;
	} while (rest.len > 0);
	return UK_OK;
}

/* 6Cxx: the key wants exactly that Le. Nothing that changes anything is sent a second time. */
static bool
may_resend(const struct gm_token *token, const struct command_row *row, enum uk_apdu_form form)
{
	return token->sw >> 8 == 0x6c && (form == UK_APDU_SHORT || (token->sw & 0xff) != 0) &&
	       row->access == ANYONE && row->log != LOG_SECRET && token->cmd.le != UK_LE_NONE;
}

static enum uk_status
exchange(struct gm_token *token, const struct command_row *row, size_t *end)
{
	enum uk_apdu_form form = pcsc_card_extended(token->card) ? UK_APDU_EXTENDED : UK_APDU_SHORT;
	enum uk_status st;

	for (bool again = false;; again = true) {
		st = form == UK_APDU_SHORT && token->cmd.lc > SHORT_DATA_MAX
			     ? transmit_chained(token, end)
			     : transmit(token, &token->cmd, form, 0, end);
		if (st == UK_OK)
			st = fetch_rest(token, end);
		if (st != UK_OK || again || !may_resend(token, row, form))
			return st;
		token->cmd.le = (token->sw & 0xff) == 0 ? SHORT_LE_MAX : token->sw & 0xffU;
	}
}

struct uk_writer
gm_cmd_begin(struct gm_token *token, enum gm_ins ins, uint8_t p1, uint8_t p2)
{
	token->cmd.cla = GM_CLA_PLAIN;
	token->cmd.ins = (uint8_t)ins;
	token->cmd.p1 = p1;
	token->cmd.p2 = p2;
	token->cmd.lc = 0;
	return uk_apdu_writer(&token->cmd);
}

/* What the answer means; whatever is not a plain yes has no data for anybody. */
static enum uk_status
judge(struct gm_token *token)
{
	if (token->sw == GM_SW_OK)
		return UK_OK;
	if (token->sw == GM_SW_MORE_DATA && token->cmd.ins != GM_INS_EXPORT_CERTIFICATE)
		return UK_E_REPLY;
	if (token->sw == GM_SW_SECURITY)
		gm_rights_lost(token);
	return gm_sw_status(token->sw);
}

enum uk_status
gm_cmd_send(struct gm_token *token, const struct uk_writer *data, uint32_t le,
	    struct uk_span *ret_data)
{
	const struct command_row *row = &rows[token->cmd.ins];
	size_t end = 0;
	enum uk_status st;

	token->sw = 0;
	token->cmd.le = le;
	st = gm_cmd_allowed(token, token->cmd.ins);
	if (st == UK_OK)
		st = uk_apdu_seal(&token->cmd, data);
	if (st == UK_OK)
		st = exchange(token, row, &end);
	log_exchange(token, st, end);
	if (row->log == LOG_SECRET) {
		uk_wipe(token->cmd.data, data->len);
		uk_wipe(token->wire, data->len + UK_APDU_MAX - UK_APDU_DATA_MAX);
		if (le == UK_LE_NONE)
			uk_wipe(token->reply, end);
	}
	if (st == UK_OK)
		st = judge(token);
	if (st == UK_OK)
		*ret_data = uk_span_of(token->reply, end);
	return st;
}

void
gm_cmd_wipe(struct gm_token *token, size_t len)
{
	size_t wire = len + UK_APDU_MAX - UK_APDU_DATA_MAX;

	uk_wipe(token->cmd.data, len < sizeof(token->cmd.data) ? len : sizeof(token->cmd.data));
	uk_wipe(token->wire, wire < sizeof(token->wire) ? wire : sizeof(token->wire));
	uk_wipe(token->reply, len < sizeof(token->reply) ? len : sizeof(token->reply));
}

enum uk_status
gm_cmd_send_only(struct gm_token *token, const struct uk_writer *data)
{
	struct uk_span reply;
	enum uk_status st = gm_cmd_send(token, data, UK_LE_NONE, &reply);

	if (st == UK_OK && reply.len != 0)
		return UK_E_REPLY;
	return st;
}
