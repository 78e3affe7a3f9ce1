/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/hsm/inside.h"

#include "common/openukey.h"

#define SIGNATURE_MAX 1024

/* CKM_VENDOR_*: there is no OASIS number for SM2. */
static const CK_MECHANISM_TYPE mechanisms[] = {
	[CS_HSM_RSA_SHA256] = CKM_SHA256_RSA_PKCS,
	[CS_HSM_SM2_SM3] = CKM_VENDOR_SM3_SM2_DEFAULT_ID_DER,
};

enum cs_status
cs_hsm_sign(struct cs_hsm *hsm, const char *label, enum cs_hsm_algorithm algorithm,
	    struct uk_span message, struct cs_blob *ret)
{
	CK_MECHANISM mechanism = {mechanisms[algorithm], NULL, 0};
	CK_BYTE signature[SIGNATURE_MAX];
	CK_ULONG len = sizeof(signature);
	CS_BLOB input = {NULL, 0};
	CK_OBJECT_HANDLE key;
	CK_RV rv;
	enum cs_status st = cs_hsm_find(hsm, CKO_PRIVATE_KEY, label, &key);

	if (st == CS_OK)
		st = cs_hsm_closed(hsm, key);
	if (st == CS_OK)
		st = cs_blob_set(&input, message);
	if (st != CS_OK)
		return st;
	rv = hsm->p11->C_SignInit(hsm->session, &mechanism, key);
	if (rv == CKR_OK)
		rv = hsm->p11->C_Sign(hsm->session, input.ptr, (CK_ULONG)input.len, signature,
				      &len);
	return rv == CKR_OK ? cs_blob_set(ret, uk_span_of(signature, len)) : CS_E_CRYPTO;
}
