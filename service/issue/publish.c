/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files, when they are made, and who is told. */
#include "service/issue/publish.h"
#include "service/issue/inside.h"

#include "service/base/clock.h"
#include "service/store/outbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST_EVERY   CS_HOUR
#define ANSWER_EVERY CS_DAY
#define BATCH        256
#define PATH_ROOM    512
#define LEASE        60 /* seconds */

static bool
bytes_write(const char *path, struct uk_span bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool written = fd >= 0;

	while (written && bytes.len > 0) {
		ssize_t done = write(fd, bytes.ptr, bytes.len);

		written = done > 0;
		if (written)
			bytes = uk_span_of(bytes.ptr + done, bytes.len - (size_t)done);
	}
	written = written && fsync(fd) == 0;
	return fd >= 0 && close(fd) == 0 && written;
}

/* Beside its place, then moved there: whoever reads sees a whole file. name: of ours, no path. */
static enum cs_status
file_put(const char *folder, const char *name, struct uk_span bytes)
{
	char path[PATH_ROOM], draft[PATH_ROOM];
	int len = snprintf(draft, sizeof(draft), "%s/.%s.%ld", folder, name, (long)getpid());

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (len < 0 || (size_t)len >= sizeof(draft) || !bytes_write(draft, bytes) ||
	    rename(draft, path) != 0)
		return CS_E_UNAVAILABLE;
	return CS_OK;
}

static enum cs_status
list_round(struct cs_publisher *publisher, int64_t now)
{
	CS_BLOB list = {NULL, 0};
	int64_t counted = 0;
	enum cs_status st = cs_store_counter(publisher->issuerd->store, "revocations", &counted);

	if (st != CS_OK || (counted == publisher->counted && publisher->listed > 0 &&
			    now < publisher->listed + LIST_EVERY && now >= publisher->listed))
		return st;
	st = cs_publish_list(publisher->issuerd, now, &list);
	if (st == CS_OK)
		st = file_put(publisher->folder, "ca.crl", cs_blob_span(&list));
	if (st == CS_OK) {
		publisher->counted = counted;
		publisher->listed = now;
	}
	return st;
}

static enum cs_status
answer_round(const struct cs_publisher *publisher, const struct cs_answer_row *row, int64_t now)
{
	CS_BLOB answer = {NULL, 0};
	char folder[PATH_ROOM], name[CS_SERIAL_TEXT + 8];
	enum cs_status st = cs_publish_answer(publisher->issuerd, row->serial, now, &answer);

	(void)snprintf(folder, sizeof(folder), "%s/ocsp", publisher->folder);
	(void)snprintf(name, sizeof(name), "%s.ors", row->serial);
	if (st == CS_OK)
		st = file_put(folder, name, cs_blob_span(&answer));
	return st == CS_OK
		       ? cs_store_answer_made(publisher->issuerd->store, row, now + ANSWER_EVERY)
		       : st;
}

static enum cs_status
answers_round(const struct cs_publisher *publisher, int64_t now)
{
	struct cs_answer_row rows[BATCH];
	size_t count = BATCH;
	enum cs_status st = CS_OK;

	while (st == CS_OK && count == BATCH) {
		st = cs_store_answers(publisher->issuerd->store, now, rows, BATCH, &count);
		for (size_t i = 0; i < count && st == CS_OK; i++)
			st = answer_round(publisher, &rows[i], now);
	}
	return st;
}

/* The CA that issued it revokes it too; ours has by having written it down. */
static enum cs_status
upstream_tell(const struct cs_issuerd *issuerd, const char *serial, const char *state, long reason)
{
	CS_CERT_ROW cert = {.ver = 0};
	enum cs_status st;

	if (issuerd->upstream == NULL || strcmp(state, "released") == 0)
		return CS_OK;
	st = cs_store_cert_by_serial(issuerd->store, serial, &cert);
	if (st == CS_OK && cert.cert.len > 0)
		st = issuerd->upstream->revoke(issuerd->upstream_ctx, cs_blob_span(&cert.cert),
					       reason);
	return st == CS_E_NOT_FOUND ? CS_OK : st;
}

/* "NAME=VALUE" and the end of the line. */
static bool
line_take(const char **at, const char *name, char *ret, size_t room)
{
	size_t name_len = strlen(name), len;

	if (strncmp(*at, name, name_len) != 0)
		return false;
	len = strcspn(*at + name_len, "\n");
	if (len >= room || (*at)[name_len + len] != '\n')
		return false;
	memcpy(ret, *at + name_len, len);
	ret[len] = '\0';
	*at += name_len + len + 1;
	return true;
}

/* One announcement, as a file; it names nobody. */
static enum cs_status
letter_work(const struct cs_publisher *publisher, const struct cs_letter *letter)
{
	char serial[CS_SERIAL_TEXT], state[CS_WORD_TEXT], order[CS_ID_TEXT];
	char text[256], name[CS_ID_TEXT + 16], reason_text[8];
	const char *at = (const char *)letter->payload.ptr;
	long reason;
	int len;
	enum cs_status st;

	if (!line_take(&at, "serial=", serial, sizeof(serial)) ||
	    !line_take(&at, "state=", state, sizeof(state)) ||
	    !line_take(&at, "reason=", reason_text, sizeof(reason_text)) ||
	    !line_take(&at, "order=", order, sizeof(order)))
		return CS_E_CORRUPT;
	reason = strtol(reason_text, NULL, 10);
	st = upstream_tell(publisher->issuerd, serial, state, reason);
	if (st != CS_OK || publisher->spool == NULL)
		return st;
	len = snprintf(text, sizeof(text),
		       "{\"once\":\"%s\",\"serial\":\"%s\",\"state\":\"%s\",\"reason\":%ld,"
		       "\"order\":\"%s\"}\n",
		       letter->id, serial, state, reason, order);
	(void)snprintf(name, sizeof(name), "revoked-%s.json", letter->id);
	return file_put(publisher->spool, name, uk_span_of(text, (size_t)len));
}

static enum cs_status
letters_round(const struct cs_publisher *publisher, int64_t now)
{
	struct cs_store *store = publisher->issuerd->store;
	const char *owner = publisher->issuerd->chain;
	const struct cs_lease lease = {"revoked", owner, now, now + LEASE};
	enum cs_status st = CS_OK;

	while (st == CS_OK || st == CS_E_CHANGED) {
		struct cs_letter letter = {.tries = 0};

		st = cs_store_letter_take(store, &lease, &letter);
		if (st == CS_OK) {
			st = letter_work(publisher, &letter);
			if (st == CS_OK || st == CS_E_CORRUPT)
				st = cs_store_letter_done(store, letter.id, owner, now);
			else
				st = cs_store_letter_again(store, letter.id, owner, now + LEASE);
		}
		cs_blob_free(&letter.payload);
	}
	return st == CS_E_NOT_FOUND ? CS_OK : st;
}

enum cs_status
cs_publish(struct cs_publisher *publisher, int64_t now)
{
	char folder[PATH_ROOM];
	enum cs_status st = CS_OK;

	(void)snprintf(folder, sizeof(folder), "%s/ocsp", publisher->folder);
	(void)mkdir(folder, 0755);
	/* A CA that is not ours publishes itself. */
	if (publisher->issuerd->upstream == NULL)
		st = list_round(publisher, now);
	if (st == CS_OK && publisher->issuerd->upstream == NULL)
		st = answers_round(publisher, now);
	if (st == CS_OK)
		st = letters_round(publisher, now);
	return st == CS_OK ? cs_store_outbox_forget(publisher->issuerd->store, now - 30 * CS_DAY,
						    now - 2 * CS_DAY)
			   : st;
}
