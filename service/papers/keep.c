/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/papers/papers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 512
#define WHERE     "document"
#define FILE_MAX  ((off_t)64 << 20)

/* FOLDER/ab/abcdef…; FOLDER/ab is made where it is to be written. */
static bool
path_make(const char *folder, const uint8_t hash[CS_HASH_LEN], bool make, char ret[PATH_ROOM])
{
	char name[CS_HASH_TEXT];
	int len;

	cs_hex(uk_span_of(hash, CS_HASH_LEN), name);
	len = snprintf(ret, PATH_ROOM, "%s/%.2s", folder, name);
	if (len < 0 || (size_t)len + CS_HASH_TEXT + 1 >= PATH_ROOM)
		return false;
	if (make && mkdir(ret, 0700) != 0 && errno != EEXIST)
		return false;
	(void)snprintf(ret + len, PATH_ROOM - (size_t)len, "/%s", name);
	return true;
}

static bool
file_write(const char *path, struct uk_span bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool written = fd >= 0;

	while (written && bytes.len > 0) {
		ssize_t put = write(fd, bytes.ptr, bytes.len);
		struct uk_span done;

		written = put > 0 && uk_take(&bytes, (size_t)put, &done);
	}
	written = written && fsync(fd) == 0;
	return fd >= 0 && close(fd) == 0 && written;
}

enum cs_status
cs_paper_keep(const char *folder, const struct cs_person *person, struct uk_span image,
	      uint8_t ret_hash[CS_HASH_LEN])
{
	char path[PATH_ROOM], draft[PATH_ROOM + 8];
	uint8_t hash[CS_HASH_LEN];
	CS_BLOB sealed = {NULL, 0};
	enum cs_status st = cs_seal(person, WHERE, image, &sealed);

	if (st == CS_OK)
		st = cs_hash(cs_blob_span(&sealed), hash);
	if (st != CS_OK)
		return st;
	if (!path_make(folder, hash, true, path))
		return CS_E_UNAVAILABLE;
	(void)snprintf(draft, sizeof(draft), "%s.new", path);
	if (!file_write(draft, cs_blob_span(&sealed)) || rename(draft, path) != 0) {
		(void)unlink(draft);
		return CS_E_UNAVAILABLE;
	}
	memcpy(ret_hash, hash, CS_HASH_LEN);
	return CS_OK;
}

static enum cs_status
file_read(int fd, struct cs_blob *ret)
{
	struct stat info;
	enum cs_status st;
	size_t len = 0;

	if (fstat(fd, &info) != 0 || info.st_size <= 0 || info.st_size > FILE_MAX)
		return CS_E_CORRUPT;
	st = cs_blob_room(ret, (size_t)info.st_size);
	while (st == CS_OK && len < ret->len) {
		ssize_t got = read(fd, ret->ptr + len, ret->len - len);

		if (got <= 0)
			return CS_E_CORRUPT;
		len += (size_t)got;
	}
	return st;
}

enum cs_status
cs_paper_open(const char *folder, const struct cs_person *person, const uint8_t hash[CS_HASH_LEN],
	      struct cs_blob *ret)
{
	char path[PATH_ROOM];
	uint8_t found[CS_HASH_LEN];
	CS_BLOB sealed = {NULL, 0};
	enum cs_status st;
	int fd;

	if (!path_make(folder, hash, false, path))
		return CS_E_UNAVAILABLE;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? CS_E_NOT_FOUND : CS_E_UNAVAILABLE;
	st = file_read(fd, &sealed);
	(void)close(fd);
	if (st == CS_OK)
		st = cs_hash(cs_blob_span(&sealed), found);
	if (st == CS_OK && memcmp(found, hash, CS_HASH_LEN) != 0)
		st = CS_E_CORRUPT;
	return st == CS_OK ? cs_unseal(person, WHERE, cs_blob_span(&sealed), ret) : st;
}

enum cs_status
cs_paper_drop(const char *folder, const uint8_t hash[CS_HASH_LEN])
{
	char path[PATH_ROOM];

	if (!path_make(folder, hash, false, path))
		return CS_E_UNAVAILABLE;
	return unlink(path) == 0 || errno == ENOENT ? CS_OK : CS_E_UNAVAILABLE;
}
