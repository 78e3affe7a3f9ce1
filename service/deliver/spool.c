/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/deliver/letter.h"

#include "service/base/clock.h"
#include "service/store/outbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LEASE     30 /* seconds */
#define AGAIN     30
#define AGAIN_MAX 3600
#define TRIES_MAX 54 /* two days */
#define PATH_ROOM 512

enum cs_status
cs_letter_seal(const struct cs_person *person, const char *topic, const json_t *letter,
	       struct cs_blob *ret)
{
	char *text = letter != NULL ? json_dumps(letter, JSON_COMPACT) : NULL;
	CS_BLOB sealed = {NULL, 0};
	enum cs_status st;

	if (text == NULL)
		return CS_E_MEMORY;
	st = cs_seal(person, topic, uk_span_str(text), &sealed);
	uk_wipe(text, strlen(text));
	free(text);
	if (st == CS_OK)
		st = cs_blob_room(ret, CS_ID_TEXT + sealed.len);
	if (st != CS_OK)
		return st;
	memcpy(ret->ptr, person->id, CS_ID_TEXT);
	memcpy(ret->ptr + CS_ID_TEXT, sealed.ptr, sealed.len);
	return CS_OK;
}

static enum cs_status
letter_open(const struct cs_spool *spool, const char *topic, struct uk_span payload,
	    struct cs_blob *ret)
{
	CS_PERSON person = {.id = ""};
	struct uk_span id;
	char name[CS_ID_TEXT];
	enum cs_status st;

	if (!uk_take(&payload, CS_ID_TEXT, &id) || id.ptr[CS_ID_TEXT - 1] != '\0')
		return CS_E_CORRUPT;
	memcpy(name, id.ptr, sizeof(name));
	st = cs_person_load(spool->vault, spool->store, name, &person);
	return st == CS_OK ? cs_unseal(&person, topic, payload, ret) : st;
}

/* The group is the folder's: where a courier of another user carries letters, it is the courier's.
 */
static bool
file_write(const char *path, struct uk_span bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	bool written;

	if (fd < 0)
		return false;
	written = write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len && fsync(fd) == 0;
	return close(fd) == 0 && written;
}

enum cs_status
cs_spool_file(const char *folder, const char *name, struct uk_span text)
{
	char path[PATH_ROOM], draft[PATH_ROOM];
	int len = snprintf(path, sizeof(path), "%s/%s.json", folder, name);

	(void)snprintf(draft, sizeof(draft), "%s/.%s", folder, name);
	if (len < 0 || (size_t)len >= sizeof(path) || !file_write(draft, text) ||
	    rename(draft, path) != 0)
		return CS_E_UNAVAILABLE;
	return CS_OK;
}

static enum cs_status
letter_put(const struct cs_spool *spool, const struct cs_letter *letter, struct uk_span text)
{
	char name[CS_TOPIC_TEXT + CS_ID_TEXT];

	(void)snprintf(name, sizeof(name), "%s-%s", letter->topic, letter->id);
	return cs_spool_file(spool->folder, name, text);
}

int64_t
cs_again_after(int64_t tries)
{
	int64_t wait = AGAIN;

	if (tries > TRIES_MAX)
		return 0;
	for (int64_t i = 1; i < tries && wait < AGAIN_MAX; i++)
		wait *= 2;
	return wait < AGAIN_MAX ? wait : AGAIN_MAX;
}

/* CS_OK: it is done with; otherwise it has been given back. */
static enum cs_status
letter_deliver(const struct cs_spool *spool, const json_t *driver, const struct cs_letter *letter,
	       int64_t now)
{
	int64_t wait = cs_again_after(letter->tries);
	CS_BLOB text = {NULL, 0};
	enum cs_status st =
		letter_open(spool, letter->topic, cs_blob_span(&letter->payload), &text);

	if (st == CS_OK)
		st = driver != NULL
			     ? spool->send(driver, letter->topic, letter->id, cs_blob_span(&text))
			     : letter_put(spool, letter, cs_blob_span(&text));
	/* A person who has been erased gets no more letters; a provider's no is a no. */
	if (st == CS_OK || st == CS_E_NOT_FOUND || st == CS_E_DENIED || wait == 0)
		return CS_OK;
	st = cs_store_letter_again(spool->store, letter->id, spool->owner, now + wait);
	return st == CS_OK ? CS_E_UNAVAILABLE : st;
}

/* Files are written many at a time; a provider may take its time for each one. */
enum cs_status
cs_spool_run(const struct cs_spool *spool, const char *topic, int64_t now)
{
	const json_t *driver =
		spool->drivers != NULL ? cs_driver(spool->drivers, topic, NULL, NULL) : NULL;
	const struct cs_lease lease = {topic, spool->owner, now, now + LEASE};
	size_t most = driver == NULL ? CS_LETTERS_MAX : 1, taken;
	enum cs_status st;

	do {
		CS_LETTERS letters = {.len = 0};
		struct cs_letters done = {.len = 0};

		st = cs_store_letters_take(spool->store, &lease, most, &letters);
		taken = letters.len;
		for (size_t i = 0; i < taken && st == CS_OK; i++) {
			st = letter_deliver(spool, driver, &letters.list[i], now);
			if (st == CS_OK)
				done.list[done.len++] = letters.list[i]; /* borrowed */
			/* Given back, or another worker's by now. */
			else if (st == CS_E_UNAVAILABLE || st == CS_E_CHANGED)
				st = CS_OK;
		}
		if (st == CS_OK)
			st = cs_store_letters_done(spool->store, &done, spool->owner, now);
	} while (st == CS_OK && taken > 0);
	return st;
}
