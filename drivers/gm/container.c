/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/gm/ops.h"

#define P1_SIGNING_PAIR 0x01

/* ---- list ---- */

struct list_args {
	void (*fn)(void *data, struct uk_span name);
	void *data;
};

static enum uk_status
run_containers(struct gm_token *token, void *data)
{
	const struct list_args *args = data;
	struct uk_writer out;
	struct uk_span list;
	struct uk_span name;
	enum uk_status st = gm_cmd_begin_app(token, GM_INS_ENUM_CONTAINER, 0, &out);

	if (st == UK_OK)
		st = gm_cmd_send(token, &out, UK_LE_MAX, &list);
	if (st != UK_OK)
		return st;
	while (gm_take_list_name(&list, &name, &st))
		args->fn(args->data, name);
	return st;
}

enum uk_status
gm_containers(struct token *base, void (*fn)(void *data, struct uk_span name), void *data)
{
	struct list_args args = {fn, data};

	return gm_op_run(gm_token_of(base), GM_INS_ENUM_CONTAINER, 0, run_containers, &args);
}

/* ---- reading ---- */

struct certificate_args {
	struct uk_span container;
	enum token_pair pair;
	struct uk_writer *out;
	size_t start;
};

static enum uk_status
run_certificate(struct gm_token *token, void *data)
{
	const struct certificate_args *args = data;
	uint32_t chunk = token->base.model->cert_chunk;
	struct gm_cert_reader reader;
	bool more;

	args->out->len = args->start; /* a first go may have left something */
	gm_cert_begin(&reader, token->base.model, args->out);
	do {
		struct uk_writer out;
		struct uk_span reply;
		enum uk_status st =
			gm_cmd_begin_container(token, args->container, GM_INS_EXPORT_CERTIFICATE,
					       (uint8_t)args->pair, &out);

		if (st == UK_OK)
			st = gm_cmd_send(token, &out, chunk != 0 ? chunk : UK_LE_MAX, &reply);
		if (st != UK_OK)
			return st;
		more = token->sw == GM_SW_MORE_DATA;
		st = gm_cert_chunk(&reader, reply, more);
		if (st != UK_OK)
			return st;
	} while (more);
	return UK_OK;
}

enum uk_status
gm_certificate(struct token *base, struct uk_span container, enum token_pair pair,
	       struct uk_writer *out)
{
	struct certificate_args args = {container, pair, out, out->len};
	enum uk_status st;

	/* Which chunk comes next is the key's to remember: nobody may ask in between. */
	st = gm_op_run(gm_token_of(base), GM_INS_EXPORT_CERTIFICATE, GM_OP_TRANSACTION,
		       run_certificate, &args);
	if (st != UK_OK) {
		out->len = args.start;
		out->overflow = false;
	}
	return st;
}

struct public_key_args {
	struct uk_span container;
	enum token_pair pair;
	struct token_public_key *ret;
};

static enum uk_status
run_public_key(struct gm_token *token, void *data)
{
	const struct public_key_args *args = data;
	struct uk_writer out;
	struct uk_span reply;
	enum uk_status st = gm_cmd_begin_container(token, args->container, GM_INS_EXPORT_PUBLIC_KEY,
						   (uint8_t)args->pair, &out);

	if (st == UK_OK)
		st = gm_cmd_send(token, &out, UK_LE_MAX, &reply);
	return st == UK_OK ? gm_read_public_key(token->base.model, reply, args->ret) : st;
}

enum uk_status
gm_public_key(struct token *base, struct uk_span container, enum token_pair pair,
	      struct token_public_key *ret)
{
	struct public_key_args args = {container, pair, ret};

	return gm_op_run(gm_token_of(base), GM_INS_EXPORT_PUBLIC_KEY, 0, run_public_key, &args);
}

struct info_args {
	struct uk_span container;
	struct token_container_info *ret;
};

static enum uk_status
run_info(struct gm_token *token, void *data)
{
	const struct info_args *args = data;
	struct uk_writer out;
	struct uk_span reply;
	enum uk_status st = gm_cmd_begin_app(token, GM_INS_GET_CONTAINER_INFO, 0, &out);

	if (st != UK_OK)
		return st;
	uk_put(&out, args->container);
	st = gm_cmd_send(token, &out, GM_CONTAINER_REPLY_LEN, &reply);
	return st == UK_OK ? gm_read_container_info(token->base.model, reply, args->ret) : st;
}

enum uk_status
gm_container_info(struct token *base, struct uk_span container, struct token_container_info *ret)
{
	struct info_args args = {container, ret};

	if (container.len == 0 || container.len > GM_CONTAINER_MAX)
		return UK_E_NOT_FOUND;
	return gm_op_run(gm_token_of(base), GM_INS_GET_CONTAINER_INFO, 0, run_info, &args);
}

/* ---- making and removing ---- */

static enum uk_status
run_create(struct gm_token *token, void *data)
{
	const struct uk_span *name = data;
	struct uk_writer out;
	struct uk_span reply;
	uint8_t id[GM_ID_LEN];
	enum uk_status st = gm_cmd_begin_app(token, GM_INS_CREATE_CONTAINER, 0, &out);

	if (st != UK_OK)
		return st;
	uk_put(&out, *name);
	st = gm_cmd_send(token, &out, GM_ID_LEN, &reply);
	if (st == UK_OK)
		st = gm_read_id(reply, id);
	return st == UK_OK ? gm_container_keep(token, *name, id) : st;
}

enum uk_status
gm_create_container(struct token *base, struct uk_span name)
{
	if (name.len == 0 || name.len > GM_CONTAINER_MAX)
		return UK_E_DATA_LEN;
	return gm_op_run(gm_token_of(base), GM_INS_CREATE_CONTAINER, GM_OP_RIGHT, run_create,
			 &name);
}

static enum uk_status
run_delete(struct gm_token *token, void *data)
{
	const struct uk_span *name = data;
	struct uk_writer out;
	enum uk_status st = gm_cmd_begin_app(token, GM_INS_DELETE_CONTAINER, 0, &out);

	if (st != UK_OK)
		return st;
	uk_put(&out, *name);
	st = gm_cmd_send_only(token, &out);
	if (st == UK_OK)
		gm_container_forget(token, *name);
	return st;
}

enum uk_status
gm_delete_container(struct token *base, struct uk_span name)
{
	if (name.len == 0 || name.len > GM_CONTAINER_MAX)
		return UK_E_NOT_FOUND;
	return gm_op_run(gm_token_of(base), GM_INS_DELETE_CONTAINER, GM_OP_RIGHT, run_delete,
			 &name);
}

struct generate_args {
	struct uk_span container;
	enum token_key_type type;
	unsigned int bits;
	struct token_public_key *ret;
};

static enum uk_status
run_generate(struct gm_token *token, void *data)
{
	const struct generate_args *args = data;
	enum uk_order order = token->base.model->order;
	bool sm2 = args->type == TOKEN_KEY_SM2;
	struct uk_writer out;
	struct uk_span reply;
	enum uk_status st = gm_cmd_begin_container(
		token, args->container, sm2 ? GM_INS_GEN_ECC_KEY_PAIR : GM_INS_GEN_RSA_KEY_PAIR,
		sm2 ? 0 : P1_SIGNING_PAIR, &out);

	if (st != UK_OK)
		return st;
	if (sm2)
		uk_put_u32(&out, order, args->bits);
	else
		uk_put_u16(&out, order, (uint16_t)args->bits);
	st = gm_cmd_send(token, &out, UK_LE_MAX, &reply);
	return st == UK_OK ? gm_read_new_key(args->type, args->bits, reply, args->ret) : st;
}

enum uk_status
gm_generate(struct token *base, struct uk_span container, enum token_key_type type,
	    unsigned int bits, struct token_public_key *ret)
{
	struct generate_args args = {container, type, bits, ret};
	bool sm2 = type == TOKEN_KEY_SM2;

	if (!sm2 && type != TOKEN_KEY_RSA)
		return UK_E_KEY_TYPE;
	if (sm2 ? bits != GM_SM2_LEN * 8 : bits != 1024 && bits != 2048)
		return UK_E_KEY_SIZE;
	return gm_op_run(gm_token_of(base), sm2 ? GM_INS_GEN_ECC_KEY_PAIR : GM_INS_GEN_RSA_KEY_PAIR,
			 GM_OP_RIGHT, run_generate, &args);
}
