/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key as a whole: which there are, its data, random, label, and the device right. */
#include "drivers/skf/host/serve.h"

#include <string.h>

#define RANDOM_MAX 1024
#define INFO_ROOM  512
#define HOLD_MS    500 /* between a random and the proof made of it */
#define RAW_MAX    65536

uint32_t
op_hello(struct client *client, struct uk_span in, struct uk_writer *out)
{
	uint32_t protocol, crashed;

	(void)out;
	if (!skf_take_u32(&in, &protocol) || !skf_take_u32(&in, &crashed) ||
	    protocol != SKF_PROTOCOL)
		return SAR_HOST_REQUEST;
	client->greeted = true;
	if (crashed != 0)
		device_clear_logins();
	return SAR_OK;
}

uint32_t
op_list(struct client *client, struct uk_span in, struct uk_writer *out)
{
	const uint32_t before = devices_number();
	bool changed;
	uint32_t sar = devices_refresh(&changed);
	uint8_t count = 0;

	(void)client;
	(void)in;
	if (sar != SAR_OK)
		return sar;
	devices_recheck();
	if (devices_number() != before)
		watchers_tell();
	for (struct device *at = device_next(NULL); at != NULL; at = device_next(at))
		count++;
	skf_put_u32(out, devices_number());
	uk_put_u8(out, count);
	for (struct device *at = device_next(NULL); at != NULL; at = device_next(at)) {
		skf_put_bytes(out, uk_span_str(at->shown));
		skf_put_u32(out, at->events);
	}
	return SAR_OK;
}

/* The answer comes when the number is another one; main.c sends it. */
uint32_t
op_watch(struct client *client, struct uk_span in, struct uk_writer *out)
{
	(void)out;
	if (!skf_take_u32(&in, &client->watch_number))
		return SAR_HOST_REQUEST;
	if (!watch_start())
		return SAR_MEMORYERR;
	client->watching = true;
	return SAR_OK;
}

/* DEVINFO's serial number, as long as it is. */
static uint32_t
serial_read(const struct device *device, uint8_t *room, size_t size, struct uk_span *ret)
{
	struct abi_reader info = {library_config(), uk_span_of(room, size), 0, false};
	uint32_t sar = CALL(GetDevInfo, device->handle, (uintptr_t)room);

	if (sar != SAR_OK)
		return sar;
	(void)abi_take(&info, 2 + 64 + 64 + 32); /* version, maker, issuer, label */
	*ret = abi_take(&info, 32);
	ret->len = strnlen((const char *)ret->ptr, ret->len);
	return SAR_OK;
}

uint32_t
op_open(struct client *client, struct uk_span in, struct uk_writer *out)
{
	uint8_t room[INFO_ROOM] = {0};
	struct uk_span name, expected, serial = {0};
	struct device *device;
	uint32_t events, sar;
	bool changed;

	if (!skf_take_bytes(&in, &name) || !skf_take_u32(&in, &events) ||
	    !skf_take_bytes(&in, &expected))
		return SAR_HOST_REQUEST;
	device = device_find(name, events);
	/* A helper that has just begun has not looked yet. */
	if (device == NULL && devices_refresh(&changed) == SAR_OK)
		device = device_find(name, events);
	if (device == NULL)
		return SAR_HOST_NO_DEVICE;
	sar = device_connect(device);
	if (sar == SAR_OK)
		sar = device_judge(device, serial_read(device, room, sizeof(room), &serial));
	if (sar != SAR_OK)
		return sar;
	/* Another key where that one was, while there was no helper. */
	if (expected.len > 0 && !uk_span_equal(expected, serial)) {
		device_drop(device);
		return SAR_HOST_NO_DEVICE;
	}
	skf_put_bytes(out, serial);
	client->device = device;
	client->events = events;
	client->app[0] = '\0';
	return SAR_OK;
}

/* ---- applications ---- */

static bool
names_have(struct uk_span names, const char *wanted)
{
	struct uk_span name;

	while (uk_take_name(&names, &name))
		if (uk_span_equal(name, uk_span_str(wanted)))
			return true;
	return false;
}

/* The one that is asked for and no other, else the configured one, else the first. */
static uint32_t
application_choose(struct uk_span names, struct uk_span asked, char *out)
{
	const char *configured = library_config()->application;
	struct uk_span name;

	if (asked.len > 0)
		return name_copy(out, NAME_ROOM, asked) && names_have(names, out)
			       ? SAR_OK
			       : SAR_HOST_NO_APPLICATION;
	if (configured[0] != '\0' && names_have(names, configured)) {
		memcpy(out, configured, strlen(configured) + 1);
		return SAR_OK;
	}
	while (uk_take_name(&names, &name))
		if (name.len > 0 && name_copy(out, NAME_ROOM, name))
			return SAR_OK;
	return SAR_HOST_NO_APPLICATION;
}

uint32_t
op_application(struct client *client, struct uk_span in, struct uk_writer *out)
{
	char list[SKF_NAMES_MAX], chosen[NAME_ROOM];
	struct uk_span asked, names;
	struct app *app;
	uint32_t sar;

	if (!skf_take_bytes(&in, &asked))
		return SAR_HOST_REQUEST;
	sar = device_applications(client->device, list, sizeof(list), &names);
	if (sar == SAR_OK)
		sar = application_choose(names, asked, chosen);
	if (sar == SAR_OK)
		sar = device_app(client->device, chosen, &app);
	if (sar != SAR_OK)
		return sar;
	memcpy(client->app, chosen, sizeof(chosen));
	skf_put_bytes(out, uk_span_str(chosen));
	return SAR_OK;
}

uint32_t
op_applications(struct client *client, struct uk_span in, struct uk_writer *out)
{
	char list[SKF_NAMES_MAX];
	struct uk_span names;
	uint32_t sar = device_applications(client->device, list, sizeof(list), &names);

	(void)in;
	if (sar == SAR_OK)
		skf_put_bytes(out, names);
	return sar;
}

/* ---- data ---- */

static void
put_text(struct uk_writer *out, struct uk_span text)
{
	skf_put_bytes(out, uk_span_of(text.ptr, strnlen((const char *)text.ptr, text.len)));
}

/* DEVINFO (gm-keys 1.2). */
static uint32_t
info_put(struct abi_reader *info, struct uk_writer *out)
{
	struct uk_span spec = abi_take(info, 2);
	struct uk_span texts[4];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		texts[i] = abi_take(info, i < 2 ? 64 : 32);
	if (info->bad)
		return SAR_HOST_DAMAGED;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		put_text(out, texts[i]);
	uk_put(out, spec);
	uk_put(out, abi_take(info, 4)); /* hardware, firmware */
	for (int i = 0; i < 6; i++)
		skf_put_u32(out, abi_take_ulong(info));
	return info->bad ? SAR_HOST_DAMAGED : SAR_OK;
}

uint32_t
op_info(struct client *client, struct uk_span in, struct uk_writer *out)
{
	uint8_t room[INFO_ROOM] = {0};
	struct abi_reader info = {library_config(), uk_span_of(room, sizeof(room)), 0, false};
	uint32_t sar = CALL(GetDevInfo, client->device->handle, (uintptr_t)room);

	(void)in;
	return sar != SAR_OK ? sar : info_put(&info, out);
}

static uint32_t
random_put(struct client *client, uint32_t len, struct uk_writer *out)
{
	uint8_t room[RANDOM_MAX];
	uint32_t sar;

	if (len > sizeof(room))
		return SAR_INDATALENERR;
	sar = CALL(GenRandom, client->device->handle, (uintptr_t)room, len);
	if (sar == SAR_OK)
		skf_put_bytes(out, uk_span_of(room, len));
	uk_wipe(room, sizeof(room));
	return sar;
}

uint32_t
op_random(struct client *client, struct uk_span in, struct uk_writer *out)
{
	uint32_t len;

	return skf_take_u32(&in, &len) ? random_put(client, len, out) : SAR_HOST_REQUEST;
}

uint32_t
op_set_label(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct uk_span label;
	char text[GM_LABEL_MAX];

	(void)out;
	if (!skf_take_bytes(&in, &label))
		return SAR_HOST_REQUEST;
	if (!name_copy(text, sizeof(text), label))
		return SAR_NAMELENERR;
	return CALL(SetLabel, client->device->handle, (uintptr_t)text);
}

/* ---- the device right ---- */

uint32_t
op_device_random(struct client *client, struct uk_span in, struct uk_writer *out)
{
	(void)in;
	/* Another's command in between would use it up. */
	if (client->device->holder == NULL) {
		client->device->holder = client;
		client->device->hold_until = clock_ms() + HOLD_MS;
	}
	return random_put(client, GM_RANDOM_LEN, out);
}

static uint32_t
prove(struct client *client, struct uk_span proof)
{
	uint32_t sar;

	if (client->device->holder == client && client->device->hold_until != 0 && !client->once)
		client->device->holder = NULL;
	if (proof.len == 0) /* proved before */
		return SAR_OK;
	sar = CALL(DevAuth, client->device->handle, (uintptr_t)proof.ptr, proof.len);
	return sar == SAR_OK || sar == SAR_NOTSUPPORTYETERR ? sar : SAR_HOST_AUTH;
}

uint32_t
op_device_auth(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct uk_span proof;

	(void)out;
	return skf_take_bytes(&in, &proof) && proof.len > 0 ? prove(client, proof)
							    : SAR_HOST_REQUEST;
}

uint32_t
op_change_device_key(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct uk_span proof, key;
	uint32_t sar;

	(void)out;
	if (!skf_take_bytes(&in, &proof) || !skf_take_bytes(&in, &key))
		return SAR_HOST_REQUEST;
	sar = prove(client, proof);
	if (sar != SAR_OK)
		return sar;
	return CALL(ChangeDevAuthKey, client->device->handle, (uintptr_t)key.ptr, key.len);
}

/* With NULs behind them for the library, in the client's own memory. */
static bool
new_application_take(struct client *client, struct uk_span *in, char *name, uint32_t numbers[3])
{
	struct uk_span text, admin, user;

	return skf_take_bytes(in, &text) && name_copy(name, NAME_ROOM, text) &&
	       skf_take_bytes(in, &admin) &&
	       name_copy(client->secret->pin[0], UK_SECRET_MAX, admin) &&
	       skf_take_u32(in, &numbers[0]) && skf_take_bytes(in, &user) &&
	       name_copy(client->secret->pin[1], UK_SECRET_MAX, user) &&
	       skf_take_u32(in, &numbers[1]) && skf_take_u32(in, &numbers[2]);
}

uint32_t
op_create_application(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct abi_cell handle = {0};
	struct uk_span proof;
	char name[NAME_ROOM];
	uint32_t numbers[3], sar = SAR_HOST_REQUEST;

	(void)out;
	if (skf_take_bytes(&in, &proof) && new_application_take(client, &in, name, numbers))
		sar = prove(client, proof);
	if (sar == SAR_OK)
		sar = CALL(CreateApplication, client->device->handle, (uintptr_t)name,
			   (uintptr_t)client->secret->pin[0], numbers[0],
			   (uintptr_t)client->secret->pin[1], numbers[1], numbers[2],
			   abi_cell_at(&handle));
	if (sar == SAR_OK)
		(void)CALL(CloseApplication, abi_cell_handle(library_config(), &handle));
	uk_wipe(client->secret->pin, sizeof(client->secret->pin));
	return sar;
}

uint32_t
op_delete_application(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct uk_span proof, text;
	char name[NAME_ROOM];
	uint32_t sar;

	(void)out;
	if (!skf_take_bytes(&in, &proof) || !skf_take_bytes(&in, &text) ||
	    !name_copy(name, sizeof(name), text))
		return SAR_HOST_REQUEST;
	sar = prove(client, proof);
	if (sar != SAR_OK)
		return sar;
	device_app_close(client->device, name);
	client->app[0] = '\0';
	return CALL(DeleteApplication, client->device->handle, (uintptr_t)name);
}

/* ---- what the standard has for testing ---- */

uint32_t
op_raw(struct client *client, struct uk_span in, struct uk_writer *out)
{
	static uint8_t room[RAW_MAX];
	const struct skf_config *config = library_config();
	struct abi_cell len = abi_cell_of(config, sizeof(room));
	uint32_t sar;

	if (config->transmit == 0)
		return SAR_NOTSUPPORTYETERR;
	sar = CALL(Transmit, client->device->handle, (uintptr_t)in.ptr, in.len, (uintptr_t)room,
		   abi_cell_at(&len));
	if (sar != SAR_OK)
		return sar;
	if (abi_cell_value(config, &len) > sizeof(room))
		return SAR_HOST_DAMAGED;
	skf_put_bytes(out, uk_span_of(room, abi_cell_value(config, &len)));
	return SAR_OK;
}
