/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of the application as objects: CA certificates, which are told by their name, and data.
 * Keys without files cost one command to know that.
 */
#include "pkcs11/object_file.h"

#include "common/log.h"
#include "pkcs11/object_build.h"
#include "pkcs11/object_handle.h"
#include "pkcs11/object_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A CA certificate's file: this and the first bytes of its SHA-256. */
#define CA_PREFIX     "cacert-"
#define CA_NAME_BYTES 8

static void
cert_clear_p(struct crypto_cert *cert)
{
	crypto_cert_clear(cert);
}

static void
bytes_free(uint8_t **bytes)
{
	free(*bytes);
}

static bool
is_ca_file(const char *name)
{
	return strncmp(name, CA_PREFIX, strlen(CA_PREFIX)) == 0;
}

static void
file_add(void *data, struct uk_span name)
{
	struct objects *objects = data;
	char *out;

	if (name.len == 0 || name.len > GM_FILE_NAME_MAX || objects->file_count >= FILES_MAX)
		return;
	out = objects->files[objects->file_count++];
	memset(out, 0, TOKEN_NAME_MAX);
	memcpy(out, name.ptr, name.len);
}

static CK_RV
files_list(struct slot *slot)
{
	struct objects *objects = slot->objects;
	const struct token_info *info;
	enum uk_status st;

	if (objects->files_listed)
		return CKR_OK;
	/* Their unique names have the serial number in them; free space may be out of date. */
	if (slot->info.serial[0] == '\0') {
		CK_RV rv = slot_info(slot, &info);

		if (rv != CKR_OK)
			return rv;
	}
	SLOT_AGAIN(st, (objects->file_count = 0,
			slot->token->ops->files(slot->token, file_add, objects)));
	/* Not every model's files are known to us: then it shows none. */
	if (st != UK_OK && st != UK_E_NO_APPLICATION && st != UK_E_NOT_VERIFIED &&
	    st != UK_E_NOT_SUPPORTED)
		return slot_rv(slot, st);
	objects->files_listed = true;
	return CKR_OK;
}

/* The file's bytes, owned by the caller; *ret is NULL when it is gone or not for us to read. */
static CK_RV
file_read(struct slot *slot, const char *name, uint8_t **ret, size_t *ret_len)
{
	struct uk_writer out;
	enum uk_status st;
	uint8_t *bytes = malloc(TOKEN_FILE_MAX);

	if (bytes == NULL)
		return CKR_HOST_MEMORY;
	SLOT_AGAIN(st, (out = uk_writer_of(bytes, TOKEN_FILE_MAX),
			slot->token->ops->read_file(slot->token, uk_span_str(name), &out)));
	if (st != UK_OK) {
		free(bytes);
		return slot_rv(slot, st);
	}
	*ret = bytes;
	*ret_len = out.len;
	return CKR_OK;
}

static CK_RV
ca_certificate_add(struct slot *slot, const char *name)
{
	UK_CLEANUP(bytes_free) uint8_t *bytes = NULL;
	UK_CLEANUP(cert_clear_p) struct crypto_cert cert = {0};
	struct object *object;
	size_t len = 0;
	CK_RV rv = file_read(slot, name, &bytes, &len);

	if (rv != CKR_OK)
		return rv;
	if (crypto_cert_read(uk_span_of(bytes, len), &cert) != UK_OK) {
		uk_warning("session", "file \"%s\" is no certificate", name);
		return CKR_OK;
	}
	object = object_of_ca_certificate(uk_span_str(name), &cert, uk_span_of(bytes, len));
	if (object == NULL)
		return CKR_HOST_MEMORY;
	object_append(slot, object);
	return CKR_OK;
}

static CK_RV
data_add(struct slot *slot, const char *name)
{
	struct token_file file;
	struct object *object;
	enum uk_status st;

	SLOT_AGAIN(st, slot->token->ops->file_info(slot->token, uk_span_str(name), &file));
	if (st == UK_E_NOT_FOUND)
		return CKR_OK;
	if (st != UK_OK)
		return slot_rv(slot, st);
	object = object_of_file(uk_span_str(name), token_application(slot->token), &file);
	if (object == NULL)
		return CKR_HOST_MEMORY;
	object_append(slot, object);
	return CKR_OK;
}

/* A file that is there already as an object is not read again. */
static bool
file_known(const struct objects *objects, const char *name)
{
	for (const struct object *o = objects->first; o != NULL; o = o->next)
		if (strcmp(o->file, name) == 0)
			return true;
	return false;
}

CK_RV
objects_load_files(struct slot *slot, enum objects_want want)
{
	struct objects *objects = slot->objects;
	CK_RV rv = files_list(slot);

	for (unsigned int i = 0; i < objects->file_count && rv == CKR_OK; i++) {
		bool ca = is_ca_file(objects->files[i]);

		if (file_known(objects, objects->files[i]))
			continue;
		if (ca && (want & OBJECTS_CERTIFICATES) != 0)
			rv = ca_certificate_add(slot, objects->files[i]);
		if (!ca && (want & OBJECTS_DATA) != 0)
			rv = data_add(slot, objects->files[i]);
	}
	return rv;
}

CK_RV
object_value_load(struct slot *slot, const struct object *object)
{
	UK_CLEANUP(bytes_free) uint8_t *bytes = NULL;
	struct object *own;
	size_t len = 0;
	CK_RV rv;

	/* Profiles and session objects can be looked at before anything was read from the key. */
	if (object->class_ != CKO_DATA || object->value_read)
		return CKR_OK;
	rv = file_read(slot, object->file, &bytes, &len);
	if (rv != CKR_OK)
		return rv;
	own = slot->objects->first;
	while (own != object)
		own = own->next;
	return object_value_set(own, uk_span_of(bytes, len)) ? CKR_OK : CKR_HOST_MEMORY;
}

/* ---- writing ---- */

void
objects_forget_files(struct slot *slot)
{
	struct object **link;

	if (slot->objects == NULL)
		return;
	slot->objects->found = NULL;
	link = &slot->objects->first;
	while (*link != NULL) {
		struct object *object = *link;

		if (object->file[0] == '\0') {
			link = &object->next;
			continue;
		}
		*link = object->next;
		object_free(object);
	}
	slot->objects->files_listed = false;
	slot->objects->file_count = 0;
}

/*
 * Makes a file with its content.  Cut short, it is taken away again; should the power fail just
 * then, an empty file stays, which the next try finds and fills.
 */
CK_RV
object_file_create(struct slot *slot, struct uk_span name, struct uk_span value, bool private_file)
{
	struct token_file file = {
		.size = (uint32_t)value.len,
		.read_rights = private_file ? GM_RIGHT_USER : GM_RIGHT_ANYONE,
		.write_rights = GM_RIGHT_USER,
	};
	struct token *token = slot->token;
	enum uk_status st = token->ops->create_file(token, name, &file);

	if (st == UK_OK) {
		st = token->ops->write_file(token, name, value);
		if (st != UK_OK && st != UK_E_REMOVED)
			(void)token->ops->delete_file(token, name);
	}
	objects_forget_files(slot);
	slot_info_stale(slot);
	/* A name that is taken is the caller's mistake, not the key's. */
	return st == UK_E_EXISTS ? CKR_ATTRIBUTE_VALUE_INVALID : slot_rv(slot, st);
}

CK_RV
object_file_ca_name(struct uk_span der, char *out, size_t size)
{
	uint8_t hash[CRYPTO_HASH_MAX];
	int len = snprintf(out, size, CA_PREFIX);

	if (crypto_hash(CRYPTO_SHA256, der, hash) != UK_OK)
		return CKR_FUNCTION_FAILED;
	for (int i = 0; i < CA_NAME_BYTES; i++)
		len += snprintf(out + len, size - (size_t)len, "%02x", hash[i]);
	return CKR_OK;
}

CK_RV
object_file_delete(struct slot *slot, const char *name)
{
	enum uk_status st = slot->token->ops->delete_file(slot->token, uk_span_str(name));

	slot_info_stale(slot);
	if (st == UK_OK || st == UK_E_NOT_FOUND) {
		objects_forget_files(slot);
		object_handles_end_file(slot, name);
	}
	return slot_rv(slot, st);
}
