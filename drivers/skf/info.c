/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What anybody may read. */
#include "drivers/skf/token.h"

#include <string.h>

/* ---- device data ---- */

/* Text of the library's: bytes outside UTF-8 become '?'. */
static size_t
utf8_len(const uint8_t *at, size_t len)
{
	size_t want;

	if (at[0] < 0x80)
		return at[0] >= 0x20 && at[0] != 0x7f ? 1 : 0;
	if (at[0] >= 0xc2 && at[0] <= 0xdf)
		want = 2;
	else if (at[0] >= 0xe0 && at[0] <= 0xef)
		want = 3;
	else if (at[0] >= 0xf0 && at[0] <= 0xf4)
		want = 4;
	else
		return 0;
	if (want > len)
		return 0;
	for (size_t i = 1; i < want; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return want;
}

static void
text_set(char *out, size_t size, struct uk_span in)
{
	size_t len = 0;

	for (size_t at = 0; at < in.len && in.ptr[at] != 0 && len < size - 1;) {
		size_t part = utf8_len(in.ptr + at, in.len - at);

		if (part > size - 1 - len)
			break;
		if (part == 0) {
			out[len++] = '?';
			at++;
			continue;
		}
		memcpy(out + len, in.ptr + at, part);
		len += part;
		at += part;
	}
	out[len] = '\0';
}

static bool
texts_take(struct uk_span *in, struct token_info *ret)
{
	struct uk_span text[4];

	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		if (!skf_take_name(in, 64, &text[i]))
			return false;
	text_set(ret->manufacturer, sizeof(ret->manufacturer), text[0]);
	text_set(ret->issuer, sizeof(ret->issuer), text[1]);
	text_set(ret->label, sizeof(ret->label), text[2]);
	text_set(ret->serial, sizeof(ret->serial), text[3]);
	return true;
}

static bool
versions_take(struct uk_span *in, struct token_info *ret)
{
	uint8_t *const versions[] = {ret->spec, ret->hardware, ret->firmware};

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		if (!uk_take_u8(in, &versions[i][0]) || !uk_take_u8(in, &versions[i][1]))
			return false;
	return true;
}

enum uk_status
skf_info(struct token *base, struct token_info *ret)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = skf_ready(token);
	struct token_info info = {0};
	struct skf_answer answer;
	struct uk_writer request;
	struct uk_span in;

	if (st != UK_OK)
		return st;
	request = skf_link_request(&token->link, SKF_OP_INFO);
	st = skf_call(token, &request, &answer);
	if (st != UK_OK)
		return st;
	in = answer.fields;
	if (!texts_take(&in, &info) || !versions_take(&in, &info) ||
	    !skf_take_u32(&in, &info.alg_sym) || !skf_take_u32(&in, &info.alg_asym) ||
	    !skf_take_u32(&in, &info.alg_hash) || !skf_take_u32(&in, &info.dev_auth_alg) ||
	    !skf_take_u32(&in, &info.total_space) || !skf_take_u32(&in, &info.free_space))
		return UK_E_REPLY;
	*ret = info;
	return UK_OK;
}

/* ---- names ---- */

/* fn must not use the token, whose buffer the names lie in. */
static enum uk_status
names_each(struct skf_token *token, enum skf_op op, void (*fn)(void *data, struct uk_span name),
	   void *data)
{
	struct uk_writer request = skf_link_request(&token->link, op);
	struct skf_answer answer;
	enum uk_status st = skf_call(token, &request, &answer);
	struct uk_span list, name;

	if (st != UK_OK)
		return st;
	if (!skf_take_bytes(&answer.fields, &list))
		return UK_E_REPLY;
	while (uk_take_name(&list, &name))
		if (name.len > 0)
			fn(data, name);
	return UK_OK;
}

enum uk_status
skf_applications(struct token *base, void (*fn)(void *data, struct uk_span name), void *data)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = skf_ready(token);

	return st != UK_OK ? st : names_each(token, SKF_OP_APPLICATIONS, fn, data);
}

enum uk_status
skf_containers(struct token *base, void (*fn)(void *data, struct uk_span name), void *data)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = skf_ready_app(token);

	return st != UK_OK ? st : names_each(token, SKF_OP_CONTAINERS, fn, data);
}

enum uk_status
skf_files(struct token *base, void (*fn)(void *data, struct uk_span name), void *data)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = skf_ready_app(token);

	return st != UK_OK ? st : names_each(token, SKF_OP_FILES, fn, data);
}

/* ---- certificates and public keys ---- */

enum uk_status
skf_certificate(struct token *base, struct uk_span container, enum token_pair pair,
		struct uk_writer *out)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = skf_ready_app(token);
	struct uk_writer request;
	struct skf_answer answer;

	if (st != UK_OK)
		return st;
	request = skf_link_request(&token->link, SKF_OP_CERTIFICATE);
	skf_put_bytes(&request, container);
	uk_put_u8(&request, (uint8_t)pair);
	st = skf_call(token, &request, &answer);
	return st != UK_OK ? st : skf_copy_field(answer.fields, out);
}

bool
skf_take_public_key(struct uk_span in, struct token_public_key *ret)
{
	struct token_public_key key = {0};
	struct uk_span modulus, x, y;
	uint32_t bits, exponent;
	uint8_t type;

	if (!uk_take_u8(&in, &type) || !skf_take_u32(&in, &bits))
		return false;
	key.bits = bits;
	if (type == TOKEN_KEY_RSA) {
		if (!skf_take_u32(&in, &exponent) || !skf_take_bytes(&in, &modulus) ||
		    modulus.len != bits / 8 || modulus.len > sizeof(key.modulus))
			return false;
		key.type = TOKEN_KEY_RSA;
		key.exponent = exponent;
		memcpy(key.modulus, modulus.ptr, modulus.len);
	} else {
		if (type != TOKEN_KEY_SM2 || bits != 8 * GM_SM2_LEN ||
		    !uk_take(&in, GM_SM2_LEN, &x) || !uk_take(&in, GM_SM2_LEN, &y))
			return false;
		key.type = TOKEN_KEY_SM2;
		memcpy(key.x, x.ptr, GM_SM2_LEN);
		memcpy(key.y, y.ptr, GM_SM2_LEN);
	}
	if (in.len != 0)
		return false;
	*ret = key;
	return true;
}

enum uk_status
skf_public_key(struct token *base, struct uk_span container, enum token_pair pair,
	       struct token_public_key *ret)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = skf_ready_app(token);
	struct uk_writer request;
	struct skf_answer answer;

	if (st != UK_OK)
		return st;
	request = skf_link_request(&token->link, SKF_OP_PUBLIC_KEY);
	skf_put_bytes(&request, container);
	uk_put_u8(&request, (uint8_t)pair);
	st = skf_call(token, &request, &answer);
	if (st == UK_OK && !skf_take_public_key(answer.fields, ret))
		st = UK_E_REPLY;
	return st;
}

static bool
take_bool(struct uk_span *in, bool *ret)
{
	uint8_t byte;

	if (!uk_take_u8(in, &byte))
		return false;
	*ret = byte != 0;
	return true;
}

enum uk_status
skf_container_info(struct token *base, struct uk_span container, struct token_container_info *ret)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = skf_ready_app(token);
	struct token_container_info info;
	struct uk_writer request;
	struct skf_answer answer;
	struct uk_span in;
	uint8_t type;

	if (st != UK_OK)
		return st;
	request = skf_link_request(&token->link, SKF_OP_CONTAINER_INFO);
	skf_put_bytes(&request, container);
	st = skf_call(token, &request, &answer);
	if (st != UK_OK)
		return st;
	in = answer.fields;
	if (!uk_take_u8(&in, &type) || type > GM_CONTAINER_SM2 ||
	    !skf_take_u32(&in, &info.sign_bits) || !take_bool(&in, &info.sign_cert) ||
	    !skf_take_u32(&in, &info.encrypt_bits) || !take_bool(&in, &info.encrypt_cert))
		return UK_E_REPLY;
	info.type = (enum gm_container_type)type;
	*ret = info;
	return UK_OK;
}

/* ---- the rest ---- */

enum uk_status
skf_random(struct token *base, struct uk_writer *out, size_t len)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = skf_ready(token);
	struct uk_writer request;
	struct skf_answer answer;
	size_t before = out->len;

	if (st != UK_OK)
		return st;
	request = skf_link_request(&token->link, SKF_OP_RANDOM);
	skf_put_u32(&request, (uint32_t)len);
	st = skf_call(token, &request, &answer);
	if (st == UK_OK)
		st = skf_copy_field(answer.fields, out);
	return st == UK_OK && out->len - before != len ? UK_E_REPLY : st;
}

enum uk_status
skf_set_label(struct token *base, struct uk_span label)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = skf_ready(token);
	struct uk_writer request;
	struct skf_answer answer;

	if (st != UK_OK)
		return st;
	request = skf_link_request(&token->link, SKF_OP_SET_LABEL);
	skf_put_bytes(&request, label);
	return skf_call(token, &request, &answer);
}
