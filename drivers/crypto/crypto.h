/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The only user of libcrypto in the module: digests, SM4, verification, certificates.
 *
 * libcrypto is opened with dlopen at first use (RTLD_LOCAL, never unloaded) and used through a
 * private OSSL_LIB_CTX that loads no configuration, so that a module loaded from inside an OpenSSL
 * host's own openssl.cnf cannot deadlock, and so that start-up costs nothing.  Thread-safe.
 */
#ifndef UK_DRIVERS_CRYPTO_H
#define UK_DRIVERS_CRYPTO_H

#include "common/bytes.h"
#include "common/gm.h"
#include "common/status.h"

enum crypto_hash { CRYPTO_SHA1, CRYPTO_SHA256, CRYPTO_SHA384, CRYPTO_SHA512, CRYPTO_SM3 };

#define CRYPTO_HASH_MAX 64

/* Digest length in bytes. */
size_t crypto_hash_len(enum crypto_hash hash);

/* ---- running digests ---- */
struct crypto_digest;
UK_CHECKED enum uk_status crypto_digest_new(enum crypto_hash hash, struct crypto_digest **ret);
UK_CHECKED enum uk_status crypto_digest_update(struct crypto_digest *digest, struct uk_span data);
/* Writes crypto_hash_len bytes. */
UK_CHECKED enum uk_status crypto_digest_final(struct crypto_digest *digest, uint8_t *out);
/* NULL is legal. */
void crypto_digest_free(struct crypto_digest *digest);
/* All at once. */
UK_CHECKED enum uk_status crypto_hash(enum crypto_hash hash, struct uk_span data, uint8_t *out);

/* ---- SM4, for PIN cryptograms: key and iv are GM_BLOCK_LEN bytes, in.len a multiple of it ---- */
UK_CHECKED enum uk_status crypto_sm4_ecb_encrypt(const uint8_t *key, struct uk_span in,
						 uint8_t *out);
/* The last block of SM4-CBC, GM_BLOCK_LEN bytes. */
UK_CHECKED enum uk_status crypto_sm4_cbc_mac(const uint8_t *key, const uint8_t *iv,
					     struct uk_span in, uint8_t *out);

/* ---- public keys ---- */
/*
 * DigestInfo (PKCS #1 v1.5, RFC 8017 9.2) of a digest; room for CRYPTO_HASH_MAX + 19 bytes.
 * CRYPTO_SM3: UK_E_NOT_SUPPORTED.
 */
UK_CHECKED enum uk_status crypto_digest_info(enum crypto_hash hash, struct uk_span digest,
					     struct uk_writer *out);
/* PKCS #1 v1.5 over data as it is (a DigestInfo). UK_E_SIGNATURE when it does not match. */
UK_CHECKED enum uk_status crypto_rsa_verify(struct uk_span modulus, uint32_t exponent,
					    struct uk_span data, struct uk_span signature);
/* digest: SM3(Z || M); rs: r || s, 64 bytes. */
UK_CHECKED enum uk_status crypto_sm2_verify(const uint8_t *x, const uint8_t *y,
					    struct uk_span digest, struct uk_span rs);
/* Z of GM/T 0009 for the signer's id and public key; GM_SM3_LEN bytes. */
UK_CHECKED enum uk_status crypto_sm2_z(struct uk_span id, const uint8_t *x, const uint8_t *y,
				       uint8_t *out);
/* r || s (64 bytes) <-> SEQUENCE { INTEGER r, INTEGER s }; DER has at most 72 bytes. */
UK_CHECKED enum uk_status crypto_sm2_sig_to_der(struct uk_span rs, struct uk_writer *out);
UK_CHECKED enum uk_status crypto_sm2_sig_from_der(struct uk_span der, struct uk_writer *out);

/* ---- what PKCS#11 wants to know of a certificate ---- */
enum crypto_key_type { CRYPTO_KEY_OTHER, CRYPTO_KEY_RSA, CRYPTO_KEY_SM2 };

struct crypto_cert {
	uint8_t *subject, *issuer, *serial; /* DER, owned */
	size_t subject_len, issuer_len, serial_len;
	char label[129];                  /* commonName, else the last RDN's value; UTF-8 */
	char not_before[9], not_after[9]; /* YYYYMMDD, UTC */
	enum crypto_key_type key_type;
	unsigned int key_bits;
	uint8_t modulus[512]; /* RSA, modulus_len bytes */
	size_t modulus_len;
	uint32_t exponent;
	uint8_t x[GM_SM2_LEN], y[GM_SM2_LEN];
	uint8_t *spki; /* SubjectPublicKeyInfo, DER, owned */
	size_t spki_len;
};

/* UK_E_DATA when der is not exactly one X.509 certificate. */
UK_CHECKED enum uk_status crypto_cert_read(struct uk_span der, struct crypto_cert *ret);
void crypto_cert_clear(struct crypto_cert *cert);

/* SM2Cipher (GM/T 0009, DER) taken apart; numbers right-aligned. UK_E_ENVELOPE: it is not one. */
struct crypto_sm2_cipher {
	uint8_t c1x[32], c1y[32], c3[32], c2[64];
	size_t c2_len;
};
UK_CHECKED enum uk_status crypto_sm2_cipher_read(struct uk_span der, struct crypto_sm2_cipher *ret);

/*
 * SM2EnvelopedKey (GM/T 0009, DER) taken apart. Numbers right-aligned to their full length.
 * encrypted_private_key: the BIT STRING's bytes, at most 64. UK_E_ENVELOPE when it is not one.
 */
struct crypto_enveloped_key {
	bool ecb_sm4;                    /* symAlgID is SM4-ECB or plain SM4 */
	struct crypto_sm2_cipher cipher; /* of the SM4 key */
	uint8_t x[32], y[32];
	uint8_t private_key[64];
	size_t private_key_len;
};
UK_CHECKED enum uk_status crypto_enveloped_key_read(struct uk_span der,
						    struct crypto_enveloped_key *ret);

#endif
