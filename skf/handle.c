/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "skf/handle.h"

#include "skf/device.h"

#include <pthread.h>
#include <stdlib.h>

/* A handle: which row, counted from 1; above it, the number of the one that was given. */
#define ROW_BITS     16
#define ROWS_MAX     ((size_t)(1 << ROW_BITS) - 1)
#define ROWS_AT_ONCE 64
/* No address that a program can have begins like this: a pointer given by mistake is no handle. */
#define MARK ((uint64_t)0x5b4b << 48)

static struct {
	pthread_mutex_t lock; /* guards the rows; no other lock is taken under it */
	struct object **rows;
	size_t count;
	uint32_t given; /* goes on in a forked child, where the parent's handles mean nothing */
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct object *
find(HANDLE handle, unsigned int kinds)
{
	size_t row = (uintptr_t)handle & ROWS_MAX;
	struct object *object;

	if (row == 0 || row > table.count)
		return NULL;
	object = table.rows[row - 1];
	return object != NULL && object->handle == handle && (object->kind & kinds) != 0 ? object
											 : NULL;
}

struct object *
handle_object(HANDLE handle, unsigned int kinds)
{
	struct object *object;

	pthread_mutex_lock(&table.lock);
	object = find(handle, kinds);
	pthread_mutex_unlock(&table.lock);
	return object;
}

struct device *
handle_device(HANDLE handle, unsigned int kinds)
{
	struct device *device;
	struct object *object;

	pthread_mutex_lock(&table.lock);
	object = find(handle, kinds);
	device = object != NULL ? object->device : NULL;
	pthread_mutex_unlock(&table.lock);
	return device;
}

bool
handle_any(const struct device *device, enum handle_kind kind)
{
	bool found = false;

	pthread_mutex_lock(&table.lock);
	for (size_t i = 0; i < table.count && !found; i++) {
		const struct object *object = table.rows[i];

		found = object != NULL && object->device == device && object->kind == kind &&
			object->seating == device->seating;
	}
	pthread_mutex_unlock(&table.lock);
	return found;
}

/* A free row, counted from 0; table.count when there is none and none can be had. */
static size_t
row_find(void)
{
	struct object **rows;
	size_t row = 0;

	while (row < table.count && table.rows[row] != NULL)
		row++;
	if (row < table.count || table.count + ROWS_AT_ONCE > ROWS_MAX)
		return row;
	rows = reallocarray(table.rows, table.count + ROWS_AT_ONCE, sizeof(struct object *));
	if (rows == NULL)
		return table.count;
	for (size_t i = table.count; i < table.count + ROWS_AT_ONCE; i++)
		rows[i] = NULL;
	table.rows = rows;
	table.count += ROWS_AT_ONCE;
	return row;
}

static HANDLE
handle_of(size_t row)
{
	uint64_t number = MARK | (uint64_t)++table.given << ROW_BITS | (row + 1);

	return (HANDLE)(uintptr_t)number;
}

struct object *
object_new(enum handle_kind kind, struct device *device, struct object *parent)
{
	struct object *object = calloc(1, sizeof(*object));
	size_t row;

	if (object == NULL)
		return NULL;
	*object = (struct object){
		.kind = kind, .device = device, .parent = parent, .seating = device->seating};
	pthread_mutex_lock(&table.lock);
	row = row_find();
	if (row < table.count) {
		object->handle = handle_of(row);
		table.rows[row] = object;
	}
	pthread_mutex_unlock(&table.lock);
	if (object->handle != NULL)
		return object;
	free(object);
	return NULL;
}

/* One of the objects below it that has none below itself; NULL when there is none. */
static struct object *
child_of(const struct object *object)
{
	struct object *child = NULL;

	pthread_mutex_lock(&table.lock);
	for (size_t i = 0; i < table.count && child == NULL; i++)
		if (table.rows[i] != NULL &&
		    (table.rows[i]->parent == object || table.rows[i]->key == object))
			child = table.rows[i];
	pthread_mutex_unlock(&table.lock);
	return child;
}

void
object_close(struct object *object)
{
	size_t row = ((uintptr_t)object->handle & ROWS_MAX) - 1;
	struct object *child;

	while ((child = child_of(object)) != NULL)
		object_close(child);
	pthread_mutex_lock(&table.lock);
	table.rows[row] = NULL;
	pthread_mutex_unlock(&table.lock);
	if (object->state_free != NULL)
		object->state_free(object, object->seating != object->device->seating);
	if (object->device->locker == object)
		device_unlock_key(object->device);
	free(object);
}

static struct object *
object_of(const struct app *app, struct uk_span container)
{
	struct object *found = NULL;

	pthread_mutex_lock(&table.lock);
	for (size_t i = 0; i < table.count && found == NULL; i++) {
		struct object *object = table.rows[i];

		if (object != NULL && object->app == app &&
		    object->seating == object->device->seating &&
		    (container.len == 0 ||
		     uk_span_equal(uk_span_str(object->container), container)))
			found = object;
	}
	pthread_mutex_unlock(&table.lock);
	return found;
}

void
objects_close(const struct app *app, struct uk_span container)
{
	struct object *object;

	while ((object = object_of(app, container)) != NULL)
		object_close(object);
}

void
handles_forget(void)
{
	static const pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	table.lock = mutex;
	for (size_t i = 0; i < table.count; i++)
		table.rows[i] = NULL;
}
