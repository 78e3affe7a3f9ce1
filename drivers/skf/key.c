/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers and their key pairs: what needs the user's right. */
#include "drivers/skf/token.h"

/* A request about a container, once the application is open. */
static enum uk_status
key_begin(struct skf_token *token, enum skf_op op, struct uk_span container, struct uk_writer *ret)
{
	enum uk_status st = skf_ready_app(token);

	if (st != UK_OK)
		return st;
	*ret = skf_link_request(&token->link, op);
	skf_put_bytes(ret, container);
	return UK_OK;
}

/* Signatures alike: one field in, one of a length that is known out. */
static enum uk_status
sign(struct token *base, enum skf_op op, struct uk_span container, struct uk_span data,
     struct uk_writer *out)
{
	struct skf_token *token = skf_token_of(base);
	struct uk_writer request;
	struct skf_answer answer;
	enum uk_status st = key_begin(token, op, container, &request);

	if (st != UK_OK)
		return st;
	skf_put_bytes(&request, data);
	st = skf_call(token, &request, &answer);
	return st != UK_OK ? st : skf_copy_field(answer.fields, out);
}

enum uk_status
skf_sign_rsa(struct token *base, struct uk_span container, struct uk_span data,
	     struct uk_writer *out)
{
	return sign(base, SKF_OP_SIGN_RSA, container, data, out);
}

enum uk_status
skf_sign_sm2(struct token *base, struct uk_span container, struct uk_span digest,
	     struct uk_writer *out)
{
	const size_t before = out->len;
	enum uk_status st;

	if (digest.len != GM_SM3_LEN)
		return UK_E_DATA_LEN;
	st = sign(base, SKF_OP_SIGN_SM2, container, digest, out);
	return st == UK_OK && out->len - before != 2 * GM_SM2_LEN ? UK_E_REPLY : st;
}

enum uk_status
skf_create_container(struct token *base, struct uk_span name)
{
	struct skf_token *token = skf_token_of(base);
	struct uk_writer request;
	struct skf_answer answer;
	enum uk_status st = key_begin(token, SKF_OP_CREATE_CONTAINER, name, &request);

	return st != UK_OK ? st : skf_call(token, &request, &answer);
}

enum uk_status
skf_delete_container(struct token *base, struct uk_span name)
{
	struct skf_token *token = skf_token_of(base);
	struct uk_writer request;
	struct skf_answer answer;
	enum uk_status st = key_begin(token, SKF_OP_DELETE_CONTAINER, name, &request);

	return st != UK_OK ? st : skf_call(token, &request, &answer);
}

enum uk_status
skf_generate(struct token *base, struct uk_span container, enum token_key_type type,
	     unsigned int bits, struct token_public_key *ret)
{
	struct skf_token *token = skf_token_of(base);
	struct uk_writer request;
	struct skf_answer answer;
	enum uk_status st = key_begin(token, SKF_OP_GENERATE, container, &request);

	if (st != UK_OK)
		return st;
	uk_put_u8(&request, (uint8_t)type);
	skf_put_u32(&request, bits);
	st = skf_call(token, &request, &answer);
	if (st == UK_OK && !skf_take_public_key(answer.fields, ret))
		st = UK_E_REPLY;
	return st;
}

enum uk_status
skf_import_certificate(struct token *base, struct uk_span container, enum token_pair pair,
		       struct uk_span der)
{
	struct skf_token *token = skf_token_of(base);
	struct uk_writer request;
	struct skf_answer answer;
	enum uk_status st = der.len <= TOKEN_CERT_MAX ? key_begin(token, SKF_OP_IMPORT_CERTIFICATE,
								  container, &request)
						      : UK_E_DATA_LEN;

	if (st != UK_OK)
		return st;
	uk_put_u8(&request, (uint8_t)pair);
	skf_put_bytes(&request, der);
	return skf_call(token, &request, &answer);
}

enum uk_status
skf_import_sm2(struct token *base, struct uk_span container, const struct token_envelope *env)
{
	struct skf_token *token = skf_token_of(base);
	struct uk_writer request;
	struct skf_answer answer;
	enum uk_status st = env->c2_len <= sizeof(env->c2)
				    ? key_begin(token, SKF_OP_IMPORT_SM2, container, &request)
				    : UK_E_ENVELOPE;

	if (st != UK_OK)
		return st;
	skf_put_u32(&request, env->sym_alg);
	uk_put(&request, uk_span_of(env->private_key, sizeof(env->private_key)));
	uk_put(&request, uk_span_of(env->x, GM_SM2_LEN));
	uk_put(&request, uk_span_of(env->y, GM_SM2_LEN));
	uk_put(&request, uk_span_of(env->c1x, GM_SM2_LEN));
	uk_put(&request, uk_span_of(env->c1y, GM_SM2_LEN));
	uk_put(&request, uk_span_of(env->c3, GM_SM3_LEN));
	skf_put_bytes(&request, uk_span_of(env->c2, env->c2_len));
	return skf_call(token, &request, &answer);
}

enum uk_status
skf_import_rsa(struct token *base, struct uk_span container, struct uk_span wrapped_key,
	       struct uk_span blob)
{
	struct skf_token *token = skf_token_of(base);
	struct uk_writer request;
	struct skf_answer answer;
	enum uk_status st = key_begin(token, SKF_OP_IMPORT_RSA, container, &request);

	if (st != UK_OK)
		return st;
	skf_put_u32(&request, GM_ALG_SM4_ECB);
	skf_put_bytes(&request, wrapped_key);
	skf_put_bytes(&request, blob);
	return skf_call(token, &request, &answer);
}
