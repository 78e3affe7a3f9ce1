/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests: which operation, what it needs, and what a client leaves behind. */
#include "drivers/skf/host/serve.h"

#include <string.h>

const struct op ops[SKF_OP_COUNT] = {
	[SKF_OP_HELLO] = {op_hello, NEEDS_NOTHING},
	[SKF_OP_LIST] = {op_list, NEEDS_NOTHING},
	[SKF_OP_WATCH] = {op_watch, NEEDS_NOTHING},
	[SKF_OP_OPEN] = {op_open, NEEDS_NOTHING},
	[SKF_OP_APPLICATION] = {op_application, NEEDS_DEVICE},
	[SKF_OP_INFO] = {op_info, NEEDS_DEVICE},
	[SKF_OP_APPLICATIONS] = {op_applications, NEEDS_DEVICE},
	[SKF_OP_PIN_INFO] = {op_pin_info, NEEDS_APP},
	[SKF_OP_CONTAINERS] = {op_containers, NEEDS_APP},
	[SKF_OP_CONTAINER_INFO] = {op_container_info, NEEDS_APP},
	[SKF_OP_CERTIFICATE] = {op_certificate, NEEDS_APP},
	[SKF_OP_PUBLIC_KEY] = {op_public_key, NEEDS_APP},
	[SKF_OP_RANDOM] = {op_random, NEEDS_DEVICE},
	[SKF_OP_VERIFY] = {op_verify, NEEDS_APP},
	[SKF_OP_CHANGE_PIN] = {op_change_pin, NEEDS_APP},
	[SKF_OP_UNBLOCK] = {op_unblock, NEEDS_APP},
	[SKF_OP_UNBLOCK_BY_ADMIN] = {op_unblock_by_admin, NEEDS_APP},
	[SKF_OP_CLEAR] = {op_clear, NEEDS_APP},
	[SKF_OP_FORGET] = {op_forget, NEEDS_NOTHING},
	[SKF_OP_VERIFY_ONCE] = {op_verify_once, NEEDS_APP},
	[SKF_OP_RELEASE] = {op_release, NEEDS_NOTHING},
	[SKF_OP_HOLD] = {op_hold, NEEDS_DEVICE},
	[SKF_OP_LET_GO] = {op_let_go, NEEDS_NOTHING},
	[SKF_OP_SIGN_RSA] = {op_sign_rsa, NEEDS_APP},
	[SKF_OP_SIGN_SM2] = {op_sign_sm2, NEEDS_APP},
	[SKF_OP_CREATE_CONTAINER] = {op_create_container, NEEDS_APP},
	[SKF_OP_DELETE_CONTAINER] = {op_delete_container, NEEDS_APP},
	[SKF_OP_GENERATE] = {op_generate, NEEDS_APP},
	[SKF_OP_IMPORT_CERTIFICATE] = {op_import_certificate, NEEDS_APP},
	[SKF_OP_IMPORT_SM2] = {op_import_sm2, NEEDS_APP},
	[SKF_OP_IMPORT_RSA] = {op_import_rsa, NEEDS_APP},
	[SKF_OP_IMPORT_SESSION_KEY] = {op_import_session_key, NEEDS_APP},
	[SKF_OP_SESSION_CIPHER] = {op_session_cipher, NEEDS_DEVICE},
	[SKF_OP_EXPORT_SESSION_KEY] = {op_export_session_key, NEEDS_APP},
	[SKF_OP_ENCRYPT_SM2] = {op_encrypt_sm2, NEEDS_DEVICE},
	[SKF_OP_DESTROY_SESSION_KEY] = {op_destroy_session_key, NEEDS_NOTHING},
	[SKF_OP_FILES] = {op_files, NEEDS_APP},
	[SKF_OP_FILE_INFO] = {op_file_info, NEEDS_APP},
	[SKF_OP_READ_FILE] = {op_read_file, NEEDS_APP},
	[SKF_OP_CREATE_FILE] = {op_create_file, NEEDS_APP},
	[SKF_OP_WRITE_FILE] = {op_write_file, NEEDS_APP},
	[SKF_OP_DELETE_FILE] = {op_delete_file, NEEDS_APP},
	[SKF_OP_SET_LABEL] = {op_set_label, NEEDS_DEVICE},
	[SKF_OP_DEVICE_RANDOM] = {op_device_random, NEEDS_DEVICE},
	[SKF_OP_DEVICE_AUTH] = {op_device_auth, NEEDS_DEVICE},
	[SKF_OP_CHANGE_DEVICE_KEY] = {op_change_device_key, NEEDS_DEVICE},
	[SKF_OP_CREATE_APPLICATION] = {op_create_application, NEEDS_DEVICE},
	[SKF_OP_DELETE_APPLICATION] = {op_delete_application, NEEDS_DEVICE},
	[SKF_OP_RAW] = {op_raw, NEEDS_DEVICE},
};

/* ---- what a client has ---- */

void
client_keys_forget(struct client *client)
{
	memset(client->session, 0, sizeof(client->session));
}

/* The key it opened is there still. */
static bool
has_device(const struct client *client)
{
	return client->device != NULL && client->device->present &&
	       client->device->events == client->events;
}

uint32_t
client_app(struct client *client, struct app **ret)
{
	if (client->app[0] == '\0')
		return SAR_HOST_NO_APPLICATION;
	return device_app(client->device, client->app, ret);
}

void
client_once_end(struct client *client)
{
	struct app *app;

	if (!client->once)
		return;
	client->once = false;
	if (!has_device(client) || client->device->holder != client)
		return;
	if (client_app(client, &app) == SAR_OK)
		(void)CALL(ClearSecureState, app->handle);
	if (library_has(ENTRY_UnlockDev))
		(void)CALL(UnlockDev, client->device->handle);
	client->device->holder = NULL;
}

void
client_key_close(struct client *client, struct session_key *key)
{
	const struct session_key closed = *key;

	*key = (struct session_key){0};
	if (closed.container == 0 || !has_device(client))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(closed.as); i++)
		if (closed.as[i].handle != 0 && library_has(ENTRY_CloseHandle))
			(void)CALL(CloseHandle, closed.as[i].handle);
	(void)CALL(CloseContainer, closed.container);
}

void
client_end(struct client *client)
{
	client_once_end(client);
	for (size_t i = 0; i < ARRAY_SIZE(client->session); i++)
		client_key_close(client, &client->session[i]);
	if (has_device(client) && client->device->holder == client) {
		if (client->device->hold_until == 0 && library_has(ENTRY_UnlockDev))
			(void)CALL(UnlockDev, client->device->handle);
		client->device->holder = NULL;
	}
	uk_wipe(client->secret, sizeof(*client->secret));
}

uint32_t
with_container(struct client *client, struct uk_span name,
	       uint32_t (*fn)(uintptr_t container, void *data), void *data)
{
	const struct skf_config *config = library_config();
	struct abi_cell handle = {0};
	char text[NAME_ROOM];
	struct app *app;
	uint32_t sar = client_app(client, &app);

	if (sar != SAR_OK)
		return sar;
	if (!name_copy(text, sizeof(text), name) || name.len == 0)
		return SAR_HOST_NOT_FOUND;
	sar = device_judge(client->device,
			   CALL(OpenContainer, app->handle, (uintptr_t)text, abi_cell_at(&handle)));
	if (sar == SAR_HOST_NO_DEVICE || sar == SAR_USER_NOT_LOGGED_IN)
		return sar;
	/* The standard has no code of its own for it. */
	if (sar != SAR_OK)
		return SAR_HOST_NOT_FOUND;
	client->keep_container = false;
	sar = fn(abi_cell_handle(config, &handle), data);
	if (!client->keep_container)
		(void)CALL(CloseContainer, abi_cell_handle(config, &handle));
	return device_judge(client->device, sar);
}

/* ---- one request ---- */

static uint32_t
run(struct client *client, struct uk_span in, struct uk_writer *fields)
{
	uint8_t op;

	if (!uk_take_u8(&in, &op) || op >= ARRAY_SIZE(ops))
		return SAR_HOST_REQUEST;
	if (!client->greeted && op != SKF_OP_HELLO)
		return SAR_HOST_REQUEST;
	if (ops[op].needs == NEEDS_NOTHING)
		return ops[op].run(client, in, fields);
	if (!has_device(client)) {
		client_keys_forget(client);
		return SAR_HOST_NO_DEVICE;
	}
	if (ops[op].needs == NEEDS_APP && client->app[0] == '\0')
		return SAR_HOST_NO_APPLICATION;
	return device_judge(client->device, ops[op].run(client, in, fields));
}

void
request_run(struct client *client, struct uk_span request, struct uk_writer *answer)
{
	const size_t head = 5;
	struct uk_writer fields = uk_writer_of(answer->ptr + head, answer->cap - head);
	uint32_t sar;

	client->tries = SKF_TRIES_NONE;
	sar = run(client, request, &fields);
	if (fields.overflow)
		sar = SAR_HOST_DAMAGED;
	skf_put_u32(answer, sar);
	uk_put_u8(answer, client->tries);
	if (sar == SAR_OK)
		answer->len += fields.len; /* they are there already */
}
