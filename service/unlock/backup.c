/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/unlock/backup.h"

#include "service/unlock/secrets.h"
#include "service/vault/vault.h"
#include "service/wire/json.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VERSIONS_MAX 99
#define SHARE_LEN    32
#define SALT_LEN     16
#define FILE_MAX     8192
#define PATH_ROOM    512
#define SCRYPT_N     32768
#define SCRYPT_R     8
#define SCRYPT_P     1
#define SCRYPT_ROOM  (UINT64_C(64) << 20)

/* Who opens which copy: every two of the three. */
static const size_t pairs[][2] = {{0, 1}, {0, 2}, {1, 2}};

struct secrets {
	uint8_t shares[CS_CUSTODIANS][SHARE_LEN];
	uint8_t keks[ARRAY_SIZE(pairs)][CS_HSM_KEK_LEN];
};

static void
secrets_wipe(struct secrets *secrets)
{
	uk_wipe(secrets, sizeof(*secrets));
}

#define SECRETS UK_CLEANUP(secrets_wipe) struct secrets

enum cs_status
cs_master_check(struct cs_hsm *hsm, int64_t version, char ret[CS_CHECK_TEXT])
{
	uint8_t mac[CS_HASH_LEN];
	char label[CS_MASTER_LABEL], text[CS_HASH_TEXT];
	enum cs_status st;

	cs_master_label(version, label);
	st = cs_hsm_hmac(hsm, label, uk_span_str("OpenUKey-v1 CHECK"), mac);
	if (st != CS_OK)
		return st;
	cs_hex(uk_span_of(mac, sizeof(mac)), text);
	(void)snprintf(ret, CS_CHECK_TEXT, "%.8s", text);
	return CS_OK;
}

enum cs_status
cs_master_newest(struct cs_hsm *hsm, int64_t *ret_version)
{
	char check[CS_CHECK_TEXT];

	for (int64_t version = VERSIONS_MAX; version > 0; version--) {
		enum cs_status st = cs_master_check(hsm, version, check);

		if (st != CS_E_NOT_FOUND) {
			*ret_version = version;
			return st;
		}
	}
	*ret_version = 0;
	return CS_OK;
}

/* The key that two shares make together, for one backup and one pair only. */
static enum cs_status
kek_make(const uint8_t first[SHARE_LEN], const uint8_t second[SHARE_LEN], const char *backup,
	 const size_t pair[2], uint8_t ret[CS_HSM_KEK_LEN])
{
	uint8_t both[2 * SHARE_LEN];
	char what[96];
	enum cs_status st;

	memcpy(both, first, SHARE_LEN);
	memcpy(both + SHARE_LEN, second, SHARE_LEN);
	(void)snprintf(what, sizeof(what), "OpenUKey-v1 BACKUP %s %zu %zu", backup, pair[0] + 1,
		       pair[1] + 1);
	st = cs_hmac(uk_span_of(both, sizeof(both)), uk_span_str(what), ret);
	uk_wipe(both, sizeof(both));
	return st;
}

/* ---- files ---- */

static enum cs_status
file_make(const char *path, const json_t *json)
{
	char *text = json_dumps(json, JSON_INDENT(1));
	int fd = text != NULL ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
	size_t len = text != NULL ? strlen(text) : 0;
	bool written;

	if (fd < 0) {
		free(text);
		return CS_E_EXISTS;
	}
	written = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
	free(text);
	return close(fd) == 0 && written ? CS_OK : CS_E_UNAVAILABLE;
}

static void
fd_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static json_t *
file_read(const char *path)
{
	UK_CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[FILE_MAX];
	ssize_t len = fd >= 0 ? read(fd, text, sizeof(text)) : -1;

	return len > 0 ? cs_json_read(uk_span_of(text, (size_t)len)) : NULL;
}

/* A folder's entries are on the disk too. */
static enum cs_status
folder_sync(const char *path)
{
	UK_CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && fsync(fd) == 0 ? CS_OK : CS_E_UNAVAILABLE;
}

/* ---- shares ---- */

static enum cs_status
share_key(const struct uk_secret *passphrase, const uint8_t salt[SALT_LEN], struct cs_person *ret)
{
	struct uk_span bytes = uk_secret_peek(passphrase);

	if (bytes.len < CS_PASSPHRASE_MIN)
		return CS_E_ARGUMENTS;
	return EVP_PBE_scrypt((const char *)bytes.ptr, bytes.len, salt, SALT_LEN, SCRYPT_N,
			      SCRYPT_R, SCRYPT_P, SCRYPT_ROOM, ret->key, sizeof(ret->key)) == 1
		       ? CS_OK
		       : CS_E_CRYPTO;
}

static const char *
share_where(const char *backup, int64_t number, char room[64])
{
	(void)snprintf(room, 64, "share/%s/%ld", backup, (long)number);
	return room;
}

static enum cs_status
share_write(const char *path, const char *backup, int64_t number, const uint8_t share[SHARE_LEN],
	    const struct uk_secret *passphrase)
{
	CS_PERSON key = {.id = ""};
	CS_BLOB sealed = {NULL, 0};
	CS_JSON *json = NULL;
	uint8_t salt[SALT_LEN];
	char where[64];
	enum cs_status st = cs_random(salt, sizeof(salt));

	if (st == CS_OK)
		st = share_key(passphrase, salt, &key);
	if (st == CS_OK)
		st = cs_seal(&key, share_where(backup, number, where), uk_span_of(share, SHARE_LEN),
			     &sealed);
	if (st != CS_OK)
		return st;
	json = json_pack("{s:i, s:s, s:I}", "openukey-master-share", 1, "backup", backup, "share",
			 (json_int_t)number);
	if (json == NULL || !cs_json_put_hex(json, "salt", uk_span_of(salt, sizeof(salt))) ||
	    !cs_json_put_hex(json, "sealed", cs_blob_span(&sealed)))
		return CS_E_MEMORY;
	return file_make(path, json);
}

static enum cs_status
share_read(const struct cs_share_file *file, const char *backup, int64_t *ret_number,
	   uint8_t ret[SHARE_LEN])
{
	CS_JSON *json = file_read(file->path);
	CS_PERSON key = {.id = ""};
	CS_BLOB sealed = {NULL, 0}, share = {NULL, 0};
	uint8_t salt[SALT_LEN];
	char where[64];
	const char *of = cs_json_text(json, "backup", CS_ID_TEXT - 1);
	enum cs_status st;

	if (of == NULL || !cs_json_number(json, "share", ret_number) ||
	    !cs_json_hex(json, "salt", salt, sizeof(salt)) ||
	    !cs_json_blob(json, "sealed", FILE_MAX, &sealed))
		return CS_E_ARGUMENTS;
	if (strcmp(of, backup) != 0 || *ret_number < 1 || *ret_number > CS_CUSTODIANS)
		return CS_E_PROOF;
	st = share_key(file->passphrase, salt, &key);
	if (st == CS_OK)
		st = cs_unseal(&key, share_where(backup, *ret_number, where), cs_blob_span(&sealed),
			       &share);
	if (st != CS_OK || share.len != SHARE_LEN)
		return CS_E_PROOF;
	memcpy(ret, share.ptr, SHARE_LEN);
	return CS_OK;
}

/* ---- the backup ---- */

static enum cs_status
backup_write(const char *path, const char *backup, int64_t version,
	     const uint8_t (*wrapped)[CS_HSM_WRAPPED_LEN])
{
	CS_JSON *json = json_pack("{s:i, s:s, s:I, s:[]}", "openukey-master-backup", 1, "backup",
				  backup, "master", (json_int_t)version, "copies");
	json_t *copies = json_object_get(json, "copies");

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		json_t *copy = json_object();

		if (json_array_append_new(copies, copy) != 0 ||
		    !cs_json_put_hex(copy, "wrapped", uk_span_of(wrapped[i], CS_HSM_WRAPPED_LEN)))
			return CS_E_MEMORY;
	}
	return json != NULL ? file_make(path, json) : CS_E_MEMORY;
}

static enum cs_status
secrets_make(const char *backup, struct secrets *ret)
{
	enum cs_status st = cs_random(ret->shares, sizeof(ret->shares));

	for (size_t i = 0; i < ARRAY_SIZE(pairs) && st == CS_OK; i++)
		st = kek_make(ret->shares[pairs[i][0]], ret->shares[pairs[i][1]], backup, pairs[i],
			      ret->keks[i]);
	return st;
}

static enum cs_status
files_write(const char *folder, const char *backup, int64_t version, const struct secrets *secrets,
	    const struct uk_secret passphrases[CS_CUSTODIANS])
{
	char path[PATH_ROOM];
	enum cs_status st = CS_OK;

	for (size_t i = 0; i < CS_CUSTODIANS && st == CS_OK; i++) {
		(void)snprintf(path, sizeof(path), "%s/master-%ld.share-%zu", folder, (long)version,
			       i + 1);
		st = share_write(path, backup, (int64_t)i + 1, secrets->shares[i], &passphrases[i]);
	}
	return st;
}

static enum cs_status
backed_up(struct cs_hsm *hsm, const char *folder, const struct uk_secret passphrases[CS_CUSTODIANS],
	  int64_t version)
{
	SECRETS secrets;
	uint8_t wrapped[ARRAY_SIZE(pairs)][CS_HSM_WRAPPED_LEN];
	char backup[CS_ID_TEXT], path[PATH_ROOM], label[CS_MASTER_LABEL];
	enum cs_status st = cs_id_new(backup);

	cs_master_label(version, label);
	(void)snprintf(path, sizeof(path), "%s/master-%ld.backup", folder, (long)version);
	if (st == CS_OK)
		st = secrets_make(backup, &secrets);
	if (st == CS_OK)
		st = cs_hsm_draft(hsm, (const uint8_t(*)[CS_HSM_KEK_LEN])secrets.keks,
				  ARRAY_SIZE(pairs), wrapped);
	if (st == CS_OK)
		st = files_write(folder, backup, version, &secrets, passphrases);
	if (st == CS_OK)
		st = backup_write(path, backup, version,
				  (const uint8_t(*)[CS_HSM_WRAPPED_LEN])wrapped);
	if (st == CS_OK)
		st = folder_sync(folder);
	return st == CS_OK ? cs_hsm_install(hsm, label, secrets.keks[0], wrapped[0]) : st;
}

enum cs_status
cs_master_new(struct cs_hsm *hsm, const char *folder,
	      const struct uk_secret passphrases[CS_CUSTODIANS], int64_t *ret_version)
{
	char label[CS_MASTER_LABEL];
	int64_t newest;
	enum cs_status st = cs_master_newest(hsm, &newest);

	if (st != CS_OK)
		return st;
	if (newest == VERSIONS_MAX)
		return CS_E_TOO_LARGE;
	cs_master_label(newest + 1, label);
	st = folder != NULL ? backed_up(hsm, folder, passphrases, newest + 1)
			    : cs_hsm_make(hsm, label);
	if (st == CS_OK)
		*ret_version = newest + 1;
	return st;
}

static enum cs_status
copy_find(const json_t *json, const int64_t numbers[2], uint8_t ret[CS_HSM_WRAPPED_LEN],
	  const size_t **ret_pair)
{
	const json_t *copies = json_object_get(json, "copies");

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if ((int64_t)pairs[i][0] + 1 == numbers[0] &&
		    (int64_t)pairs[i][1] + 1 == numbers[1]) {
			*ret_pair = pairs[i];
			return cs_json_hex(json_array_get(copies, i), "wrapped", ret,
					   CS_HSM_WRAPPED_LEN)
				       ? CS_OK
				       : CS_E_ARGUMENTS;
		}
	return CS_E_PROOF; /* the same share twice */
}

enum cs_status
cs_master_restore(struct cs_hsm *hsm, const char *path, const struct cs_share_file files[2],
		  int64_t *ret_version)
{
	CS_JSON *json = file_read(path);
	const char *backup = cs_json_text(json, "backup", CS_ID_TEXT - 1);
	SECRETS secrets;
	uint8_t wrapped[CS_HSM_WRAPPED_LEN];
	int64_t numbers[2] = {0, 0}, version;
	const size_t *pair = NULL;
	size_t low;
	char label[CS_MASTER_LABEL];
	enum cs_status st = CS_OK;

	if (backup == NULL || !cs_json_number(json, "master", &version) || version < 1 ||
	    version > VERSIONS_MAX)
		return CS_E_ARGUMENTS;
	for (size_t i = 0; i < 2 && st == CS_OK; i++)
		st = share_read(&files[i], backup, &numbers[i], secrets.shares[i]);
	if (st != CS_OK)
		return st;
	low = numbers[0] < numbers[1] ? 0 : 1;
	st = copy_find(json, (const int64_t[2]){numbers[low], numbers[1 - low]}, wrapped, &pair);
	if (st == CS_OK)
		st = kek_make(secrets.shares[low], secrets.shares[1 - low], backup, pair,
			      secrets.keks[0]);
	cs_master_label(version, label);
	if (st == CS_OK)
		st = cs_hsm_install(hsm, label, secrets.keks[0], wrapped);
	if (st == CS_OK)
		*ret_version = version;
	return st;
}
