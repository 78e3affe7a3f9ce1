/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/families/proof.h"

#include "assistant/core/chain.h"
#include "assistant/core/key.h"
#include "common/gm.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

const EVP_MD *
ouk_proof_hash(gint64 sgd)
{
	/* the low bits of a signature method name its hash */
	switch (sgd & 0xff) {
	case GM_ALG_SM3:
		return EVP_sm3();
	case GM_ALG_SHA1:
		return EVP_sha1();
	case GM_ALG_SHA256:
		return EVP_sha256();
	default:
		return NULL;
	}
}

/* ---- signatures ---- */

static gboolean
check_rsa(EVP_PKEY *key, GBytes *data, GBytes *signature)
{
	const EVP_MD *const hashes[] = {EVP_sha256(), EVP_sm3(), EVP_sha1()};
	gboolean good = FALSE;

	for (gsize i = 0; i < G_N_ELEMENTS(hashes) && !good; i++) {
		g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();

		good = ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, hashes[i], NULL, key) == 1 &&
		       EVP_DigestVerify(ctx, g_bytes_get_data(signature, NULL),
					g_bytes_get_size(signature), g_bytes_get_data(data, NULL),
					g_bytes_get_size(data)) == 1;
	}
	ERR_clear_error();
	return good;
}

/* r and s as keys give them, as DER. */
static GBytes *
der_of_raw(GBytes *raw)
{
	const guchar *bytes = g_bytes_get_data(raw, NULL);
	g_autoptr(ECDSA_SIG) sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(bytes, GM_SM2_LEN, NULL);
	BIGNUM *s = BN_bin2bn(bytes + GM_SM2_LEN, GM_SM2_LEN, NULL);
	unsigned char *der = NULL;
	GBytes *ret;
	int len;

	if (sig == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return NULL;
	}
	len = i2d_ECDSA_SIG(sig, &der);
	ret = len > 0 ? g_bytes_new(der, (gsize)len) : NULL;
	OPENSSL_free(der);
	return ret;
}

gboolean
ouk_proof_check(X509 *x509, GBytes *data, GBytes *signature)
{
	EVP_PKEY *key = X509_get0_pubkey(x509);
	g_autoptr(GBytes) der = NULL;

	if (key == NULL)
		return FALSE;
	if (ouk_key_type(key) == OUK_KEY_RSA)
		return check_rsa(key, data, signature);
	if (ouk_key_type(key) == OUK_KEY_SM2 && g_bytes_get_size(signature) == 2 * GM_SM2_LEN)
		der = der_of_raw(signature);
	return ouk_signature_check(key, data, der != NULL ? der : signature);
}

/* ---- certificates ---- */

static OukProfiles *
profiles(void)
{
	static gsize once;
	static OukProfiles *loaded;

	if (g_once_init_enter(&once)) {
		loaded = ouk_profiles_load_default();
		g_once_init_leave(&once, 1);
	}
	return loaded;
}

int
ouk_proof_validate(X509 *x509)
{
	const OukProfile *profile = ouk_profiles_for_cert(profiles(), x509);
	g_autoptr(OukChain) chain =
		ouk_chain_build(x509, profile, NULL, g_get_real_time() / G_USEC_PER_SEC);

	if (X509_cmp_current_time(X509_get0_notBefore(x509)) > 0)
		return OUK_PROOF_NOT_YET;
	if (X509_cmp_current_time(X509_get0_notAfter(x509)) < 0)
		return OUK_PROOF_ENDED;
	switch (chain->state) {
	case OUK_CHAIN_OK:
		return OUK_PROOF_GOOD;
	case OUK_CHAIN_NO_ANCHOR:
	case OUK_CHAIN_INCOMPLETE:
	case OUK_CHAIN_UNTRUSTED:
	case OUK_CHAIN_BROKEN:
		return OUK_PROOF_UNTRUSTED;
	default:
		return OUK_PROOF_OTHER;
	}
}

/* ---- encryption ---- */

GBytes *
ouk_proof_encrypt(X509 *x509, GBytes *data)
{
	EVP_PKEY *key = X509_get0_pubkey(x509);
	g_autoptr(EVP_PKEY_CTX) ctx = key != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	const guchar *bytes = g_bytes_get_data(data, NULL);
	gsize size = g_bytes_get_size(data), len = 0;
	g_autofree guchar *out = NULL;
	gboolean good;

	good = ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1 &&
	       (ouk_key_type(key) != OUK_KEY_RSA ||
		EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1) &&
	       EVP_PKEY_encrypt(ctx, NULL, &len, bytes, size) == 1;
	if (good) {
		out = g_malloc(len);
		good = EVP_PKEY_encrypt(ctx, out, &len, bytes, size) == 1;
	}
	ERR_clear_error();
	return good ? g_bytes_new(out, len) : NULL;
}
