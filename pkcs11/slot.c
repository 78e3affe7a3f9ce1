/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/slot.h"

#include "common/log.h"
#include "pkcs11/module.h"
#include "pkcs11/object.h"
#include "pkcs11/object_handle.h"
#include "pkcs11/rv.h"
#include "pkcs11/session.h"
#include "token-share/login_lock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLOTS_MAX 128

/* Only grows, under the bus lock; a slot's address never changes. */
static struct slot *slots[SLOTS_MAX];
static unsigned int slot_count;

/* When the readers were last looked at, and how long that is as good as now. */
static uint64_t refreshed_us;
#define FRESH_US 1000

static struct slot *
slot_add(void)
{
	unsigned int count = __atomic_load_n(&slot_count, __ATOMIC_ACQUIRE);
	struct slot *slot;

	if (count >= SLOTS_MAX)
		return NULL;
	slot = calloc(1, sizeof(*slot));
	if (slot == NULL)
		return NULL;
	slot->id = count;
	slot->login_lock = -1;
	(void)pthread_mutex_init(&slot->lock, NULL);
	slots[count] = slot;
	__atomic_store_n(&slot_count, count + 1, __ATOMIC_RELEASE);
	return slot;
}

static bool
is_further(const struct slot *slot)
{
	return slot->application[0] != '\0';
}

/* The slot of a reader, else one that still waits for a reader, else a new one. */
static struct slot *
slot_for_reader(const char *name)
{
	struct slot *free_slot = NULL;

	for (unsigned int i = 0; i < slot_count; i++) {
		if (is_further(slots[i]))
			continue;
		if (slots[i]->named && strcmp(slots[i]->seen.name, name) == 0)
			return slots[i];
		if (!slots[i]->named && free_slot == NULL)
			free_slot = slots[i];
	}
	return free_slot != NULL ? free_slot : slot_add();
}

static void
slot_note(struct slot *slot, const struct token_reader *row)
{
	if (slot->seen.present != row->present || slot->seen.events != row->events)
		__atomic_add_fetch(&slot->changes, 1, __ATOMIC_RELEASE);
	slot->seen = *row;
	slot->named = true;
}

/* A further slot is empty until the key was asked and has its application. */
static void
further_note(struct slot *slot, const struct token_reader *reader, bool here)
{
	struct token_reader row = *reader;

	slot->application_here = here;
	row.present = reader->present && here;
	if (row.present || slot->seen.present)
		slot_note(slot, &row);
	else
		slot->seen = row;
}

static void
further_note_all(const struct token_reader *row)
{
	for (unsigned int i = 0; i < slot_count; i++)
		if (is_further(slots[i]) && strcmp(slots[i]->seen.name, row->name) == 0)
			further_note(slots[i], row,
				     slots[i]->application_here &&
					     slots[i]->seen.events == row->events);
}

static struct slot *
slot_for_application(const struct token_reader *reader, const char *name)
{
	struct slot *slot;

	for (unsigned int i = 0; i < slot_count; i++)
		if (strcmp(slots[i]->application, name) == 0 &&
		    strcmp(slots[i]->seen.name, reader->name) == 0)
			return slots[i];
	slot = slot_add();
	if (slot == NULL)
		return NULL;
	memcpy(slot->application, name, strlen(name) + 1);
	slot->seen = *reader;
	slot->seen.present = false;
	slot->named = true;
	return slot;
}

void
slot_applications_note(const struct slot *slot, const struct application_names *further)
{
	const struct token_reader *reader = &slot->seen;

	(void)module_bus_lock();
	for (unsigned int i = 0; i < slot_count; i++)
		if (is_further(slots[i]) && strcmp(slots[i]->seen.name, reader->name) == 0)
			slots[i]->application_here = false;
	for (size_t i = 0; i < further->count; i++) {
		struct slot *of = slot_for_application(reader, further->names[i]);

		if (of != NULL)
			of->application_here = true;
	}
	for (unsigned int i = 0; i < slot_count; i++)
		if (is_further(slots[i]) && strcmp(slots[i]->seen.name, reader->name) == 0)
			further_note(slots[i], reader, slots[i]->application_here);
	module_bus_unlock();
}

static void
slots_note_missing(const struct token_reader *rows, size_t count)
{
	for (unsigned int i = 0; i < slot_count; i++) {
		struct token_reader gone = slots[i]->seen;
		bool listed = false;

		for (size_t k = 0; k < count; k++)
			listed = listed || strcmp(rows[k].name, gone.name) == 0;
		if (listed || !slots[i]->named || !gone.present)
			continue;
		gone.present = false;
		gone.ours = false;
		gone.model = NULL;
		slots[i]->application_here = false;
		slot_note(slots[i], &gone);
	}
}

static uint64_t
now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void
slots_refresh(void)
{
	struct token_reader rows[TOKEN_READERS_MAX];
	struct token_bus *bus = module_bus_lock();
	size_t count = 0;

	if (bus == NULL || token_bus_list(bus, rows, ARRAY_SIZE(rows), &count) != UK_OK)
		count = 0;
	for (size_t i = 0; i < count; i++) {
		struct slot *slot = slot_for_reader(rows[i].name);

		if (slot != NULL)
			slot_note(slot, &rows[i]);
		further_note_all(&rows[i]);
	}
	slots_note_missing(rows, count);
	if (slot_count == 0)
		(void)slot_add();
	__atomic_store_n(&refreshed_us, now_us(), __ATOMIC_RELEASE);
	module_bus_unlock();
}

void
slots_refresh_if_old(void)
{
	if (now_us() - __atomic_load_n(&refreshed_us, __ATOMIC_ACQUIRE) >= FRESH_US)
		slots_refresh();
}

CK_ULONG
slots_count(void)
{
	return __atomic_load_n(&slot_count, __ATOMIC_ACQUIRE);
}

struct slot *
slot_find(CK_SLOT_ID id)
{
	return id < slots_count() ? slots[id] : NULL;
}

void
slot_seen(struct slot *slot, struct token_reader *ret)
{
	(void)module_bus_lock();
	*ret = slot->seen;
	module_bus_unlock();
}

size_t
slots_seen(struct token_reader *out, size_t cap)
{
	size_t count = 0;

	(void)module_bus_lock();
	for (unsigned int i = 0; i < slot_count && count < cap; i++)
		if (slots[i]->named && !is_further(slots[i]))
			out[count++] = slots[i]->seen;
	module_bus_unlock();
	return count;
}

CK_RV
slot_next_event(CK_SLOT_ID *ret_id)
{
	CK_RV rv = CKR_NO_EVENT;

	(void)module_bus_lock();
	for (unsigned int i = 0; i < slot_count && rv == CKR_NO_EVENT; i++) {
		if (slots[i]->reported == slots[i]->changes)
			continue;
		slots[i]->reported = slots[i]->changes;
		*ret_id = slots[i]->id;
		rv = CKR_OK;
	}
	module_bus_unlock();
	return rv;
}

void
slot_login_forget(struct slot *slot)
{
	slot->login = LOGIN_NONE;
	login_lock_release(&slot->login_lock);
	slot->try_confirmed[TOKEN_ADMIN] = false;
	slot->try_confirmed[TOKEN_USER] = false;
	if (slot->token != NULL)
		slot->token->ops->forget(slot->token);
}

/* The key has gone, or changed hands: what we knew of it is void. */
static void
slot_drop(struct slot *slot)
{
	/* The session keys went with it: nothing is sent. */
	slot->removed = true;
	objects_end_session(slot, 0);
	slot_login_forget(slot);
	sessions_kill(slot);
	objects_free(slot->objects);
	slot->objects = NULL;
	object_handles_end_all(slot);
	slot->info = (struct token_info){0};
	slot->info_known = false;
	slot->applications_known = false;
	slot->removed = false;
	token_close(slot->token);
	slot->token = NULL;
}

/* Another program reset the key, or logged it out, and a command of ours met it. */
static void
slot_notice_logout(struct slot *slot)
{
	if (slot->token == NULL || !slot->token->login_lost)
		return;
	slot->token->login_lost = false;
	objects_end_session(slot, 0);
	slot_login_forget(slot);
}

void
slot_lock(struct slot *slot)
{
	pthread_mutex_lock(&slot->lock);
	if (slot->token != NULL &&
	    slot->token_changes != __atomic_load_n(&slot->changes, __ATOMIC_ACQUIRE))
		slot_drop(slot);
}

void
slot_unlock(struct slot *slot)
{
	if (slot->removed)
		slot_drop(slot);
	else
		slot_notice_logout(slot);
	pthread_mutex_unlock(&slot->lock);
}

CK_RV
slot_connect(struct slot *slot)
{
	struct token_reader seen;
	struct token_bus *bus;
	enum uk_status st = UK_E_NO_SERVICE;
	bool named;

	if (slot->token != NULL)
		return CKR_OK;
	bus = module_bus_lock();
	slot->token_changes = slot->changes;
	seen = slot->seen;
	named = slot->named;
	module_bus_unlock();
	/* Outside the bus lock: while another program keeps this key busy, other keys are listed.
	 */
	if (!named || !seen.present)
		st = UK_E_NO_KEY;
	else if (!seen.ours)
		st = UK_E_UNKNOWN_KEY;
	else if (bus != NULL)
		st = token_open(bus, &seen, &slot->token);
	if (st == UK_OK && is_further(slot))
		token_set_application(slot->token, slot->application);
	/* Between the listing and now it may have been pulled: that is no key, not a lost one. */
	if (st == UK_E_REMOVED)
		st = UK_E_NO_KEY;
	return rv_of(st);
}

CK_RV
slot_rv(struct slot *slot, enum uk_status status)
{
	if (status == UK_E_REMOVED)
		slot->removed = true;
	if (status == UK_E_RESET || status == UK_E_NOT_LOGGED_IN)
		slot->token->login_lost = true;
	slot_notice_logout(slot);
	return rv_of(status);
}

CK_RV
slot_info(struct slot *slot, const struct token_info **ret)
{
	enum uk_status st = UK_OK;

	if (!slot->info_known)
		SLOT_AGAIN(st, slot->token->ops->info(slot->token, &slot->info));
	if (st != UK_OK)
		return slot_rv(slot, st);
	slot->info_known = true;
	*ret = &slot->info;
	return CKR_OK;
}

void
slot_info_stale(struct slot *slot)
{
	slot->info_known = false;
}

static void
logout_quietly(struct slot *slot)
{
	if (slot->login != LOGIN_NONE && slot->token != NULL)
		(void)session_logout(slot);
}

void
slots_free(void)
{
	for (unsigned int i = 0; i < slot_count; i++) {
		struct slot *slot = slots[i];

		slot_lock(slot);
		logout_quietly(slot);
		slot_drop(slot);
		sessions_free(slot);
		slot_unlock(slot);
		(void)pthread_mutex_destroy(&slot->lock);
		free(slot);
		slots[i] = NULL;
	}
	slot_count = 0;
	refreshed_us = 0;
}

void
slots_forget(void)
{
	for (unsigned int i = 0; i < slot_count; i++) {
		/* Closing the child's copy of the descriptor leaves the parent's lock alone. */
		login_lock_release(&slots[i]->login_lock);
		slots[i] = NULL;
	}
	slot_count = 0;
	refreshed_us = 0;
}
