/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the key encrypts for others: data, and session keys that it makes. */
#include "drivers/gm/ops.h"

#include <string.h>

#define SM2_BITS          (GM_SM2_LEN * 8)
#define SM2_EXPORT_REPLY  (4 + TOKEN_SM2_CIPHER_OVERHEAD + 4 + GM_BLOCK_LEN + GM_ID_LEN)
#define ENCRYPT_DATA_FROM (4 + 2 * GM_SM2_LEN + 4) /* of the plain text in the command */

/* bits4 || X || Y */
static void
put_sm2(struct uk_writer *out, enum uk_order order, const struct token_public_key *key)
{
	uk_put_u32(out, order, SM2_BITS);
	uk_put(out, uk_span_of(key->x, sizeof(key->x)));
	uk_put(out, uk_span_of(key->y, sizeof(key->y)));
}

static bool
recipient_is_sane(const struct token_public_key *key)
{
	if (key->type == TOKEN_KEY_SM2)
		return true;
	return key->type == TOKEN_KEY_RSA && (key->bits == 1024 || key->bits == 2048);
}

/* ---- data ---- */

struct encrypt_args {
	const struct token_public_key *recipient;
	struct uk_span plain;
	struct uk_writer *out;
};

static enum uk_status
run_encrypt(struct gm_token *token, void *data)
{
	const struct encrypt_args *args = data;
	enum uk_order order = token->base.model->order;
	struct uk_writer out;
	struct uk_span reply;
	struct uk_span cipher;
	size_t piece_max;
	enum uk_status st = gm_piece_max(token, ENCRYPT_DATA_FROM + args->plain.len, &piece_max);

	if (st != UK_OK)
		return st;
	if (args->plain.len > piece_max - ENCRYPT_DATA_FROM)
		return UK_E_DATA_LEN;
	out = gm_cmd_begin(token, GM_INS_EXT_ECC_ENCRYPT, 0, 0);
	put_sm2(&out, order, args->recipient);
	uk_put_u32(&out, order, (uint32_t)args->plain.len);
	uk_put(&out, args->plain);
	st = gm_cmd_send(token, &out, UK_LE_MAX, &reply);
	if (st == UK_OK)
		st = gm_read_sm2_cipher(reply, args->plain.len, &cipher);
	if (st == UK_OK)
		uk_put(args->out, cipher);
	return st;
}

enum uk_status
gm_encrypt_sm2(struct token *base, const struct token_public_key *recipient, struct uk_span plain,
	       struct uk_writer *out)
{
	struct gm_token *token = gm_token_of(base);
	struct encrypt_args args = {recipient, plain, out};
	enum uk_status st;

	if (recipient->type != TOKEN_KEY_SM2)
		return UK_E_KEY_TYPE;
	if (plain.len == 0 || plain.len > UK_APDU_DATA_MAX ||
	    TOKEN_SM2_CIPHER_OVERHEAD + plain.len > out->cap - out->len)
		return UK_E_DATA_LEN;
	st = gm_op_run(token, GM_INS_EXT_ECC_ENCRYPT, 0, run_encrypt, &args);
	/* What was encrypted stays nowhere. */
	gm_cmd_wipe(token, ENCRYPT_DATA_FROM + plain.len);
	return st;
}

/* ---- session keys ---- */

struct export_args {
	struct uk_span container;
	uint32_t alg;
	const struct token_public_key *recipient;
	struct token_exported_key *ret;
};

static enum uk_status
run_export(struct gm_token *token, void *data)
{
	const struct export_args *args = data;
	const struct token_public_key *to = args->recipient;
	enum uk_order order = token->base.model->order;
	bool sm2 = to->type == TOKEN_KEY_SM2;
	struct uk_writer out;
	struct uk_span reply;
	enum uk_status st = gm_cmd_begin_container(
		token, args->container,
		sm2 ? GM_INS_ECC_EXPORT_SESSION_KEY : GM_INS_RSA_EXPORT_SESSION_KEY, 0, &out);

	if (st != UK_OK)
		return st;
	if (sm2) {
		put_sm2(&out, order, to);
		uk_put_u32(&out, order, args->alg);
	} else {
		uk_put_u32(&out, order, args->alg);
		uk_put_u32(&out, order, to->bits);
		uk_put(&out, uk_span_of(to->modulus, to->bits / 8));
		uk_put_u32(&out, UK_BIG_ENDIAN, to->exponent); /* bytes, as in the blobs */
	}
	st = gm_cmd_send(token, &out, sm2 ? SM2_EXPORT_REPLY : GM_ID_LEN + to->bits / 8, &reply);
	if (st == UK_OK)
		st = gm_read_exported_key(token->base.model, to, reply, args->ret);
	if (st == UK_OK)
		args->ret->key.epoch = token->epoch;
	return st;
}

enum uk_status
gm_export_session_key(struct token *base, struct uk_span container, uint32_t alg,
		      const struct token_public_key *recipient, struct token_exported_key *ret)
{
	struct token_exported_key made = {0};
	struct export_args args = {container, alg, recipient, &made};
	enum gm_ins ins = recipient->type == TOKEN_KEY_SM2 ? GM_INS_ECC_EXPORT_SESSION_KEY
							   : GM_INS_RSA_EXPORT_SESSION_KEY;
	enum uk_status st;

	if (container.len == 0 || container.len >= sizeof(made.key.container))
		return UK_E_NOT_FOUND;
	if (!recipient_is_sane(recipient))
		return UK_E_KEY_SIZE;
	st = gm_op_run(gm_token_of(base), ins, GM_OP_RIGHT, run_export, &args);
	if (st != UK_OK)
		return st;
	memcpy(made.key.container, container.ptr, container.len);
	*ret = made;
	return UK_OK;
}
