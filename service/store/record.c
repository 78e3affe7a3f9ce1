/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/record.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char first_line[] = "OpenUKey service backup 1\n";
#define FIRST_LINE_LEN (sizeof(first_line) - 1)
#define HEADER_LEN     5U

void
cs_record_close(struct cs_record_file *file)
{
	if (file->file != NULL)
		(void)fclose(file->file);
	EVP_MD_CTX_free(file->digest);
	*file = (struct cs_record_file){NULL, NULL};
}

static enum cs_status
file_take_over(FILE *stream, struct cs_record_file *ret)
{
	struct cs_record_file file = {stream, EVP_MD_CTX_new()};

	if (file.file == NULL || file.digest == NULL ||
	    EVP_DigestInit_ex(file.digest, EVP_sha256(), NULL) != 1) {
		cs_record_close(&file);
		return stream == NULL ? CS_E_UNAVAILABLE : CS_E_CRYPTO;
	}
	*ret = file;
	return CS_OK;
}

static enum cs_status
bytes_put(struct cs_record_file *file, const void *bytes, size_t len)
{
	if (len == 0)
		return CS_OK;
	if (EVP_DigestUpdate(file->digest, bytes, len) != 1)
		return CS_E_CRYPTO;
	return fwrite(bytes, 1, len, file->file) == len ? CS_OK : CS_E_UNAVAILABLE;
}

static enum cs_status
bytes_take(struct cs_record_file *file, void *bytes, size_t len)
{
	if (len == 0)
		return CS_OK;
	if (fread(bytes, 1, len, file->file) != len)
		return CS_E_CORRUPT;
	return EVP_DigestUpdate(file->digest, bytes, len) == 1 ? CS_OK : CS_E_CRYPTO;
}

enum cs_status
cs_record_create(const char *path, struct cs_record_file *ret)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	enum cs_status st;

	if (fd < 0)
		return CS_E_UNAVAILABLE;
	st = file_take_over(fdopen(fd, "wb"), ret);
	return st == CS_OK ? bytes_put(ret, first_line, FIRST_LINE_LEN) : st;
}

enum cs_status
cs_record_put(struct cs_record_file *file, char kind, struct uk_span bytes)
{
	uint8_t header[HEADER_LEN];
	struct uk_writer out = uk_writer_of(header, sizeof(header));
	enum cs_status st;

	if (bytes.len > CS_RECORD_MAX)
		return CS_E_TOO_LARGE;
	uk_put_u8(&out, (uint8_t)kind);
	uk_put_u32(&out, UK_BIG_ENDIAN, (uint32_t)bytes.len);
	st = bytes_put(file, header, sizeof(header));
	return st == CS_OK ? bytes_put(file, bytes.ptr, bytes.len) : st;
}

enum cs_status
cs_record_finish(struct cs_record_file *file)
{
	uint8_t digest[CS_HASH_LEN];
	enum cs_status st = cs_record_put(file, 'E', uk_span_of(NULL, 0));

	if (st != CS_OK)
		return st;
	if (EVP_DigestFinal_ex(file->digest, digest, NULL) != 1)
		return CS_E_CRYPTO;
	if (fwrite(digest, 1, sizeof(digest), file->file) != sizeof(digest) ||
	    fflush(file->file) != 0 || fsync(fileno(file->file)) != 0)
		return CS_E_UNAVAILABLE;
	return CS_OK;
}

enum cs_status
cs_record_open(const char *path, struct cs_record_file *ret)
{
	char line[FIRST_LINE_LEN];
	enum cs_status st = file_take_over(fopen(path, "rbe"), ret);

	if (st == CS_OK)
		st = bytes_take(ret, line, sizeof(line));
	if (st == CS_OK && memcmp(line, first_line, sizeof(line)) != 0)
		st = CS_E_CORRUPT;
	return st;
}

static enum cs_status
digest_check(struct cs_record_file *file)
{
	uint8_t computed[CS_HASH_LEN], stored[CS_HASH_LEN];

	if (EVP_DigestFinal_ex(file->digest, computed, NULL) != 1)
		return CS_E_CRYPTO;
	if (fread(stored, 1, sizeof(stored), file->file) != sizeof(stored) ||
	    memcmp(stored, computed, sizeof(stored)) != 0 || fgetc(file->file) != EOF)
		return CS_E_CORRUPT;
	return CS_OK;
}

enum cs_status
cs_record_take(struct cs_record_file *file, char *ret_kind, struct cs_blob *ret)
{
	uint8_t header[HEADER_LEN], kind;
	struct uk_span in = uk_span_of(header, sizeof(header));
	uint32_t len;
	enum cs_status st = bytes_take(file, header, sizeof(header));

	if (st != CS_OK)
		return st;
	if (!uk_take_u8(&in, &kind) || !uk_take_u32(&in, UK_BIG_ENDIAN, &len) ||
	    len > CS_RECORD_MAX)
		return CS_E_CORRUPT;
	st = cs_blob_room(ret, len);
	if (st == CS_OK)
		st = bytes_take(file, ret->ptr, len);
	if (st == CS_OK && kind == 'E')
		st = len == 0 ? digest_check(file) : CS_E_CORRUPT;
	if (st == CS_OK)
		*ret_kind = (char)kind;
	return st;
}

bool
cs_field_take(struct uk_span *in, struct cs_field *ret)
{
	struct cs_field field = {.kind = 'n', .number = 0, .bytes = {NULL, 0}};
	struct uk_span rest = *in;
	uint32_t high, low;
	uint8_t kind;

	if (!uk_take_u8(&rest, &kind))
		return false;
	field.kind = (char)kind;
	switch (kind) {
	case 'i':
		if (!uk_take_u32(&rest, UK_BIG_ENDIAN, &high) ||
		    !uk_take_u32(&rest, UK_BIG_ENDIAN, &low))
			return false;
		field.number = (int64_t)((uint64_t)high << 32 | low);
		break;
	case 't':
	case 'b':
		if (!uk_take_u32(&rest, UK_BIG_ENDIAN, &low) || !uk_take(&rest, low, &field.bytes))
			return false;
		break;
	case 'n':
		break;
	default:
		return false;
	}
	*ret = field;
	*in = rest;
	return true;
}
