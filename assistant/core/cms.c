/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/cms.h"

#include "assistant/core/cert.h"
#include "assistant/core/errors.h"
#include "common/gm.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

/* GM/T 0010 content types, and the signature algorithm it names (SM2-1) */
#define OID_GM_DATA   "1.2.156.10197.6.1.4.2.1"
#define OID_GM_SIGNED "1.2.156.10197.6.1.4.2.2"
#define OID_SM2_SIGN  "1.2.156.10197.1.301.1"

/* ---- making ---- */

/* What differs between key types in a SignedData. */
static const struct form {
	OukKeyType type;
	const char *signed_type, *data_type, *digest, *signature; /* OIDs or names */
	gboolean attributes;
	int digest_params, signature_params; /* V_ASN1_* */
} forms[] = {
	{OUK_KEY_RSA, "pkcs7-signedData", "pkcs7-data", "SHA256", "rsaEncryption", TRUE,
	 V_ASN1_NULL, V_ASN1_NULL},
	{OUK_KEY_EC, "pkcs7-signedData", "pkcs7-data", "SHA256", "ecdsa-with-SHA256", TRUE,
	 V_ASN1_UNDEF, V_ASN1_UNDEF},
	{OUK_KEY_SM2, OID_GM_SIGNED, OID_GM_DATA, "SM3", OID_SM2_SIGN, FALSE, V_ASN1_UNDEF,
	 V_ASN1_UNDEF},
};

static const struct form *
form_find(OukKeyType type)
{
	for (size_t i = 0; i < G_N_ELEMENTS(forms); i++)
		if (forms[i].type == type)
			return &forms[i];
	return NULL;
}

static gboolean
algorithm_set(X509_ALGOR *algorithm, const char *name, int params)
{
	ASN1_OBJECT *object = OBJ_txt2obj(name, 0); /* taken over */

	return object != NULL && X509_ALGOR_set0(algorithm, object, params, NULL) == 1;
}

/* encapContentInfo; content NULL: detached */
static gboolean
content_set(PKCS7 *info, const struct form *form, GBytes *content)
{
	ASN1_OCTET_STRING *octets = NULL;

	info->type = OBJ_txt2obj(form->data_type, 0);
	if (content != NULL) {
		octets = ASN1_OCTET_STRING_new();
		if (octets == NULL || ASN1_OCTET_STRING_set(octets, g_bytes_get_data(content, NULL),
							    (int)g_bytes_get_size(content)) != 1) {
			ASN1_OCTET_STRING_free(octets);
			return FALSE;
		}
	}
	if (form->type != OUK_KEY_SM2) {
		info->d.data = octets;
	} else if (octets != NULL) {
		info->d.other = ASN1_TYPE_new();
		ASN1_TYPE_set(info->d.other, V_ASN1_OCTET_STRING, octets);
	}
	return info->type != NULL;
}

/* contentType, signingTime, messageDigest */
static gboolean
attributes_add(PKCS7_SIGNER_INFO *info, const struct form *form, GBytes *content)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	return EVP_Digest(g_bytes_get_data(content, NULL), g_bytes_get_size(content), digest, &len,
			  EVP_get_digestbyname(form->digest), NULL) == 1 &&
	       PKCS7_add_attrib_content_type(info, OBJ_txt2obj(form->data_type, 0)) == 1 &&
	       PKCS7_add0_attrib_signing_time(info, NULL) == 1 &&
	       PKCS7_add1_attrib_digest(info, digest, (int)len) == 1;
}

/* The bytes that are signed: the attributes as a SET, or the content. */
static GBytes *
to_be_signed(PKCS7_SIGNER_INFO *info, GBytes *content, const ASN1_ITEM *item)
{
	unsigned char *der = NULL;
	GBytes *ret;
	int len;

	if (sk_X509_ATTRIBUTE_num(info->auth_attr) <= 0)
		return g_bytes_ref(content);
	len = ASN1_item_i2d((ASN1_VALUE *)info->auth_attr, &der, item);
	ret = len > 0 ? g_bytes_new(der, (gsize)len) : NULL;
	OPENSSL_free(der);
	return ret;
}

static gboolean
signer_info_fill(PKCS7_SIGNER_INFO *info, const struct form *form, X509 *cert)
{
	return ASN1_INTEGER_set(info->version, 1) == 1 &&
	       X509_NAME_set(&info->issuer_and_serial->issuer, X509_get_issuer_name(cert)) == 1 &&
	       ASN1_STRING_copy(info->issuer_and_serial->serial, X509_get0_serialNumber(cert)) ==
		       1 &&
	       algorithm_set(info->digest_alg, form->digest, form->digest_params) &&
	       algorithm_set(info->digest_enc_alg, form->signature, form->signature_params);
}

/* Everything but the signature. NULL on failure. */
static PKCS7_SIGNED *
signed_data_new(const struct form *form, X509 *cert, GBytes *content, gboolean attached)
{
	g_autoptr(PKCS7_SIGNED) data = PKCS7_SIGNED_new();
	PKCS7_SIGNER_INFO *info = PKCS7_SIGNER_INFO_new();
	X509_ALGOR *digest = X509_ALGOR_new();

	/* what is pushed belongs to data from then on */
	if (data == NULL || info == NULL || digest == NULL ||
	    sk_PKCS7_SIGNER_INFO_push(data->signer_info, info) <= 0 ||
	    sk_X509_ALGOR_push(data->md_algs, digest) <= 0)
		return NULL;
	data->cert = sk_X509_new_null();
	if (data->cert == NULL || X509_up_ref(cert) != 1 || sk_X509_push(data->cert, cert) <= 0)
		return NULL;
	if (ASN1_INTEGER_set(data->version, 1) != 1 ||
	    !algorithm_set(digest, form->digest, form->digest_params) ||
	    !content_set(data->contents, form, attached ? content : NULL) ||
	    !signer_info_fill(info, form, cert) ||
	    (form->attributes && !attributes_add(info, form, content)))
		return NULL;
	return g_steal_pointer(&data);
}

/* ContentInfo around the SignedData, which it takes over. */
static GBytes *
content_info_der(const struct form *form, PKCS7_SIGNED *data)
{
	g_autoptr(PKCS7) outer = PKCS7_new();
	unsigned char *der = NULL;
	GBytes *ret;
	int len;

	outer->type = OBJ_txt2obj(form->signed_type, 0);
	if (form->type == OUK_KEY_SM2) {
		ASN1_TYPE_pack_sequence(ASN1_ITEM_rptr(PKCS7_SIGNED), data, &outer->d.other);
		PKCS7_SIGNED_free(data);
	} else {
		outer->d.sign = data;
	}
	len = i2d_PKCS7(outer, &der);
	ret = len > 0 ? g_bytes_new(der, (gsize)len) : NULL;
	OPENSSL_free(der);
	return ret;
}

GBytes *
ouk_cms_sign(const OukSigner *signer, X509 *cert, GBytes *content, gboolean attached,
	     GError **error)
{
	const struct form *form = form_find(ouk_key_type(signer->public_key));
	g_autoptr(PKCS7_SIGNED) data = NULL;
	g_autoptr(GBytes) input = NULL;
	g_autoptr(GBytes) signature = NULL;
	PKCS7_SIGNER_INFO *info;
	GBytes *der;

	if (form == NULL) {
		ouk_fail(error, OUK_E_UNSUPPORTED);
		return NULL;
	}
	data = signed_data_new(form, cert, content, attached);
	info = data != NULL ? sk_PKCS7_SIGNER_INFO_value(data->signer_info, 0) : NULL;
	input = info != NULL ? to_be_signed(info, content, ASN1_ITEM_rptr(PKCS7_ATTR_SIGN)) : NULL;
	if (input == NULL) {
		ouk_fail(error, OUK_E_INTERNAL);
		return NULL;
	}
	signature = ouk_signer_sign(signer, input, error);
	if (signature == NULL)
		return NULL;
	ASN1_OCTET_STRING_set(info->enc_digest, g_bytes_get_data(signature, NULL),
			      (int)g_bytes_get_size(signature));
	der = content_info_der(form, g_steal_pointer(&data));
	if (der == NULL)
		ouk_fail(error, OUK_E_INTERNAL);
	return der;
}

/* ---- checking ---- */

void
ouk_cms_result_clear(OukCmsResult *result)
{
	g_clear_pointer(&result->signers, g_ptr_array_unref);
	g_clear_pointer(&result->certs, g_ptr_array_unref);
	g_clear_pointer(&result->content, g_bytes_unref);
}

static void
result_init(OukCmsResult *result)
{
	result->signers = g_ptr_array_new_with_free_func((GDestroyNotify)X509_free);
	result->certs = g_ptr_array_new_with_free_func((GDestroyNotify)X509_free);
}

static void
keep_certs(GPtrArray *where, STACK_OF(X509) * certs)
{
	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509_up_ref(sk_X509_value(certs, i));
		g_ptr_array_add(where, sk_X509_value(certs, i));
	}
}

static GBytes *
bio_bytes(BIO *bio)
{
	char *bytes = NULL;
	long len = BIO_get_mem_data(bio, &bytes);

	return g_bytes_new(bytes, (gsize)len);
}

/* RFC 5652, by libcrypto. */
static gboolean
verify_cms(CMS_ContentInfo *cms, GBytes *content, X509 *signer, OukCmsResult *ret, GError **error)
{
	const unsigned int flags = CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY;
	g_autoptr(BIO) in = NULL;
	g_autoptr(BIO) out = BIO_new(BIO_s_mem());
	STACK_OF(X509) *extra = sk_X509_new_null();
	STACK_OF(X509) * certs;
	gboolean detached = CMS_is_detached(cms) == 1;
	int good;

	if (detached && content == NULL) {
		sk_X509_free(extra);
		return ouk_fail(error, OUK_E_NO_CONTENT);
	}
	if (detached)
		in = BIO_new_mem_buf(g_bytes_get_data(content, NULL),
				     (int)g_bytes_get_size(content));
	if (signer != NULL)
		sk_X509_push(extra, signer);
	good = CMS_verify(cms, extra, NULL, in, out, flags);
	sk_X509_free(extra);
	ERR_clear_error();
	if (good != 1)
		return ouk_fail(error, OUK_E_BAD_SIGNATURE);
	ret->content = bio_bytes(out);
	certs = CMS_get0_signers(cms);
	keep_certs(ret->signers, certs);
	sk_X509_free(certs);
	certs = CMS_get1_certs(cms);
	keep_certs(ret->certs, certs);
	sk_X509_pop_free(certs, X509_free);
	/* a file named beside an attached signature must be the file that was signed */
	if (!detached && content != NULL && !g_bytes_equal(content, ret->content))
		return ouk_fail(error, OUK_E_BAD_SIGNATURE);
	return ret->signers->len > 0 || ouk_fail(error, OUK_E_BAD_SIGNATURE);
}

static X509 *
gm_signer_cert(const PKCS7_SIGNED *data, PKCS7_SIGNER_INFO *info, X509 *signer)
{
	X509 *cert = NULL;

	if (data->cert != NULL)
		cert = X509_find_by_issuer_and_serial(data->cert, info->issuer_and_serial->issuer,
						      info->issuer_and_serial->serial);
	return cert != NULL ? cert : signer;
}

/* Looked at by its type: some versions of PKCS7_digest_from_attributes believe the message. */
static const ASN1_OCTET_STRING *
gm_claimed_digest(const PKCS7_SIGNER_INFO *info)
{
	const ASN1_TYPE *value = PKCS7_get_signed_attribute(info, NID_pkcs9_messageDigest);

	return value != NULL && value->type == V_ASN1_OCTET_STRING ? value->value.octet_string
								   : NULL;
}

/* messageDigest must be the content's digest. */
static gboolean
gm_attributes_fit(PKCS7_SIGNER_INFO *info, OukKeyType type, GBytes *content)
{
	const ASN1_OCTET_STRING *claimed = gm_claimed_digest(info);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	return claimed != NULL &&
	       EVP_Digest(g_bytes_get_data(content, NULL), g_bytes_get_size(content), digest, &len,
			  ouk_key_digest(type), NULL) == 1 &&
	       ASN1_STRING_length(claimed) == (int)len &&
	       memcmp(ASN1_STRING_get0_data(claimed), digest, len) == 0;
}

static gboolean
verify_gm_signer(const PKCS7_SIGNED *data, PKCS7_SIGNER_INFO *info, X509 *signer, OukCmsResult *ret,
		 GError **error)
{
	X509 *cert = gm_signer_cert(data, info, signer);
	EVP_PKEY *key = cert != NULL ? X509_get0_pubkey(cert) : NULL;
	g_autoptr(GBytes) input = NULL;
	g_autoptr(GBytes) signature = NULL;
	OukKeyType type;

	if (key == NULL)
		return ouk_fail(error, OUK_E_BAD_SIGNATURE);
	type = ouk_key_type(key);
	if (OBJ_obj2nid(info->digest_alg->algorithm) != EVP_MD_get_type(ouk_key_digest(type)))
		return ouk_fail(error, OUK_E_NOT_A_SIGNATURE);
	if (sk_X509_ATTRIBUTE_num(info->auth_attr) > 0 &&
	    !gm_attributes_fit(info, type, ret->content))
		return ouk_fail(error, OUK_E_BAD_SIGNATURE);
	input = to_be_signed(info, ret->content, ASN1_ITEM_rptr(PKCS7_ATTR_VERIFY));
	signature = g_bytes_new(ASN1_STRING_get0_data(info->enc_digest),
				(gsize)ASN1_STRING_length(info->enc_digest));
	if (input == NULL || !ouk_signature_check(key, input, signature))
		return ouk_fail(error, OUK_E_BAD_SIGNATURE);
	X509_up_ref(cert);
	g_ptr_array_add(ret->signers, cert);
	return TRUE;
}

/* The content inside, or NULL. */
static GBytes *
gm_content(const PKCS7_SIGNED *data)
{
	const ASN1_TYPE *any;
	char type[64] = "";

	if (data->contents == NULL)
		return NULL;
	/* What d holds depends on the type. */
	OBJ_obj2txt(type, sizeof(type), data->contents->type, 1);
	if (strcmp(type, OID_GM_DATA) != 0)
		return NULL;
	any = data->contents->d.other;
	if (any == NULL || ASN1_TYPE_get(any) != V_ASN1_OCTET_STRING)
		return NULL;
	return g_bytes_new(ASN1_STRING_get0_data(any->value.octet_string),
			   (gsize)ASN1_STRING_length(any->value.octet_string));
}

static gboolean
verify_gm(const ASN1_TYPE *any, GBytes *content, X509 *signer, OukCmsResult *ret, GError **error)
{
	g_autoptr(PKCS7_SIGNED) data = NULL;
	g_autoptr(GBytes) inside = NULL;

	if (any != NULL)
		data = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PKCS7_SIGNED), any);
	ERR_clear_error();
	if (data == NULL || sk_PKCS7_SIGNER_INFO_num(data->signer_info) <= 0)
		return ouk_fail(error, OUK_E_NOT_A_SIGNATURE);
	inside = gm_content(data);
	if (inside == NULL && content == NULL)
		return ouk_fail(error, OUK_E_NO_CONTENT);
	/* a file named beside an attached signature must be the file that was signed */
	if (inside != NULL && content != NULL && !g_bytes_equal(inside, content))
		return ouk_fail(error, OUK_E_BAD_SIGNATURE);
	ret->content = g_bytes_ref(inside != NULL ? inside : content);
	keep_certs(ret->certs, data->cert);
	for (int i = 0; i < sk_PKCS7_SIGNER_INFO_num(data->signer_info); i++)
		if (!verify_gm_signer(data, sk_PKCS7_SIGNER_INFO_value(data->signer_info, i),
				      signer, ret, error))
			return FALSE;
	return TRUE;
}

static gboolean
verify_any(GBytes *der, GBytes *content, X509 *signer, OukCmsResult *ret, GError **error)
{
	const unsigned char *bytes = g_bytes_get_data(der, NULL);
	long len = (long)g_bytes_get_size(der);
	g_autoptr(PKCS7) outer = d2i_PKCS7(NULL, &bytes, len);
	g_autoptr(CMS_ContentInfo) cms = NULL;
	char type[64] = "";

	if (outer != NULL)
		OBJ_obj2txt(type, sizeof(type), outer->type, 1);
	if (outer != NULL && strcmp(type, OID_GM_SIGNED) == 0)
		return verify_gm(outer->d.other, content, signer, ret, error);
	bytes = g_bytes_get_data(der, NULL);
	cms = d2i_CMS_ContentInfo(NULL, &bytes, len);
	ERR_clear_error();
	if (cms == NULL || OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		return ouk_fail(error, OUK_E_NOT_A_SIGNATURE);
	return verify_cms(cms, content, signer, ret, error);
}

gboolean
ouk_cms_verify(GBytes *cms, GBytes *content, X509 *signer, OukCmsResult *ret, GError **error)
{
	g_autoptr(GBytes) der = ouk_binary_of(cms);
	OukCmsResult result = {0};

	result_init(&result);
	if (!verify_any(der, content, signer, &result, error)) {
		ouk_cms_result_clear(&result);
		return FALSE;
	}
	*ret = result;
	return TRUE;
}

/* ---- whose certificate it is ---- */

gboolean
ouk_chain_check(X509 *cert, GPtrArray *others, const char *ca, GError **error)
{
	g_autoptr(GPtrArray) roots = ouk_x509_read_all(ca, error);
	g_autoptr(X509_STORE) store = X509_STORE_new();
	g_autoptr(X509_STORE_CTX) ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *between = sk_X509_new_null();
	gboolean good = FALSE;
	int reason = X509_V_ERR_UNSPECIFIED;

	if (roots == NULL) {
		sk_X509_free(between);
		return FALSE;
	}
	for (guint i = 0; i < roots->len; i++) {
		ouk_x509_set_sm2_id(g_ptr_array_index(roots, i));
		X509_STORE_add_cert(store, g_ptr_array_index(roots, i));
	}
	for (guint i = 0; i < others->len; i++) {
		ouk_x509_set_sm2_id(g_ptr_array_index(others, i));
		sk_X509_push(between, g_ptr_array_index(others, i));
	}
	ouk_x509_set_sm2_id(cert);
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	if (X509_STORE_CTX_init(ctx, store, cert, between) == 1) {
		good = X509_verify_cert(ctx) == 1;
		reason = X509_STORE_CTX_get_error(ctx);
	}
	sk_X509_free(between);
	ERR_clear_error();
	if (!good)
		return ouk_fail_with(error, OUK_E_BAD_CHAIN, "(%s)",
				     X509_verify_cert_error_string(reason));
	return ouk_x509_may_sign(cert) || ouk_fail(error, OUK_E_BAD_CHAIN);
}

/* ---- PEM, base64 or binary ---- */

static gboolean
is_text(const char *text, gsize len)
{
	for (gsize i = 0; i < len; i++)
		if (!g_ascii_isprint(text[i]) && !g_ascii_isspace(text[i]))
			return FALSE;
	return len > 0;
}

GBytes *
ouk_binary_of(GBytes *file)
{
	gsize len = 0;
	const char *text = g_bytes_get_data(file, &len);
	g_autofree char *copy = NULL;
	g_autoptr(GString) body = g_string_new(NULL);
	g_auto(GStrv) lines = NULL;
	guchar *binary;

	if (!is_text(text, len))
		return g_bytes_ref(file);
	copy = g_strndup(text, len);
	lines = g_strsplit(copy, "\n", -1);
	for (size_t i = 0; lines[i] != NULL; i++)
		if (!g_str_has_prefix(lines[i], "-----"))
			g_string_append(body, g_strstrip(lines[i]));
	binary = g_base64_decode(body->str, &len);
	return g_bytes_new_take(binary, len);
}
