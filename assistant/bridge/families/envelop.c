/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/families/proof.h"
#include "assistant/core/key.h"
#include "common/secret.h"

#include <openssl/err.h>
#include <openssl/rand.h>

/* GM/T 0010 content types, and SM2 as encryption */
#define OID_GM_DATA      "1.2.156.10197.6.1.4.2.1"
#define OID_GM_ENVELOPED "1.2.156.10197.6.1.4.2.3"
#define OID_SM2_ENCRYPT  "1.2.156.10197.1.301.3"

#define SM4_LEN 16

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PKCS7_ENVELOPE, PKCS7_ENVELOPE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

/* ---- RFC 5652 ---- */

static GBytes *
envelope_rfc(GPtrArray *certs, GBytes *data)
{
	STACK_OF(X509) *to = sk_X509_new_null();
	g_autoptr(BIO) in =
		BIO_new_mem_buf(g_bytes_get_data(data, NULL), (int)g_bytes_get_size(data));
	g_autoptr(CMS_ContentInfo) cms = NULL;
	unsigned char *der = NULL;
	GBytes *ret;
	int len;

	for (guint i = 0; to != NULL && i < certs->len; i++)
		sk_X509_push(to, g_ptr_array_index(certs, i));
	if (to != NULL && in != NULL)
		cms = CMS_encrypt(to, in, EVP_sm4_cbc(), CMS_BINARY);
	sk_X509_free(to);
	len = cms != NULL ? i2d_CMS_ContentInfo(cms, &der) : 0;
	ret = len > 0 ? g_bytes_new(der, (gsize)len) : NULL;
	OPENSSL_free(der);
	return ret;
}

/* ---- GM/T 0010 ---- */

/* The same structure under other names, which libcrypto's CMS does not know. */
static gboolean
recipient_fill(PKCS7_RECIP_INFO *info, X509 *cert, GBytes *key)
{
	g_autoptr(GBytes) wrapped = ouk_proof_encrypt(cert, key);

	return wrapped != NULL && ASN1_INTEGER_set(info->version, 1) == 1 &&
	       X509_NAME_set(&info->issuer_and_serial->issuer, X509_get_issuer_name(cert)) == 1 &&
	       ASN1_STRING_copy(info->issuer_and_serial->serial, X509_get0_serialNumber(cert)) ==
		       1 &&
	       X509_ALGOR_set0(info->key_enc_algor, OBJ_txt2obj(OID_SM2_ENCRYPT, 1), V_ASN1_UNDEF,
			       NULL) == 1 &&
	       ASN1_OCTET_STRING_set(info->enc_key, g_bytes_get_data(wrapped, NULL),
				     (int)g_bytes_get_size(wrapped)) == 1;
}

/* SM4-CBC with PKCS #7 padding. */
static GBytes *
sm4_encrypt(const guchar *key, const guchar *iv, GBytes *data)
{
	g_autoptr(EVP_CIPHER_CTX) ctx = EVP_CIPHER_CTX_new();
	gsize size = g_bytes_get_size(data);
	g_autofree guchar *out = g_malloc(size + SM4_LEN);
	int first = 0, last = 0;

	if (ctx == NULL || EVP_EncryptInit_ex(ctx, EVP_sm4_cbc(), NULL, key, iv) != 1 ||
	    EVP_EncryptUpdate(ctx, out, &first, g_bytes_get_data(data, NULL), (int)size) != 1 ||
	    EVP_EncryptFinal_ex(ctx, out + first, &last) != 1)
		return NULL;
	return g_bytes_new(out, (gsize)first + (gsize)last);
}

static gboolean
content_fill(PKCS7_ENC_CONTENT *content, const guchar *key, GBytes *data)
{
	guchar iv[SM4_LEN];
	ASN1_OCTET_STRING *iv_octets = ASN1_OCTET_STRING_new();
	g_autoptr(GBytes) cipher = NULL;

	if (iv_octets == NULL || RAND_bytes(iv, sizeof(iv)) != 1 ||
	    ASN1_OCTET_STRING_set(iv_octets, iv, sizeof(iv)) != 1 ||
	    X509_ALGOR_set0(content->algorithm, OBJ_nid2obj(NID_sm4_cbc), V_ASN1_OCTET_STRING,
			    iv_octets) != 1) {
		ASN1_OCTET_STRING_free(iv_octets);
		return FALSE;
	}
	cipher = sm4_encrypt(key, iv, data);
	content->content_type = OBJ_txt2obj(OID_GM_DATA, 1);
	content->enc_data = ASN1_OCTET_STRING_new();
	return cipher != NULL && content->enc_data != NULL &&
	       ASN1_OCTET_STRING_set(content->enc_data, g_bytes_get_data(cipher, NULL),
				     (int)g_bytes_get_size(cipher)) == 1;
}

static gboolean
envelope_fill(PKCS7_ENVELOPE *envelope, GPtrArray *certs, GBytes *data)
{
	guchar key[SM4_LEN];
	g_autoptr(GBytes) wrapped = NULL;
	gboolean good;

	good = RAND_priv_bytes(key, sizeof(key)) == 1 &&
	       ASN1_INTEGER_set(envelope->version, 1) == 1 &&
	       content_fill(envelope->enc_data, key, data);
	wrapped = g_bytes_new_static(key, sizeof(key));
	for (guint i = 0; good && i < certs->len; i++) {
		PKCS7_RECIP_INFO *info = PKCS7_RECIP_INFO_new();

		/* what is pushed belongs to the envelope */
		good = info != NULL &&
		       sk_PKCS7_RECIP_INFO_push(envelope->recipientinfo, info) > 0 &&
		       recipient_fill(info, g_ptr_array_index(certs, i), wrapped);
	}
	uk_wipe(key, sizeof(key));
	return good;
}

static GBytes *
envelope_gm(GPtrArray *certs, GBytes *data)
{
	g_autoptr(PKCS7_ENVELOPE) envelope = PKCS7_ENVELOPE_new();
	g_autoptr(PKCS7) outer = PKCS7_new();
	unsigned char *der = NULL;
	GBytes *ret;
	int len;

	if (envelope == NULL || outer == NULL || !envelope_fill(envelope, certs, data))
		return NULL;
	outer->type = OBJ_txt2obj(OID_GM_ENVELOPED, 1);
	ASN1_TYPE_pack_sequence(ASN1_ITEM_rptr(PKCS7_ENVELOPE), envelope, &outer->d.other);
	len = i2d_PKCS7(outer, &der);
	ret = len > 0 ? g_bytes_new(der, (gsize)len) : NULL;
	OPENSSL_free(der);
	return ret;
}

GBytes *
ouk_proof_envelope(GPtrArray *certs, GBytes *data)
{
	EVP_PKEY *first = certs->len > 0 ? X509_get0_pubkey(g_ptr_array_index(certs, 0)) : NULL;
	GBytes *ret;

	if (first == NULL)
		return NULL;
	ret = ouk_key_type(first) == OUK_KEY_SM2 ? envelope_gm(certs, data)
						 : envelope_rfc(certs, data);
	ERR_clear_error();
	return ret;
}
