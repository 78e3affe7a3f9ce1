/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keys that the library shows, and the handles it has given for them.  A handle is used as what
 * it was given for and closed once; when a key goes, its handles go unused.
 */
#ifndef UK_DRIVERS_SKF_HOST_DEVICE_H
#define UK_DRIVERS_SKF_HOST_DEVICE_H

#include "drivers/skf/host/library.h"

#define DEVICE_NAME_MAX  256 /* the library's name, with its NUL */
#define DEVICE_SHOWN_MAX 92  /* ours */
#define NAME_ROOM        65  /* applications, containers, files, with their NUL */
#define APPS_MAX         8

struct app {
	char name[NAME_ROOM]; /* "" : free */
	uintptr_t handle;
};

struct device {
	char name[DEVICE_NAME_MAX]; /* "" : free */
	char shown[DEVICE_SHOWN_MAX];
	bool present, connected;
	uint32_t events;
	uintptr_t handle;
	struct app apps[APPS_MAX];
	int64_t answered;   /* ms; when a call for it last succeeded */
	const void *holder; /* whoever keeps the others away from it, or NULL */
	int64_t hold_until; /* ms; 0: as long as the holder likes */
};

int64_t clock_ms(void);

/* Asks the library which keys there are. Whether anything changed since the last time. */
UK_CHECKED uint32_t devices_refresh(bool *ret_changed);
/*
 * Asks those that are connected whether they still answer by their handles: a key that was pulled
 * and plugged in again has the same name.
 */
void devices_recheck(void);
/* Those that are there, one after the other; NULL at the end. */
struct device *device_next(const struct device *previous);
/* By the name we show, and only if it is the same key still. */
struct device *device_find(struct uk_span shown, uint32_t events);
/* Grows whenever a key came or went. */
uint32_t devices_number(void);

/* Connects, once. */
UK_CHECKED uint32_t device_connect(struct device *device);
/* The key, or its connection, is gone: the next refresh finds it anew. */
void device_drop(struct device *device);
/*
 * What a call's outcome says of the key itself: a code that may mean that it is gone is looked
 * into, and becomes SAR_HOST_NO_DEVICE.
 */
uint32_t device_judge(struct device *device, uint32_t sar);

/* The names of its applications into `room` bytes at `out`. */
UK_CHECKED uint32_t device_applications(struct device *device, char *out, size_t room,
					struct uk_span *ret);
/* Opens an application, once. */
UK_CHECKED uint32_t device_app(struct device *device, const char *name, struct app **ret);
/* Lets go of an application's handle, as before it is deleted. */
void device_app_close(struct device *device, const char *name);

/* After the helper before this one ended in a call: what was logged in then is logged out. */
void device_clear_logins(void);

/* A list of names as the library fills it: cut at the empty name. */
UK_CHECKED uint32_t names_list(enum entry entry, uintptr_t handle, char *out, size_t room,
			       struct uk_span *ret);
/* NUL-terminated; false when it does not fit or holds a NUL. */
UK_CHECKED bool name_copy(char *out, size_t room, struct uk_span name);

#endif
