/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/skf/host/device.h"

#include "drivers/skf/host/abi.h"

#include <string.h>
#include <time.h>

#define DEVINFO_ROOM 512

static struct device devices[SKF_DEVICES_MAX];
static uint32_t number, last_events;
static bool looked; /* a first list has been seen */
static bool clear_at_open;

bool
name_copy(char *out, size_t room, struct uk_span name)
{
	if (name.len >= room || (name.len > 0 && memchr(name.ptr, 0, name.len) != NULL))
		return false;
	if (name.len > 0)
		memcpy(out, name.ptr, name.len);
	out[name.len] = '\0';
	return true;
}

int64_t
clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- lists of names ---- */

/* `first` is a handle, or for EnumDev whether a key must be there; both are the first argument. */
uint32_t
names_list(enum entry entry, uintptr_t first, char *out, size_t room, struct uk_span *ret)
{
	const struct skf_config *config = library_config();
	struct abi_cell size = abi_cell_of(config, (uint32_t)room - 2);
	size_t len, end = 0;
	uint32_t sar;

	memset(out, 0, room); /* whatever it writes ends in NULs */
	sar = library_call(
		entry, (const uintptr_t[LIBRARY_ARGS]){first, (uintptr_t)out, abi_cell_at(&size)});
	if (sar != SAR_OK)
		return sar;
	len = abi_cell_value(config, &size);
	if (len > room - 2)
		return SAR_HOST_DAMAGED;
	/* Up to the empty name, or to where the library says. */
	while (end < len && out[end] != '\0')
		end += strlen(out + end) + 1;
	*ret = uk_span_of(out, end < room ? end : room - 1);
	return SAR_OK;
}

/* ---- keys ---- */

uint32_t
devices_number(void)
{
	return number;
}

struct device *
device_next(const struct device *previous)
{
	size_t from = previous == NULL ? 0 : (size_t)(previous - devices) + 1;

	for (size_t i = from; i < ARRAY_SIZE(devices); i++)
		if (devices[i].name[0] != '\0' && devices[i].present)
			return &devices[i];
	return NULL;
}

struct device *
device_find(struct uk_span shown, uint32_t events)
{
	for (struct device *device = device_next(NULL); device != NULL;
	     device = device_next(device))
		if (device->events == events && uk_span_equal(shown, uk_span_str(device->shown)))
			return device;
	return NULL;
}

/* One line, and short enough: the file name of a device, a serial number. */
static void
shown_set(struct device *device)
{
	size_t len = strnlen(device->name, sizeof(device->shown) - 1);

	memcpy(device->shown, device->name, len);
	device->shown[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)device->shown[i] < ' ' || device->shown[i] == 0x7f)
			device->shown[i] = '?';
}

static void
device_forget(struct device *device)
{
	/* It may be a stranger's by now, but the library's own beginning of the end of it is ours.
	 */
	if (device->connected)
		(void)CALL(DisConnectDev, device->handle);
	device->connected = false;
	device->holder = NULL;
	memset(device->apps, 0, sizeof(device->apps));
}

void
device_drop(struct device *device)
{
	if (device->present)
		number++;
	device->present = false;
	device_forget(device);
}

static struct device *
device_named(struct uk_span name)
{
	struct device *unused = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		if (uk_span_equal(name, uk_span_str(devices[i].name)))
			return &devices[i];
		if (!devices[i].present && unused == NULL)
			unused = &devices[i];
	}
	if (unused == NULL || !name_copy(unused->name, sizeof(unused->name), name))
		return NULL;
	shown_set(unused);
	return unused;
}

/*
 * What was there when the helper began has the same number in each helper: one that ends and is
 * started anew is no reason to think that the keys were pulled.
 */
static uint32_t
events_of(struct uk_span name)
{
	uint32_t hash = 0x811c9dc5; /* FNV-1a, 32 bits */

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ name.ptr[i]) * 0x01000193;
	return hash;
}

uint32_t
devices_refresh(bool *ret_changed)
{
	static char list[SKF_NAMES_MAX];
	bool seen[SKF_DEVICES_MAX] = {false};
	const uint32_t before = number;
	struct uk_span names, name;
	uint32_t sar = names_list(ENTRY_EnumDev, 1, list, sizeof(list), &names);

	if (sar != SAR_OK)
		return sar;
	while (uk_take_name(&names, &name)) {
		struct device *device = name.len > 0 ? device_named(name) : NULL;

		if (device == NULL)
			continue;
		seen[device - devices] = true;
		if (device->present)
			continue;
		device->present = true;
		device->events = events_of(name) + (looked ? ++last_events : 0);
		number++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		if (devices[i].present && !seen[i])
			device_drop(&devices[i]);
	looked = true;
	*ret_changed = number != before;
	return SAR_OK;
}

void
devices_recheck(void)
{
	uint8_t room[DEVINFO_ROOM];
	bool again = false, changed;

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		struct device *device = &devices[i];

		if (!device->present || !device->connected ||
		    clock_ms() - device->answered < library_config()->recheck_ms)
			continue;
		(void)device_judge(device, CALL(GetDevInfo, device->handle, (uintptr_t)room));
		again = again || !device->present;
	}
	/* What is gone by its handle may be there by its name. */
	if (again && devices_refresh(&changed) != SAR_OK)
		return;
}

uint32_t
device_judge(struct device *device, uint32_t sar)
{
	bool changed;

	if (sar == SAR_OK)
		device->answered = clock_ms();
	if (sar == SAR_DEVICE_REMOVED || sar == SAR_INVALIDHANDLEERR) {
		device_drop(device);
		return SAR_HOST_NO_DEVICE;
	}
	if (sar != SAR_FAIL && sar != SAR_UNKNOWNERR)
		return sar;
	if (devices_refresh(&changed) == SAR_OK && !device->present)
		return SAR_HOST_NO_DEVICE;
	return sar;
}

uint32_t
device_connect(struct device *device)
{
	const struct skf_config *config = library_config();
	struct abi_cell handle = {0};
	uint32_t sar;

	if (device->connected)
		return SAR_OK;
	sar = CALL(ConnectDev, (uintptr_t)device->name, abi_cell_at(&handle));
	if (sar != SAR_OK)
		return device_judge(device, sar);
	device->handle = abi_cell_handle(config, &handle);
	if (device->handle == 0)
		return SAR_HOST_DAMAGED;
	device->connected = true;
	return SAR_OK;
}

/* ---- applications ---- */

uint32_t
device_applications(struct device *device, char *out, size_t room, struct uk_span *ret)
{
	return device_judge(device,
			    names_list(ENTRY_EnumApplication, device->handle, out, room, ret));
}

void
device_clear_logins(void)
{
	clear_at_open = true;
}

static struct app *
app_place(struct device *device)
{
	for (size_t i = 0; i < ARRAY_SIZE(device->apps); i++)
		if (device->apps[i].name[0] == '\0')
			return &device->apps[i];
	return NULL;
}

uint32_t
device_app(struct device *device, const char *name, struct app **ret)
{
	const struct skf_config *config = library_config();
	struct abi_cell handle = {0};
	struct app *app;
	uint32_t sar;

	for (size_t i = 0; i < ARRAY_SIZE(device->apps); i++) {
		if (strcmp(device->apps[i].name, name) != 0)
			continue;
		*ret = &device->apps[i];
		return SAR_OK;
	}
	app = app_place(device);
	if (app == NULL || strlen(name) >= sizeof(app->name))
		return SAR_HOST_ROOM;
	sar = CALL(OpenApplication, device->handle, (uintptr_t)name, abi_cell_at(&handle));
	if (sar != SAR_OK)
		return device_judge(device, sar);
	memcpy(app->name, name, strlen(name) + 1);
	app->handle = abi_cell_handle(config, &handle);
	if (clear_at_open)
		(void)CALL(ClearSecureState, app->handle);
	*ret = app;
	return SAR_OK;
}

void
device_app_close(struct device *device, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(device->apps); i++) {
		if (name[0] == '\0' || strcmp(device->apps[i].name, name) != 0)
			continue;
		(void)CALL(CloseApplication, device->apps[i].handle);
		device->apps[i] = (struct app){0};
	}
}
