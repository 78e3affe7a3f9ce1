/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Session keys.  The library's handles stay in the helper; ours are its numbers, good as long as
 * the connection is (epoch).
 */
#include "drivers/skf/token.h"

#include <string.h>

static bool
key_is_there(const struct skf_token *token, const struct token_session_key *key)
{
	return token->link.fd >= 0 && token->epoch == key->epoch;
}

static bool
key_set(struct skf_token *token, struct uk_span container, struct uk_span *fields,
	struct token_session_key *ret)
{
	struct token_session_key key = {.epoch = token->epoch};

	if (container.len >= sizeof(key.container) || !uk_take_u8(fields, &key.id[0]))
		return false;
	memcpy(key.container, container.ptr, container.len);
	*ret = key;
	return true;
}

enum uk_status
skf_import_session_key(struct token *base, struct uk_span container, uint32_t alg,
		       const struct token_wrapped_key *wrapped, struct token_session_key *ret)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = skf_ready_app(token);
	struct uk_writer request;
	struct skf_answer answer;

	if (st != UK_OK)
		return st;
	if (wrapped->c2_len > sizeof(wrapped->c2))
		return UK_E_ENVELOPE;
	request = skf_link_request(&token->link, SKF_OP_IMPORT_SESSION_KEY);
	skf_put_bytes(&request, container);
	skf_put_u32(&request, alg);
	uk_put_u8(&request, (uint8_t)wrapped->type);
	if (wrapped->type == TOKEN_KEY_RSA) {
		skf_put_bytes(&request, wrapped->rsa);
	} else {
		uk_put(&request, uk_span_of(wrapped->c1x, GM_SM2_LEN));
		uk_put(&request, uk_span_of(wrapped->c1y, GM_SM2_LEN));
		uk_put(&request, uk_span_of(wrapped->c3, GM_SM3_LEN));
		skf_put_bytes(&request, uk_span_of(wrapped->c2, wrapped->c2_len));
	}
	st = skf_call(token, &request, &answer);
	if (st == UK_OK && !key_set(token, container, &answer.fields, ret))
		st = UK_E_REPLY;
	return st;
}

enum uk_status
skf_session_cipher(struct token *base, const struct token_session_key *key,
		   const struct token_cipher *cipher, struct uk_span in, struct uk_writer *out)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = skf_ready(token);
	struct uk_writer request;
	struct skf_answer answer;

	if (st != UK_OK)
		return st;
	if (!key_is_there(token, key))
		return UK_E_NOT_FOUND;
	request = skf_link_request(&token->link, SKF_OP_SESSION_CIPHER);
	uk_put_u8(&request, key->id[0]);
	uk_put_u8(&request, (uint8_t)cipher->job);
	skf_put_u32(&request, cipher->alg);
	uk_put(&request, uk_span_of(cipher->iv, GM_BLOCK_LEN));
	skf_put_bytes(&request, in);
	st = skf_call(token, &request, &answer);
	/* Session keys last until a reset, which takes the login as well. */
	if (st == UK_E_NOT_FOUND)
		token->base.login_lost = true;
	return st != UK_OK ? st : skf_copy_field(answer.fields, out);
}

enum uk_status
skf_destroy_session_key(struct token *base, const struct token_session_key *key)
{
	struct skf_token *token = skf_token_of(base);
	struct uk_writer request;
	struct skf_answer answer;

	if (!key_is_there(token, key))
		return UK_OK;
	request = skf_link_request(&token->link, SKF_OP_DESTROY_SESSION_KEY);
	uk_put_u8(&request, key->id[0]);
	return skf_call(token, &request, &answer);
}

/* ---- for others ---- */

static void
put_recipient(struct uk_writer *request, const struct token_public_key *key)
{
	uk_put_u8(request, (uint8_t)key->type);
	skf_put_u32(request, key->bits);
	if (key->type == TOKEN_KEY_RSA) {
		skf_put_u32(request, key->exponent);
		skf_put_bytes(request, uk_span_of(key->modulus, key->bits / 8));
	} else {
		uk_put(request, uk_span_of(key->x, GM_SM2_LEN));
		uk_put(request, uk_span_of(key->y, GM_SM2_LEN));
	}
}

static bool
recipient_is_good(const struct token_public_key *key)
{
	return key->type == TOKEN_KEY_RSA ? key->bits / 8 <= sizeof(key->modulus)
					  : key->type == TOKEN_KEY_SM2;
}

enum uk_status
skf_encrypt_sm2(struct token *base, const struct token_public_key *recipient, struct uk_span plain,
		struct uk_writer *out)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = skf_ready(token);
	struct uk_writer request;
	struct skf_answer answer;
	size_t before = out->len;

	if (st != UK_OK)
		return st;
	if (recipient->type != TOKEN_KEY_SM2)
		return UK_E_DATA;
	if (plain.len == 0)
		return UK_E_DATA_LEN;
	request = skf_link_request(&token->link, SKF_OP_ENCRYPT_SM2);
	put_recipient(&request, recipient);
	skf_put_bytes(&request, plain);
	st = skf_call(token, &request, &answer);
	if (st == UK_OK)
		st = skf_copy_field(answer.fields, out);
	return st == UK_OK && out->len - before != plain.len + TOKEN_SM2_CIPHER_OVERHEAD
		       ? UK_E_REPLY
		       : st;
}

static bool
exported_take(struct uk_span in, const struct token_public_key *recipient,
	      struct token_exported_key *ret)
{
	struct uk_span rsa, x, y, hash, text;

	ret->type = recipient->type;
	if (recipient->type == TOKEN_KEY_RSA) {
		if (!skf_take_bytes(&in, &rsa) || rsa.len != recipient->bits / 8)
			return false;
		memcpy(ret->rsa, rsa.ptr, rsa.len);
		return in.len == 0;
	}
	if (!uk_take(&in, GM_SM2_LEN, &x) || !uk_take(&in, GM_SM2_LEN, &y) ||
	    !uk_take(&in, GM_SM3_LEN, &hash) || !skf_take_bytes(&in, &text) ||
	    text.len != sizeof(ret->c2))
		return false;
	memcpy(ret->c1x, x.ptr, GM_SM2_LEN);
	memcpy(ret->c1y, y.ptr, GM_SM2_LEN);
	memcpy(ret->c3, hash.ptr, GM_SM3_LEN);
	memcpy(ret->c2, text.ptr, text.len);
	return in.len == 0;
}

enum uk_status
skf_export_session_key(struct token *base, struct uk_span container, uint32_t alg,
		       const struct token_public_key *recipient, struct token_exported_key *ret)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = recipient_is_good(recipient) ? skf_ready_app(token) : UK_E_DATA;
	struct token_exported_key exported = {0};
	struct uk_writer request;
	struct skf_answer answer;

	if (st != UK_OK)
		return st;
	request = skf_link_request(&token->link, SKF_OP_EXPORT_SESSION_KEY);
	skf_put_bytes(&request, container);
	skf_put_u32(&request, alg);
	put_recipient(&request, recipient);
	st = skf_call(token, &request, &answer);
	if (st != UK_OK)
		return st;
	if (!key_set(token, container, &answer.fields, &exported.key) ||
	    !exported_take(answer.fields, recipient, &exported))
		return UK_E_REPLY;
	*ret = exported;
	return UK_OK;
}
