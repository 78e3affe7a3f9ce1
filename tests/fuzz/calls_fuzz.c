/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attribute templates and mechanism parameters, as a host could give them to C_*, with a key there:
 * the real pcscd and a virtual key are started at the first input.
 *
 * An input is: the call, which object, a template (count; then each type, form, length, value), a
 * mechanism (type, form, length, parameter), and the rest as data.
 */
#include "common/pkcs11.h"

#include "common/openukey.h"
#include "tests/fuzz/fuzz.h"
#include "tests/rig/rig.h"

#include <stdio.h>
#include <string.h>

#define TEMPLATE_MAX 7
#define FORM_NULL    0x01 /* no value, but the length */
#define FORM_ROOM    0x02 /* length of the room, not of the value */
#define PIN          "123456"
#define OBJECTS_MAX  16
#define CREATED_MAX  4
#define OUT_MAX      512

CK_RV C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **interface,
		     CK_FLAGS flags);

static CK_FUNCTION_LIST_3_2 *f;
static CK_SLOT_ID slot;
static CK_SESSION_HANDLE base; /* keeps the login */
static CK_OBJECT_HANDLE objects[OBJECTS_MAX];
static CK_ULONG object_count;

static const CK_ATTRIBUTE_TYPE attributes[] = {
	CKA_CLASS,
	CKA_TOKEN,
	CKA_PRIVATE,
	CKA_LABEL,
	CKA_APPLICATION,
	CKA_VALUE,
	CKA_OBJECT_ID,
	CKA_CERTIFICATE_TYPE,
	CKA_ISSUER,
	CKA_SERIAL_NUMBER,
	CKA_CERTIFICATE_CATEGORY,
	CKA_KEY_TYPE,
	CKA_SUBJECT,
	CKA_ID,
	CKA_SENSITIVE,
	CKA_ENCRYPT,
	CKA_DECRYPT,
	CKA_WRAP,
	CKA_UNWRAP,
	CKA_SIGN,
	CKA_VERIFY,
	CKA_DERIVE,
	CKA_MODULUS,
	CKA_MODULUS_BITS,
	CKA_PUBLIC_EXPONENT,
	CKA_PRIVATE_EXPONENT,
	CKA_VALUE_LEN,
	CKA_EXTRACTABLE,
	CKA_LOCAL,
	CKA_MODIFIABLE,
	CKA_EC_PARAMS,
	CKA_EC_POINT,
	CKA_ALWAYS_AUTHENTICATE,
	CKA_ALLOWED_MECHANISMS,
	CKA_WRAP_TEMPLATE,
	CKA_DESTROYABLE,
	CKA_COPYABLE,
	CKA_UNIQUE_ID,
};

static const CK_MECHANISM_TYPE mechanisms[] = {
	CKM_RSA_PKCS_KEY_PAIR_GEN,
	CKM_RSA_PKCS,
	CKM_SHA1_RSA_PKCS,
	CKM_SHA256_RSA_PKCS,
	CKM_RSA_PKCS_PSS,
	CKM_VENDOR_SM2_KEY_PAIR_GEN,
	CKM_VENDOR_SM3_SM2,
	CKM_VENDOR_SM3_SM2_DER,
	CKM_VENDOR_SM2_SIGN,
	CKM_VENDOR_SM2_SIGN_NO_DER,
	CKM_VENDOR_SM2_RAW,
	CKM_VENDOR_SM2_DER,
	CKM_OPENUKEY_SM2_ENVELOPED,
	CKM_VENDOR_SM3_SM2_DEFAULT_ID_DER,
	CKM_VENDOR_SM4_ECB,
	CKM_VENDOR_SM4_CBC,
	CKM_OPENUKEY_SM4_MAC,
	CKM_SHA256,
	CKM_SHA512,
	CKM_VENDOR_SM3,
	CKM_ECDSA,
	CKM_AES_CBC,
};

struct input {
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE object;
	CK_ATTRIBUTE template[TEMPLATE_MAX];
	CK_ULONG count;
	CK_MECHANISM mechanism;
	struct uk_span data;
	unsigned char *bytes; /* a copy, as the functions take no const */
	CK_OBJECT_HANDLE created[CREATED_MAX];
	size_t created_count;
};

/* ---- the key ---- */

/* Private keys, public keys, then one of each other kind. */
static void
find_class(CK_OBJECT_CLASS class_, CK_ULONG max)
{
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class_, sizeof(class_)}};
	CK_ULONG count = 0;

	must(f->C_FindObjectsInit(base, template, 1) == CKR_OK);
	must(f->C_FindObjects(base, objects + object_count, max, &count) == CKR_OK);
	must(f->C_FindObjectsFinal(base) == CKR_OK);
	object_count += count;
}

/* Something that can be copied and set anew. */
static void
note_create(void)
{
	CK_OBJECT_CLASS class_ = CKO_DATA;
	CK_BBOOL no = CK_FALSE;
	char note[] = "note";
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class_, sizeof(class_)},
		{CKA_LABEL, note, 4},
		{CKA_VALUE, note, 4},
		{CKA_PRIVATE, &no, sizeof(no)},
	};
	CK_OBJECT_HANDLE object;

	must(f->C_CreateObject(base, template, ARRAY_SIZE(template), &object) == CKR_OK);
}

static void
key_begin(void)
{
	char state[512];
	const char *const options[] = {"--state",     state,    "--pin",      PIN,
				       "--container", "first",  "--generate", "sm2",
				       "--container", "second", "--generate", "rsa1024",
				       NULL};
	CK_UTF8CHAR pin[] = PIN, name[] = "PKCS 11";
	CK_VERSION version = {3, 2};
	CK_INTERFACE *itf = NULL;
	CK_ULONG count = 1;
	struct rig *rig = rig_start(1);

	must(rig != NULL);
	(void)snprintf(state, sizeof(state), "%s/key", rig_dir(rig));
	must(rig_provision(options) && rig_plug(rig, 0, state, NULL));
	must(C_GetInterface(name, &version, &itf, 0) == CKR_OK);
	f = itf->pFunctionList;
	must(f->C_Initialize(NULL) == CKR_OK);
	must(f->C_GetSlotList(CK_TRUE, NULL, &count) == CKR_OK && count == 1);
	must(f->C_GetSlotList(CK_TRUE, &slot, &count) == CKR_OK);
	must(f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &base) ==
	     CKR_OK);
	must(f->C_Login(base, CKU_USER, pin, strlen(PIN)) == CKR_OK);
	find_class(CKO_PRIVATE_KEY, 2);
	find_class(CKO_PUBLIC_KEY, 2);
	must(object_count == 4);
	find_class(CKO_PROFILE, 1);
	find_class(CKO_MECHANISM, 1);
	note_create();
	find_class(CKO_DATA, 1);
}

/* ---- reading the input ---- */

/* Memory of exactly that size, so that a sanitizer sees one byte too many. */
static void *
take_exact(struct uk_span *in, uint8_t form, uint8_t len)
{
	unsigned char *value;
	struct uk_span bytes;

	if ((form & FORM_NULL) != 0)
		return NULL;
	value = calloc(1, len > 0 ? len : 1);
	must(value != NULL);
	if ((form & FORM_ROOM) == 0 && uk_take(in, len < in->len ? len : in->len, &bytes) &&
	    bytes.len > 0)
		memcpy(value, bytes.ptr, bytes.len);
	return value;
}

static void
read_template(struct uk_span *in, struct input *out)
{
	uint8_t count, type, form, len;

	if (!uk_take_u8(in, &count))
		return;
	while (out->count < (count & TEMPLATE_MAX) && uk_take_u8(in, &type) &&
	       uk_take_u8(in, &form) && uk_take_u8(in, &len))
		out->template[out->count++] =
			(CK_ATTRIBUTE){type < ARRAY_SIZE(attributes) ? attributes[type]
								     : (CK_ULONG)type << 24 | form,
				       take_exact(in, form, len), len};
}

static void
read_mechanism(struct uk_span *in, struct input *out)
{
	uint8_t type, form, len;

	if (!uk_take_u8(in, &type) || !uk_take_u8(in, &form) || !uk_take_u8(in, &len))
		return;
	out->mechanism = (CK_MECHANISM){type < ARRAY_SIZE(mechanisms) ? mechanisms[type] : type,
					take_exact(in, form, len), len};
}

static void
input_clear(struct input *input)
{
	for (CK_ULONG i = 0; i < input->count; i++)
		free(input->template[i].pValue);
	free(input->mechanism.pParameter);
	free(input->bytes);
}

/* ---- the calls ---- */

static void
note_created(struct input *input, CK_RV rv, CK_OBJECT_HANDLE object)
{
	if (rv == CKR_OK && input->created_count < CREATED_MAX)
		input->created[input->created_count++] = object;
}

static CK_RV
call_find(struct input *input)
{
	CK_OBJECT_HANDLE found[3];
	CK_ULONG count = 0;
	CK_RV rv = f->C_FindObjectsInit(input->session, input->template, input->count);

	if (rv != CKR_OK)
		return rv;
	must(f->C_FindObjects(input->session, found, ARRAY_SIZE(found), &count) == CKR_OK);
	must(count <= ARRAY_SIZE(found));
	return f->C_FindObjectsFinal(input->session);
}

static CK_RV
call_get(struct input *input)
{
	return f->C_GetAttributeValue(input->session, input->object, input->template, input->count);
}

static CK_RV
call_set(struct input *input)
{
	return f->C_SetAttributeValue(input->session, input->object, input->template, input->count);
}

static CK_RV
call_create(struct input *input)
{
	CK_OBJECT_HANDLE object = 0;
	CK_RV rv = f->C_CreateObject(input->session, input->template, input->count, &object);

	note_created(input, rv, object);
	return rv;
}

static CK_RV
call_copy(struct input *input)
{
	CK_OBJECT_HANDLE object = 0;
	CK_RV rv = f->C_CopyObject(input->session, input->object, input->template, input->count,
				   &object);

	note_created(input, rv, object);
	return rv;
}

static CK_RV
call_generate(struct input *input)
{
	CK_ULONG half = input->count / 2;
	CK_OBJECT_HANDLE public_key = 0, private_key = 0;
	CK_RV rv = f->C_GenerateKeyPair(input->session, &input->mechanism, input->template, half,
					input->template + half, input->count - half, &public_key,
					&private_key);

	note_created(input, rv, private_key);
	return rv;
}

static CK_RV
call_unwrap(struct input *input)
{
	CK_OBJECT_HANDLE object = 0;
	CK_RV rv = f->C_UnwrapKey(input->session, &input->mechanism, input->object, input->bytes,
				  input->data.len, input->template, input->count, &object);

	note_created(input, rv, object);
	return rv;
}

static CK_RV
call_sign(struct input *input)
{
	unsigned char out[OUT_MAX];
	CK_ULONG len = sizeof(out);
	CK_RV rv = f->C_SignInit(input->session, &input->mechanism, input->object);

	if (rv == CKR_OK)
		rv = f->C_Sign(input->session, input->bytes, input->data.len, out, &len);
	must(rv != CKR_OK || len <= sizeof(out));
	return rv;
}

static CK_RV
call_verify(struct input *input)
{
	CK_RV rv = f->C_VerifyInit(input->session, &input->mechanism, input->object);

	return rv == CKR_OK ? f->C_Verify(input->session, input->bytes, input->data.len / 2,
					  input->bytes + input->data.len / 2,
					  input->data.len - input->data.len / 2)
			    : rv;
}

/* 3.2: the signature first, the data in two parts */
static CK_RV
call_check(struct input *input)
{
	CK_ULONG half = input->data.len / 2, rest = input->data.len - half;
	CK_RV rv = f->C_VerifySignatureInit(input->session, &input->mechanism, input->object,
					    input->bytes, half);

	if (rv == CKR_OK)
		rv = f->C_VerifySignatureUpdate(input->session, input->bytes + half, rest / 2);
	if (rv == CKR_OK)
		rv = f->C_VerifySignatureUpdate(input->session, input->bytes + half + rest / 2,
						rest - rest / 2);
	return rv == CKR_OK ? f->C_VerifySignatureFinal(input->session) : rv;
}

static CK_RV
call_encrypt(struct input *input)
{
	unsigned char out[OUT_MAX];
	CK_ULONG len = sizeof(out);
	CK_RV rv = f->C_EncryptInit(input->session, &input->mechanism, input->object);

	return rv == CKR_OK ? f->C_Encrypt(input->session, input->bytes, input->data.len, out, &len)
			    : rv;
}

static CK_RV
call_digest(struct input *input)
{
	unsigned char out[OUT_MAX];
	CK_ULONG len = input->data.len < sizeof(out) ? input->data.len : sizeof(out);
	CK_RV rv = f->C_DigestInit(input->session, &input->mechanism);

	return rv == CKR_OK ? f->C_Digest(input->session, input->bytes, input->data.len, out, &len)
			    : rv;
}

static CK_RV
call_others(struct input *input)
{
	CK_OBJECT_HANDLE object = 0;
	CK_MECHANISM_INFO info;
	unsigned char out[OUT_MAX];
	CK_ULONG len = sizeof(out);

	(void)f->C_GetMechanismInfo(slot, input->mechanism.mechanism, &info);
	(void)f->C_GetObjectSize(input->session, input->object, &len);
	len = sizeof(out);
	(void)f->C_WrapKey(input->session, &input->mechanism, input->object, input->object, out,
			   &len);
	(void)f->C_GenerateKey(input->session, &input->mechanism, input->template, input->count,
			       &object);
	return f->C_DeriveKey(input->session, &input->mechanism, input->object, input->template,
			      input->count, &object);
}

static CK_RV (*const calls[])(struct input *input) = {
	call_find, call_get,    call_set,     call_create, call_copy,   call_generate, call_unwrap,
	call_sign, call_verify, call_encrypt, call_digest, call_others, call_check,
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uk_span in = uk_span_of(data, size);
	struct input input = {.session = CK_INVALID_HANDLE};
	uint8_t call, which;
	CK_RV rv;

	if (f == NULL)
		key_begin();
	if (!uk_take_u8(&in, &call) || !uk_take_u8(&in, &which))
		return 0;
	must(f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
			      &input.session) == CKR_OK);
	input.object = which < object_count ? objects[which] : which;
	read_template(&in, &input);
	read_mechanism(&in, &input);
	input.data = in;
	input.bytes = malloc(in.len > 0 ? in.len : 1);
	must(input.bytes != NULL);
	if (in.len > 0)
		memcpy(input.bytes, in.ptr, in.len);

	rv = calls[call % ARRAY_SIZE(calls)](&input);
	must(rv != CKR_GENERAL_ERROR && rv != CKR_DEVICE_REMOVED && rv != CKR_HOST_MEMORY);
	for (size_t i = 0; i < input.created_count; i++)
		(void)f->C_DestroyObject(input.session, input.created[i]);
	must(f->C_CloseSession(input.session) == CKR_OK);
	input_clear(&input);
	return 0;
}
