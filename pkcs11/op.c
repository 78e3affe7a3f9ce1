/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/op.h"

#include "pkcs11/attr.h"
#include "pkcs11/object.h"
#include "pkcs11/object_fixed.h"
#include "pkcs11/rv.h"
#include "pkcs11/session.h"

#include <stdlib.h>
#include <string.h>

/* PKCS #1 v1.5 wants at least this many bytes of padding (RFC 8017, 9.2). */
#define PKCS1_OVERHEAD 11
#define RS_LEN         (2 * GM_SM2_LEN)
#define SM2_DER_MAX    72
#define FIND_FIRST     16 /* room for so many found objects at first */

/* ---- search ---- */

void
op_find_end(struct op_find *find)
{
	free(find->handles);
	*find = (struct op_find){0};
}

/* Mechanisms answer to their class only: object_fixed.h. */
static const struct object *
find_first(struct slot *slot, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_OBJECT_CLASS class_;

	return attr_find_ulong(template, count, CKA_CLASS, &class_) && class_ == CKO_MECHANISM
		       ? object_mechanisms()
		       : object_next(slot, NULL);
}

/* Makes room for one more. */
static bool
find_grow(struct op_find *find, CK_ULONG *cap)
{
	CK_ULONG more = *cap == 0 ? FIND_FIRST : *cap * 2;
	CK_OBJECT_HANDLE *handles;

	if (find->count < *cap)
		return true;
	handles = realloc(find->handles, more * sizeof(*handles));
	if (handles == NULL)
		return false;
	find->handles = handles;
	*cap = more;
	return true;
}

static CK_RV
find_collect(struct slot *slot, const CK_ATTRIBUTE *template, CK_ULONG count, struct op_find *find)
{
	CK_ULONG cap = 0;

	for (const struct object *o = find_first(slot, template, count); o != NULL;
	     o = object_next(slot, o)) {
		if (!attr_match(o, template, count))
			continue;
		if (!find_grow(find, &cap))
			return CKR_HOST_MEMORY;
		find->handles[find->count++] = o->handle;
	}
	return CKR_OK;
}

CK_RV
op_find_init(struct session *session, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	struct slot *slot = session->slot;
	struct op_find *find = &session->find;
	CK_RV rv;

	if (find->active)
		return CKR_OPERATION_ACTIVE;
	rv = objects_load(slot, objects_wanted(template, count));
	if (rv == CKR_OK)
		rv = find_collect(slot, template, count, find);
	if (rv != CKR_OK)
		op_find_end(find);
	find->active = rv == CKR_OK;
	return rv;
}

CK_RV
op_find_next(struct session *session, CK_OBJECT_HANDLE *out, CK_ULONG max, CK_ULONG *ret_count)
{
	struct op_find *find = &session->find;
	CK_ULONG count = 0;

	if (!find->active)
		return CKR_OPERATION_NOT_INITIALIZED;
	while (count < max && find->next < find->count)
		out[count++] = find->handles[find->next++];
	*ret_count = count;
	return CKR_OK;
}

/* ---- operations ---- */

struct op *
op_of(const struct session *session, enum op_kind kind)
{
	static struct op idle;

	return session->ops[kind] != NULL ? session->ops[kind] : &idle;
}

static struct op *
op_take(struct session *session, enum op_kind kind)
{
	if (session->ops[kind] == NULL)
		session->ops[kind] = calloc(1, sizeof(*session->ops[kind]));
	return session->ops[kind];
}

void
ops_free(struct session *session)
{
	for (enum op_kind kind = 0; kind < OP_KINDS; kind++) {
		op_end(session->slot, op_of(session, kind));
		free(session->ops[kind]);
		session->ops[kind] = NULL;
	}
}

void
op_end(struct slot *slot, struct op *op)
{
	/* Such as the one that all sessions share: it must not be written to. */
	if (op->mech == NULL)
		return;
	if (op->authenticated && slot->token != NULL)
		slot->token->ops->release(slot->token);
	crypto_digest_free(op->digest);
	free(op->signature);
	*op = (struct op){0};
}

CK_RV
op_cancel(struct session *session, enum op_kind kind)
{
	if (op_of(session, kind)->mech == NULL)
		return CKR_ARGUMENTS_BAD;
	op_end(session->slot, op_of(session, kind));
	return CKR_OK;
}

void
op_end_private(struct slot *slot, struct session *session)
{
	op_end(slot, op_of(session, OP_SIGN));
	op_end(slot, op_of(session, OP_ENCRYPT));
	op_end(slot, op_of(session, OP_DECRYPT));
}

static const struct {
	CK_FLAGS flag;
	CK_OBJECT_CLASS class_;
} kinds[OP_KINDS] = {
	[OP_SIGN] = {CKF_SIGN, CKO_PRIVATE_KEY},
	[OP_VERIFY] = {CKF_VERIFY, CKO_PUBLIC_KEY},
	[OP_DIGEST] = {CKF_DIGEST, 0},
	[OP_ENCRYPT] = {CKF_ENCRYPT, CKO_SECRET_KEY},
	[OP_DECRYPT] = {CKF_DECRYPT, CKO_SECRET_KEY},
};

static CK_RV
key_take(struct slot *slot, enum op_kind kind, const struct mech *mech, CK_OBJECT_HANDLE handle,
	 struct op_key *ret)
{
	const struct object *object = object_find(slot, handle);
	bool sm4 = mech->key == MECH_KEY_SM4;

	if (object == NULL)
		return CKR_KEY_HANDLE_INVALID;
	if (object->class_ != (sm4 ? CKO_SECRET_KEY : kinds[kind].class_) ||
	    (!sm4 && (enum mech_key)object->key.type != mech->key))
		return CKR_KEY_TYPE_INCONSISTENT;
	if (!sm4 && !object->signs)
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	ret->session_key = object->session_key;
	memcpy(ret->container, object->container, sizeof(ret->container));
	ret->public_key = object->key;
	ret->always_authenticate = object->always_authenticate;
	return CKR_OK;
}

/* The signer's ID: a parameter is taken only where the row has one; without it, the default. */
static CK_RV
mech_id_of(const struct mech *mech, const CK_MECHANISM *mechanism, struct uk_span *ret)
{
	struct uk_span id = uk_span_of(mechanism->pParameter, mechanism->ulParameterLen);

	if (id.ptr == NULL)
		id.len = 0;
	if (id.len > 0 && mech->id != ID_PARAMETER)
		return CKR_MECHANISM_PARAM_INVALID;
	if (id.len > UINT16_MAX / 8) /* ENTL counts bits in two bytes */
		return CKR_MECHANISM_PARAM_INVALID;
	*ret = id.len > 0 ? id : uk_span_str(GM_SM2_DEFAULT_ID);
	return CKR_OK;
}

/* SM4's parameter: an IV, which CBC must have and ECB must not. */
static CK_RV
iv_take(struct op *op, const CK_MECHANISM *mechanism)
{
	bool given = mechanism->pParameter != NULL && mechanism->ulParameterLen > 0;

	if (given &&
	    (op->mech->alg == GM_ALG_SM4_ECB || mechanism->ulParameterLen != sizeof(op->iv)))
		return CKR_MECHANISM_PARAM_INVALID;
	if (!given && op->mech->alg == GM_ALG_SM4_CBC)
		return CKR_MECHANISM_PARAM_INVALID;
	if (given)
		memcpy(op->iv, mechanism->pParameter, sizeof(op->iv));
	return CKR_OK;
}

/* For SM2 the message is hashed behind Z (GM/T 0009). */
static CK_RV
digest_start(struct op *op, const CK_MECHANISM *mechanism)
{
	uint8_t z[GM_SM3_LEN];
	struct uk_span id = {NULL, 0};
	enum uk_status st;
	CK_RV rv;

	if (op->mech->input == INPUT_BLOCKS)
		return iv_take(op, mechanism);
	rv = mech_id_of(op->mech, mechanism, &id);
	if (rv != CKR_OK || op->mech->input != INPUT_MESSAGE)
		return rv;
	st = crypto_digest_new(op->mech->hash, &op->digest);
	if (st != UK_OK || op->mech->key != MECH_KEY_SM2)
		return rv_of(st);
	st = crypto_sm2_z(id, op->key.public_key.x, op->key.public_key.y, z);
	if (st == UK_OK)
		st = crypto_digest_update(op->digest, uk_span_of(z, sizeof(z)));
	return rv_of(st);
}

CK_RV
op_init(struct session *session, enum op_kind kind, const CK_MECHANISM *mechanism,
	CK_OBJECT_HANDLE key)
{
	struct op *op = op_take(session, kind);
	const struct mech *mech;
	CK_RV rv = CKR_OK;

	if (op == NULL)
		return CKR_HOST_MEMORY;
	if (op->mech != NULL)
		return CKR_OPERATION_ACTIVE;
	mech = mech_find(mechanism->mechanism);
	if (mech == NULL || (mech->info.flags & kinds[kind].flag) == 0)
		return CKR_MECHANISM_INVALID;
	/* Without a login there is no private key to name: say what is missing. */
	if ((kind == OP_SIGN || mech->key == MECH_KEY_SM4) && session->slot->login != LOGIN_USER)
		return CKR_USER_NOT_LOGGED_IN;
	if (kind != OP_DIGEST)
		rv = key_take(session->slot, kind, mech, key, &op->key);
	if (rv != CKR_OK)
		return rv;
	op->mech = mech;
	rv = digest_start(op, mechanism);
	if (rv != CKR_OK)
		op_end(session->slot, op);
	return rv;
}

/* How much input the key takes as it is. */
static size_t
data_max(const struct op *op)
{
	return op->mech->input == INPUT_DIGEST ? GM_SM3_LEN
					       : op->key.public_key.bits / 8 - PKCS1_OVERHEAD;
}

static CK_RV
data_add(struct session *session, struct op *op, struct uk_span part)
{
	if (op->mech->form == FORM_MAC)
		return op_mac_add(session, op, part);
	if (op->digest != NULL)
		return rv_of(crypto_digest_update(op->digest, part));
	if (part.len > data_max(op) - op->data_len)
		return CKR_DATA_LEN_RANGE;
	if (part.len > 0)
		memcpy(op->data + op->data_len, part.ptr, part.len);
	op->data_len += part.len;
	return CKR_OK;
}

static CK_RV
part_add(struct session *session, struct op *op, struct uk_span part)
{
	CK_RV rv;

	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = data_add(session, op, part);
	op->updated = true;
	if (rv != CKR_OK)
		op_end(session->slot, op);
	return rv;
}

CK_RV
op_update(struct session *session, enum op_kind kind, struct uk_span part)
{
	struct op *op = op_of(session, kind);

	return op->signature != NULL ? CKR_OPERATION_NOT_INITIALIZED : part_add(session, op, part);
}

/* What is signed: a DigestInfo for RSA, 32 bytes for SM2. Room: OP_DATA_MAX. */
static CK_RV
input_finish(struct op *op, struct uk_writer *out)
{
	uint8_t hash[CRYPTO_HASH_MAX];
	struct uk_span digest = {hash, 0};
	enum uk_status st;

	if (op->digest == NULL) {
		if (op->mech->input == INPUT_DIGEST && op->data_len != GM_SM3_LEN)
			return CKR_DATA_LEN_RANGE;
		uk_put(out, uk_span_of(op->data, op->data_len));
		return CKR_OK;
	}
	st = crypto_digest_final(op->digest, hash);
	if (st != UK_OK)
		return rv_of(st);
	digest.len = crypto_hash_len(op->mech->hash);
	if (op->mech->key == MECH_KEY_RSA)
		return rv_of(crypto_digest_info(op->mech->hash, digest, out));
	uk_put(out, digest);
	return CKR_OK;
}

bool
op_two_call_waits(const uint8_t *out, CK_ULONG *len, CK_ULONG needed, CK_RV *ret)
{
	bool fits = out != NULL && *len >= needed;

	*ret = out == NULL ? CKR_OK : CKR_BUFFER_TOO_SMALL;
	if (!fits)
		*len = needed;
	return !fits;
}

/* A single-part call after C_*Update, or C_*Final's data, is not how it is done. */
static CK_RV
op_ready(const struct op *op, bool final)
{
	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	return !final && op->updated ? CKR_OPERATION_ACTIVE : CKR_OK;
}

CK_RV
op_digest(struct session *session, struct uk_span data, bool final, uint8_t *out, CK_ULONG *len)
{
	struct op *op = op_of(session, OP_DIGEST);
	CK_RV rv = op_ready(op, final);

	if (rv != CKR_OK)
		return rv;
	if (op_two_call_waits(out, len, crypto_hash_len(op->mech->hash), &rv))
		return rv;
	rv = data_add(session, op, data);
	if (rv == CKR_OK)
		rv = rv_of(crypto_digest_final(op->digest, out));
	if (rv == CKR_OK)
		*len = crypto_hash_len(op->mech->hash);
	op_end(session->slot, op);
	return rv;
}

static CK_ULONG
signature_max(const struct op *op)
{
	switch (op->mech->form) {
	case FORM_PKCS1:
		return op->key.public_key.bits / 8;
	case FORM_RAW:
		return RS_LEN;
	case FORM_DER:
		return SM2_DER_MAX;
	case FORM_MAC:
		return GM_BLOCK_LEN;
	case FORM_NONE:
		break;
	}
	return 0;
}

static enum uk_status
sign_on_key(struct slot *slot, const struct op *op, struct uk_span input, struct uk_writer *out)
{
	struct token *token = slot->token;
	struct uk_span container = uk_span_str(op->key.container);
	uint8_t raw[RS_LEN];
	struct uk_writer rs = uk_writer_of(raw, sizeof(raw));
	enum uk_status st;

	if (op->mech->key == MECH_KEY_RSA)
		return token->ops->sign_rsa(token, container, input, out);
	if (op->mech->form == FORM_RAW)
		return token->ops->sign_sm2(token, container, input, out);
	st = token->ops->sign_sm2(token, container, input, &rs);
	if (st != UK_OK)
		return st;
	return crypto_sm2_sig_to_der(uk_writer_span(&rs), out);
}

static CK_RV
sign_finish(struct session *session, struct op *op, uint8_t *out, CK_ULONG *len)
{
	struct slot *slot = session->slot;
	uint8_t input[OP_DATA_MAX];
	struct uk_writer input_out = uk_writer_of(input, sizeof(input));
	struct uk_writer signature = uk_writer_of(out, *len);
	CK_RV rv;

	if (op->mech->form == FORM_MAC) {
		*len = GM_BLOCK_LEN;
		return op_mac_finish(op, &signature);
	}
	rv = input_finish(op, &input_out);
	if (rv != CKR_OK)
		return rv;
	if (slot->login != LOGIN_USER)
		return CKR_USER_NOT_LOGGED_IN;
	rv = slot_rv(slot, sign_on_key(slot, op, uk_writer_span(&input_out), &signature));
	if (rv == CKR_OK && signature.overflow)
		rv = CKR_GENERAL_ERROR;
	if (rv == CKR_OK)
		*len = signature.len;
	return rv;
}

CK_RV
op_sign(struct session *session, struct uk_span data, bool final, uint8_t *out, CK_ULONG *len)
{
	struct op *op = op_of(session, OP_SIGN);
	CK_RV rv = op_ready(op, final);

	if (rv != CKR_OK)
		return rv;
	if (op_two_call_waits(out, len, signature_max(op), &rv))
		return rv;
	rv = data_add(session, op, data);
	if (rv == CKR_OK)
		rv = sign_finish(session, op, out, len);
	op_end(session->slot, op);
	return rv;
}

static bool
memory_differs(const uint8_t *a, const uint8_t *b, size_t len)
{
	unsigned int difference = 0;

	for (size_t i = 0; i < len; i++)
		difference |= (unsigned int)(a[i] ^ b[i]);
	return difference != 0;
}

static bool
signature_len_fits(const struct op *op, size_t len)
{
	return op->mech->form == FORM_DER ? len <= SM2_DER_MAX : len == signature_max(op);
}

static CK_RV
verify_finish(const struct op *op, struct uk_span input, struct uk_span signature)
{
	const struct token_public_key *key = &op->key.public_key;
	uint8_t raw[RS_LEN];
	struct uk_writer rs = uk_writer_of(raw, sizeof(raw));

	if (!signature_len_fits(op, signature.len))
		return CKR_SIGNATURE_LEN_RANGE;
	/* Compared in the same time wherever they differ. */
	if (op->mech->form == FORM_MAC)
		return memory_differs(input.ptr, signature.ptr, GM_BLOCK_LEN)
			       ? CKR_SIGNATURE_INVALID
			       : CKR_OK;
	if (op->mech->form == FORM_PKCS1)
		return rv_of(crypto_rsa_verify(uk_span_of(key->modulus, key->bits / 8),
					       key->exponent, input, signature));
	if (op->mech->form == FORM_RAW)
		uk_put(&rs, signature);
	else if (crypto_sm2_sig_from_der(signature, &rs) != UK_OK)
		return CKR_SIGNATURE_INVALID;
	return rv_of(crypto_sm2_verify(key->x, key->y, input, uk_writer_span(&rs)));
}

static CK_RV
verify(struct session *session, struct uk_span data, bool final, struct uk_span signature)
{
	struct op *op = op_of(session, OP_VERIFY);
	uint8_t input[OP_DATA_MAX];
	struct uk_writer input_out = uk_writer_of(input, sizeof(input));
	CK_RV rv = op_ready(op, final);

	if (rv != CKR_OK)
		return rv;
	rv = data_add(session, op, data);
	if (rv == CKR_OK && op->mech->form == FORM_MAC)
		rv = op_mac_finish(op, &input_out);
	else if (rv == CKR_OK)
		rv = input_finish(op, &input_out);
	if (rv == CKR_OK)
		rv = verify_finish(op, uk_writer_span(&input_out), signature);
	op_end(session->slot, op);
	return rv;
}

CK_RV
op_verify(struct session *session, struct uk_span data, bool final, struct uk_span signature)
{
	if (op_of(session, OP_VERIFY)->signature != NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	return verify(session, data, final, signature);
}

/* ---- the signature first ---- */

CK_RV
op_check_init(struct session *session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
	      struct uk_span signature)
{
	CK_RV rv = op_init(session, OP_VERIFY, mechanism, key);
	struct op *op = op_of(session, OP_VERIFY);

	if (rv != CKR_OK)
		return rv;
	if (signature_len_fits(op, signature.len))
		op->signature = malloc(signature.len + 1);
	else
		rv = CKR_SIGNATURE_LEN_RANGE;
	if (op->signature == NULL) {
		op_end(session->slot, op);
		return rv != CKR_OK ? rv : CKR_HOST_MEMORY;
	}
	memcpy(op->signature, signature.ptr, signature.len);
	op->signature_len = signature.len;
	return CKR_OK;
}

CK_RV
op_check_update(struct session *session, struct uk_span part)
{
	struct op *op = op_of(session, OP_VERIFY);

	return op->signature == NULL ? CKR_OPERATION_NOT_INITIALIZED : part_add(session, op, part);
}

CK_RV
op_check(struct session *session, struct uk_span data, bool final)
{
	const struct op *op = op_of(session, OP_VERIFY);

	if (op->signature == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	return verify(session, data, final, uk_span_of(op->signature, op->signature_len));
}
