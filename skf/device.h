/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices: one per PC/SC reader, kept for the life of the process, so that a handle always finds
 * its lock.  Each time a key is put in is a seating of its own; what was made in one is dead in the
 * next.
 */
#ifndef UK_SKF_DEVICE_H
#define UK_SKF_DEVICE_H

#include "drivers/token.h"
#include "skf/handle.h"

#include <pthread.h>

/* More than keys have room for. */
#define APP_KEYS_LEFT_MAX 16

/*
 * An application of a key as this process knows it, however many handles there are to it: who is
 * logged in is a matter of the process (architecture, rule 7).
 */
struct app {
	struct app *next;
	char name[TOKEN_NAME_MAX];
	struct token *token; /* its own, over the device's connection */
	bool logged_in[2];   /* by enum token_role: verified by this process, not seen going */
	int login_lock;      /* token-share/login_lock.h; -1 = none */
	/* closed when nobody was logged in: still in the key, until their room is wanted */
	struct token_session_key left[APP_KEYS_LEFT_MAX];
	size_t left_count;
};

struct device {
	/* guarded by the bus lock (module.h) */
	struct token_reader seen; /* as last listed; present is false when the reader is gone */

	unsigned int changes; /* atomic: grows whenever a card comes or goes */

	pthread_mutex_t lock;       /* guards all below, and is held over commands to this key */
	struct token *token;        /* for what belongs to no application; NULL: not connected */
	unsigned int token_changes; /* `changes` when it was connected */
	unsigned int seating;
	bool removed;      /* the driver met UK_E_REMOVED: clean up on the way out */
	bool device_right; /* proved by this process with SKF_DevAuth */
	struct app *apps;
	struct token_info info; /* valid while info_known: who the key is, not how full it is */
	bool info_known;
	char own_application[TOKEN_NAME_MAX]; /* the one a PKCS#11 slot of this key shows */
	struct object *locker; /* KIND_DEV: the one that SKF_LockDev was called with */
	int lock_file;         /* of it; -1 = none */
};

/* Lists readers and keys anew, without touching a key. UK_E_NO_SERVICE without pcscd. */
UK_CHECKED enum uk_status devices_refresh(void);
/* Calls fn with what the last refresh saw of each reader; no lock may be held, nor taken by fn. */
void devices_each(void (*fn)(void *data, const struct token_reader *seen), void *data);
/* NULL when no reader of that name was ever seen. */
struct device *device_find(const char *name);

/* Takes the device's lock and lets go of a key that was unplugged meanwhile. */
void device_lock(struct device *device);
/* Cleans up after a removal met since, then unlocks. */
void device_unlock(struct device *device);

/*
 * The functions below want the lock.
 */
/* Connects when there is no connection yet. */
UK_CHECKED enum uk_status device_connect(struct device *device);
/* The application of that name, made known to this process if it was not. NULL: no memory. */
struct app *device_app(struct device *device, const char *name);
/* Forgets one: its key is gone, or it was deleted. Handles to it are closed before. */
void device_app_drop(struct device *device, const char *name);
/* The key's serial number. */
UK_CHECKED enum uk_status device_serial(struct device *device, const char **ret);
/*
 * Before a PIN is sent: tells other processes of this login, so that one that leaves meanwhile does
 * not clear it. UK_OK where it was told already.
 */
UK_CHECKED enum uk_status app_login_begin(struct app *app, struct device *device);
/* Clears the login on the key, unless another process of ours has one, and forgets it. */
UK_CHECKED enum uk_status app_logout(struct app *app);
/* Forgets the login on our side. Sends nothing. */
void app_login_forget(struct app *app);
/* For SKF_LockDev, on behalf of a KIND_DEV: UK_E_BUSY while another has it. */
UK_CHECKED enum uk_status device_lock_key(struct device *device, struct object *locker);
/* Ends it. */
void device_unlock_key(struct device *device);

/* Notes a removal and a lost login in what the driver answered (app: NULL for the device's own). */
void device_note(struct device *device, struct app *app, enum uk_status status);

/* After a fork: drops everything without touching what the parent owns. */
void devices_forget(void);

/* Repeats a call that needs no login once, when another program's reset spoilt it. */
#define TOKEN_AGAIN(st, call)           \
	do {                            \
		(st) = (call);          \
		if ((st) == UK_E_RESET) \
			(st) = (call);  \
	} while (0)

#endif
