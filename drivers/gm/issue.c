/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a CA does to a blank key.  The device key is proved in the same transaction as the command
 * that needs it, and nothing that holds it is sent twice.
 */
#include "drivers/gm/ops.h"

#include "drivers/crypto/crypto.h"
#include "drivers/gm/pin.h"
#include "drivers/gm/rights.h"

#define TRIES_MAX 15

/* The random under the device key, filled up with 00 (gm-keys 1.6). */
enum uk_status
gm_device_prove(struct gm_token *token, struct uk_span device_key)
{
	UK_SECRET random = {0};
	UK_SECRET block = {0};
	struct uk_writer out;
	enum uk_status st = gm_random_take(token, &random);

	if (st == UK_OK) /* what follows the random in its struct is zero */
		st = crypto_sm4_ecb_encrypt(device_key.ptr, uk_span_of(random.bytes, GM_BLOCK_LEN),
					    block.bytes);
	if (st != UK_OK)
		return st;
	out = gm_cmd_begin(token, GM_INS_DEV_AUTH, 0, GM_P2_SM4);
	uk_put(&out, uk_span_of(block.bytes, GM_BLOCK_LEN));
	st = gm_cmd_send_only(token, &out);
	return st == UK_E_PIN_WRONG || st == UK_E_PIN_LOCKED ? UK_E_AUTH_FAILED : st;
}

/* With no key at hand the caller has proved it already (gm_device_auth). */
static enum uk_status
device_prove_if_needed(struct gm_token *token, struct uk_span device_key)
{
	return device_key.len == 0 ? UK_OK : gm_device_prove(token, device_key);
}

static bool
device_key_fits(struct uk_span device_key)
{
	return device_key.len == 0 || device_key.len == GM_BLOCK_LEN;
}

static enum uk_status
run_device_auth(struct gm_token *token, void *data)
{
	const struct uk_span *proof = data;
	struct uk_writer out = gm_cmd_begin(token, GM_INS_DEV_AUTH, 0, GM_P2_SM4);
	enum uk_status st;

	uk_put(&out, *proof);
	st = gm_cmd_send_only(token, &out);
	return st == UK_E_PIN_WRONG || st == UK_E_PIN_LOCKED ? UK_E_AUTH_FAILED : st;
}

enum uk_status
gm_device_auth(struct token *base, struct uk_span proof)
{
	if (proof.len != GM_BLOCK_LEN)
		return UK_E_DATA_LEN;
	return gm_op_run(gm_token_of(base), GM_INS_DEV_AUTH, GM_OP_ONCE, run_device_auth, &proof);
}

/* ---- device key ---- */

struct key_args {
	struct uk_span old_key, new_key;
};

static enum uk_status
run_change_key(struct gm_token *token, void *data)
{
	const struct key_args *args = data;
	UK_SECRET random = {0};
	UK_SECRET cryptogram = {0};
	uint8_t mac[GM_MAC_LEN];
	struct uk_writer out;
	enum uk_status st = gm_device_prove(token, args->old_key);

	if (st == UK_OK)
		st = gm_random_take(token, &random);
	if (st == UK_OK)
		st = crypto_sm4_ecb_encrypt(args->old_key.ptr, args->new_key, cryptogram.bytes);
	if (st != UK_OK)
		return st;
	out = gm_cmd_begin(token, GM_INS_CHANGE_DEV_AUTH_KEY, 0, GM_P2_SM4);
	token->cmd.cla = GM_CLA_MAC;
	uk_put(&out, uk_span_of(cryptogram.bytes, GM_BLOCK_LEN));
	st = gm_pin_mac(args->old_key.ptr, random.bytes, &token->cmd, uk_writer_span(&out), mac);
	uk_put(&out, uk_span_of(mac, sizeof(mac)));
	if (st == UK_OK)
		st = gm_cmd_send_only(token, &out);
	else
		uk_wipe(token->cmd.data, out.len);
	uk_wipe(mac, sizeof(mac));
	return st == UK_E_PIN_WRONG || st == UK_E_PIN_LOCKED ? UK_E_AUTH_FAILED : st;
}

enum uk_status
gm_change_device_key(struct token *base, struct uk_span old_key, struct uk_span new_key)
{
	struct key_args args = {old_key, new_key};

	if (old_key.len != GM_BLOCK_LEN || new_key.len != GM_BLOCK_LEN)
		return UK_E_DATA_LEN;
	return gm_op_run(gm_token_of(base), GM_INS_CHANGE_DEV_AUTH_KEY,
			 GM_OP_TRANSACTION | GM_OP_ONCE, run_change_key, &args);
}

/* ---- applications ---- */

struct create_args {
	struct uk_span device_key;
	const struct token_new_application *settings;
};

static enum uk_status
run_create(struct gm_token *token, void *data)
{
	const struct create_args *args = data;
	const struct token_new_application *set = args->settings;
	const struct token_model *model = token->base.model;
	struct token_info info;
	struct uk_writer out;
	enum uk_status st = gm_info_read(token, &info);

	if (st == UK_OK)
		st = device_prove_if_needed(token, args->device_key);
	if (st != UK_OK)
		return st;
	out = gm_cmd_begin(token, GM_INS_CREATE_APPLICATION, 0, 0);
	uk_put_padded(&out, set->name, model->name_len);
	uk_put_padded(&out, set->admin_pin, GM_PIN_MAX);
	uk_put_u32(&out, model->order, set->admin_tries);
	uk_put_padded(&out, set->user_pin, GM_PIN_MAX);
	uk_put_u32(&out, model->order, set->user_tries);
	uk_put_u32(&out, model->order, set->create_file_rights);
	uk_put_u8(&out, info.max_containers);
	uk_put_u8(&out, info.max_certs);
	uk_put_u16(&out, model->order, info.max_files);
	return gm_cmd_send_only(token, &out);
}

enum uk_status
gm_create_application(struct token *base, struct uk_span device_key,
		      const struct token_new_application *settings)
{
	struct gm_token *token = gm_token_of(base);
	struct create_args args = {device_key, settings};
	enum uk_status st = gm_pin_check_new(base->model, settings->admin_pin);

	if (st == UK_OK)
		st = gm_pin_check_new(base->model, settings->user_pin);
	if (st != UK_OK)
		return st;
	if (!device_key_fits(device_key) || settings->name.len == 0 ||
	    settings->name.len > GM_APP_NAME_MAX)
		return UK_E_DATA_LEN;
	if (settings->admin_tries < 1 || settings->admin_tries > TRIES_MAX ||
	    settings->user_tries < 1 || settings->user_tries > TRIES_MAX)
		return UK_E_ARGUMENTS;
	return gm_op_run(token, GM_INS_CREATE_APPLICATION, GM_OP_TRANSACTION | GM_OP_ONCE,
			 run_create, &args);
}

struct delete_args {
	struct uk_span device_key, name;
};

static enum uk_status
run_delete(struct gm_token *token, void *data)
{
	const struct delete_args *args = data;
	struct uk_writer out;
	enum uk_status st = device_prove_if_needed(token, args->device_key);

	if (st != UK_OK)
		return st;
	out = gm_cmd_begin(token, GM_INS_DELETE_APPLICATION, 0, 0);
	uk_put(&out, args->name);
	return gm_cmd_send_only(token, &out);
}

enum uk_status
gm_delete_application(struct token *base, struct uk_span device_key, struct uk_span name)
{
	struct gm_token *token = gm_token_of(base);
	struct delete_args args = {device_key, name};
	enum uk_status st;

	if (!device_key_fits(device_key) || name.len == 0 || name.len > GM_APP_NAME_MAX)
		return UK_E_DATA_LEN;
	st = gm_op_run(token, GM_INS_DELETE_APPLICATION, GM_OP_TRANSACTION | GM_OP_ONCE, run_delete,
		       &args);
	if (st == UK_OK && uk_span_equal(name, uk_span_str(token->app_name))) {
		gm_ids_forget(token);
		if (!token->app_fixed)
			token->app_name[0] = '\0';
	}
	return st;
}
