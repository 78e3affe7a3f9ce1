/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Slots: one per PC/SC reader, kept for the life of the module.  A reader that goes away leaves an
 * empty slot that it finds again when it returns; without any reader there is one empty slot, so
 * that a host can notice a key that is plugged in later.  Policy may give each further application
 * of a key a slot of its own (slot_app.h).
 */
#ifndef UK_PKCS11_SLOT_H
#define UK_PKCS11_SLOT_H

#include "common/pkcs11.h"
#include "drivers/token.h"

#include <pthread.h>

enum slot_login { LOGIN_NONE, LOGIN_USER, LOGIN_SO };

struct session;
struct object;
struct objects;
struct object_name;

struct slot {
	CK_SLOT_ID id;
	/* "": the reader's own slot, for the application that the key's model names, else the first
	 */
	char application[TOKEN_NAME_MAX];

	/* guarded by the bus lock (module.h) */
	struct token_reader seen; /* as last listed; present is false when the reader is gone */
	bool named;               /* seen.name is a reader's; false: still waiting for one */
	bool application_here;    /* of further slots: the key in the reader has it */
	unsigned int reported;    /* `changes` that C_WaitForSlotEvent has told */

	unsigned int changes; /* atomic: grows whenever a card comes or goes */

	pthread_mutex_t lock;       /* guards all below, and is held over commands to this key */
	struct token *token;        /* NULL: not connected */
	unsigned int token_changes; /* `changes` when it was connected */
	bool removed;               /* the driver met UK_E_REMOVED: clean up on the way out */
	struct token_info info;     /* valid while info_known */
	bool info_known;
	bool applications_known; /* of the reader's slot: the further ones have their slots */
	enum slot_login login;
	int login_lock;        /* login_lock.h; -1 = none */
	bool try_confirmed[2]; /* by enum token_role: one try armed by confirm_try */
	unsigned int once;     /* number of the last login for one operation (once.h) */
	struct session *sessions;
	struct objects *objects;        /* what has been read from the key; NULL = nothing yet */
	struct object *session_objects; /* newest first */
	struct object_name *names;      /* object_handle.h */
};

/* Lists readers and keys anew, without touching a key. Without pcscd every slot becomes empty. */
void slots_refresh(void);
/*
 * The same unless it was done less than a millisecond ago: for calls that hosts make in rows. No
 * person pulls a key between two of them.
 */
void slots_refresh_if_old(void);

/* How many slots there are: ids are 0 .. count - 1. */
CK_ULONG slots_count(void);

/* NULL when there is no such slot. The slot stays valid until C_Finalize. */
struct slot *slot_find(CK_SLOT_ID id);

/* A copy of what the last refresh saw; no lock may be held. */
void slot_seen(struct slot *slot, struct token_reader *ret);

/*
 * The first slot whose card came or went since this was last called for it.
 * CKR_NO_EVENT when there is none.
 */
CK_RV slot_next_event(CK_SLOT_ID *ret_id);

#define APPLICATIONS_MAX 16
struct application_names {
	char names[APPLICATIONS_MAX][TOKEN_NAME_MAX];
	size_t count;
};
/* Slots for the further applications of the key in a reader; those it has not become empty. */
void slot_applications_note(const struct slot *slot, const struct application_names *further);

/* What the last refresh saw, for token_bus_wait; at most cap rows. */
size_t slots_seen(struct token_reader *out, size_t cap);

/* Takes the slot's lock and lets go of a key that was unplugged meanwhile. */
void slot_lock(struct slot *slot);
/* Cleans up after a removal met since, then unlocks. */
void slot_unlock(struct slot *slot);

/*
 * The functions below want the lock.
 */
/* Connects when there is no connection yet. CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED. */
CK_RV slot_connect(struct slot *slot);

/* The driver's outcome as a CK_RV; notes a removal and a lost login. */
CK_RV slot_rv(struct slot *slot, enum uk_status status);

/* Device data, read once and again after slot_info_stale. Borrowed. */
CK_RV slot_info(struct slot *slot, const struct token_info **ret);
void slot_info_stale(struct slot *slot);

/* Forgets the login on our side: state, lock file, kept admin key. Sends nothing. */
void slot_login_forget(struct slot *slot);

/* C_GetSlotInfo, C_GetTokenInfo; no lock may be held for the first. */
void slot_fill_info(struct slot *slot, CK_SLOT_INFO *ret);
CK_RV slot_fill_token_info(struct slot *slot, CK_TOKEN_INFO *ret);

/* For C_Finalize, when no call is under way: logs out, disconnects, frees. */
void slots_free(void);
/* After a fork: drops everything without touching what the parent owns. */
void slots_forget(void);

/* Repeats a call that needs no login once, when another program's reset spoilt it. */
#define SLOT_AGAIN(st, call)            \
	do {                            \
		(st) = (call);          \
		if ((st) == UK_E_RESET) \
			(st) = (call);  \
	} while (0)

#endif
