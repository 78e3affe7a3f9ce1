/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/dispatch.h"

#include "common/secret.h"
#include "virtual/key/handlers.h"
#include "virtual/key/ids.h"

#include <string.h>

#define SHORT_MAX 256

enum access { ANYONE, FILE_RIGHT, CREATE, USER, DEVICE, OLD_PIN, ADMIN };
enum ids { NO_IDS, APP, APP_P1P2, CONTAINER };

/* commands.def calls it FILE, which is stdio's word. */
#define FILE                            FILE_RIGHT
#define COMMAND(name, ins, access, log) ACCESS_##name = (access),
enum command_access {
#include "common/commands.def"
};
#undef COMMAND
#undef FILE

struct row {
	uint8_t cla, ins;
	uint8_t access;
	uint8_t ids;
	uint32_t p1s, p2s; /* bit v: the value v is allowed; all bits: any */
	uint16_t shortest, longest;
	uint16_t (*run)(struct vk_call *call);
};

#define ONLY(v)      (1u << (v))
#define EITHER(v, w) (1u << (v) | 1u << (w))
#define ANY          UINT32_MAX
#define HANDLER(name, function, cla, p1, p2, ids, shortest, longest)                      \
	{(cla),     GM_INS_##name, (uint8_t)ACCESS_##name, (ids), (p1), (p2), (shortest), \
	 (longest), (function)},
static const struct row rows[] = {
#include "virtual/key/handlers.def"
};
#undef HANDLER

struct parsed {
	uint8_t header[4];
	bool short_form;
	uint32_t le;
	struct uk_span data;
};

/* ISO 7816-4 short form: Lc data Le, each but the header optional. */
static bool
parse_short(struct uk_span in, struct parsed *ret)
{
	uint8_t byte;

	ret->short_form = true;
	ret->le = UK_LE_NONE;
	ret->data = uk_span_of(NULL, 0);
	if (in.len == 0)
		return true;
	if (in.len > 1 && (!uk_take_u8(&in, &byte) || !uk_take(&in, byte, &ret->data)))
		return false;
	if (in.len == 0)
		return true;
	if (!uk_take_u8(&in, &byte) || in.len > 0)
		return false;
	ret->le = byte == 0 ? SHORT_MAX : byte;
	return true;
}

/* Extended form, after its 00: Le, or Lc data and perhaps Le; all of two bytes. */
static bool
parse_extended(struct uk_span in, struct parsed *ret)
{
	uint16_t word;

	ret->short_form = false;
	ret->le = UK_LE_NONE;
	ret->data = uk_span_of(NULL, 0);
	if (!uk_take_u16(&in, UK_BIG_ENDIAN, &word))
		return false;
	if (in.len > 0) {
		if (word == 0 || !uk_take(&in, word, &ret->data))
			return false;
		if (in.len == 0)
			return true;
		if (!uk_take_u16(&in, UK_BIG_ENDIAN, &word) || in.len > 0)
			return false;
	}
	ret->le = word == 0 ? UK_LE_MAX : word;
	return true;
}

static bool
parse_command(struct uk_span in, struct parsed *ret)
{
	struct uk_span header;
	uint8_t zero;

	if (!uk_take(&in, sizeof(ret->header), &header))
		return false;
	memcpy(ret->header, header.ptr, header.len);
	if (in.len >= 3 && in.ptr[0] == 0)
		return uk_take_u8(&in, &zero) && parse_extended(in, ret);
	return (in.len < 2 || in.ptr[0] != 0) && parse_short(in, ret);
}

static const struct row *
find_row(uint8_t ins)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].ins == ins)
			return &rows[i];
	return NULL;
}

static bool
allows(uint32_t set, uint8_t value)
{
	return set == ANY || (value < 32 && (set >> value & 1) != 0);
}

/* Finds what the ids name, and leaves the rest in call->data. */
static uint16_t
resolve_ids(const struct row *row, struct vk_call *call)
{
	struct uk_span id = {0};
	uint8_t from_header[VK_ID_LEN] = {call->p1, call->p2};

	if (row->ids == NO_IDS)
		return GM_SW_OK;
	if (row->ids == APP_P1P2)
		id = uk_span_of(from_header, sizeof(from_header));
	else if (!uk_take(&call->data, VK_ID_LEN, &id))
		return GM_SW_WRONG_LENGTH;
	if (!vk_app_by_id(call, id))
		return GM_SW_APP_NOT_OPEN;
	if (row->ids != CONTAINER)
		return GM_SW_OK;
	if (!uk_take(&call->data, VK_ID_LEN, &id))
		return GM_SW_WRONG_LENGTH;
	return vk_container_by_id(call, id) ? GM_SW_OK : GM_SW_CONTAINER_ID_MISSING;
}

/* FILE depends on the file and is asked for where that is known. */
static uint16_t
check_access(const struct row *row, const struct vk_call *call)
{
	bool held = true;

	if (row->access == DEVICE)
		held = call->card->session.device_right;
	else if (row->access == USER)
		held = vk_right_held(call, GM_PIN_USER);
	else if (row->access == CREATE)
		held = call->app != NULL && vk_rights_held(call, call->app->create_rights);
	else if (row->access == ADMIN)
		held = !call->card->model->admin_first || vk_right_held(call, GM_PIN_ADMIN);
	return held ? GM_SW_OK : GM_SW_SECURITY;
}

static uint16_t
run_row(const struct row *row, struct vk_call *call)
{
	uint16_t sw;

	if (!allows(row->p1s, call->p1) || !allows(row->p2s, call->p2))
		return GM_SW_WRONG_P1P2;
	sw = resolve_ids(row, call);
	if (sw == GM_SW_OK)
		sw = check_access(row, call);
	if (sw != GM_SW_OK)
		return sw;
	if (call->data.len < row->shortest || call->data.len > row->longest)
		return GM_SW_WRONG_LENGTH;
	return row->run(call);
}

/*
 * Without Le everything goes out, as a GM3000 takes its signature command; the short form holds
 * 256 bytes.
 */
static uint32_t
answer_room(const struct parsed *cmd)
{
	if (cmd->le != UK_LE_NONE)
		return cmd->le;
	return cmd->short_form ? SHORT_MAX : UK_LE_MAX;
}

/* A whole command: chained parts put together, ids and length form stripped off. */
static uint16_t
run_command(struct vk_card *card, const struct parsed *cmd, struct uk_writer *data)
{
	const struct row *row = find_row(cmd->header[1]);
	struct vk_call call = {
		.card = card,
		.cla = cmd->header[0],
		.ins = cmd->header[1],
		.p1 = cmd->header[2],
		.p2 = cmd->header[3],
		.le = cmd->le,
		.room = answer_room(cmd),
		.data = cmd->data,
		.all_data = cmd->data,
		.out = data,
	};

	if (call.cla != GM_CLA_PLAIN && call.cla != GM_CLA_MAC)
		return GM_SW_WRONG_CLA;
	if (call.ins != GM_INS_EXPORT_CERTIFICATE)
		card->session.export.active = false;
	if (row == NULL)
		return GM_SW_WRONG_INS;
	if (row->cla != call.cla)
		return GM_SW_WRONG_CLA;
	return run_row(row, &call);
}

/* Sends what fits; the rest waits for GET RESPONSE (61xx). */
static void
put_part(struct vk_pending *pending, uint32_t le, struct uk_writer *reply)
{
	size_t left = pending->len - pending->sent;
	size_t part = left < le ? left : le;

	uk_put(reply, uk_span_of(pending->data + pending->sent, part));
	pending->sent += part;
	left -= part;
	if (left > 0) {
		uk_put_u16(reply, UK_BIG_ENDIAN,
			   (uint16_t)(0x6100 | (left < SHORT_MAX ? left : 0)));
		return;
	}
	uk_put_u16(reply, UK_BIG_ENDIAN, GM_SW_OK);
	uk_wipe(pending, sizeof(*pending));
}

/*
 * Fits the answer into Le.  Le too small: 61xx with a part in the short form; 6C00 in the extended
 * one, which has no way to ask for more.
 */
static void
put_answer(struct vk_card *card, const struct parsed *cmd, struct uk_span data, uint16_t sw,
	   struct uk_writer *reply)
{
	uint32_t room = answer_room(cmd);

	if (sw != GM_SW_OK || data.len <= room) {
		uk_put(reply, data);
		uk_put_u16(reply, UK_BIG_ENDIAN, sw);
		return;
	}
	if (!cmd->short_form) {
		uk_put_u16(reply, UK_BIG_ENDIAN, GM_SW_WRONG_LE);
		return;
	}
	memcpy(card->pending.data, data.ptr, data.len);
	card->pending.len = data.len;
	card->pending.sent = 0;
	put_part(&card->pending, room, reply);
}

/* Adds one part to the chain, or begins it; false when it gets longer than the key takes. */
static bool
chain_add(struct vk_chain *chain, const uint8_t header[4], struct uk_span data)
{
	if (!chain->active || memcmp(chain->header, header, sizeof(chain->header)) != 0) {
		chain->len = 0;
		memcpy(chain->header, header, sizeof(chain->header));
	}
	chain->active = data.len <= sizeof(chain->data) - chain->len;
	if (!chain->active)
		return false;
	if (data.len > 0)
		memcpy(chain->data + chain->len, data.ptr, data.len);
	chain->len += data.len;
	return true;
}

/* Takes the parts that came before this last one; false when the whole is too long. */
static bool
join_chain(struct vk_chain *chain, struct parsed *cmd)
{
	if (!chain->active || memcmp(chain->header, cmd->header, sizeof(chain->header)) != 0)
		return true;
	if (!chain_add(chain, cmd->header, cmd->data))
		return false;
	cmd->data = uk_span_of(chain->data, chain->len);
	return true;
}

static void
run_parsed(struct vk_card *card, struct parsed *cmd, struct uk_writer *reply)
{
	struct uk_writer data = uk_writer_of(card->answer, sizeof(card->answer));
	size_t used = 0;
	uint16_t sw;

	if (!join_chain(&card->chain, cmd) || cmd->data.len > VK_DATA_MAX) {
		uk_put_u16(reply, UK_BIG_ENDIAN, GM_SW_WRONG_LENGTH);
	} else {
		sw = run_command(card, cmd, &data);
		used = data.len;
		if (sw != GM_SW_OK && sw != GM_SW_MORE_DATA)
			data.len = 0;
		put_answer(card, cmd, uk_writer_span(&data), sw, reply);
	}
	uk_wipe(card->answer, used);
	uk_wipe(&card->chain, sizeof(card->chain));
}

void
vk_dispatch(struct vk_card *card, struct uk_span command, struct uk_writer *reply)
{
	struct parsed cmd;

	if (!parse_command(command, &cmd)) {
		uk_put_u16(reply, UK_BIG_ENDIAN, GM_SW_WRONG_LENGTH);
		return;
	}
	/* MacUpdate has the same number, and data. */
	if (cmd.header[1] == ISO_INS_GET_RESPONSE && cmd.data.len == 0 && card->pending.len > 0) {
		put_part(&card->pending, cmd.le == UK_LE_NONE ? SHORT_MAX : cmd.le, reply);
		return;
	}
	uk_wipe(&card->pending, card->pending.len > 0 ? sizeof(card->pending) : 0);
	if ((cmd.header[0] & ISO_CLA_CHAIN) != 0) {
		cmd.header[0] &= (uint8_t)~ISO_CLA_CHAIN;
		uk_put_u16(reply, UK_BIG_ENDIAN,
			   chain_add(&card->chain, cmd.header, cmd.data) ? GM_SW_OK
									 : GM_SW_WRONG_LENGTH);
		return;
	}
	run_parsed(card, &cmd, reply);
}
