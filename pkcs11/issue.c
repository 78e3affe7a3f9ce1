/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/issue.h"

#include "common/log.h"
#include "common/openukey.h"
#include "pkcs11/attr.h"
#include "pkcs11/envelope.h"
#include "pkcs11/object.h"
#include "pkcs11/object_build.h"
#include "pkcs11/object_file.h"
#include "pkcs11/object_handle.h"
#include "pkcs11/rv.h"

#include <stdlib.h>
#include <string.h>

/* CKA_CERTIFICATE_CATEGORY (PKCS#11 2.40, 4.6.2) */
#define CATEGORY_AUTHORITY 2

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

/* What changed on the key must be read anew, and its free space too. */
static CK_RV
written(struct slot *slot, struct uk_span container, enum uk_status st)
{
	objects_forget(slot, container);
	slot_info_stale(slot);
	return slot_rv(slot, st);
}

static const struct object *
object_of(struct slot *slot, CK_OBJECT_CLASS class_, struct uk_span container, enum token_pair pair)
{
	const struct object *o = object_next(slot, NULL);

	while (o != NULL && (o->class_ != class_ || o->pair != pair ||
			     !uk_span_equal(uk_span_str(o->container), container)))
		o = object_next(slot, o);
	return o;
}

/* ---- key pairs ---- */

/* A name that a key can keep: printable ASCII or UTF-8 without control characters. */
static bool
name_printable(struct uk_span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] < 0x20 || name.ptr[i] == 0x7f)
			return false;
	return true;
}

static void
put_hex(struct uk_writer *out, struct uk_span bytes)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.len; i++) {
		uk_put_u8(out, (uint8_t)digits[bytes.ptr[i] >> 4]);
		uk_put_u8(out, (uint8_t)digits[bytes.ptr[i] & 0x0f]);
	}
}

/*
 * The container's name (architecture D3b): CKA_ID, else CKA_LABEL, of either template; hex if it
 * is not printable.  A CKA_ID in our own form, name || 00, gives the name.
 */
static CK_RV
container_name(const struct key_templates *t, struct uk_writer *out)
{
	static const CK_ATTRIBUTE_TYPE types[] = {CKA_ID, CKA_LABEL};
	struct uk_span value = {NULL, 0};
	struct uk_span name;
	enum token_pair pair;

	for (size_t i = 0; i < ARRAY_SIZE(types) && value.len == 0; i++)
		if (!attr_find_bytes(t->private_key, t->private_count, types[i], &value) ||
		    value.len == 0)
			(void)attr_find_bytes(t->public_key, t->public_count, types[i], &value);
	if (value.len == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	if (object_id_split(value, &name, &pair) && pair == TOKEN_SIGN && name_printable(name))
		value = name;
	if (name_printable(value))
		uk_put(out, value);
	else
		put_hex(out, value);
	if (out->overflow || out->len > GM_CONTAINER_MAX)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return CKR_OK;
}

static CK_RV
key_bits(const struct mech *mech, const struct key_templates *t, unsigned int *ret)
{
	CK_ULONG bits = mech->info.ulMaxKeySize;

	if (mech->key == MECH_KEY_RSA &&
	    !attr_find_ulong(t->public_key, t->public_count, CKA_MODULUS_BITS, &bits))
		return CKR_TEMPLATE_INCOMPLETE;
	if (bits < mech->info.ulMinKeySize || bits > mech->info.ulMaxKeySize || bits % 256 != 0)
		return CKR_KEY_SIZE_RANGE;
	*ret = (unsigned int)bits;
	return CKR_OK;
}

/* An empty container of a try that was cut short is taken again; a pair is never replaced. */
static CK_RV
container_prepare(struct slot *slot, struct uk_span name)
{
	enum uk_status st;
	CK_RV rv = objects_load(slot, OBJECTS_KEYS);

	if (rv != CKR_OK)
		return rv;
	if (object_of(slot, CKO_PRIVATE_KEY, name, TOKEN_SIGN) != NULL)
		return CKR_FUNCTION_REJECTED;
	st = slot->token->ops->create_container(slot->token, name);
	return st == UK_E_EXISTS ? CKR_OK : slot_rv(slot, st);
}

static CK_RV
pair_handles(struct slot *slot, struct uk_span name, CK_OBJECT_HANDLE *ret_public,
	     CK_OBJECT_HANDLE *ret_private)
{
	const struct object *public_key, *private_key;
	CK_RV rv = objects_load(slot, OBJECTS_KEYS);

	if (rv != CKR_OK)
		return rv;
	public_key = object_of(slot, CKO_PUBLIC_KEY, name, TOKEN_SIGN);
	private_key = object_of(slot, CKO_PRIVATE_KEY, name, TOKEN_SIGN);
	if (public_key == NULL || private_key == NULL)
		return CKR_DEVICE_ERROR;
	*ret_public = public_key->handle;
	*ret_private = private_key->handle;
	return CKR_OK;
}

CK_RV
issue_key_pair(struct session *session, const CK_MECHANISM *mechanism,
	       const struct key_templates *templates, CK_OBJECT_HANDLE *ret_public,
	       CK_OBJECT_HANDLE *ret_private)
{
	struct slot *slot = session->slot;
	const struct mech *mech = mech_find(mechanism->mechanism);
	char name_bytes[2 * TOKEN_NAME_MAX];
	struct uk_writer name_out = uk_writer_of(name_bytes, sizeof(name_bytes));
	struct token_public_key made;
	struct uk_span name;
	unsigned int bits;
	CK_RV rv;

	if (mech == NULL || (mech->info.flags & CKF_GENERATE_KEY_PAIR) == 0)
		return CKR_MECHANISM_INVALID;
	rv = key_bits(mech, templates, &bits);
	if (rv == CKR_OK)
		rv = container_name(templates, &name_out);
	if (rv != CKR_OK)
		return rv;
	name = uk_writer_span(&name_out);
	rv = container_prepare(slot, name);
	if (rv != CKR_OK)
		return rv;
	rv = written(slot, name,
		     slot->token->ops->generate(slot->token, name, (enum token_key_type)mech->key,
						bits, &made));
	if (rv != CKR_OK)
		return rv;
	return pair_handles(slot, name, ret_public, ret_private);
}

/* ---- files ---- */

static CK_RV
file_handle(struct slot *slot, const char *name, CK_OBJECT_HANDLE *ret)
{
	for (const struct object *o = object_next(slot, NULL); o != NULL; o = object_next(slot, o))
		if (strcmp(o->file, name) == 0) {
			*ret = o->handle;
			return CKR_OK;
		}
	return CKR_DEVICE_ERROR;
}

/* A new file, by its name and content. */
struct new_data {
	struct uk_span label, value;
	bool is_private;
};

static CK_RV
data_create(struct slot *slot, const struct new_data *data, CK_OBJECT_HANDLE *ret)
{
	char name[GM_FILE_NAME_MAX + 1] = {0};
	CK_RV rv;

	if (data->label.len == 0 || data->label.len >= sizeof(name) ||
	    !name_printable(data->label) || data->value.len == 0 ||
	    data->value.len > TOKEN_FILE_MAX)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	memcpy(name, data->label.ptr, data->label.len);
	rv = object_file_create(slot, data->label, data->value, data->is_private);
	if (rv == CKR_OK)
		rv = objects_load(slot, OBJECTS_DATA);
	return rv != CKR_OK ? rv : file_handle(slot, name, ret);
}

static bool
wants_private(const CK_ATTRIBUTE *template, CK_ULONG count, bool unsaid)
{
	struct uk_span value;

	if (!attr_find_bytes(template, count, CKA_PRIVATE, &value))
		return unsaid;
	return value.len == 1 && value.ptr[0] != CK_FALSE;
}

CK_RV
issue_data(struct session *session, const CK_ATTRIBUTE *template, CK_ULONG count,
	   CK_OBJECT_HANDLE *ret)
{
	struct new_data data;

	if (session->slot->login != LOGIN_USER)
		return CKR_USER_NOT_LOGGED_IN;
	if (!attr_find_bytes(template, count, CKA_LABEL, &data.label) ||
	    !attr_find_bytes(template, count, CKA_VALUE, &data.value))
		return CKR_TEMPLATE_INCOMPLETE;
	/* PKCS#11 leaves the default to the token: what a person stores is theirs. */
	data.is_private = wants_private(template, count, true);
	return data_create(session->slot, &data, ret);
}

/* A copy may have another name, which it must, and be private; all else stays as it is. */
static CK_RV
copy_check(const struct object *object, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++)
		if (template[i].type != CKA_LABEL && template[i].type != CKA_PRIVATE &&
		    !attr_match(object, &template[i], 1))
			return CKR_ATTRIBUTE_READ_ONLY;
	return object->private_object && !wants_private(template, count, true)
		       ? CKR_TEMPLATE_INCONSISTENT
		       : CKR_OK;
}

CK_RV
issue_data_copy(struct session *session, const struct object *object, const CK_ATTRIBUTE *template,
		CK_ULONG count, CK_OBJECT_HANDLE *ret)
{
	struct slot *slot = session->slot;
	UK_CLEANUP(bytes_free) uint8_t *bytes = NULL;
	struct new_data data = {.is_private =
					wants_private(template, count, object->private_object)};
	CK_RV rv;

	if (slot->login != LOGIN_USER)
		return CKR_USER_NOT_LOGGED_IN;
	if (!attr_find_bytes(template, count, CKA_LABEL, &data.label))
		return CKR_TEMPLATE_INCOMPLETE;
	rv = object_value_load(slot, object);
	if (rv == CKR_OK)
		rv = copy_check(object, template, count);
	if (rv != CKR_OK)
		return rv;
	/* The object goes when the file is written: keep its bytes. */
	bytes = malloc(object->value.len + 1);
	if (bytes == NULL)
		return CKR_HOST_MEMORY;
	data.value = uk_span_of(bytes, object->value.len);
	if (data.value.len > 0)
		memcpy(bytes, object->value.ptr, data.value.len);
	return data_create(slot, &data, ret);
}

CK_RV
issue_data_value(struct session *session, const struct object *object, const CK_ATTRIBUTE *template,
		 CK_ULONG count)
{
	struct slot *slot = session->slot;
	struct uk_span value;
	enum uk_status st;

	if (object->class_ != CKO_DATA || count != 1 ||
	    !attr_find_bytes(template, count, CKA_VALUE, &value))
		return CKR_ATTRIBUTE_READ_ONLY;
	if (value.len != object->value_len)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	st = slot->token->ops->write_file(slot->token, uk_span_str(object->file), value);
	objects_forget_files(slot);
	return slot_rv(slot, st);
}

/* ---- certificates ---- */

bool
keys_equal(const struct token_public_key *a, const struct token_public_key *b)
{
	if (a->type != b->type || a->bits != b->bits)
		return false;
	if (a->type == TOKEN_KEY_RSA)
		return a->exponent == b->exponent &&
		       memcmp(a->modulus, b->modulus, a->bits / 8) == 0;
	return memcmp(a->x, b->x, sizeof(a->x)) == 0 && memcmp(a->y, b->y, sizeof(a->y)) == 0;
}

/* The private key that the certificate is for, and that its CKA_ID, if any, names. */
static const struct object *
key_for(struct slot *slot, const struct token_public_key *key, const CK_ATTRIBUTE *template,
	CK_ULONG count)
{
	struct uk_span id;
	bool named = attr_find_bytes(template, count, CKA_ID, &id) && id.len > 0;

	for (const struct object *o = object_next(slot, NULL); o != NULL; o = object_next(slot, o))
		if (o->class_ == CKO_PRIVATE_KEY && keys_equal(&o->key, key) &&
		    (!named || uk_span_equal(uk_span_of(o->id.ptr, o->id.len), id)))
			return o;
	return NULL;
}

static CK_RV
certificate_check(const CK_ATTRIBUTE *template, CK_ULONG count, struct uk_span *ret_der)
{
	CK_CERTIFICATE_TYPE type = CKC_X_509;

	(void)attr_find_ulong(template, count, CKA_CERTIFICATE_TYPE, &type);
	if (type != CKC_X_509)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (!attr_find_bytes(template, count, CKA_VALUE, ret_der))
		return CKR_TEMPLATE_INCOMPLETE;
	return ret_der->len > TOKEN_CERT_MAX ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_OK;
}

static CK_RV
certificate_write(struct slot *slot, const struct object *key, struct uk_span der,
		  CK_OBJECT_HANDLE *ret)
{
	char name_bytes[TOKEN_NAME_MAX];
	enum token_pair pair = key->pair;
	const struct object *object;
	struct uk_span name;
	CK_RV rv;

	/* The object goes with the rewrite: keep what it says. */
	memcpy(name_bytes, key->container, sizeof(name_bytes));
	name = uk_span_str(name_bytes);
	rv = written(slot, name,
		     slot->token->ops->import_certificate(slot->token, name, pair, der));
	object_handles_end_certificate(slot, name, pair);
	if (rv == CKR_OK)
		rv = objects_load(slot, OBJECTS_KEYS);
	if (rv != CKR_OK)
		return rv;
	object = object_of(slot, CKO_CERTIFICATE, name, pair);
	/* Read back: what the key now shows must be what was given. */
	if (object == NULL || !uk_span_equal(uk_span_of(object->value.ptr, object->value.len), der))
		return CKR_DEVICE_ERROR;
	*ret = object->handle;
	return CKR_OK;
}

/* A CA's certificate has no key here: it is kept as a file. */
static CK_RV
issue_ca_certificate(struct slot *slot, struct uk_span der, CK_OBJECT_HANDLE *ret)
{
	char name[GM_FILE_NAME_MAX + 1];
	CK_RV rv = object_file_ca_name(der, name, sizeof(name));

	if (rv == CKR_OK)
		rv = object_file_create(slot, uk_span_str(name), der, false);
	if (rv == CKR_OK)
		rv = objects_load(slot, OBJECTS_CERTIFICATES);
	return rv != CKR_OK ? rv : file_handle(slot, name, ret);
}

CK_RV
issue_certificate(struct session *session, const CK_ATTRIBUTE *template, CK_ULONG count,
		  CK_OBJECT_HANDLE *ret)
{
	struct slot *slot = session->slot;
	UK_CLEANUP(cert_clear_p) struct crypto_cert cert = {0};
	struct token_public_key key;
	const struct object *object;
	CK_ULONG category = 0;
	struct uk_span der;
	CK_RV rv;

	if (slot->login != LOGIN_USER)
		return CKR_USER_NOT_LOGGED_IN;
	rv = certificate_check(template, count, &der);
	if (rv != CKR_OK)
		return rv;
	if (crypto_cert_read(der, &cert) != UK_OK)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	(void)attr_find_ulong(template, count, CKA_CERTIFICATE_CATEGORY, &category);
	if (category == CATEGORY_AUTHORITY)
		return issue_ca_certificate(slot, der, ret);
	if (!object_key_of_certificate(&cert, &key))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	rv = objects_load(slot, OBJECTS_KEYS);
	if (rv != CKR_OK)
		return rv;
	object = key_for(slot, &key, template, count);
	return object == NULL ? CKR_TEMPLATE_INCONSISTENT
			      : certificate_write(slot, object, der, ret);
}

/* ---- encryption pairs ---- */

/* The signing key that the envelope is sealed to must be there and of the right kind. */
static CK_RV
signing_key_check(struct slot *slot, struct uk_span container, enum token_key_type type)
{
	const struct object *key;
	CK_RV rv = objects_load(slot, OBJECTS_KEYS);

	if (rv != CKR_OK)
		return rv;
	key = object_of(slot, CKO_PRIVATE_KEY, container, TOKEN_SIGN);
	if (key == NULL)
		return CKR_KEY_HANDLE_INVALID;
	return key->key.type == type ? CKR_OK : CKR_KEY_TYPE_INCONSISTENT;
}

CK_RV
issue_enveloped_key(struct slot *slot, struct uk_span container, struct uk_span envelope)
{
	struct token_envelope parts;
	enum uk_status st = envelope_read(envelope, &parts);
	CK_RV rv;

	if (st != UK_OK)
		return rv_of(st);
	rv = signing_key_check(slot, container, TOKEN_KEY_SM2);
	if (rv != CKR_OK)
		return rv;
	return written(slot, container,
		       slot->token->ops->import_sm2(slot->token, container, &parts));
}

CK_RV
issue_rsa_key(struct slot *slot, struct uk_span container, struct uk_span wrapped_key,
	      struct uk_span blob)
{
	CK_RV rv = signing_key_check(slot, container, TOKEN_KEY_RSA);

	if (rv != CKR_OK)
		return rv;
	if (!envelope_rsa_sizes_ok(wrapped_key.len, blob.len))
		return CKR_WRAPPED_KEY_LEN_RANGE;
	return written(slot, container,
		       slot->token->ops->import_rsa(slot->token, container, wrapped_key, blob));
}

CK_RV
issue_container_delete(struct slot *slot, struct uk_span container)
{
	CK_RV rv = slot_rv(slot, slot->token->ops->delete_container(slot->token, container));

	/* The container itself is gone from the list, not only what was in it. */
	objects_forget_all(slot);
	if (rv == CKR_OK)
		object_handles_end_container(slot, container);
	slot_info_stale(slot);
	return rv;
}

/* The kind of the container's pairs, and the size of its signing pair. */
static CK_RV
pair_kind(struct slot *slot, struct uk_span container, enum token_key_type *ret_type,
	  unsigned int *ret_bits)
{
	static const enum token_pair either[] = {TOKEN_SIGN, TOKEN_ENCRYPT};
	CK_RV rv = objects_load(slot, OBJECTS_KEYS);

	for (size_t i = 0; rv == CKR_OK && i < ARRAY_SIZE(either); i++) {
		const struct object *key = object_of(slot, CKO_PUBLIC_KEY, container, either[i]);

		if (key == NULL)
			continue;
		*ret_type = key->key.type;
		*ret_bits = key->key.bits;
		return CKR_OK;
	}
	return rv == CKR_OK ? CKR_KEY_HANDLE_INVALID : rv;
}

/*
 * The standard has no command for it.  A key that takes an empty certificate for none loses the old
 * one so; then a new pair, which nobody has a certificate for, takes the old pair's place.  A key
 * that does not is left as it is.
 */
CK_RV
issue_signing_pair_delete(struct slot *slot, struct uk_span container)
{
	struct token *token = slot->token;
	struct token_public_key made;
	enum token_key_type type;
	unsigned int bits;
	enum uk_status st = UK_OK;
	CK_RV rv = pair_kind(slot, container, &type, &bits);

	if (rv != CKR_OK)
		return rv;
	if (object_of(slot, CKO_CERTIFICATE, container, TOKEN_SIGN) != NULL)
		st = token->ops->import_certificate(token, container, TOKEN_SIGN,
						    uk_span_of(NULL, 0));
	if (st == UK_E_DATA_LEN || st == UK_E_DATA || st == UK_E_NOT_SUPPORTED)
		return CKR_FUNCTION_NOT_SUPPORTED;
	if (st == UK_OK)
		st = token->ops->generate(token, container, type, bits, &made);
	rv = written(slot, container, st);
	object_handles_end_certificate(slot, container, TOKEN_SIGN);
	return rv;
}
