/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Carries what another process has put into a spool folder to the providers: openukey-unlockd has a
 * session with the HSM and no network.  A letter that was taken is deleted; the others stay.
 */
#include "service/certd/certd.h"

#include "service/deliver/letter.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LETTER_MAX 65536

/* "TOPIC-ID.json", as cs_spool_run names them. */
static bool
name_read(const char *name, char topic[CS_WORD_TEXT], char id[CS_ID_TEXT])
{
	size_t len = strcspn(name, "-");
	const char *rest = name + len;

	if (len == 0 || len >= CS_WORD_TEXT || strlen(rest) != 1 + CS_ID_TEXT - 1 + 5 ||
	    strcmp(rest + CS_ID_TEXT, ".json") != 0 ||
	    strspn(rest + 1, "0123456789abcdef") != CS_ID_TEXT - 1)
		return false;
	memcpy(topic, name, len);
	topic[len] = '\0';
	memcpy(id, rest + 1, CS_ID_TEXT - 1);
	id[CS_ID_TEXT - 1] = '\0';
	return true;
}

/* Whole, and nobody else's: another courier may have it, or have had it. */
static enum cs_status
letter_read(int fd, struct cs_blob *ret)
{
	struct stat info;
	enum cs_status st;

	if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &info) != 0 || info.st_nlink == 0)
		return CS_E_BUSY;
	if (!S_ISREG(info.st_mode) || info.st_size <= 0 || info.st_size > LETTER_MAX)
		return CS_E_CORRUPT;
	st = cs_blob_room(ret, (size_t)info.st_size);
	if (st == CS_OK && read(fd, ret->ptr, ret->len) != (ssize_t)ret->len)
		st = CS_E_CORRUPT;
	return st;
}

static enum cs_status
letter_carry(int folder, const char *name, const struct cs_drivers *drivers)
{
	char topic[CS_WORD_TEXT], id[CS_ID_TEXT];
	CS_BLOB text = {NULL, 0};
	const json_t *driver;
	enum cs_status st;
	int fd;

	if (!name_read(name, topic, id))
		return CS_OK;
	driver = cs_driver(drivers, topic, NULL, NULL);
	fd = driver != NULL ? openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	if (fd < 0)
		return CS_OK;
	st = letter_read(fd, &text);
	if (st == CS_OK)
		st = cs_letter_send(driver, topic, id, cs_blob_span(&text));
	/* A provider's no is a no. */
	if ((st == CS_OK || st == CS_E_DENIED) && unlinkat(folder, name, 0) != 0)
		st = CS_E_UNAVAILABLE;
	(void)close(fd);
	return st == CS_E_BUSY ? CS_OK : st;
}

enum cs_status
cs_courier_round(const char *spool, const struct cs_drivers *drivers)
{
	DIR *dir = opendir(spool);
	const struct dirent *entry;
	enum cs_status st = CS_OK;

	if (dir == NULL)
		return CS_E_UNAVAILABLE;
	while ((entry = readdir(dir)) != NULL) {
		enum cs_status one = letter_carry(dirfd(dir), entry->d_name, drivers);

		st = one != CS_OK ? one : st;
	}
	(void)closedir(dir);
	return st;
}
