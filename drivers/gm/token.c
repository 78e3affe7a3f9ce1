/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The family's table, and its tokens' beginning and end. */
#include "drivers/gm/ops.h"

#include <stdlib.h>
#include <string.h>

static const struct token_ops ops = {
	.info = gm_info,
	.applications = gm_applications,
	.pin_info = gm_pin_info,
	.containers = gm_containers,
	.certificate = gm_certificate,
	.public_key = gm_public_key,
	.random = gm_random,
	.encrypt_sm2 = gm_encrypt_sm2,
	.verify = gm_verify,
	.change_pin = gm_change_pin,
	.unblock = gm_unblock,
	.clear = gm_clear,
	.forget = gm_forget,
	.verify_once = gm_verify_once,
	.release = gm_release,
	.sign_rsa = gm_sign_rsa,
	.sign_sm2 = gm_sign_sm2,
	.create_container = gm_create_container,
	.delete_container = gm_delete_container,
	.generate = gm_generate,
	.import_certificate = gm_import_certificate,
	.import_sm2 = gm_import_sm2,
	.import_rsa = gm_import_rsa,
	.import_session_key = gm_import_session_key,
	.session_cipher = gm_session_cipher,
	.export_session_key = gm_export_session_key,
	.destroy_session_key = gm_destroy_session_key,
	.files = gm_files,
	.file_info = gm_file_info,
	.read_file = gm_read_file,
	.create_file = gm_create_file,
	.write_file = gm_write_file,
	.delete_file = gm_delete_file,
	.set_label = gm_set_label,
	.change_device_key = gm_change_device_key,
	.create_application = gm_create_application,
	.delete_application = gm_delete_application,
	.unblock_by_relay = gm_unblock_by_relay,
	.change_admin_pin_by_relay = gm_change_admin_pin_by_relay,
	.container_info = gm_container_info,
	.unblock_by_admin = gm_unblock_by_admin,
	.read_file_at = gm_read_file_at,
	.write_file_at = gm_write_file_at,
	.device_auth = gm_device_auth,
	.beside = gm_beside,
	.hold = gm_hold,
	.let_go = gm_let_go,
	.raw = gm_raw,
	.change_device_key_by_relay = gm_change_device_key_by_relay,
};

enum uk_status
gm_token_open(void *bus, const struct token_reader *reader, struct token **ret_token)
{
	struct gm_token *token;
	enum uk_status st;

	(void)bus; /* a card has a connection of its own */
	if (!reader->ours || reader->model == NULL)
		return UK_E_UNKNOWN_KEY;
	/* The buffers are large, and of what is not used no page is ever touched. */
	token = calloc(1, sizeof(*token));
	if (token == NULL)
		return UK_E_MEMORY;
	st = pcsc_card_open(reader->name, &token->card);
	if (st != UK_OK) {
		free(token);
		return st == UK_E_REMOVED ? UK_E_NO_KEY : st;
	}
	gm_epoch_begin(token);
	token->base.ops = &ops;
	token->base.model = reader->model;
	*ret_token = &token->base;
	return UK_OK;
}

void
gm_token_set_application(struct token *base, const char *name)
{
	struct gm_token *token = gm_token_of(base);
	size_t len = strnlen(name, sizeof(token->app_name) - 1);

	memcpy(token->app_name, name, len);
	token->app_name[len] = '\0';
	token->app_fixed = true;
}

void
gm_token_close(struct token *base)
{
	struct gm_token *token = gm_token_of(base);

	if (base == NULL)
		return;
	if (!token->removed)
		gm_once_end(token);
	vault_free(&token->vault);
	pcsc_card_close(token->card);
	free(token);
}

const char *
gm_token_application(const struct token *base)
{
	const struct gm_token *token = (const struct gm_token *)base;

	return token->app_open ? token->app_name : "";
}
