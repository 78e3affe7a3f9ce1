/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Symmetric keys that live in the key.  Their ids and running operations are the key's, seen by
 * every program: an operation is begun and ended within one transaction.
 */
#include "drivers/gm/ops.h"

#include <string.h>

#define HEADER_LEN   (3 * GM_ID_LEN) /* AppID, ContainerID, KeyID */
#define IV_FIELD     32
#define PADDING_NONE 0

/* ---- import ---- */

struct import_args {
	struct uk_span container;
	uint32_t alg;
	const struct token_wrapped_key *wrapped;
	uint8_t id[GM_ID_LEN];
	unsigned int epoch;
};

static void
put_sm2_cipher(struct uk_writer *out, enum uk_order order, const struct token_wrapped_key *wrapped)
{
	uint32_t len = (uint32_t)(4 + 2 * GM_SM2_LEN + sizeof(wrapped->c3) + 4 + wrapped->c2_len);

	uk_put_u32(out, order, len);
	uk_put_u32(out, order, GM_SM2_LEN * 8);
	uk_put(out, uk_span_of(wrapped->c1x, sizeof(wrapped->c1x)));
	uk_put(out, uk_span_of(wrapped->c1y, sizeof(wrapped->c1y)));
	uk_put(out, uk_span_of(wrapped->c3, sizeof(wrapped->c3)));
	uk_put_u32(out, order, (uint32_t)wrapped->c2_len);
	uk_put(out, uk_span_of(wrapped->c2, wrapped->c2_len));
}

static enum uk_status
run_import(struct gm_token *token, void *data)
{
	struct import_args *args = data;
	enum uk_order order = token->base.model->order;
	struct uk_writer out;
	struct uk_span reply;
	enum uk_status st =
		gm_cmd_begin_container(token, args->container, GM_INS_IMPORT_SESSION_KEY, 0, &out);

	if (st != UK_OK)
		return st;
	uk_put_u32(&out, order, args->alg);
	if (args->wrapped->type == TOKEN_KEY_SM2) {
		put_sm2_cipher(&out, order, args->wrapped);
	} else {
		uk_put_u32(&out, order, (uint32_t)args->wrapped->rsa.len);
		uk_put(&out, args->wrapped->rsa);
	}
	st = gm_cmd_send(token, &out, GM_ID_LEN, &reply);
	if (st == UK_OK)
		st = gm_read_id(reply, args->id);
	if (st == UK_OK)
		args->epoch = token->epoch;
	return st;
}

static bool
wrapped_is_sane(const struct token_wrapped_key *wrapped)
{
	if (wrapped->type == TOKEN_KEY_SM2)
		return wrapped->c2_len == GM_BLOCK_LEN;
	return wrapped->type == TOKEN_KEY_RSA &&
	       (wrapped->rsa.len == 128 || wrapped->rsa.len == 256);
}

enum uk_status
gm_import_session_key(struct token *base, struct uk_span container, uint32_t alg,
		      const struct token_wrapped_key *wrapped, struct token_session_key *ret)
{
	struct import_args args = {.container = container, .alg = alg, .wrapped = wrapped};
	struct token_session_key key = {0};
	enum uk_status st;

	if (container.len == 0 || container.len >= sizeof(key.container))
		return UK_E_NOT_FOUND;
	if (!wrapped_is_sane(wrapped))
		return UK_E_ENVELOPE;
	st = gm_op_run(gm_token_of(base), GM_INS_IMPORT_SESSION_KEY, GM_OP_RIGHT, run_import,
		       &args);
	if (st != UK_OK)
		return st;
	memcpy(key.container, container.ptr, container.len);
	memcpy(key.id, args.id, sizeof(key.id));
	key.epoch = args.epoch;
	*ret = key;
	return UK_OK;
}

/* ---- commands for one of them ---- */

/* gm_cmd_begin_container with KeyID. */
static enum uk_status
begin_key(struct gm_token *token, const struct token_session_key *key, enum gm_ins ins,
	  struct uk_writer *ret)
{
	enum uk_status st = gm_cmd_begin_container(token, uk_span_str(key->container), ins, 0, ret);

	if (st == UK_OK)
		uk_put(ret, uk_span_of(key->id, sizeof(key->id)));
	return st;
}

/* An operation on a key: what a reset took away, before or just now, is not there. */
static enum uk_status
run_on_key(struct gm_token *token, const struct token_session_key *key, enum gm_ins ins,
	   unsigned int flags, enum uk_status (*run)(struct gm_token *token, void *args),
	   void *args)
{
	enum uk_status st;

	if (token->removed)
		return UK_E_REMOVED;
	if (key->epoch != token->epoch)
		return UK_E_NOT_FOUND;
	st = gm_op_run(token, ins, flags | GM_OP_RIGHT, run, args);
	return st == UK_E_RESET ? UK_E_NOT_FOUND : st;
}

static enum uk_status
run_destroy(struct gm_token *token, void *data)
{
	struct uk_writer out;
	enum uk_status st = begin_key(token, data, GM_INS_DESTROY_SESSION_KEY, &out);

	return st == UK_OK ? gm_cmd_send_only(token, &out) : st;
}

enum uk_status
gm_destroy_session_key(struct token *base, const struct token_session_key *key)
{
	struct token_session_key copy = *key;

	return run_on_key(gm_token_of(base), key, GM_INS_DESTROY_SESSION_KEY, 0, run_destroy,
			  &copy);
}

/* ---- encrypt, decrypt, MAC ---- */

static const struct job {
	enum gm_ins init, one, update, final;
} jobs[] = {
	[TOKEN_CIPHER_ENCRYPT] = {GM_INS_ENCRYPT_INIT, GM_INS_ENCRYPT, GM_INS_ENCRYPT_UPDATE,
				  GM_INS_ENCRYPT_FINAL},
	[TOKEN_CIPHER_DECRYPT] = {GM_INS_DECRYPT_INIT, GM_INS_DECRYPT, GM_INS_DECRYPT_UPDATE,
				  GM_INS_DECRYPT_FINAL},
	[TOKEN_CIPHER_MAC] = {GM_INS_MAC_INIT, GM_INS_MAC, GM_INS_MAC_UPDATE, GM_INS_MAC_FINAL},
};

struct cipher_args {
	const struct token_session_key *key;
	const struct token_cipher *cipher;
	const struct job *job;
	struct uk_span in;
	struct uk_writer *out;
	size_t start;   /* of the result in out */
	size_t wanted;  /* its length */
	size_t carried; /* bytes that the buffers may still hold */
};

/* BLOCKCIPHERPARAM of GM/T 0016. */
static enum uk_status
send_init(struct gm_token *token, const struct cipher_args *args)
{
	const struct token_cipher *cipher = args->cipher;
	enum uk_order order = token->base.model->order;
	bool with_iv = cipher->alg != GM_ALG_SM4_ECB;
	struct uk_writer out;
	enum uk_status st = begin_key(token, args->key, args->job->init, &out);

	if (st != UK_OK)
		return st;
	uk_put_u32(&out, order, cipher->alg);
	uk_put_padded(&out, uk_span_of(cipher->iv, with_iv ? sizeof(cipher->iv) : 0), IV_FIELD);
	uk_put_u32(&out, order, with_iv ? sizeof(cipher->iv) : 0);
	uk_put_u32(&out, order, PADDING_NONE);
	uk_put_u32(&out, order, 0); /* feedback bits: of modes we do not use */
	return gm_cmd_send_only(token, &out);
}

/* Sends data, if any, and takes what comes back; never more than was asked for in all. */
static enum uk_status
send_data(struct gm_token *token, struct cipher_args *args, enum gm_ins ins, struct uk_span data)
{
	size_t missing = args->wanted - (args->out->len - args->start);
	bool quiet = ins == GM_INS_MAC_UPDATE;
	struct uk_writer out;
	struct uk_span reply;
	enum uk_status st = begin_key(token, args->key, ins, &out);

	if (st != UK_OK)
		return st;
	uk_put(&out, data);
	if (HEADER_LEN + data.len > args->carried)
		args->carried = HEADER_LEN + data.len;
	st = gm_cmd_send(token, &out, quiet ? UK_LE_NONE : UK_LE_MAX, &reply);
	if (st != UK_OK)
		return st;
	if (reply.len > (quiet ? 0 : missing))
		return UK_E_REPLY;
	if (reply.len > args->carried)
		args->carried = reply.len;
	uk_put(args->out, reply);
	return UK_OK;
}

static enum uk_status
send_pieces(struct gm_token *token, struct cipher_args *args, size_t piece_max)
{
	struct uk_span rest = args->in;
	struct uk_span piece;
	enum uk_status st = UK_OK;

	if (rest.len <= piece_max)
		return send_data(token, args, args->job->one, rest);
	while (st == UK_OK && rest.len > 0) {
		if (!uk_take(&rest, rest.len < piece_max ? rest.len : piece_max, &piece))
			return UK_E_INTERNAL;
		st = send_data(token, args, args->job->update, piece);
	}
	if (st == UK_OK)
		st = send_data(token, args, args->job->final, (struct uk_span){0});
	return st;
}

/* A begun operation must not be left to whoever comes next with this key. */
static void
cipher_abort(struct gm_token *token, struct cipher_args *args)
{
	uint16_t sw = token->sw;
	struct uk_writer out;
	struct uk_span reply;

	if (begin_key(token, args->key, args->job->final, &out) == UK_OK)
		(void)!gm_cmd_send(token, &out, UK_LE_MAX, &reply);
	token->sw = sw;
}

static enum uk_status
run_cipher(struct gm_token *token, void *data)
{
	struct cipher_args *args = data;
	size_t piece_max;
	enum uk_status st = gm_piece_max(token, HEADER_LEN + args->in.len, &piece_max);

	if (st != UK_OK)
		return st;
	piece_max = (piece_max - HEADER_LEN) / GM_BLOCK_LEN * GM_BLOCK_LEN;
	args->out->len = args->start;
	st = send_init(token, args);
	if (st != UK_OK)
		return st;
	st = send_pieces(token, args, piece_max);
	if (st == UK_OK && args->out->len - args->start != args->wanted)
		st = UK_E_REPLY;
	if (st != UK_OK && st != UK_E_RESET && st != UK_E_REMOVED && st != UK_E_NOT_FOUND &&
	    st != UK_E_NOT_OPEN)
		cipher_abort(token, args);
	return st;
}

static bool
cipher_is_known(const struct token_cipher *cipher)
{
	if (cipher->job == TOKEN_CIPHER_MAC)
		return cipher->alg == GM_ALG_SM4_MAC;
	return (cipher->job == TOKEN_CIPHER_ENCRYPT || cipher->job == TOKEN_CIPHER_DECRYPT) &&
	       (cipher->alg == GM_ALG_SM4_ECB || cipher->alg == GM_ALG_SM4_CBC);
}

enum uk_status
gm_session_cipher(struct token *base, const struct token_session_key *key,
		  const struct token_cipher *cipher, struct uk_span in, struct uk_writer *out)
{
	struct gm_token *token = gm_token_of(base);
	struct cipher_args args = {
		.key = key, .cipher = cipher, .in = in, .out = out, .start = out->len};
	enum uk_status st;

	if (!cipher_is_known(cipher))
		return UK_E_NOT_SUPPORTED;
	args.job = &jobs[cipher->job];
	args.wanted = cipher->job == TOKEN_CIPHER_MAC ? GM_BLOCK_LEN : in.len;
	if (in.len == 0 || in.len % GM_BLOCK_LEN != 0 || args.wanted > out->cap - out->len)
		return UK_E_DATA_LEN;
	st = run_on_key(token, key, args.job->init, GM_OP_TRANSACTION, run_cipher, &args);
	/* What was encrypted stays nowhere. */
	gm_cmd_wipe(token, args.carried);
	if (st != UK_OK) {
		uk_wipe(out->ptr + args.start, args.wanted);
		out->len = args.start;
	}
	return st;
}
