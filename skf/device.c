/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "skf/device.h"

#include "common/log.h"
#include "skf/event.h"
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
	else
		events_begin(rows, count);
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

enum uk_status
app_logout(struct app *app)
{
	enum uk_status st = UK_OK;

	if (!app->logged_in[TOKEN_ADMIN] && !app->logged_in[TOKEN_USER])
		return UK_OK;
	if (login_lock_is_last(app->login_lock))
		st = app->token->ops->clear(app->token);
	app_login_forget(app);
	/* After a reset there is no login left to clear: that is what was asked for. */
	return st == UK_E_RESET ? UK_OK : st;
}

static void
ignore_name(void *data, struct uk_span name)
{
	(void)data;
	(void)name;
}

/* Opens the application that a program would get which asks for none; a blank key has none. */
static void
own_application_find(struct device *device)
{
	struct token *token = device->token;
	enum uk_status st = UK_OK;
	const char *name;

	if (device->own_application[0] == '\0')
		TOKEN_AGAIN(st, token->ops->containers(token, ignore_name, NULL));
	if (st != UK_OK || device->own_application[0] != '\0')
		return;
	name = token_application(token);
	memcpy(device->own_application, name, strnlen(name, TOKEN_NAME_MAX - 1) + 1);
}

enum uk_status
device_serial(struct device *device, const char **ret)
{
	enum uk_status st = UK_OK;

	if (!device->info_known)
		TOKEN_AGAIN(st, device->token->ops->info(device->token, &device->info));
	if (st != UK_OK)
		return st;
	device->info_known = true;
	*ret = device->info.serial;
	return UK_OK;
}

enum uk_status
app_login_begin(struct app *app, struct device *device)
{
	const char *serial;
	bool own;
	enum uk_status st;

	if (app->login_lock >= 0)
		return UK_OK;
	st = device_serial(device, &serial);
	if (st != UK_OK)
		return st;
	own_application_find(device);
	/* As the module names it: its slot of a reader says nothing of the application. */
	own = strcmp(device->own_application, app->name) == 0;
	app->login_lock = login_lock_take(serial, own ? "" : app->name);
	return UK_OK;
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
	device->info_known = false;
	device->own_application[0] = '\0';
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
	if (status == UK_E_RESET || (app == NULL && status == UK_E_NOT_LOGGED_IN))
		device->device_right = false;
	if (status == UK_E_RESET || status == UK_E_NOT_LOGGED_IN)
		token->login_lost = true;
	if (!token->login_lost)
		return;
	token->login_lost = false;
	if (app != NULL)
		app_login_forget(app);
	else
		device->device_right = false;
}

enum uk_status
device_lock_key(struct device *device, struct object *locker)
{
	enum uk_status st;

	if (device->locker != NULL)
		return device->locker == locker ? UK_OK : UK_E_BUSY;
	/* By the reader's name, which never changes: the key itself answers only who has it. */
	st = key_lock_try(device->seen.name, &device->lock_file);
	if (st != UK_OK)
		return st;
	st = device->token->ops->hold(device->token);
	if (st == UK_OK)
		device->locker = locker;
	else
		login_lock_release(&device->lock_file);
	return st;
}

void
device_unlock_key(struct device *device)
{
	if (device->locker == NULL)
		return;
	device->locker = NULL;
	device->token->ops->let_go(device->token);
	login_lock_release(&device->lock_file);
}

/* Whether no other program has it by SKF_LockDev, who may keep it for as long as it likes. */
static bool
key_is_free(const struct device *device)
{
	int lock = -1;
	bool is_free = device->locker != NULL || key_lock_try(device->seen.name, &lock) == UK_OK;

	login_lock_release(&lock);
	return is_free;
}

/*
 * A program that ends takes its login along: nobody else may use it.  What another thread or
 * program holds is left alone: an exit must not wait.
 */
__attribute__((destructor)) static void
devices_end(void)
{
	for (unsigned int i = 0; i < device_count; i++) {
		struct device *device = devices[i];

		if (pthread_mutex_trylock(&device->lock) != 0)
			continue;
		for (struct app *app = device->apps; app != NULL && key_is_free(device);
		     app = app->next) {
			enum uk_status st = app_logout(app);

			if (st != UK_OK)
				uk_debug("session", "logout: %s", uk_status_text(st));
		}
		pthread_mutex_unlock(&device->lock);
	}
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
