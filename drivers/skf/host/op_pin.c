/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PINs and logins. */
#include "drivers/skf/host/serve.h"

#include <string.h>

#define ONCE_MS 500
#define LOCK_MS 5000

/* A PIN out of a request, NUL-terminated in the client's locked memory. */
static bool
pin_take(struct client *client, struct uk_span *in, size_t which)
{
	struct uk_span pin;

	return skf_take_bytes(in, &pin) &&
	       name_copy(client->secret->pin[which], UK_SECRET_MAX, pin);
}

static void
pins_wipe(struct client *client)
{
	uk_wipe(client->secret->pin, sizeof(client->secret->pin));
}

uint32_t
op_pin_info(struct client *client, struct uk_span in, struct uk_writer *out)
{
	const struct skf_config *config = library_config();
	struct abi_cell max = {0}, left = {0}, is_default = {0};
	struct app *app;
	uint8_t role;
	uint32_t sar = client_app(client, &app);

	if (sar != SAR_OK)
		return sar;
	if (!uk_take_u8(&in, &role) || role > GM_PIN_USER)
		return SAR_HOST_REQUEST;
	sar = CALL(GetPINInfo, app->handle, role, abi_cell_at(&max), abi_cell_at(&left),
		   abi_cell_at(&is_default));
	if (sar != SAR_OK)
		return sar;
	if (abi_cell_value(config, &max) > 255 ||
	    abi_cell_value(config, &left) > abi_cell_value(config, &max))
		return SAR_HOST_DAMAGED;
	uk_put_u8(out, (uint8_t)abi_cell_value(config, &max));
	uk_put_u8(out, (uint8_t)abi_cell_value(config, &left));
	/* A BOOL of 32 bits in all of them. */
	uk_put_u8(out, (uint32_t)is_default.room != 0 ? 1 : 0);
	return SAR_OK;
}

/* The tries that a call left are told where the PIN was wrong. */
static uint32_t
tries_note(struct client *client, uint32_t sar, const struct abi_cell *retry)
{
	uint32_t left = abi_cell_value(library_config(), retry);

	/* More than a byte is a lie: the caller asks GetPINInfo then. */
	if (sar == SAR_PIN_INCORRECT && left < SKF_TRIES_NONE)
		client->tries = (uint8_t)left;
	return sar;
}

static uint32_t
verify(struct client *client, uint8_t role, const char *pin)
{
	struct abi_cell retry = abi_cell_of(library_config(), SKF_TRIES_NONE);
	struct app *app;
	uint32_t sar = client_app(client, &app);

	if (sar != SAR_OK)
		return sar;
	sar = CALL(VerifyPIN, app->handle, role, (uintptr_t)pin, abi_cell_at(&retry));
	return tries_note(client, sar, &retry);
}

uint32_t
op_verify(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct client_secret *secret = client->secret;
	uint32_t sar = SAR_HOST_REQUEST;
	uint8_t role = 0;

	(void)out;
	if (uk_take_u8(&in, &role) && role <= GM_PIN_USER && pin_take(client, &in, 0))
		sar = verify(client, role, secret->pin[0]);
	/* SKF_UnblockPIN will want it again. */
	if (sar == SAR_OK && role == GM_PIN_ADMIN)
		memcpy(secret->admin_pin, secret->pin[0], sizeof(secret->admin_pin));
	pins_wipe(client);
	return sar;
}

uint32_t
op_change_pin(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct abi_cell retry = abi_cell_of(library_config(), SKF_TRIES_NONE);
	struct app *app;
	uint32_t sar = client_app(client, &app);
	uint8_t role = 0;

	(void)out;
	if (sar == SAR_OK && (!uk_take_u8(&in, &role) || role > GM_PIN_USER ||
			      !pin_take(client, &in, 0) || !pin_take(client, &in, 1)))
		sar = SAR_HOST_REQUEST;
	if (sar == SAR_OK)
		sar = CALL(ChangePIN, app->handle, role, (uintptr_t)client->secret->pin[0],
			   (uintptr_t)client->secret->pin[1], abi_cell_at(&retry));
	if (sar == SAR_OK && role == GM_PIN_ADMIN && client->secret->admin_pin[0] != '\0')
		memcpy(client->secret->admin_pin, client->secret->pin[1], UK_SECRET_MAX);
	pins_wipe(client);
	return tries_note(client, sar, &retry);
}

static uint32_t
unblock(struct client *client, const char *admin_pin, const char *new_pin)
{
	struct abi_cell retry = abi_cell_of(library_config(), SKF_TRIES_NONE);
	struct app *app;
	uint32_t sar = client_app(client, &app);

	if (sar != SAR_OK)
		return sar;
	sar = CALL(UnblockPIN, app->handle, (uintptr_t)admin_pin, (uintptr_t)new_pin,
		   abi_cell_at(&retry));
	return tries_note(client, sar, &retry);
}

uint32_t
op_unblock(struct client *client, struct uk_span in, struct uk_writer *out)
{
	uint32_t sar = SAR_HOST_NO_ADMIN;

	(void)out;
	if (!pin_take(client, &in, 0))
		sar = SAR_HOST_REQUEST;
	else if (client->secret->admin_pin[0] != '\0')
		sar = unblock(client, client->secret->admin_pin, client->secret->pin[0]);
	pins_wipe(client);
	return sar;
}

uint32_t
op_unblock_by_admin(struct client *client, struct uk_span in, struct uk_writer *out)
{
	uint32_t sar = SAR_HOST_REQUEST;

	(void)out;
	if (pin_take(client, &in, 0) && pin_take(client, &in, 1))
		sar = unblock(client, client->secret->pin[0], client->secret->pin[1]);
	pins_wipe(client);
	return sar;
}

uint32_t
op_forget(struct client *client, struct uk_span in, struct uk_writer *out)
{
	(void)in;
	(void)out;
	uk_wipe(client->secret, sizeof(*client->secret));
	return SAR_OK;
}

uint32_t
op_clear(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct app *app;
	uint32_t sar = client_app(client, &app);

	(void)op_forget(client, in, out);
	return sar != SAR_OK ? sar : CALL(ClearSecureState, app->handle);
}

/* ---- alone with the key ---- */

/* A library without a lock still has ours: the other programs of this user wait. */
static void
hold(struct client *client, int64_t until)
{
	if (library_has(ENTRY_LockDev))
		(void)CALL(LockDev, client->device->handle, LOCK_MS);
	client->device->holder = client;
	client->device->hold_until = until;
}

uint32_t
op_verify_once(struct client *client, struct uk_span in, struct uk_writer *out)
{
	uint32_t sar = SAR_HOST_REQUEST;
	uint8_t role = 0;

	(void)out;
	client_once_end(client);
	if (uk_take_u8(&in, &role) && role == GM_PIN_USER && pin_take(client, &in, 0)) {
		hold(client, clock_ms() + ONCE_MS);
		client->once = true;
		client->once_over = false;
		sar = verify(client, role, client->secret->pin[0]);
		if (sar != SAR_OK)
			client_once_end(client);
	}
	pins_wipe(client);
	return sar;
}

uint32_t
op_release(struct client *client, struct uk_span in, struct uk_writer *out)
{
	(void)in;
	(void)out;
	client_once_end(client);
	client->once_over = false;
	return SAR_OK;
}

uint32_t
op_hold(struct client *client, struct uk_span in, struct uk_writer *out)
{
	(void)in;
	(void)out;
	hold(client, 0);
	return SAR_OK;
}

uint32_t
op_let_go(struct client *client, struct uk_span in, struct uk_writer *out)
{
	(void)in;
	(void)out;
	if (client->device == NULL || client->device->holder != client || client->once)
		return SAR_OK;
	if (client->device->present && library_has(ENTRY_UnlockDev))
		(void)CALL(UnlockDev, client->device->handle);
	client->device->holder = NULL;
	return SAR_OK;
}
