/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handles.  What a program gets is a number that is looked up, never a pointer that is followed: a
 * wrong, stale or foreign one is SAR_INVALIDHANDLEERR.  No number is given twice in a process, or
 * in a child that it forks.
 */
#ifndef UK_SKF_HANDLE_H
#define UK_SKF_HANDLE_H

#include "drivers/token.h"
#include "skf/skf.h"

enum handle_kind {
	KIND_DEV = 1 << 0,
	KIND_APP = 1 << 1,
	KIND_CON = 1 << 2,
	KIND_KEY = 1 << 3, /* a session key */
	KIND_HASH = 1 << 4,
	KIND_MAC = 1 << 5,
	KIND_AGREEMENT = 1 << 6,
};

struct device;
struct app;

/* What a handle stands for.  All but the first three fields is guarded by the device's lock. */
struct object {
	HANDLE handle;
	enum handle_kind kind;
	struct device *device; /* never freed */
	struct object *parent; /* when it closes, so does this; NULL for KIND_DEV */
	unsigned int seating;  /* the device's when this was made: of another, the key was pulled */
	struct app *app;       /* from KIND_APP down; NULL for KIND_DEV and KIND_HASH */
	struct object *key;    /* KIND_MAC: the session key it is made with */
	char container[TOKEN_NAME_MAX]; /* from KIND_CON down, else "" */
	void *state;                    /* of KIND_KEY and on: api_session.c, api_digest.c */
	/*
	 * Frees state; `gone`: the key was pulled, nothing may be sent.  Wants the device's lock.
	 */
	void (*state_free)(struct object *object, bool gone);
};

/*
 * Makes an object below `parent` (NULL: a device's own) with a handle; NULL when there is no
 * memory, or when the program has 65535 of them.  Wants the device's lock.
 */
struct object *object_new(enum handle_kind kind, struct device *device, struct object *parent);
/* Closes it and all below it.  Wants the device's lock. */
void object_close(struct object *object);

/*
 * Closes all below an application of that device, by name, and with a container's name only what is
 * in that; the device's lock is wanted.
 */
void objects_close(const struct app *app, struct uk_span container);

/* The device of a living handle of one of these kinds; NULL: none. No lock is wanted. */
struct device *handle_device(HANDLE handle, unsigned int kinds);
/* The object; it stays while the device's lock is held. */
struct object *handle_object(HANDLE handle, unsigned int kinds);
/* Whether the device has a handle of that kind; of its present seating. */
bool handle_any(const struct device *device, enum handle_kind kind);

/* After a fork: drops all of the parent's without touching what they stand for. */
void handles_forget(void);

#endif
