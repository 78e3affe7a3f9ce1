/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/hsm/inside.h"

#include <string.h>

#define AES_LEN   32
#define NONCE_LEN 12
#define TAG_LEN   16
#define WHERE_MAX 256
#define PLAIN_MAX 4096

/* The key, and the mechanism with its parameters. */
struct sealing {
	CK_OBJECT_HANDLE key;
	CK_MECHANISM mechanism;
	CK_GCM_PARAMS params;
	CK_BYTE nonce[NONCE_LEN], where[WHERE_MAX];
};

static enum cs_status
sealing_begin(struct cs_hsm *hsm, const char *label, struct uk_span where, struct sealing *sealing)
{
	enum cs_status st = cs_hsm_find(hsm, CKO_SECRET_KEY, label, &sealing->key);

	if (st == CS_OK)
		st = cs_hsm_closed(hsm, sealing->key);
	if (st != CS_OK)
		return st;
	if (where.len > sizeof(sealing->where))
		return CS_E_TOO_LARGE;
	memcpy(sealing->where, where.ptr, where.len);
	sealing->params = (CK_GCM_PARAMS){.pIv = sealing->nonce,
					  .ulIvLen = NONCE_LEN,
					  .ulIvBits = 8 * NONCE_LEN,
					  .pAAD = sealing->where,
					  .ulAADLen = (CK_ULONG)where.len,
					  .ulTagBits = 8 * TAG_LEN};
	sealing->mechanism = (CK_MECHANISM){CKM_AES_GCM, &sealing->params, sizeof(sealing->params)};
	return CS_OK;
}

enum cs_status
cs_hsm_seal(struct cs_hsm *hsm, const char *label, struct uk_span where, struct uk_span plain,
	    struct cs_blob *ret)
{
	struct sealing sealing;
	CS_BLOB input = {NULL, 0}, output = {NULL, 0};
	CK_ULONG len;
	CK_RV rv;
	enum cs_status st =
		plain.len > PLAIN_MAX ? CS_E_TOO_LARGE : sealing_begin(hsm, label, where, &sealing);

	if (st == CS_OK)
		st = cs_random(sealing.nonce, sizeof(sealing.nonce));
	if (st == CS_OK)
		st = cs_blob_set(&input, plain);
	if (st == CS_OK)
		st = cs_blob_room(&output, NONCE_LEN + plain.len + TAG_LEN);
	if (st != CS_OK)
		return st;
	memcpy(output.ptr, sealing.nonce, NONCE_LEN);
	len = (CK_ULONG)(output.len - NONCE_LEN);
	rv = hsm->p11->C_EncryptInit(hsm->session, &sealing.mechanism, sealing.key);
	if (rv == CKR_OK)
		rv = hsm->p11->C_Encrypt(hsm->session, input.ptr, (CK_ULONG)input.len,
					 output.ptr + NONCE_LEN, &len);
	if (rv != CKR_OK || len != output.len - NONCE_LEN)
		return CS_E_CRYPTO;
	*ret = output;
	output = (struct cs_blob){NULL, 0};
	return CS_OK;
}

enum cs_status
cs_hsm_unseal(struct cs_hsm *hsm, const char *label, struct uk_span where, struct uk_span sealed,
	      struct cs_blob *ret)
{
	struct sealing sealing;
	CS_BLOB input = {NULL, 0}, output = {NULL, 0};
	struct uk_span nonce;
	CK_ULONG len;
	CK_RV rv;
	enum cs_status st = sealing_begin(hsm, label, where, &sealing);

	if (st != CS_OK)
		return st;
	if (!uk_take(&sealed, NONCE_LEN, &nonce) || sealed.len < TAG_LEN ||
	    sealed.len > PLAIN_MAX + TAG_LEN)
		return CS_E_CORRUPT;
	memcpy(sealing.nonce, nonce.ptr, NONCE_LEN);
	st = cs_blob_set(&input, sealed);
	if (st == CS_OK) /* room for the tag too: some ask for as much as they are given */
		st = cs_blob_room(&output, sealed.len);
	if (st != CS_OK)
		return st;
	len = (CK_ULONG)output.len;
	rv = hsm->p11->C_DecryptInit(hsm->session, &sealing.mechanism, sealing.key);
	if (rv != CKR_OK)
		return CS_E_CRYPTO;
	rv = hsm->p11->C_Decrypt(hsm->session, input.ptr, (CK_ULONG)input.len, output.ptr, &len);
	if (rv != CKR_OK || len != sealed.len - TAG_LEN)
		return CS_E_CORRUPT;
	return cs_blob_set(ret, uk_span_of(output.ptr, len));
}

enum cs_status
cs_hsm_make_aes(struct cs_hsm *hsm, const char *label)
{
	static const struct cs_hsm_secret aes = {
		CKM_AES_KEY_GEN, AES_LEN, {CKA_ENCRYPT, CKA_DECRYPT}, 2};

	return cs_hsm_make_secret(hsm, label, &aes);
}
