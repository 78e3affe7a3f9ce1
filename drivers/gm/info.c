/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/gm/ops.h"

#define RANDOM_PART 128 /* bytes asked for at once */

/* ---- device ---- */

enum uk_status
gm_info_read(struct gm_token *token, struct token_info *ret)
{
	struct uk_writer out = gm_cmd_begin(token, GM_INS_GET_DEV_INFO, 0, 0);
	struct uk_span reply;
	enum uk_status st = gm_cmd_send(token, &out, UK_LE_MAX, &reply);

	return st == UK_OK ? gm_read_info(token->base.model, reply, ret) : st;
}

static enum uk_status
run_info(struct gm_token *token, void *data)
{
	return gm_info_read(token, data);
}

enum uk_status
gm_info(struct token *base, struct token_info *ret)
{
	return gm_op_run(gm_token_of(base), GM_INS_GET_DEV_INFO, 0, run_info, ret);
}

static enum uk_status
run_set_label(struct gm_token *token, void *data)
{
	const struct uk_span *label = data;
	struct uk_writer out = gm_cmd_begin(token, GM_INS_SET_LABEL, 0, 0);

	uk_put(&out, *label);
	return gm_cmd_send_only(token, &out);
}

enum uk_status
gm_set_label(struct token *base, struct uk_span label)
{
	if (label.len == 0 || label.len > GM_LABEL_MAX)
		return UK_E_DATA_LEN;
	return gm_op_run(gm_token_of(base), GM_INS_SET_LABEL, 0, run_set_label, &label);
}

#define PIECE_SAFE 255  /* the short form's; every key takes it */
#define PIECE_MOST 4096 /* more saves nothing worth having */

enum uk_status
gm_piece_max(struct gm_token *token, size_t wanted, size_t *ret)
{
	struct token_info info;
	enum uk_status st;

	if (wanted <= PIECE_SAFE || !pcsc_card_extended(token->card)) {
		*ret = PIECE_SAFE;
		return UK_OK;
	}
	if (token->piece_max == 0) {
		st = gm_info_read(token, &info);
		if (st != UK_OK)
			return st;
		token->piece_max = info.max_apdu_data < PIECE_SAFE   ? PIECE_SAFE
				   : info.max_apdu_data > PIECE_MOST ? PIECE_MOST
								     : info.max_apdu_data;
	}
	*ret = token->piece_max;
	return UK_OK;
}

/* ---- applications ---- */

struct list_args {
	void (*fn)(void *data, struct uk_span name);
	void *data;
};

static enum uk_status
run_applications(struct gm_token *token, void *data)
{
	const struct list_args *args = data;
	struct uk_writer out = gm_cmd_begin(token, GM_INS_ENUM_APPLICATION, 0, 0);
	struct uk_span list;
	struct uk_span name;
	enum uk_status st = gm_cmd_send(token, &out, UK_LE_MAX, &list);

	if (st != UK_OK)
		return st;
	while (gm_take_list_name(&list, &name, &st))
		args->fn(args->data, name);
	return st;
}

enum uk_status
gm_applications(struct token *base, void (*fn)(void *data, struct uk_span name), void *data)
{
	struct list_args args = {fn, data};

	return gm_op_run(gm_token_of(base), GM_INS_ENUM_APPLICATION, 0, run_applications, &args);
}

/* ---- PIN counters ---- */

struct pin_info_args {
	enum token_role role;
	struct token_pin_info *ret;
};

enum uk_status
gm_pin_info_read(struct gm_token *token, enum token_role role, struct token_pin_info *ret)
{
	struct uk_writer out;
	struct uk_span reply;
	enum uk_status st = gm_cmd_begin_app(token, GM_INS_GET_PIN_INFO, (uint8_t)role, &out);

	if (st == UK_OK)
		st = gm_cmd_send(token, &out, GM_PIN_REPLY_LEN, &reply);
	return st == UK_OK ? gm_read_pin_info(reply, ret) : st;
}

static enum uk_status
run_pin_info(struct gm_token *token, void *data)
{
	const struct pin_info_args *args = data;

	return gm_pin_info_read(token, args->role, args->ret);
}

enum uk_status
gm_pin_info(struct token *base, enum token_role role, struct token_pin_info *ret)
{
	struct pin_info_args args = {role, ret};

	return gm_op_run(gm_token_of(base), GM_INS_GET_PIN_INFO, 0, run_pin_info, &args);
}

/* ---- random ---- */

struct random_args {
	struct uk_writer *out;
	size_t start, len; /* where the bytes begin in out, how many are wanted */
};

/* A second go, after a reset, begins anew: no byte of the result may be left as it was. */
static enum uk_status
run_random(struct gm_token *token, void *data)
{
	const struct random_args *args = data;
	enum uk_status st = UK_OK;

	args->out->len = args->start;
	while (st == UK_OK && args->out->len - args->start < args->len) {
		size_t rest = args->len - (args->out->len - args->start);
		size_t part = rest < RANDOM_PART ? rest : RANDOM_PART;
		struct uk_writer out = gm_cmd_begin(token, GM_INS_GEN_RANDOM, 0, 0);
		struct uk_span reply = {0};

		st = gm_cmd_send(token, &out, (uint32_t)part, &reply);
		if (st == UK_OK && reply.len != part)
			st = UK_E_REPLY;
		if (st == UK_OK)
			uk_put(args->out, reply);
		uk_wipe(token->reply, reply.len);
	}
	return st;
}

enum uk_status
gm_random(struct token *base, struct uk_writer *out, size_t len)
{
	struct random_args args = {out, out->len, len};
	enum uk_status st;

	if (len > out->cap - out->len)
		return UK_E_DATA_LEN;
	st = gm_op_run(gm_token_of(base), GM_INS_GEN_RANDOM, 0, run_random, &args);
	if (st != UK_OK) {
		uk_wipe(out->ptr + args.start, out->len - args.start);
		out->len = args.start;
	}
	return st;
}
