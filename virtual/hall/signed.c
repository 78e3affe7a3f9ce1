/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signed.h"

#include "common/gm.h"
#include "ossl.h"

#include <openssl/asn1t.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <string.h>

#define SM2_DER_MAX   80
#define SM2_BLOB_HALF 64U
#define GM_SIGNED     "1.2.156.10197.6.1.4.2.2"

/* ---- a bare signature ---- */

/* The DER of a signature that may be r ‖ s or a blob; 0: it is none of these. */
static size_t
sm2_der(struct uk_span signature, uint8_t *out)
{
	size_t half = signature.len / 2, zeros = half > GM_SM2_LEN ? half - GM_SM2_LEN : 0;
	SCOPED(ECDSA_SIG) *both = ECDSA_SIG_new();
	BIGNUM *r, *s;
	unsigned char *at = out;
	int len;

	if (signature.len > 0 && signature.len <= SM2_DER_MAX && signature.ptr[0] == 0x30 &&
	    signature.len != (size_t)2 * GM_SM2_LEN) {
		memcpy(out, signature.ptr, signature.len);
		return signature.len;
	}
	if (both == NULL || (half != GM_SM2_LEN && half != SM2_BLOB_HALF) || signature.len % 2 != 0)
		return 0;
	for (size_t i = 0; i < zeros; i++)
		if (signature.ptr[i] != 0 || signature.ptr[half + i] != 0)
			return 0;
	r = BN_bin2bn(signature.ptr + zeros, GM_SM2_LEN, NULL);
	s = BN_bin2bn(signature.ptr + half + zeros, GM_SM2_LEN, NULL);
	if (r == NULL || s == NULL || ECDSA_SIG_set0(both, r, s) != 1) { /* takes them over */
		BN_free(r);
		BN_free(s);
		return 0;
	}
	len = i2d_ECDSA_SIG(both, &at);
	return len > 0 ? (size_t)len : 0;
}

static bool
digest_verify(EVP_PKEY *key, const EVP_MD *digest, struct uk_span data, struct uk_span signature)
{
	SCOPED(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx = NULL; /* belongs to ctx */

	if (ctx == NULL || EVP_DigestVerifyInit(ctx, &key_ctx, digest, NULL, key) != 1)
		return false;
	if (EVP_PKEY_is_a(key, "SM2") &&
	    EVP_PKEY_CTX_set1_id(key_ctx, GM_SM2_DEFAULT_ID, (int)strlen(GM_SM2_DEFAULT_ID)) != 1)
		return false;
	return EVP_DigestVerify(ctx, signature.ptr, signature.len, data.ptr, data.len) == 1;
}

static bool
sm2_verify(EVP_PKEY *key, struct uk_span data, struct uk_span signature)
{
	uint8_t der[SM2_DER_MAX];
	size_t len = sm2_der(signature, der);
	struct uk_span short_der = {der, len};

	if (len > 0 && digest_verify(key, EVP_sm3(), data, short_der))
		return true;
	/* DER that happens to be 64 bytes long */
	return signature.len == (size_t)2 * GM_SM2_LEN &&
	       digest_verify(key, EVP_sm3(), data, signature);
}

static bool
rsa_verify(EVP_PKEY *key, struct uk_span data, struct uk_span signature)
{
	return digest_verify(key, EVP_sha256(), data, signature) ||
	       digest_verify(key, EVP_sha384(), data, signature) ||
	       digest_verify(key, EVP_sha512(), data, signature);
}

enum hall_verdict
hall_signature_judge(X509 *cert, struct uk_span data, struct uk_span signature)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	bool good;

	if (key == NULL || (!EVP_PKEY_is_a(key, "SM2") && !EVP_PKEY_is_a(key, "RSA")))
		return HALL_FORMAT;
	good = EVP_PKEY_is_a(key, "SM2") ? sm2_verify(key, data, signature)
					 : rsa_verify(key, data, signature);
	ERR_clear_error();
	return good ? HALL_OK : HALL_SIGNATURE;
}

/* ---- a signed message of GM/T 0010 ---- */

/* ContentInfo with any content: libcrypto does not know GM/T 0010's types. */
typedef struct {
	ASN1_OBJECT *type;
	ASN1_TYPE *content;
} GM_INFO;

ASN1_SEQUENCE(GM_INFO) =
	{
		ASN1_SIMPLE(GM_INFO, type, ASN1_OBJECT),
		ASN1_EXP_OPT(GM_INFO, content, ASN1_ANY, 0),
} static_ASN1_SEQUENCE_END(GM_INFO)

		static void GM_INFO_drop(GM_INFO * *info)
{
	ASN1_item_free((ASN1_VALUE *)*info, ASN1_ITEM_rptr(GM_INFO));
}

/* The SignedData inside; its own content's type is not known to libcrypto either: kept as it is. */
static PKCS7_SIGNED *
gm_signed_read(struct uk_span message)
{
	const unsigned char *at = message.ptr;
	UK_CLEANUP(GM_INFO_drop)
	GM_INFO *info =
		(GM_INFO *)ASN1_item_d2i(NULL, &at, (long)message.len, ASN1_ITEM_rptr(GM_INFO));
	const ASN1_STRING *inner;
	char type[64] = "";

	if (info == NULL || info->content == NULL || at != message.ptr + message.len ||
	    ASN1_TYPE_get(info->content) != V_ASN1_SEQUENCE)
		return NULL;
	OBJ_obj2txt(type, sizeof(type), info->type, 1);
	if (strcmp(type, GM_SIGNED) != 0)
		return NULL;
	inner = info->content->value.sequence;
	at = ASN1_STRING_get0_data(inner);
	return (PKCS7_SIGNED *)ASN1_item_d2i(NULL, &at, ASN1_STRING_length(inner),
					     ASN1_ITEM_rptr(PKCS7_SIGNED));
}

/* Where a content is inside, it must be what was asked for. */
static bool
gm_content_fits(const PKCS7_SIGNED *message, struct uk_span data)
{
	const ASN1_TYPE *inside = message->contents->d.other;

	if (inside == NULL)
		return true;
	return ASN1_TYPE_get(inside) == V_ASN1_OCTET_STRING &&
	       uk_span_equal(uk_span_of(ASN1_STRING_get0_data(inside->value.octet_string),
					(size_t)ASN1_STRING_length(inside->value.octet_string)),
			     data);
}

static X509 *
gm_signer_find(const PKCS7_SIGNED *message, const PKCS7_SIGNER_INFO *signer)
{
	for (int i = 0; i < sk_X509_num(message->cert); i++) {
		X509 *cert = sk_X509_value(message->cert, i);

		if (X509_NAME_cmp(X509_get_issuer_name(cert), signer->issuer_and_serial->issuer) ==
			    0 &&
		    ASN1_INTEGER_cmp(X509_get0_serialNumber(cert),
				     signer->issuer_and_serial->serial) == 0)
			return cert;
	}
	return NULL;
}

/* With attributes the signature is over them, and one of them is the digest of the content. */
static bool
gm_attributes_fit(PKCS7_SIGNER_INFO *signer, struct uk_span data)
{
	const ASN1_OCTET_STRING *told = PKCS7_digest_from_attributes(signer->auth_attr);
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	return told != NULL && EVP_Digest(data.ptr, data.len, digest, &len, EVP_sm3(), NULL) == 1 &&
	       uk_span_equal(
		       uk_span_of(ASN1_STRING_get0_data(told), (size_t)ASN1_STRING_length(told)),
		       uk_span_of(digest, len));
}

static bool
gm_signer_verify(PKCS7_SIGNER_INFO *signer, X509 *cert, struct uk_span data)
{
	struct uk_span signature = uk_span_of(ASN1_STRING_get0_data(signer->enc_digest),
					      (size_t)ASN1_STRING_length(signer->enc_digest));
	unsigned char *attributes = NULL;
	int len;
	bool good;

	if (sk_X509_ATTRIBUTE_num(signer->auth_attr) <= 0)
		return hall_signature_judge(cert, data, signature) == HALL_OK;
	len = ASN1_item_i2d((const ASN1_VALUE *)signer->auth_attr, &attributes,
			    ASN1_ITEM_rptr(PKCS7_ATTR_VERIFY));
	good = len > 0 && gm_attributes_fit(signer, data) &&
	       hall_signature_judge(cert, uk_span_of(attributes, (size_t)len), signature) ==
		       HALL_OK;
	OPENSSL_free(attributes);
	return good;
}

static enum hall_verdict
gm_message_judge(const PKCS7_SIGNED *message, struct uk_span data, X509 **ret_cert)
{
	PKCS7_SIGNER_INFO *signer;
	X509 *cert;

	if (sk_PKCS7_SIGNER_INFO_num(message->signer_info) != 1)
		return HALL_FORMAT;
	signer = sk_PKCS7_SIGNER_INFO_value(message->signer_info, 0);
	cert = gm_signer_find(message, signer);
	if (cert == NULL)
		return HALL_FORMAT;
	if (!gm_content_fits(message, data) || !gm_signer_verify(signer, cert, data))
		return HALL_SIGNATURE;
	X509_up_ref(cert);
	*ret_cert = cert;
	return HALL_OK;
}

/* ---- a signed message of RFC 5652 ---- */

static bool
cms_content_fits(CMS_ContentInfo *cms, struct uk_span data)
{
	ASN1_OCTET_STRING **inside = CMS_get0_content(cms);

	if (inside == NULL)
		return false;
	return *inside == NULL || uk_span_equal(uk_span_of(ASN1_STRING_get0_data(*inside),
							   (size_t)ASN1_STRING_length(*inside)),
						data);
}

static enum hall_verdict
cms_judge(CMS_ContentInfo *cms, struct uk_span data, X509 **ret_cert)
{
	SCOPED(BIO) *in = BIO_new_mem_buf(data.ptr, (int)data.len);
	ASN1_OCTET_STRING **inside = CMS_get0_content(cms);
	STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
	X509 *cert = NULL;

	if (in == NULL || inside == NULL || sk_CMS_SignerInfo_num(signers) != 1)
		return HALL_FORMAT;
	if (!cms_content_fits(cms, data) ||
	    CMS_verify(cms, NULL, NULL, *inside == NULL ? in : NULL, NULL,
		       CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1)
		return HALL_SIGNATURE;
	CMS_SignerInfo_get0_algs(sk_CMS_SignerInfo_value(signers, 0), NULL, &cert, NULL, NULL);
	if (cert == NULL)
		return HALL_FORMAT;
	X509_up_ref(cert);
	*ret_cert = cert;
	return HALL_OK;
}

enum hall_verdict
hall_message_judge(struct uk_span message, struct uk_span data, X509 **ret_cert)
{
	const unsigned char *at = message.ptr;
	SCOPED(PKCS7_SIGNED) *gm = gm_signed_read(message);
	SCOPED(CMS_ContentInfo) *cms = NULL;
	enum hall_verdict verdict = HALL_FORMAT;

	if (gm != NULL) {
		verdict = gm_message_judge(gm, data, ret_cert);
	} else {
		cms = d2i_CMS_ContentInfo(NULL, &at, (long)message.len);
		if (cms != NULL && at == message.ptr + message.len)
			verdict = cms_judge(cms, data, ret_cert);
	}
	ERR_clear_error();
	return verdict;
}
