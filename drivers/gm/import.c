/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates and encryption key pairs on their way into a container. */
#include "drivers/gm/ops.h"

#define ENVELOPE_VERSION 1
#define RSA_BLOB_LEN     1168 /* RSAPRIVATEKEYBLOB in whole SM4 blocks */

struct certificate_args {
	struct uk_span container;
	enum token_pair pair;
	struct uk_span der;
};

static enum uk_status
run_certificate(struct gm_token *token, void *data)
{
	const struct certificate_args *args = data;
	struct uk_writer out;
	enum uk_status st =
		gm_cmd_begin_container(token, args->container, GM_INS_IMPORT_CERTIFICATE, 0, &out);

	if (st != UK_OK)
		return st;
	uk_put_u8(&out, (uint8_t)args->pair);
	uk_put_u32(&out, token->base.model->order, (uint32_t)args->der.len);
	uk_put(&out, args->der);
	return gm_cmd_send_only(token, &out);
}

enum uk_status
gm_import_certificate(struct token *base, struct uk_span container, enum token_pair pair,
		      struct uk_span der)
{
	struct certificate_args args = {container, pair, der};

	if (der.len > TOKEN_CERT_MAX)
		return UK_E_DATA_LEN;
	return gm_op_run(gm_token_of(base), GM_INS_IMPORT_CERTIFICATE, GM_OP_RIGHT, run_certificate,
			 &args);
}

struct sm2_args {
	struct uk_span container;
	const struct token_envelope *envelope;
};

static enum uk_status
run_sm2(struct gm_token *token, void *data)
{
	const struct sm2_args *args = data;
	const struct token_envelope *env = args->envelope;
	enum uk_order order = token->base.model->order;
	struct uk_writer out;
	enum uk_status st =
		gm_cmd_begin_container(token, args->container, GM_INS_IMPORT_ECC_KEY_PAIR, 0, &out);

	if (st != UK_OK)
		return st;
	uk_put_u32(&out, order, ENVELOPE_VERSION);
	uk_put_u32(&out, order, env->sym_alg);
	uk_put_u32(&out, order, GM_SM2_LEN * 8);
	uk_put(&out, uk_span_of(env->c1x, sizeof(env->c1x)));
	uk_put(&out, uk_span_of(env->c1y, sizeof(env->c1y)));
	uk_put(&out, uk_span_of(env->c3, sizeof(env->c3)));
	uk_put_u32(&out, order, (uint32_t)env->c2_len);
	uk_put(&out, uk_span_of(env->c2, env->c2_len));
	uk_put_u32(&out, order, GM_SM2_LEN * 8);
	uk_put(&out, uk_span_of(env->x, sizeof(env->x)));
	uk_put(&out, uk_span_of(env->y, sizeof(env->y)));
	uk_put_u32(&out, order, sizeof(env->private_key));
	uk_put(&out, uk_span_of(env->private_key, sizeof(env->private_key)));
	return gm_cmd_send_only(token, &out);
}

enum uk_status
gm_import_sm2(struct token *base, struct uk_span container, const struct token_envelope *envelope)
{
	struct sm2_args args = {container, envelope};

	if (envelope->sym_alg != GM_ALG_SM4_ECB || envelope->c2_len != GM_BLOCK_LEN)
		return UK_E_ENVELOPE;
	return gm_op_run(gm_token_of(base), GM_INS_IMPORT_ECC_KEY_PAIR, GM_OP_RIGHT, run_sm2,
			 &args);
}

struct rsa_args {
	struct uk_span container, wrapped_key, blob;
};

static enum uk_status
run_rsa(struct gm_token *token, void *data)
{
	const struct rsa_args *args = data;
	enum uk_order order = token->base.model->order;
	struct uk_writer out;
	enum uk_status st =
		gm_cmd_begin_container(token, args->container, GM_INS_IMPORT_RSA_KEY_PAIR, 0, &out);

	if (st != UK_OK)
		return st;
	uk_put_u32(&out, order, GM_ALG_SM4_ECB);
	uk_put_u32(&out, order, (uint32_t)args->wrapped_key.len);
	uk_put(&out, args->wrapped_key);
	uk_put_u32(&out, order, (uint32_t)args->blob.len);
	uk_put(&out, args->blob);
	return gm_cmd_send_only(token, &out);
}

enum uk_status
gm_import_rsa(struct token *base, struct uk_span container, struct uk_span wrapped_key,
	      struct uk_span blob)
{
	struct rsa_args args = {container, wrapped_key, blob};

	if ((wrapped_key.len != 128 && wrapped_key.len != 256) || blob.len != RSA_BLOB_LEN)
		return UK_E_ENVELOPE;
	return gm_op_run(gm_token_of(base), GM_INS_IMPORT_RSA_KEY_PAIR, GM_OP_RIGHT, run_rsa,
			 &args);
}
