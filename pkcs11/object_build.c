/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/object_build.h"

#include "common/openukey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* OBJECT IDENTIFIER 1.2.156.10197.1.301, the SM2 curve (GM/T 0006) */
static const uint8_t sm2_oid[] = {0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d};

/* CKA_CHECK_VALUE of a certificate: the first bytes of its SHA-1 (PKCS#11 2.40, 4.6.3) */
#define CHECK_VALUE_LEN 3
/* CKA_CERTIFICATE_CATEGORY: the token's user, an authority (PKCS#11 2.40, 4.6.2) */
#define CATEGORY_USER      1
#define CATEGORY_AUTHORITY 2
/* bytes of an SM4 key */
#define SM4_KEY_LEN 16

void
object_id_make(struct uk_span container, enum token_pair pair, struct uk_writer *out)
{
	uk_put(out, container);
	uk_put_u8(out, pair == TOKEN_SIGN ? 0 : 1);
}

bool
object_id_split(struct uk_span id, struct uk_span *ret_container, enum token_pair *ret_pair)
{
	if (id.len < 2 || id.len > TOKEN_NAME_MAX || id.ptr[id.len - 1] > 1)
		return false;
	*ret_pair = id.ptr[id.len - 1] == 0 ? TOKEN_SIGN : TOKEN_ENCRYPT;
	*ret_container = uk_span_of(id.ptr, id.len - 1);
	return true;
}

/* An empty value needs no memory. */
static bool
blob_set(struct blob *blob, struct uk_span bytes)
{
	if (bytes.len > 0) {
		blob->ptr = malloc(bytes.len);
		if (blob->ptr == NULL)
			return false;
		memcpy(blob->ptr, bytes.ptr, bytes.len);
	}
	blob->len = bytes.len;
	blob->exists = true;
	return true;
}

void
object_free(struct object *object)
{
	if (object == NULL)
		return;
	struct blob *const blobs[] = {
		&object->label,      &object->id,       &object->subject,     &object->issuer,
		&object->serial,     &object->value,    &object->check_value, &object->spki,
		&object->start_date, &object->end_date, &object->modulus,     &object->exponent,
		&object->ec_params,  &object->ec_point, &object->application,
	};
	for (size_t i = 0; i < ARRAY_SIZE(blobs); i++)
		free(blobs[i]->ptr);
	free(object);
}

static void
object_free_p(struct object **object)
{
	object_free(*object);
}

#define OBJECT UK_CLEANUP(object_free_p) struct object

static struct object *
object_take(struct object **object)
{
	struct object *taken = *object;

	*object = NULL;
	return taken;
}

/* The unit's name for people; the encryption pair's objects say which they are. */
static bool
label_set(struct object *object, const struct object_source *source, const struct crypto_cert *cert)
{
	char label[160];

	if (cert != NULL && cert->label[0] != '\0')
		(void)snprintf(label, sizeof(label), "%s", cert->label);
	else
		(void)snprintf(label, sizeof(label), "%.*s", (int)source->container.len,
			       (const char *)source->container.ptr);
	if (source->pair == TOKEN_ENCRYPT)
		(void)strncat(label, " (encryption)", sizeof(label) - strlen(label) - 1);
	return blob_set(&object->label, uk_span_str(label));
}

/* What every object has. NULL when memory runs out. */
static struct object *
object_alloc(CK_OBJECT_CLASS class_)
{
	static CK_OBJECT_HANDLE last_handle; /* never used twice, not even for another key */
	struct object *object = calloc(1, sizeof(*object));

	if (object == NULL)
		return NULL;
	object->class_ = class_;
	object->handle = __atomic_add_fetch(&last_handle, 1, __ATOMIC_RELAXED);
	object->yes = CK_TRUE;
	object->on_token = CK_TRUE;
	object->private_object = class_ == CKO_PRIVATE_KEY || class_ == CKO_SECRET_KEY;
	object->empty.exists = true;
	object->gen_mechanism = CK_UNAVAILABLE_INFORMATION;
	return object;
}

/* What an object takes from a certificate; without one, only an empty subject. */
static bool
certificate_fields_set(struct object *object, const struct crypto_cert *cert)
{
	if (cert == NULL)
		return blob_set(&object->subject, (struct uk_span){NULL, 0});
	return blob_set(&object->subject, uk_span_of(cert->subject, cert->subject_len)) &&
	       blob_set(&object->spki, uk_span_of(cert->spki, cert->spki_len)) &&
	       blob_set(&object->start_date, uk_span_str(cert->not_before)) &&
	       blob_set(&object->end_date, uk_span_str(cert->not_after));
}

static struct object *
object_new(const struct object_source *source, CK_OBJECT_CLASS class_,
	   const struct crypto_cert *cert)
{
	OBJECT *object = object_alloc(class_);
	uint8_t id[TOKEN_NAME_MAX];
	struct uk_writer id_out = uk_writer_of(id, sizeof(id));

	if (object == NULL || source->container.len >= sizeof(object->container))
		return NULL;
	memcpy(object->container, source->container.ptr, source->container.len);
	object->pair = source->pair;
	object->always_authenticate = source->always_authenticate;
	object_id_make(source->container, source->pair, &id_out);
	if (!blob_set(&object->id, uk_writer_span(&id_out)) || !label_set(object, source, cert) ||
	    !certificate_fields_set(object, cert))
		return NULL;
	return object_take(&object);
}

static bool
certificate_set(struct object *object, const struct crypto_cert *cert, struct uk_span der)
{
	uint8_t hash[CRYPTO_HASH_MAX];

	if (crypto_hash(CRYPTO_SHA1, der, hash) != UK_OK)
		return false;
	object->cert_type = CKC_X_509;
	return blob_set(&object->issuer, uk_span_of(cert->issuer, cert->issuer_len)) &&
	       blob_set(&object->serial, uk_span_of(cert->serial, cert->serial_len)) &&
	       blob_set(&object->value, der) &&
	       blob_set(&object->check_value, uk_span_of(hash, CHECK_VALUE_LEN));
}

struct object *
object_of_certificate(const struct object_source *source, const struct crypto_cert *cert,
		      struct uk_span der)
{
	OBJECT *object = object_new(source, CKO_CERTIFICATE, cert);

	if (object == NULL || !certificate_set(object, cert, der))
		return NULL;
	object->cert_category = CATEGORY_USER;
	return object_take(&object);
}

struct object *
object_of_ca_certificate(struct uk_span file, const struct crypto_cert *cert, struct uk_span der)
{
	OBJECT *object = object_alloc(CKO_CERTIFICATE);

	if (object == NULL || file.len >= sizeof(object->file))
		return NULL;
	memcpy(object->file, file.ptr, file.len);
	object->cert_category = CATEGORY_AUTHORITY;
	object->destroyable = CK_TRUE;
	if (!certificate_fields_set(object, cert) || !certificate_set(object, cert, der) ||
	    !blob_set(&object->label, uk_span_str(cert->label)) || !blob_set(&object->id, file))
		return NULL;
	return object_take(&object);
}

/* ---- files and session keys ---- */

struct object *
object_of_file(struct uk_span name, const char *application, const struct token_file *file)
{
	OBJECT *object = object_alloc(CKO_DATA);

	if (object == NULL || name.len >= sizeof(object->file))
		return NULL;
	memcpy(object->file, name.ptr, name.len);
	object->private_object = file->read_rights != GM_RIGHT_ANYONE;
	object->modifiable = CK_TRUE;
	object->copyable = CK_TRUE;
	object->destroyable = CK_TRUE;
	object->value_len = file->size;
	if (!blob_set(&object->label, name) ||
	    !blob_set(&object->application, uk_span_str(application)))
		return NULL;
	return object_take(&object);
}

bool
object_value_set(struct object *object, struct uk_span value)
{
	struct blob fresh = {0};

	if (!blob_set(&fresh, value))
		return false;
	free(object->value.ptr);
	object->value = fresh;
	object->value_read = true;
	return true;
}

struct object *
object_of_session_key(const struct token_session_key *key, struct uk_span label, struct uk_span id)
{
	OBJECT *object = object_alloc(CKO_SECRET_KEY);

	if (object == NULL)
		return NULL;
	object->on_token = CK_FALSE;
	object->destroyable = CK_TRUE;
	object->session_key = *key;
	object->key_type = CKK_VENDOR_SM4;
	object->value_len = SM4_KEY_LEN;
	if (!blob_set(&object->label, label) || !blob_set(&object->id, id))
		return NULL;
	return object_take(&object);
}

static bool
rsa_set(struct object *object, const struct token_public_key *key)
{
	uint8_t exponent[4] = {(uint8_t)(key->exponent >> 24), (uint8_t)(key->exponent >> 16),
			       (uint8_t)(key->exponent >> 8), (uint8_t)key->exponent};
	struct uk_span value = {exponent, sizeof(exponent)};

	/* PKCS#11 big integers have no leading zeros. */
	while (value.len > 1 && value.ptr[0] == 0)
		value = (struct uk_span){value.ptr + 1, value.len - 1};
	object->key_type = CKK_RSA;
	return blob_set(&object->modulus, uk_span_of(key->modulus, key->bits / 8)) &&
	       blob_set(&object->exponent, value);
}

static bool
sm2_set(struct object *object, const struct token_public_key *key)
{
	/* OCTET STRING of the uncompressed point 04 || X || Y (PKCS#11 2.40, 2.3.3) */
	uint8_t point[3 + 2 * GM_SM2_LEN] = {0x04, 1 + 2 * GM_SM2_LEN, 0x04};

	memcpy(point + 3, key->x, GM_SM2_LEN);
	memcpy(point + 3 + GM_SM2_LEN, key->y, GM_SM2_LEN);
	object->key_type = CKK_EC;
	return blob_set(&object->ec_params, uk_span_of(sm2_oid, sizeof(sm2_oid))) &&
	       blob_set(&object->ec_point, uk_span_of(point, sizeof(point)));
}

struct object *
object_of_key(const struct object_source *source, CK_OBJECT_CLASS class_,
	      const struct token_public_key *key, const struct crypto_cert *cert)
{
	OBJECT *object = object_new(source, class_, cert);

	if (object == NULL)
		return NULL;
	object->key = *key;
	object->bits = key->bits;
	/* The signing pair was made inside; the encryption pair came in an envelope. */
	object->local = source->pair == TOKEN_SIGN;
	object->signs = source->pair == TOKEN_SIGN;
	object->destroyable = class_ == CKO_PRIVATE_KEY && source->pair == TOKEN_SIGN;
	object->unwraps = source->pair == TOKEN_ENCRYPT;
	if (object->local)
		object->gen_mechanism = key->type == TOKEN_KEY_RSA ? CKM_RSA_PKCS_KEY_PAIR_GEN
								   : CKM_VENDOR_SM2_KEY_PAIR_GEN;
	if (key->type == TOKEN_KEY_RSA ? !rsa_set(object, key) : !sm2_set(object, key))
		return NULL;
	return object_take(&object);
}

bool
object_key_of_certificate(const struct crypto_cert *cert, struct token_public_key *ret)
{
	struct token_public_key key = {.bits = cert->key_bits};

	if (cert->key_type == CRYPTO_KEY_SM2) {
		key.type = TOKEN_KEY_SM2;
		memcpy(key.x, cert->x, sizeof(key.x));
		memcpy(key.y, cert->y, sizeof(key.y));
	} else if (cert->key_type == CRYPTO_KEY_RSA && cert->modulus_len <= sizeof(key.modulus) &&
		   cert->modulus_len * 8 == cert->key_bits) {
		key.type = TOKEN_KEY_RSA;
		memcpy(key.modulus, cert->modulus, cert->modulus_len);
		key.exponent = cert->exponent;
	} else {
		return false;
	}
	*ret = key;
	return true;
}
