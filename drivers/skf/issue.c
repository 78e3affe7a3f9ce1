/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a CA does to a blank key: the device key encrypts a random of the key's, here, and the
 * helper passes on what comes out (gm-keys 1.6).  Relayed commands are made for GM/T 0017 and have
 * no way through a maker's library.
 */
#include "drivers/skf/token.h"

#include "common/secret.h"
#include "drivers/crypto/crypto.h"

#include <string.h>

/* The helper keeps others away from the key until the next request of ours. */
static enum uk_status
proof_make(struct skf_token *token, struct uk_span device_key, struct uk_secret *ret)
{
	UK_SECRET block = {0};
	struct uk_writer request = skf_link_request(&token->link, SKF_OP_DEVICE_RANDOM);
	struct skf_answer answer;
	struct uk_span random;
	enum uk_status st = skf_call(token, &request, &answer);

	if (st != UK_OK)
		return st;
	if (!skf_take_bytes(&answer.fields, &random) || random.len != GM_RANDOM_LEN)
		return UK_E_REPLY;
	memcpy(block.bytes, random.ptr, random.len);
	ret->len = GM_BLOCK_LEN;
	return crypto_sm4_ecb_encrypt(device_key.ptr, uk_span_of(block.bytes, GM_BLOCK_LEN),
				      ret->bytes);
}

/* A request with the proof in front. */
static enum uk_status
device_begin(struct token *base, enum skf_op op, struct uk_span device_key, struct uk_writer *ret)
{
	struct skf_token *token = skf_token_of(base);
	UK_SECRET proof = {0};
	bool fits = device_key.len == GM_BLOCK_LEN || device_key.len == 0;
	enum uk_status st = fits ? skf_ready(token) : UK_E_DATA_LEN;

	if (st == UK_OK && device_key.len > 0)
		st = proof_make(token, device_key, &proof);
	if (st != UK_OK)
		return st;
	*ret = skf_link_request(&token->link, op);
	skf_put_bytes(ret, uk_secret_peek(&proof));
	return UK_OK;
}

/* The application that was open may be another one now, or gone. */
static enum uk_status
device_call(struct token *base, const struct uk_writer *request)
{
	struct skf_token *token = skf_token_of(base);
	struct skf_answer answer;

	token->app_open = false;
	return skf_call(token, request, &answer);
}

/* Of a random that the caller asked for and encrypted. */
enum uk_status
skf_device_auth(struct token *base, struct uk_span proof)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = proof.len == GM_BLOCK_LEN ? skf_ready(token) : UK_E_DATA_LEN;
	struct uk_writer request;
	struct skf_answer answer;

	if (st != UK_OK)
		return st;
	request = skf_link_request(&token->link, SKF_OP_DEVICE_AUTH);
	skf_put_bytes(&request, proof);
	return skf_call(token, &request, &answer);
}

enum uk_status
skf_change_device_key(struct token *base, struct uk_span old_key, struct uk_span new_key)
{
	struct uk_writer request;
	enum uk_status st =
		new_key.len == GM_BLOCK_LEN
			? device_begin(base, SKF_OP_CHANGE_DEVICE_KEY, old_key, &request)
			: UK_E_DATA_LEN;

	if (st != UK_OK)
		return st;
	skf_put_bytes(&request, new_key);
	return device_call(base, &request);
}

enum uk_status
skf_create_application(struct token *base, struct uk_span device_key,
		       const struct token_new_application *settings)
{
	struct uk_writer request;
	enum uk_status st = device_begin(base, SKF_OP_CREATE_APPLICATION, device_key, &request);

	if (st != UK_OK)
		return st;
	skf_put_bytes(&request, settings->name);
	skf_put_bytes(&request, settings->admin_pin);
	skf_put_u32(&request, settings->admin_tries);
	skf_put_bytes(&request, settings->user_pin);
	skf_put_u32(&request, settings->user_tries);
	skf_put_u32(&request, settings->create_file_rights);
	return device_call(base, &request);
}

enum uk_status
skf_delete_application(struct token *base, struct uk_span device_key, struct uk_span name)
{
	struct uk_writer request;
	enum uk_status st = device_begin(base, SKF_OP_DELETE_APPLICATION, device_key, &request);

	if (st != UK_OK)
		return st;
	skf_put_bytes(&request, name);
	return device_call(base, &request);
}

enum uk_status
skf_unblock_by_relay(struct token *base, const struct token_relay *relay,
		     struct uk_span new_user_pin)
{
	(void)base;
	(void)relay;
	(void)new_user_pin;
	return UK_E_NOT_SUPPORTED;
}

enum uk_status
skf_change_admin_pin_by_relay(struct token *base, const struct token_relay *relay)
{
	(void)base;
	(void)relay;
	return UK_E_NOT_SUPPORTED;
}

enum uk_status
skf_change_device_key_by_relay(struct token *base, const struct token_relay *relay,
			       struct uk_span old_key)
{
	(void)base;
	(void)relay;
	(void)old_key;
	return UK_E_NOT_SUPPORTED;
}
