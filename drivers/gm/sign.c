/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One command a signature: no transaction, no allocation, nothing asked before. */
#include "drivers/gm/ops.h"

#define P1_RSA_DATA_AS_IS 0x02 /* padded as PKCS #1 v1.5 by the key, not hashed */
#define P1_SM2_DIGEST     0x02
#define RSA_OVERHEAD      11
#define SM2_REPLY_LEN     (4 + GM_SM2_SIG_LEN)

struct sign_args {
	struct uk_span container, data;
	struct uk_writer *out;
};

static enum uk_status
run_sign_rsa(struct gm_token *token, void *data)
{
	const struct sign_args *args = data;
	struct uk_writer out;
	struct uk_span reply;
	enum uk_status st = gm_cmd_begin_container(token, args->container, GM_INS_RSA_SIGN_DATA,
						   P1_RSA_DATA_AS_IS, &out);

	if (st != UK_OK)
		return st;
	uk_put(&out, args->data);
	st = gm_cmd_send(token, &out, UK_LE_MAX, &reply);
	if (st != UK_OK)
		return st;
	if (reply.len != 128 && reply.len != 256)
		return UK_E_REPLY;
	uk_put(args->out, reply);
	return args->out->overflow ? UK_E_REPLY : UK_OK;
}

enum uk_status
gm_sign_rsa(struct token *base, struct uk_span container, struct uk_span data,
	    struct uk_writer *out)
{
	struct sign_args args = {container, data, out};

	if (data.len == 0 || data.len > GM_RSA_MAX - RSA_OVERHEAD)
		return UK_E_DATA_LEN;
	return gm_op_run(gm_token_of(base), GM_INS_RSA_SIGN_DATA, GM_OP_RIGHT | GM_OP_PRIVATE_KEY,
			 run_sign_rsa, &args);
}

static enum uk_status
run_sign_sm2(struct gm_token *token, void *data)
{
	const struct sign_args *args = data;
	uint32_t le = token->base.model->sign_without_le ? UK_LE_NONE : SM2_REPLY_LEN;
	struct uk_writer out;
	struct uk_span reply;
	struct uk_span rs;
	enum uk_status st = gm_cmd_begin_container(token, args->container, GM_INS_ECC_SIGN_DATA,
						   P1_SM2_DIGEST, &out);

	if (st != UK_OK)
		return st;
	uk_put(&out, args->data);
	st = gm_cmd_send(token, &out, le, &reply);
	if (st == UK_OK)
		st = gm_read_sm2_signature(token->base.model, reply, &rs);
	if (st != UK_OK)
		return st;
	uk_put(args->out, rs);
	return args->out->overflow ? UK_E_DATA_LEN : UK_OK;
}

enum uk_status
gm_sign_sm2(struct token *base, struct uk_span container, struct uk_span digest,
	    struct uk_writer *out)
{
	struct sign_args args = {container, digest, out};

	if (digest.len != GM_SM3_LEN)
		return UK_E_DATA_LEN;
	return gm_op_run(gm_token_of(base), GM_INS_ECC_SIGN_DATA, GM_OP_RIGHT | GM_OP_PRIVATE_KEY,
			 run_sign_sm2, &args);
}
