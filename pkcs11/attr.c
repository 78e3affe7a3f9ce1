/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/attr.h"

#include <string.h>

enum attr_kind {
	ATTR_BOOL,
	ATTR_ULONG,
	ATTR_BLOB,
	ATTR_TEXT,
	ATTR_SECRET, /* exists on the key, never leaves it */
};

struct attr_row {
	CK_ATTRIBUTE_TYPE type;
	enum attr_kind kind;
	size_t offset;
};

/* A row that names a field of the wrong type does not compile. */
#define IS(T, f)    __builtin_types_compatible_p(T, __typeof__(((struct object *)0)->f))
#define FIELD(T, f) (offsetof(struct object, f) + 0 * sizeof(char[IS(T, f) ? 1 : -1]))
#define BOOL(f)     ATTR_BOOL, FIELD(CK_BBOOL, f)
#define ULONG(f)    ATTR_ULONG, FIELD(CK_ULONG, f)
#define BLOB(f)     ATTR_BLOB, FIELD(struct blob, f)
#define TEXT(f)     ATTR_TEXT, FIELD(char[OBJECT_UNIQUE_ID_MAX], f)
#define SECRET      ATTR_SECRET, 0

/* Rows that every storage object has. */
#define STORAGE_ROWS                                                                     \
	{CKA_CLASS, ULONG(class_)}, {CKA_TOKEN, BOOL(on_token)},                         \
		{CKA_PRIVATE, BOOL(private_object)}, {CKA_MODIFIABLE, BOOL(modifiable)}, \
		{CKA_COPYABLE, BOOL(copyable)}, {CKA_DESTROYABLE, BOOL(destroyable)},    \
		{CKA_UNIQUE_ID, TEXT(unique_id)},                                        \
	{                                                                                \
		CKA_LABEL, BLOB(label)                                                   \
	}

/* Rows of everything that belongs to a key. */
#define IDENTITY_ROWS                                                                         \
	{CKA_ID, BLOB(id)}, {CKA_SUBJECT, BLOB(subject)}, {CKA_START_DATE, BLOB(start_date)}, \
	{                                                                                     \
		CKA_END_DATE, BLOB(end_date)                                                  \
	}

/* Rows that public and private keys share. */
#define KEY_ROWS                                                                             \
	{CKA_KEY_TYPE, ULONG(key_type)}, {CKA_DERIVE, BOOL(no)}, {CKA_LOCAL, BOOL(local)},   \
		{CKA_KEY_GEN_MECHANISM, ULONG(gen_mechanism)}, {CKA_MODULUS, BLOB(modulus)}, \
		{CKA_PUBLIC_EXPONENT, BLOB(exponent)}, {CKA_EC_PARAMS, BLOB(ec_params)},     \
	{                                                                                    \
		CKA_PUBLIC_KEY_INFO, BLOB(spki)                                              \
	}

static const struct attr_row certificate_rows[] = {
	STORAGE_ROWS,
	IDENTITY_ROWS,
	{CKA_CERTIFICATE_TYPE, ULONG(cert_type)},
	{CKA_CERTIFICATE_CATEGORY, ULONG(cert_category)},
	{CKA_JAVA_MIDP_SECURITY_DOMAIN, ULONG(zero)},
	{CKA_TRUSTED, BOOL(no)},
	{CKA_CHECK_VALUE, BLOB(check_value)},
	{CKA_ISSUER, BLOB(issuer)},
	{CKA_SERIAL_NUMBER, BLOB(serial)},
	{CKA_VALUE, BLOB(value)},
	{CKA_URL, BLOB(empty)},
	{CKA_HASH_OF_SUBJECT_PUBLIC_KEY, BLOB(empty)},
	{CKA_HASH_OF_ISSUER_PUBLIC_KEY, BLOB(empty)},
	{CKA_PUBLIC_KEY_INFO, BLOB(spki)},
};

static const struct attr_row public_key_rows[] = {
	STORAGE_ROWS,
	IDENTITY_ROWS,
	KEY_ROWS,
	{CKA_TRUSTED, BOOL(no)},
	{CKA_ENCRYPT, BOOL(no)},
	{CKA_VERIFY, BOOL(signs)},
	{CKA_VERIFY_RECOVER, BOOL(no)},
	{CKA_WRAP, BOOL(no)},
	{CKA_MODULUS_BITS, ULONG(bits)},
	{CKA_EC_POINT, BLOB(ec_point)},
};

static const struct attr_row private_key_rows[] = {
	STORAGE_ROWS,
	IDENTITY_ROWS,
	KEY_ROWS,
	{CKA_SENSITIVE, BOOL(yes)},
	{CKA_ALWAYS_SENSITIVE, BOOL(local)},
	{CKA_EXTRACTABLE, BOOL(no)},
	{CKA_NEVER_EXTRACTABLE, BOOL(local)},
	{CKA_ALWAYS_AUTHENTICATE, BOOL(always_authenticate)},
	{CKA_WRAP_WITH_TRUSTED, BOOL(no)},
	{CKA_SIGN, BOOL(signs)},
	{CKA_SIGN_RECOVER, BOOL(no)},
	{CKA_DECRYPT, BOOL(no)},
	{CKA_UNWRAP, BOOL(unwraps)},
	{CKA_VALUE, SECRET},
	{CKA_PRIVATE_EXPONENT, SECRET},
	{CKA_PRIME_1, SECRET},
	{CKA_PRIME_2, SECRET},
	{CKA_EXPONENT_1, SECRET},
	{CKA_EXPONENT_2, SECRET},
	{CKA_COEFFICIENT, SECRET},
};

static const struct attr_row secret_key_rows[] = {
	STORAGE_ROWS,
	{CKA_ID, BLOB(id)},
	{CKA_KEY_TYPE, ULONG(key_type)},
	{CKA_START_DATE, BLOB(empty)},
	{CKA_END_DATE, BLOB(empty)},
	{CKA_DERIVE, BOOL(no)},
	{CKA_LOCAL, BOOL(no)},
	{CKA_KEY_GEN_MECHANISM, ULONG(gen_mechanism)},
	{CKA_SENSITIVE, BOOL(yes)},
	{CKA_ALWAYS_SENSITIVE, BOOL(no)},
	{CKA_EXTRACTABLE, BOOL(no)},
	{CKA_NEVER_EXTRACTABLE, BOOL(no)},
	{CKA_ENCRYPT, BOOL(yes)},
	{CKA_DECRYPT, BOOL(yes)},
	{CKA_SIGN, BOOL(yes)},
	{CKA_VERIFY, BOOL(yes)},
	{CKA_WRAP, BOOL(no)},
	{CKA_UNWRAP, BOOL(no)},
	{CKA_WRAP_WITH_TRUSTED, BOOL(no)},
	{CKA_TRUSTED, BOOL(no)},
	{CKA_VALUE_LEN, ULONG(value_len)},
	{CKA_VALUE, SECRET},
};

static const struct attr_row data_rows[] = {
	STORAGE_ROWS,
	{CKA_APPLICATION, BLOB(application)},
	{CKA_OBJECT_ID, BLOB(empty)},
	{CKA_VALUE, BLOB(value)},
};

/* No storage objects, but NSS looks for profiles among the token's. */
static const struct attr_row profile_rows[] = {
	{CKA_CLASS, ULONG(class_)},          {CKA_TOKEN, BOOL(on_token)},
	{CKA_PRIVATE, BOOL(private_object)}, {CKA_UNIQUE_ID, TEXT(unique_id)},
	{CKA_PROFILE_ID, ULONG(profile_id)},
};

static const struct attr_row mechanism_rows[] = {
	{CKA_CLASS, ULONG(class_)},
	{CKA_TOKEN, BOOL(on_token)},
	{CKA_PRIVATE, BOOL(private_object)},
	{CKA_UNIQUE_ID, TEXT(unique_id)},
	{CKA_MECHANISM_TYPE, ULONG(mechanism_type)},
};

static const struct {
	CK_OBJECT_CLASS class_;
	const struct attr_row *rows;
	size_t count;
} classes[] = {
	{CKO_CERTIFICATE, certificate_rows, ARRAY_SIZE(certificate_rows)},
	{CKO_PUBLIC_KEY, public_key_rows, ARRAY_SIZE(public_key_rows)},
	{CKO_PRIVATE_KEY, private_key_rows, ARRAY_SIZE(private_key_rows)},
	{CKO_SECRET_KEY, secret_key_rows, ARRAY_SIZE(secret_key_rows)},
	{CKO_DATA, data_rows, ARRAY_SIZE(data_rows)},
	{CKO_PROFILE, profile_rows, ARRAY_SIZE(profile_rows)},
	{CKO_MECHANISM, mechanism_rows, ARRAY_SIZE(mechanism_rows)},
};

static const struct attr_row *
row_find(const struct object *object, CK_ATTRIBUTE_TYPE type)
{
	for (size_t c = 0; c < ARRAY_SIZE(classes); c++) {
		if (classes[c].class_ != object->class_)
			continue;
		for (size_t i = 0; i < classes[c].count; i++)
			if (classes[c].rows[i].type == type)
				return &classes[c].rows[i];
	}
	return NULL;
}

/* The row's value; false when this object has none (an RSA key has no CKA_EC_PARAMS). */
static bool
row_value(const struct object *object, const struct attr_row *row, struct uk_span *ret)
{
	const uint8_t *field = (const uint8_t *)object + row->offset;
	const struct blob *blob;

	switch (row->kind) {
	case ATTR_BOOL:
		*ret = uk_span_of(field, sizeof(CK_BBOOL));
		return true;
	case ATTR_ULONG:
		*ret = uk_span_of(field, sizeof(CK_ULONG));
		return true;
	case ATTR_BLOB:
		blob = (const struct blob *)(const void *)field;
		*ret = uk_span_of(blob->ptr, blob->len);
		return blob->exists;
	case ATTR_TEXT:
		*ret = uk_span_str((const char *)field);
		return true;
	case ATTR_SECRET:
		break;
	}
	return false;
}

CK_RV
attr_get(const struct object *object, CK_ATTRIBUTE *out)
{
	const struct attr_row *row = row_find(object, out->type);
	struct uk_span value;

	if (row != NULL && row->kind == ATTR_SECRET) {
		out->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_ATTRIBUTE_SENSITIVE;
	}
	if (row == NULL || !row_value(object, row, &value)) {
		out->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}
	if (out->pValue != NULL && out->ulValueLen < value.len) {
		out->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_BUFFER_TOO_SMALL;
	}
	if (out->pValue != NULL && value.len > 0)
		memcpy(out->pValue, value.ptr, value.len);
	out->ulValueLen = value.len;
	return CKR_OK;
}

bool
attr_match(const struct object *object, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++) {
		const struct attr_row *row = row_find(object, template[i].type);
		struct uk_span wanted = uk_span_of(template[i].pValue, template[i].ulValueLen);
		struct uk_span value;

		if (row == NULL || !row_value(object, row, &value) || !uk_span_equal(value, wanted))
			return false;
	}
	return true;
}

const CK_ATTRIBUTE *
attr_find(const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; i < count; i++)
		if (template[i].type == type && template[i].pValue != NULL)
			return &template[i];
	return NULL;
}

bool
attr_find_ulong(const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type, CK_ULONG *ret)
{
	const CK_ATTRIBUTE *attr = attr_find(template, count, type);

	if (attr == NULL || attr->ulValueLen != sizeof(*ret))
		return false;
	memcpy(ret, attr->pValue, sizeof(*ret));
	return true;
}

bool
attr_find_bytes(const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type,
		struct uk_span *ret)
{
	const CK_ATTRIBUTE *attr = attr_find(template, count, type);

	if (attr == NULL)
		return false;
	*ret = uk_span_of(attr->pValue, attr->ulValueLen);
	return true;
}

CK_RV
attr_template_check(const CK_ATTRIBUTE *template, CK_ULONG count)
{
	if (template == NULL && count > 0)
		return CKR_ARGUMENTS_BAD;
	for (CK_ULONG i = 0; i < count; i++)
		if (template[i].pValue == NULL && template[i].ulValueLen > 0)
			return CKR_ARGUMENTS_BAD;
	return CKR_OK;
}

CK_RV
attr_new_template_check(const CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_RV rv = attr_template_check(template, count);

	if (rv != CKR_OK)
		return rv;
	return attr_find(template, count, CKA_UNIQUE_ID) != NULL ? CKR_ATTRIBUTE_READ_ONLY : CKR_OK;
}
