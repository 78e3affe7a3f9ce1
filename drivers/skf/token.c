/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/skf/token.h"

#include <stdlib.h>
#include <string.h>

static const struct token_ops ops = {
	.info = skf_info,
	.applications = skf_applications,
	.pin_info = skf_pin_info,
	.containers = skf_containers,
	.certificate = skf_certificate,
	.public_key = skf_public_key,
	.random = skf_random,
	.verify = skf_verify,
	.change_pin = skf_change_pin,
	.unblock = skf_unblock,
	.clear = skf_clear,
	.forget = skf_forget,
	.verify_once = skf_verify_once,
	.release = skf_release,
	.sign_rsa = skf_sign_rsa,
	.sign_sm2 = skf_sign_sm2,
	.create_container = skf_create_container,
	.delete_container = skf_delete_container,
	.generate = skf_generate,
	.import_certificate = skf_import_certificate,
	.import_sm2 = skf_import_sm2,
	.import_rsa = skf_import_rsa,
	.import_session_key = skf_import_session_key,
	.session_cipher = skf_session_cipher,
	.export_session_key = skf_export_session_key,
	.encrypt_sm2 = skf_encrypt_sm2,
	.destroy_session_key = skf_destroy_session_key,
	.files = skf_files,
	.file_info = skf_file_info,
	.read_file = skf_read_file,
	.create_file = skf_create_file,
	.write_file = skf_write_file,
	.delete_file = skf_delete_file,
	.set_label = skf_set_label,
	.change_device_key = skf_change_device_key,
	.create_application = skf_create_application,
	.delete_application = skf_delete_application,
	.container_info = skf_container_info,
	.unblock_by_admin = skf_unblock_by_admin,
	.read_file_at = skf_read_file_at,
	.write_file_at = skf_write_file_at,
	.device_auth = skf_device_auth,
	.beside = skf_beside,
	.hold = skf_hold,
	.let_go = skf_let_go,
	.raw = skf_raw,
	.unblock_by_relay = skf_unblock_by_relay,
	.change_admin_pin_by_relay = skf_change_admin_pin_by_relay,
	.change_device_key_by_relay = skf_change_device_key_by_relay,
};

/* ---- one call ---- */

/* What the helper knew of us has gone with it. */
static void
helper_lost(struct skf_token *token)
{
	token->base.login_lost = true;
	token->opened = false;
	token->app_open = false;
	token->admin_kept = false;
	token->epoch++;
}

enum uk_status
skf_call(struct skf_token *token, const struct uk_writer *request, struct skf_answer *ret)
{
	enum uk_status st = skf_link_call(&token->link, request, ret);

	if (token->link.fd < 0)
		helper_lost(token);
	if (st != UK_OK)
		return st;
	st = skf_status(ret->sar);
	if (st == UK_E_NOT_LOGGED_IN || st == UK_E_REMOVED)
		token->base.login_lost = true;
	return st;
}

enum uk_status
skf_ready(struct skf_token *token)
{
	struct uk_writer request;
	struct skf_answer answer;
	struct uk_span serial;
	enum uk_status st;

	if (token->link.fd >= 0 && !skf_link_is_up(&token->link)) {
		helper_lost(token);
		return UK_E_RESET;
	}
	if (token->opened)
		return UK_OK;
	st = skf_link_connect(&token->link);
	if (st != UK_OK)
		return st;
	request = skf_link_request(&token->link, SKF_OP_OPEN);
	skf_put_bytes(&request, uk_span_str(token->device));
	skf_put_u32(&request, token->events);
	skf_put_bytes(&request, uk_span_str(token->serial));
	st = skf_call(token, &request, &answer);
	if (st != UK_OK)
		return st;
	if (!skf_take_name(&answer.fields, sizeof(token->serial) - 1, &serial) ||
	    memchr(serial.ptr, 0, serial.len) != NULL)
		return UK_E_REPLY;
	memcpy(token->serial, serial.ptr, serial.len);
	token->serial[serial.len] = '\0';
	token->opened = true;
	return UK_OK;
}

enum uk_status
skf_ready_app(struct skf_token *token)
{
	enum uk_status st = skf_ready(token);
	struct uk_writer request;
	struct skf_answer answer;
	struct uk_span name;

	if (st != UK_OK || token->app_open)
		return st;
	request = skf_link_request(&token->link, SKF_OP_APPLICATION);
	skf_put_bytes(&request, uk_span_str(token->app_fixed ? token->app : ""));
	st = skf_call(token, &request, &answer);
	if (st != UK_OK)
		return st;
	if (!skf_take_name(&answer.fields, sizeof(token->app) - 1, &name) ||
	    memchr(name.ptr, 0, name.len) != NULL)
		return UK_E_REPLY;
	memcpy(token->app, name.ptr, name.len);
	token->app[name.len] = '\0';
	token->app_open = true;
	return UK_OK;
}

enum uk_status
skf_copy_field(struct uk_span fields, struct uk_writer *out)
{
	struct uk_span bytes;

	if (!skf_take_bytes(&fields, &bytes) || fields.len != 0)
		return UK_E_REPLY;
	if (bytes.len > out->cap - out->len)
		return UK_E_DATA_LEN;
	uk_put(out, bytes);
	return UK_OK;
}

/* ---- beginning and end ---- */

static enum uk_status
open_device(const struct token_model *model, const char *device, uint32_t events,
	    struct token **ret_token)
{
	const struct skf_model *skf = (const struct skf_model *)(const void *)model;
	struct skf_token *token = calloc(1, sizeof(*token));
	enum uk_status st;

	if (token == NULL)
		return UK_E_MEMORY;
	st = skf_link_init(&token->link, skf->config);
	if (st != UK_OK) {
		free(token);
		return st;
	}
	memcpy(token->device, device, strnlen(device, sizeof(token->device) - 1));
	token->events = events;
	token->base.ops = &ops;
	token->base.model = model;
	token->base.family = &skf_family;
	st = skf_ready(token);
	if (st != UK_OK) {
		skf_token_close(&token->base);
		return st;
	}
	*ret_token = &token->base;
	return UK_OK;
}

enum uk_status
skf_token_open(const struct token_reader *reader, const char *device, struct token **ret_token)
{
	return open_device(reader->model, device, reader->events, ret_token);
}

enum uk_status
skf_beside(struct token *base, struct token **ret)
{
	const struct skf_token *token = skf_token_of(base);

	return open_device(base->model, token->device, token->events, ret);
}

void
skf_token_set_application(struct token *base, const char *name)
{
	struct skf_token *token = skf_token_of(base);
	size_t len = strnlen(name, sizeof(token->app) - 1);

	memcpy(token->app, name, len);
	token->app[len] = '\0';
	token->app_fixed = true;
	token->app_open = false;
}

/* The helper forgets what it kept for us when the connection ends. */
void
skf_token_close(struct token *base)
{
	struct skf_token *token = skf_token_of(base);

	skf_link_end(&token->link);
	free(token);
}

const char *
skf_token_application(const struct token *base)
{
	const struct skf_token *token = (const struct skf_token *)base;

	return token->app_open ? token->app : "";
}

/* ---- the connection ---- */

enum uk_status
skf_hold(struct token *base)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = skf_ready(token);
	struct uk_writer request;
	struct skf_answer answer;

	if (st != UK_OK)
		return st;
	request = skf_link_request(&token->link, SKF_OP_HOLD);
	return skf_call(token, &request, &answer);
}

void
skf_let_go(struct token *base)
{
	struct skf_token *token = skf_token_of(base);
	struct uk_writer request;
	struct skf_answer answer;

	if (token->link.fd < 0)
		return;
	request = skf_link_request(&token->link, SKF_OP_LET_GO);
	if (skf_call(token, &request, &answer) != UK_OK)
		return; /* it has let go by ending */
}

/* What a command does is not known here: unless any may be sent, none is. */
enum uk_status
skf_raw(struct token *base, struct uk_span command, bool any, struct uk_writer *out)
{
	struct skf_token *token = skf_token_of(base);
	enum uk_status st = any ? skf_ready(token) : UK_E_POLICY;
	struct uk_writer request;
	struct skf_answer answer;

	if (st != UK_OK)
		return st;
	request = skf_link_request(&token->link, SKF_OP_RAW);
	uk_put(&request, command);
	st = skf_call(token, &request, &answer);
	return st != UK_OK ? st : skf_copy_field(answer.fields, out);
}
