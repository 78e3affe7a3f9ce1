/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Our thin use of libcrypto, against published vectors and against the rest of libcrypto. */
#include "drivers/crypto/crypto.h"
#include "tests/unit/unit.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

/* ---- digests and SM4 ---- */

static void
digests_match_published_vectors(void **state)
{
	static const struct {
		enum crypto_hash hash;
		const char *abc; /* of "abc" */
	} rows[] = {
		{CRYPTO_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{CRYPTO_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{CRYPTO_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
				"8086072ba1e7cc2358baeca134c825a7"},
		{CRYPTO_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
				"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
		{CRYPTO_SM3, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t once[CRYPTO_HASH_MAX], parts[CRYPTO_HASH_MAX], hex[CRYPTO_HASH_MAX];
		struct uk_span wanted = hex_take(hex, rows[i].abc);
		struct crypto_digest *digest = NULL;

		assert_int_equal(crypto_hash_len(rows[i].hash), wanted.len);
		assert_ok(crypto_hash(rows[i].hash, str("abc"), once));
		assert_bytes(uk_span_of(once, wanted.len), wanted);
		assert_ok(crypto_digest_new(rows[i].hash, &digest));
		assert_ok(crypto_digest_update(digest, str("a")));
		assert_ok(crypto_digest_update(digest, str("")));
		assert_ok(crypto_digest_update(digest, str("bc")));
		assert_ok(crypto_digest_final(digest, parts));
		crypto_digest_free(digest);
		assert_bytes(uk_span_of(parts, wanted.len), wanted);
	}
	crypto_digest_free(NULL);
}

/* GB/T 32907, appendix A.1 */
static void
sm4_matches_the_standards_example(void **state)
{
	struct uk_span key = HEX("0123456789abcdeffedcba9876543210");
	uint8_t out[32], last[16], zero[16] = {0};

	(void)state;
	assert_ok(crypto_sm4_ecb_encrypt(key.ptr, key, out));
	assert_bytes(uk_span_of(out, 16), HEX("681edf34d206965e86b3e94f536e4246"));
	/* CBC: the second block is chained to the first */
	assert_ok(crypto_sm4_cbc_mac(key.ptr, zero, key, out));
	assert_bytes(uk_span_of(out, 16), HEX("681edf34d206965e86b3e94f536e4246"));
	memcpy(out, key.ptr, 16);
	memcpy(out + 16, HEX("681edf34d206965e86b3e94f536e4246").ptr, 16);
	for (size_t i = 0; i < 16; i++)
		out[16 + i] ^= key.ptr[i]; /* so that the key is what is encrypted once more */
	assert_ok(crypto_sm4_cbc_mac(key.ptr, zero, uk_span_of(out, 32), last));
	assert_bytes(uk_span_of(last, 16), HEX("681edf34d206965e86b3e94f536e4246"));
	assert_int_equal(crypto_sm4_ecb_encrypt(key.ptr, uk_span_of(zero, 15), out), UK_E_DATA_LEN);
	assert_int_equal(crypto_sm4_cbc_mac(key.ptr, zero, uk_span_of(zero, 0), out),
			 UK_E_DATA_LEN);
}

/* ---- signatures ---- */

static void
number(EVP_PKEY *key, const char *name, uint8_t *out, size_t len)
{
	BIGNUM *value = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &value), 1);
	assert_int_equal(BN_bn2binpad(value, out, (int)len), len);
	BN_free(value);
}

static size_t
sign(EVP_PKEY *key, bool pkcs1, struct uk_span data, uint8_t *out, size_t room)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

	assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
	if (pkcs1)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
	assert_int_equal(EVP_PKEY_sign(ctx, out, &room, data.ptr, data.len), 1);
	EVP_PKEY_CTX_free(ctx);
	return room;
}

static void
sm2_signatures_of_others_check_out(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
		uint8_t x[32], y[32], digest[32], rs[64], again[72], sig[80];
		struct uk_writer raw = uk_writer_of(rs, sizeof(rs));
		struct uk_writer der = uk_writer_of(again, sizeof(again));
		size_t len;

		memset(digest, i * 13 + 1, sizeof(digest));
		number(key, OSSL_PKEY_PARAM_EC_PUB_X, x, 32);
		number(key, OSSL_PKEY_PARAM_EC_PUB_Y, y, 32);
		len = sign(key, false, uk_span_of(digest, 32), sig, sizeof(sig));
		assert_ok(crypto_sm2_sig_from_der(uk_span_of(sig, len), &raw));
		assert_ok(crypto_sm2_verify(x, y, uk_span_of(digest, 32), uk_writer_span(&raw)));
		assert_ok(crypto_sm2_sig_to_der(uk_writer_span(&raw), &der));
		assert_bytes(uk_writer_span(&der), uk_span_of(sig, len));
		digest[0] ^= 1;
		assert_int_equal(
			crypto_sm2_verify(x, y, uk_span_of(digest, 32), uk_writer_span(&raw)),
			UK_E_SIGNATURE);
		EVP_PKEY_free(key);
	}
}

static void
bad_sm2_signatures_and_points_are_refused(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
	uint8_t x[32], y[32], rs[64];
	struct uk_writer out = uk_writer_of(rs, sizeof(rs));
	struct uk_span digest =
		HEX("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");

	(void)state;
	number(key, OSSL_PKEY_PARAM_EC_PUB_X, x, 32);
	number(key, OSSL_PKEY_PARAM_EC_PUB_Y, y, 32);
	EVP_PKEY_free(key);
	memset(rs, 0, sizeof(rs));
	assert_int_equal(crypto_sm2_verify(x, y, digest, uk_span_of(rs, 64)), UK_E_SIGNATURE);
	memset(rs, 0xff, sizeof(rs));
	assert_int_equal(crypto_sm2_verify(x, y, digest, uk_span_of(rs, 64)), UK_E_SIGNATURE);
	assert_int_equal(crypto_sm2_verify(x, y, digest, uk_span_of(rs, 63)), UK_E_SIGNATURE);
	y[31] ^= 1;
	memset(rs, 1, sizeof(rs));
	assert_int_equal(crypto_sm2_verify(x, y, digest, uk_span_of(rs, 64)), UK_E_CRYPTO);
	assert_int_equal(crypto_sm2_sig_from_der(HEX("3006020101020181"), &out), UK_E_SIGNATURE);
	assert_int_equal(crypto_sm2_sig_from_der(HEX("300602010102010100"), &out), UK_E_SIGNATURE);
	assert_int_equal(crypto_sm2_sig_from_der(HEX("30060201"), &out), UK_E_SIGNATURE);
	assert_int_equal(ERR_peek_error(), 0); /* the host's queue is the host's */
}

/* The whole way, message to signature, as another implementation of Z sees it. */
static void
z_and_message_digest_are_those_of_openssl(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey_ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t x[32], y[32], z[32], e[32], sig[80], rs[64];
	struct uk_writer raw = uk_writer_of(rs, sizeof(rs));
	struct crypto_digest *digest;
	size_t len = sizeof(sig);

	(void)state;
	number(key, OSSL_PKEY_PARAM_EC_PUB_X, x, 32);
	number(key, OSSL_PKEY_PARAM_EC_PUB_Y, y, 32);
	assert_int_equal(EVP_PKEY_CTX_set1_id(pkey_ctx, GM_SM2_DEFAULT_ID, 16), 1);
	EVP_MD_CTX_set_pkey_ctx(ctx, pkey_ctx);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sm3(), NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, (const uint8_t *)"message", 7), 1);

	assert_ok(crypto_sm2_z(str(GM_SM2_DEFAULT_ID), x, y, z));
	assert_ok(crypto_digest_new(CRYPTO_SM3, &digest));
	assert_ok(crypto_digest_update(digest, uk_span_of(z, 32)));
	assert_ok(crypto_digest_update(digest, str("message")));
	assert_ok(crypto_digest_final(digest, e));
	crypto_digest_free(digest);
	assert_ok(crypto_sm2_sig_from_der(uk_span_of(sig, len), &raw));
	assert_ok(crypto_sm2_verify(x, y, uk_span_of(e, 32), uk_writer_span(&raw)));
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_CTX_free(pkey_ctx);
	EVP_PKEY_free(key);
}

static void
rsa_signatures_of_others_check_out(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	uint8_t n[256], sig[256], info_bytes[CRYPTO_HASH_MAX + 19], digest[CRYPTO_HASH_MAX];
	struct uk_writer info = uk_writer_of(info_bytes, sizeof(info_bytes));
	struct uk_span modulus = uk_span_of(n, sizeof(n));

	(void)state;
	number(key, OSSL_PKEY_PARAM_RSA_N, n, sizeof(n));
	assert_ok(crypto_hash(CRYPTO_SHA512, str("message"), digest));
	assert_ok(crypto_digest_info(CRYPTO_SHA512, uk_span_of(digest, 64), &info));
	assert_int_equal(sign(key, true, uk_writer_span(&info), sig, sizeof(sig)), 256);
	EVP_PKEY_free(key);
	assert_ok(crypto_rsa_verify(modulus, 65537, uk_writer_span(&info), uk_span_of(sig, 256)));
	assert_int_equal(crypto_rsa_verify(modulus, 65537, uk_span_of(info_bytes, info.len - 1),
					   uk_span_of(sig, 256)),
			 UK_E_SIGNATURE);
	assert_int_equal(
		crypto_rsa_verify(modulus, 65537, uk_writer_span(&info), uk_span_of(sig, 255)),
		UK_E_SIGNATURE);
	assert_int_equal(crypto_rsa_verify(modulus, 65537, uk_writer_span(&info), modulus),
			 UK_E_SIGNATURE);
	assert_int_equal(crypto_rsa_verify(modulus, 1, uk_writer_span(&info), uk_span_of(sig, 256)),
			 UK_E_CRYPTO);
	assert_int_equal(crypto_rsa_verify(modulus, 65537, modulus, uk_span_of(sig, 256)),
			 UK_E_DATA_LEN);
	assert_int_equal(crypto_digest_info(CRYPTO_SM3, uk_span_of(digest, 32), &info),
			 UK_E_NOT_SUPPORTED);
	assert_int_equal(crypto_digest_info(CRYPTO_SHA256, uk_span_of(digest, 31), &info),
			 UK_E_DATA_LEN);
}

/* ---- certificates ---- */

static size_t
cert_make(const char *type, uint8_t *out, size_t room)
{
	EVP_PKEY *key = strcmp(type, "RSA") == 0
				? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024)
			: strcmp(type, "SM2") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "SM2")
						   : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_NAME_new();
	uint8_t *der = NULL;
	int len;

	(void)X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const uint8_t *)"单位", -1, -1,
					 0);
	(void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)"张\x01三", -1,
					 -1, 0);
	(void)X509_NAME_add_entry_by_txt(name, "serialNumber", MBSTRING_UTF8,
					 (const uint8_t *)"9999", -1, -1, 0);
	assert_int_equal(X509_set_version(cert, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 0x1234), 1);
	assert_int_equal(X509_set_subject_name(cert, name), 1);
	assert_int_equal(X509_set_issuer_name(cert, name), 1);
	assert_int_equal(ASN1_TIME_set_string_X509(X509_getm_notBefore(cert), "20260102235959Z"),
			 1);
	assert_int_equal(ASN1_TIME_set_string_X509(X509_getm_notAfter(cert), "20510304000000Z"), 1);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, key, strcmp(type, "SM2") == 0 ? EVP_sm3() : EVP_sha256()) > 0);
	len = i2d_X509(cert, &der);
	assert_true(len > 0 && (size_t)len <= room);
	memcpy(out, der, (size_t)len);
	OPENSSL_free(der);
	X509_free(cert);
	X509_NAME_free(name);
	EVP_PKEY_free(key);
	return (size_t)len;
}

static void
certificates_are_read(void **state)
{
	uint8_t der[2000];
	struct crypto_cert cert;
	size_t len = cert_make("RSA", der, sizeof(der));

	(void)state;
	assert_ok(crypto_cert_read(uk_span_of(der, len), &cert));
	assert_string_equal(cert.label, "张?三");
	assert_string_equal(cert.not_before, "20260102");
	assert_string_equal(cert.not_after, "20510304");
	assert_bytes(uk_span_of(cert.serial, cert.serial_len), HEX("02021234"));
	assert_bytes(uk_span_of(cert.issuer, cert.issuer_len),
		     uk_span_of(cert.subject, cert.subject_len));
	assert_int_equal(cert.subject[0], 0x30);
	assert_int_equal(cert.key_type, CRYPTO_KEY_RSA);
	assert_int_equal(cert.key_bits, 1024);
	assert_int_equal(cert.modulus_len, 128);
	assert_int_equal(cert.exponent, 65537);
	crypto_cert_clear(&cert);
	crypto_cert_clear(&cert);

	len = cert_make("SM2", der, sizeof(der));
	assert_ok(crypto_cert_read(uk_span_of(der, len), &cert));
	assert_int_equal(cert.key_type, CRYPTO_KEY_SM2);
	assert_int_equal(cert.key_bits, 256);
	assert_memory_equal(cert.spki + cert.spki_len - 64, cert.x, 32);
	assert_memory_equal(cert.spki + cert.spki_len - 32, cert.y, 32);
	crypto_cert_clear(&cert);

	len = cert_make("EC", der, sizeof(der));
	assert_ok(crypto_cert_read(uk_span_of(der, len), &cert));
	assert_int_equal(cert.key_type, CRYPTO_KEY_OTHER);
	crypto_cert_clear(&cert);
}

static void
no_part_of_a_certificate_is_one(void **state)
{
	uint8_t der[2000];
	struct crypto_cert cert;
	size_t len = cert_make("SM2", der, sizeof(der) - 1);

	(void)state;
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(crypto_cert_read(uk_span_of(der, cut), &cert), UK_E_DATA);
	der[len] = 0;
	assert_int_equal(crypto_cert_read(uk_span_of(der, len + 1), &cert), UK_E_DATA);
	assert_int_equal(ERR_peek_error(), 0);
}

/* ---- envelopes ---- */

/* A number, an SM2 cipher of 16 bytes, a point, and an envelope around them with some algorithm. */
static size_t
envelope_make(const char *algorithm, size_t private_len, uint8_t *out)
{
	uint8_t hex[64], body[400];
	struct uk_writer inner = uk_writer_of(body, sizeof(body));
	struct uk_writer outer = uk_writer_of(out, 450);

	uk_put(&inner, hex_take(hex, algorithm));
	uk_put(&inner, HEX("3078"));     /* SM2Cipher */
	uk_put(&inner, HEX("02210080")); /* x: 32 bytes with the top bit set */
	uk_put_fill(&inner, 0x11, 31);
	uk_put(&inner, HEX("021f")); /* y: 31 bytes */
	uk_put_fill(&inner, 0x22, 31);
	uk_put(&inner, HEX("0420"));
	uk_put_fill(&inner, 0x33, 32);
	uk_put(&inner, HEX("0410"));
	uk_put_fill(&inner, 0x44, 16);
	uk_put(&inner, HEX("03420004"));
	uk_put_fill(&inner, 0x55, 32);
	uk_put_fill(&inner, 0x66, 32);
	uk_put_u8(&inner, 0x03);
	uk_put_u8(&inner, (uint8_t)(private_len + 1));
	uk_put_u8(&inner, 0);
	uk_put_fill(&inner, 0x77, private_len);
	uk_put(&outer, HEX("3082"));
	uk_put_u16(&outer, UK_BIG_ENDIAN, (uint16_t)inner.len);
	uk_put(&outer, uk_writer_span(&inner));
	assert_false(outer.overflow);
	return outer.len;
}

#define SM4_NULL "300b06072a811ccf5501680500"
#define SM4_ECB  "300a06082a811ccf55016801"
#define SM4_CBC  "300a06082a811ccf55016802"

static void
envelopes_are_taken_apart(void **state)
{
	uint8_t der[450];
	struct crypto_enveloped_key key;
	static const struct {
		const char *algorithm;
		bool ecb;
	} rows[] = {{SM4_NULL, true}, {SM4_ECB, true}, {SM4_CBC, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = envelope_make(rows[i].algorithm, 32 + 16 * i, der);

		assert_ok(crypto_enveloped_key_read(uk_span_of(der, len), &key));
		assert_int_equal(key.ecb_sm4, rows[i].ecb);
		assert_true(key.cipher.c1x[0] == 0x80 && key.cipher.c1x[31] == 0x11);
		assert_true(key.cipher.c1y[0] == 0 && key.cipher.c1y[1] == 0x22 &&
			    key.cipher.c3[0] == 0x33);
		assert_true(key.cipher.c2_len == 16 && key.cipher.c2[15] == 0x44);
		assert_true(key.x[0] == 0x55 && key.y[31] == 0x66);
		assert_int_equal(key.private_key_len, 32 + 16 * i);
		assert_int_equal(key.private_key[31 + 16 * i], 0x77);
	}
}

static void
what_is_no_envelope_is_refused(void **state)
{
	uint8_t der[450], cert[2000];
	struct crypto_enveloped_key key;
	size_t len = envelope_make(SM4_NULL, 64, der);

	(void)state;
	assert_ok(crypto_enveloped_key_read(uk_span_of(der, len), &key));
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(crypto_enveloped_key_read(uk_span_of(der, cut), &key),
				 UK_E_ENVELOPE);
	assert_int_equal(crypto_enveloped_key_read(uk_span_of(der, len + 1), &key), UK_E_ENVELOPE);
	assert_int_equal(
		crypto_enveloped_key_read(uk_span_of(der, envelope_make(SM4_NULL, 65, der)), &key),
		UK_E_ENVELOPE);
	len = cert_make("SM2", cert, sizeof(cert));
	assert_int_equal(crypto_enveloped_key_read(uk_span_of(cert, len), &key), UK_E_ENVELOPE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_match_published_vectors),
		cmocka_unit_test(sm4_matches_the_standards_example),
		cmocka_unit_test(sm2_signatures_of_others_check_out),
		cmocka_unit_test(bad_sm2_signatures_and_points_are_refused),
		cmocka_unit_test(z_and_message_digest_are_those_of_openssl),
		cmocka_unit_test(rsa_signatures_of_others_check_out),
		cmocka_unit_test(certificates_are_read),
		cmocka_unit_test(no_part_of_a_certificate_is_one),
		cmocka_unit_test(envelopes_are_taken_apart),
		cmocka_unit_test(what_is_no_envelope_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
