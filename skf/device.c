/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "skf/device.h"

#include "common/log.h"
#include "skf/module.h"
#include "token-share/login_lock.h"

#include <stdlib.h>
#include <string.h>

#define DEVICES_MAX 128

/* Only grows, under the bus lock; a device's address never changes. */
static struct device *devices[DEVICES_MAX];
static unsigned int device_count;

/* ---- readers ---- */

static struct device *
find(const char *name)
{
	for (unsigned int i = 0; i < device_count; i++)
		if (strcmp(devices[i]->seen.name, name) == 0)
			return devices[i];
	return NULL;
}

static struct device *
add(const struct token_reader *row)
{
	struct device *device;

	if (device_count == DEVICES_MAX)
		return NULL;
	device = calloc(1, sizeof(*device));
	if (device == NULL)
		return NULL;
	(void)pthread_mutex_init(&device->lock, NULL);
	device->lock_file = -1;
	device->seen = *row;
	devices[device_count++] = device;
	return device;
}

static void
device_note_reader(struct device *device, const struct token_reader *row)
{
	if (device->seen.present != row->present || device->seen.events != row->events)
		__atomic_add_fetch(&device->changes, 1, __ATOMIC_RELEASE);
	device->seen = *row;
}

static void
devices_note_missing(const struct token_reader *rows, size_t count)
{
	for (unsigned int i = 0; i < device_count; i++) {
		struct token_reader gone = devices[i]->seen;
		bool listed = false;

		for (size_t k = 0; k < count; k++)
			listed = listed || strcmp(rows[k].name, gone.name) == 0;
		if (listed || !gone.present)
			continue;
		gone.present = false;
		gone.ours = false;
		gone.model = NULL;
		device_note_reader(devices[i], &gone);
	}
}

enum uk_status
devices_refresh(void)
{
	struct token_reader rows[TOKEN_READERS_MAX];
	struct token_bus *bus = module_bus_lock();
	size_t count = 0;
	enum uk_status st = UK_E_NO_SERVICE;

	if (bus != NULL)
		st = token_bus_list(bus, rows, ARRAY_SIZE(rows), &count);
	if (st != UK_OK)
		count = 0;
	for (size_t i = 0; i < count; i++) {
		struct device *device = find(rows[i].name);

		if (device != NULL)
			device_note_reader(device, &rows[i]);
		else
			(void)add(&rows[i]);
	}
	devices_note_missing(rows, count);
	module_bus_unlock();
	return st;
}

void
devices_each(void (*fn)(void *data, const struct token_reader *seen), void *data)
{
	(void)module_bus_lock();
	for (unsigned int i = 0; i < device_count; i++)
		fn(data, &devices[i]->seen);
	module_bus_unlock();
}

struct device *
device_find(const char *name)
{
	struct device *device;

	(void)module_bus_lock();
	device = find(name);
	module_bus_unlock();
	return device;
}

/* ---- applications ---- */

void
app_login_forget(struct app *app)
{
	app->logged_in[TOKEN_ADMIN] = false;
	app->logged_in[TOKEN_USER] = false;
	login_lock_release(&app->login_lock);
	app->token->ops->forget(app->token);
}

static void
app_free(struct app *app)
{
	app_login_forget(app);
	token_close(app->token);
	free(app);
}

struct app *
device_app(struct device *device, const char *name)
{
	struct app *app = device->apps;

	while (app != NULL && strcmp(app->name, name) != 0)
		app = app->next;
	if (app != NULL)
		return app;
	app = calloc(1, sizeof(*app));
	if (app == NULL || device->token->ops->beside(device->token, &app->token) != UK_OK) {
		free(app);
		return NULL;
	}
	app->login_lock = -1;
	memcpy(app->name, name, strnlen(name, sizeof(app->name) - 1));
	token_set_application(app->token, app->name);
	app->next = device->apps;
	device->apps = app;
	return app;
}

void
device_app_drop(struct device *device, const char *name)
{
	for (struct app **link = &device->apps; *link != NULL; link = &(*link)->next) {
		struct app *app = *link;

		if (strcmp(app->name, name) != 0)
			continue;
		*link = app->next;
		app_free(app);
		return;
	}
}

/* ---- the key in it ---- */

/* The key has gone, or changed hands: handles made with it stay, and say so when used. */
static void
device_drop(struct device *device)
{
	if (device->token == NULL)
		return;
	device->seating++;
	device->removed = false;
	device->device_right = false;
	device_unlock_key(device);
	while (device->apps != NULL) {
		struct app *app = device->apps;

		device->apps = app->next;
		app_free(app);
	}
	token_close(device->token);
	device->token = NULL;
}

void
device_lock(struct device *device)
{
	pthread_mutex_lock(&device->lock);
	if (device->token != NULL &&
	    device->token_changes != __atomic_load_n(&device->changes, __ATOMIC_ACQUIRE))
		device_drop(device);
}

void
device_unlock(struct device *device)
{
	if (device->removed)
		device_drop(device);
	pthread_mutex_unlock(&device->lock);
}

enum uk_status
device_connect(struct device *device)
{
	struct token_reader seen;
	struct token_bus *bus;
	enum uk_status st;

	if (device->token != NULL)
		return UK_OK;
	bus = module_bus_lock();
	device->token_changes = device->changes;
	seen = device->seen;
	module_bus_unlock();
	if (bus == NULL)
		return UK_E_NO_SERVICE;
	if (!seen.present)
		return UK_E_NO_KEY;
	st = token_open(bus, &seen, &device->token);
	return st;
}

void
device_note(struct device *device, struct app *app, enum uk_status status)
{
	struct token *token = app != NULL ? app->token : device->token;

	if (status == UK_E_REMOVED)
		device->removed = true;
	if (token == NULL)
		return;
	if (status == UK_E_RESET)
		device->device_right = false;
	if (status == UK_E_RESET || status == UK_E_NOT_LOGGED_IN)
		token->login_lost = true;
	if (!token->login_lost)
		return;
	token->login_lost = false;
	if (app != NULL)
		app_login_forget(app);
}

void
device_unlock_key(struct device *device)
{
	device->locker = NULL;
}

void
devices_forget(void)
{
	for (unsigned int i = 0; i < device_count; i++) {
		/* Closing the child's copies of the descriptors leaves the parent's locks alone. */
		for (struct app *app = devices[i]->apps; app != NULL; app = app->next)
			login_lock_release(&app->login_lock);
		login_lock_release(&devices[i]->lock_file);
		devices[i] = NULL;
	}
	device_count = 0;
}
