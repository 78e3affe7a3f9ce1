/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/vault/vault.h"

#include "service/store/audit.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION   1
#define NONCE_LEN 12
#define TAG_LEN   16
#define WHERE_MAX 160

void
cs_vault_wipe(struct cs_vault *vault)
{
	uk_wipe(vault, sizeof(*vault));
}

void
cs_person_wipe(struct cs_person *person)
{
	uk_wipe(person, sizeof(*person));
}

static void
fd_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

enum cs_status
cs_vault_open(const char *path, struct cs_vault *ret)
{
	UK_CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	UK_CLEANUP(cs_vault_wipe) struct cs_vault vault = {{0}, {0}};
	struct stat info;
	uint8_t more;
	enum cs_status st;

	if (fd < 0 || fstat(fd, &info) != 0)
		return CS_E_UNAVAILABLE;
	if ((info.st_mode & 077) != 0 || !S_ISREG(info.st_mode))
		return CS_E_DENIED;
	if (read(fd, vault.key, CS_KEY_LEN) != CS_KEY_LEN || read(fd, &more, 1) != 0)
		return CS_E_CORRUPT;
	st = cs_hmac(uk_span_of(vault.key, CS_KEY_LEN), uk_span_str("mark"), vault.mark);
	if (st == CS_OK)
		*ret = vault;
	return st;
}

enum cs_status
cs_vault_make(const char *path)
{
	UK_CLEANUP(cs_vault_wipe) struct cs_vault vault = {{0}, {0}};
	enum cs_status st = cs_random(vault.key, CS_KEY_LEN);
	UK_CLEANUP(fd_close) int fd = -1;

	if (st != CS_OK)
		return st;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	if (fd < 0)
		return access(path, F_OK) == 0 ? CS_E_EXISTS : CS_E_UNAVAILABLE;
	if (write(fd, vault.key, CS_KEY_LEN) != CS_KEY_LEN || fsync(fd) != 0)
		return CS_E_UNAVAILABLE;
	return CS_OK;
}

static void
cipher_drop(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

#define CIPHER UK_CLEANUP(cipher_drop) EVP_CIPHER_CTX

/* Starts the cipher with the key, the nonce and what the data belongs to. */
static EVP_CIPHER_CTX *
cipher_start(const uint8_t key[CS_KEY_LEN], const uint8_t *nonce, struct uk_span where, int seal)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len;

	if (ctx == NULL || EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce, seal) != 1 ||
	    EVP_CipherUpdate(ctx, NULL, &len, where.ptr, (int)where.len) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static enum cs_status
seal_with(const uint8_t key[CS_KEY_LEN], struct uk_span where, struct uk_span plain,
	  struct cs_blob *ret)
{
	CS_BLOB out = {NULL, 0};
	CIPHER *ctx = NULL;
	enum cs_status st = cs_blob_room(&out, plain.len + CS_SEAL_EXTRA);
	uint8_t *nonce, *cipher;
	int len = 0;

	if (st != CS_OK)
		return st;
	nonce = out.ptr + 1;
	cipher = nonce + NONCE_LEN;
	out.ptr[0] = VERSION;
	st = cs_random(nonce, NONCE_LEN);
	if (st != CS_OK)
		return st;
	ctx = cipher_start(key, nonce, where, 1);
	if (ctx == NULL || EVP_CipherUpdate(ctx, cipher, &len, plain.ptr, (int)plain.len) != 1 ||
	    EVP_CipherFinal_ex(ctx, cipher + len, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, cipher + plain.len) != 1)
		return CS_E_CRYPTO;
	cs_blob_free(ret);
	*ret = out;
	out = (struct cs_blob){NULL, 0};
	return CS_OK;
}

static enum cs_status
unseal_with(const uint8_t key[CS_KEY_LEN], struct uk_span where, struct uk_span sealed,
	    struct cs_blob *ret)
{
	struct uk_span nonce, cipher, tag;
	uint8_t version, tag_copy[TAG_LEN];
	CS_BLOB out = {NULL, 0};
	CIPHER *ctx = NULL;
	enum cs_status st;
	int len = 0;

	if (sealed.len < CS_SEAL_EXTRA || !uk_take_u8(&sealed, &version) || version != VERSION ||
	    !uk_take(&sealed, NONCE_LEN, &nonce) ||
	    !uk_take(&sealed, sealed.len - TAG_LEN, &cipher) || !uk_take(&sealed, TAG_LEN, &tag))
		return CS_E_CORRUPT;
	st = cs_blob_room(&out, cipher.len);
	if (st != CS_OK)
		return st;
	memcpy(tag_copy, tag.ptr, TAG_LEN);
	ctx = cipher_start(key, nonce.ptr, where, 0);
	if (ctx == NULL || EVP_CipherUpdate(ctx, out.ptr, &len, cipher.ptr, (int)cipher.len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag_copy) != 1 ||
	    EVP_CipherFinal_ex(ctx, out.ptr + len, &len) != 1)
		return CS_E_CORRUPT;
	cs_blob_free(ret);
	*ret = out;
	out = (struct cs_blob){NULL, 0};
	return CS_OK;
}

/* "person", tenant and id: a data key opens as that person's of that CA only. */
static struct uk_span
person_where(const struct cs_store *store, const char *id, char room[WHERE_MAX])
{
	int len = snprintf(room, WHERE_MAX, "person/%s/%s", cs_store_ca(store), id);

	return uk_span_of(room, (size_t)len);
}

enum cs_status
cs_person_new(const struct cs_vault *vault, struct cs_store *store, int64_t now,
	      struct cs_person *ret)
{
	CS_PERSON person = {.id = ""};
	CS_BLOB sealed = {NULL, 0};
	char where[WHERE_MAX];
	enum cs_status st = cs_id_new(person.id);

	if (st == CS_OK)
		st = cs_random(person.key, CS_KEY_LEN);
	if (st == CS_OK)
		st = seal_with(vault->key, person_where(store, person.id, where),
			       uk_span_of(person.key, CS_KEY_LEN), &sealed);
	if (st == CS_OK)
		st = cs_store_person_add(store, person.id, cs_blob_span(&sealed), now);
	if (st == CS_OK)
		*ret = person;
	return st;
}

enum cs_status
cs_person_load(const struct cs_vault *vault, struct cs_store *store, const char *id,
	       struct cs_person *ret)
{
	CS_BLOB sealed = {NULL, 0}, key = {NULL, 0};
	char where[WHERE_MAX];
	enum cs_status st;

	if (strlen(id) >= CS_ID_TEXT)
		return CS_E_ARGUMENTS;
	st = cs_store_person_get(store, id, &sealed);
	if (st == CS_OK)
		st = unseal_with(vault->key, person_where(store, id, where), cs_blob_span(&sealed),
				 &key);
	if (st != CS_OK)
		return st;
	if (key.len != CS_KEY_LEN)
		return CS_E_CORRUPT;
	memcpy(ret->key, key.ptr, CS_KEY_LEN);
	memcpy(ret->id, id, strlen(id) + 1);
	return CS_OK;
}

enum cs_status
cs_seal(const struct cs_person *person, const char *where, struct uk_span plain,
	struct cs_blob *ret)
{
	return seal_with(person->key, uk_span_str(where), plain, ret);
}

enum cs_status
cs_unseal(const struct cs_person *person, const char *where, struct uk_span sealed,
	  struct cs_blob *ret)
{
	return unseal_with(person->key, uk_span_str(where), sealed, ret);
}

enum cs_status
cs_pseudonym(const struct cs_person *person, const char *value, char ret[CS_MARK_TEXT])
{
	uint8_t mac[CS_HASH_LEN];
	enum cs_status st = cs_hmac(uk_span_of(person->key, CS_KEY_LEN), uk_span_str(value), mac);

	if (st == CS_OK)
		cs_hex(uk_span_of(mac, (CS_MARK_TEXT - 1) / 2), ret);
	return st;
}

enum cs_status
cs_vault_mark(const struct cs_vault *vault, const char *what, const char *value,
	      char ret[CS_HASH_TEXT])
{
	char text[512];
	uint8_t mac[CS_HASH_LEN];
	int len = snprintf(text, sizeof(text), "%s=%s", what, value);
	enum cs_status st;

	if (len < 0 || (size_t)len >= sizeof(text))
		return CS_E_TOO_LARGE;
	st = cs_hmac(uk_span_of(vault->mark, CS_KEY_LEN), uk_span_of(text, (size_t)len), mac);
	uk_wipe(text, sizeof(text));
	if (st == CS_OK)
		cs_hex(uk_span_of(mac, CS_HASH_LEN), ret);
	return st;
}
