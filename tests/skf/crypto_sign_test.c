/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Key pairs and signatures through SKF_*: OpenSSL believes them, and our PKCS#11 module sees them.
 */
#include "tests/skf/crypto_desk.h"

#include "common/openukey.h"

#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct desk_key sm2_key = {.alg = "sm2"};
static const struct desk_key rsa_key = {.alg = "rsa"};
static const struct desk_key rsa1024_key = {.alg = "rsa1024"};
static const struct desk_key each_use = {.alg = "sm2", .model = "VC"};
static const struct desk_key little_endian = {.alg = "sm2", .model = "V1"};
static const struct desk_key blank = {.alg = NULL};

static BYTE message[] = "单位缴存信息 2026-11";
#define MESSAGE_LEN (sizeof(message) - 1)

static BYTE default_id[] = "1234567812345678";

/* ---- the other side ---- */

static bool
sm2_is_good(EVP_PKEY *key, const char *id, const ECCSIGNATUREBLOB *sig)
{
	EVP_PKEY_CTX *key_ctx = EVP_PKEY_CTX_new(key, NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t rs[64];
	uint8_t der[80];
	CK_ULONG len;
	bool good;

	memcpy(rs, sig->r + 32, 32);
	memcpy(rs + 32, sig->s + 32, 32);
	len = oracle_der(rs, der, sizeof(der));
	assert_int_equal(EVP_PKEY_CTX_set1_id(key_ctx, id, (int)strlen(id)), 1);
	EVP_MD_CTX_set_pkey_ctx(ctx, key_ctx);
	assert_int_equal(EVP_DigestVerifyInit_ex(ctx, NULL, "SM3", NULL, NULL, key, NULL), 1);
	good = EVP_DigestVerify(ctx, der, len, message, MESSAGE_LEN) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_CTX_free(key_ctx);
	return good;
}

static bool
rsa_is_good(EVP_PKEY *key, const BYTE *sig, ULONG len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good;

	assert_int_equal(EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL), 1);
	good = EVP_DigestVerify(ctx, sig, len, message, MESSAGE_LEN) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

/* ---- what is signed ---- */

static void
sm2_digest(struct seat *seat, const ECCPUBLICKEYBLOB *pub, BYTE *id, BYTE out[32])
{
	ECCPUBLICKEYBLOB copy = *pub;
	HANDLE hash = NULL;
	ULONG len = 32;

	assert_sar(SKF_DigestInit(seat->dev, SGD_SM3, &copy, id, (ULONG)strlen((const char *)id),
				  &hash),
		   SAR_OK);
	assert_sar(SKF_Digest(hash, message, MESSAGE_LEN, out, &len), SAR_OK);
	assert_int_equal(len, 32);
	assert_sar(SKF_CloseHandle(hash), SAR_OK);
}

/* The DigestInfo of SHA-256 and the digest, as RSA signs it. */
static ULONG
rsa_data(struct seat *seat, BYTE out[51])
{
	static const BYTE prefix[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
	HANDLE hash = NULL;
	ULONG len = 32;

	memcpy(out, prefix, sizeof(prefix));
	assert_sar(SKF_DigestInit(seat->dev, SGD_SHA256, NULL, NULL, 0, &hash), SAR_OK);
	assert_sar(SKF_Digest(hash, message, MESSAGE_LEN, out + sizeof(prefix), &len), SAR_OK);
	assert_sar(SKF_CloseHandle(hash), SAR_OK);
	return (ULONG)sizeof(prefix) + len;
}

static ECCPUBLICKEYBLOB
ecc_public(HCONTAINER con, BOOL sign)
{
	ECCPUBLICKEYBLOB pub;
	ULONG len = 0;

	assert_sar(SKF_ExportPublicKey(con, sign, NULL, &len), SAR_OK);
	assert_int_equal(len, sizeof(pub));
	len--;
	assert_sar(SKF_ExportPublicKey(con, sign, (BYTE *)&pub, &len), SAR_BUFFER_TOO_SMALL);
	assert_int_equal(len, sizeof(pub));
	assert_sar(SKF_ExportPublicKey(con, sign, (BYTE *)&pub, &len), SAR_OK);
	return pub;
}

static RSAPUBLICKEYBLOB
rsa_public(HCONTAINER con, BOOL sign)
{
	RSAPUBLICKEYBLOB pub;
	ULONG len = sizeof(pub);

	assert_sar(SKF_ExportPublicKey(con, sign, (BYTE *)&pub, &len), SAR_OK);
	assert_int_equal(len, sizeof(pub));
	assert_int_equal(pub.AlgID, SGD_RSA);
	return pub;
}

/* ---- SM2 ---- */

static void
sign_and_verify_sm2(struct seat *seat, HCONTAINER con, BYTE *id)
{
	ECCPUBLICKEYBLOB pub = ecc_public(con, TRUE);
	EVP_PKEY *key = crypto_pkey_ecc(&pub);
	ECCSIGNATUREBLOB sig;
	BYTE digest[32];

	sm2_digest(seat, &pub, id, digest);
	memset(&sig, 0x5a, sizeof(sig));
	assert_sar(SKF_ECCSignData(con, digest, 32, &sig), SAR_OK);
	for (size_t i = 0; i < 32; i++) {
		assert_int_equal(sig.r[i], 0);
		assert_int_equal(sig.s[i], 0);
	}
	assert_true(sm2_is_good(key, (const char *)id, &sig));
	assert_sar(SKF_ECCVerify(seat->dev, &pub, digest, 32, &sig), SAR_OK);
	digest[7] ^= 1;
	assert_sar(SKF_ECCVerify(seat->dev, &pub, digest, 32, &sig), SAR_HASHNOTEQUALERR);
	EVP_PKEY_free(key);
}

static void
sm2_signatures_with_z_are_good(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &sm2_key);
	BYTE other_id[] = "alice@example.cn";

	sign_and_verify_sm2(seat, seat->con, default_id);
	sign_and_verify_sm2(seat, seat->con, other_id);
	/* the digest is the one that everybody else makes */
	ECCPUBLICKEYBLOB pub = ecc_public(seat->con, TRUE);
	BYTE ours[32];
	BYTE theirs[32];
	sm2_digest(seat, &pub, default_id, ours);
	oracle_sm2_digest("sm2", message, MESSAGE_LEN, theirs);
	assert_memory_equal(ours, theirs, 32);
}

static void
a_key_with_the_other_byte_order_signs_the_same_way(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &little_endian);

	sign_and_verify_sm2(seat, seat->con, default_id);
}

static void
numbers_longer_than_they_may_be_are_refused(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &sm2_key);
	ECCPUBLICKEYBLOB pub = ecc_public(seat->con, TRUE);
	ECCPUBLICKEYBLOB odd = pub;
	ECCSIGNATUREBLOB sig;
	ECCSIGNATUREBLOB odd_sig;
	BYTE digest[33] = {0};
	HANDLE hash = NULL;

	assert_sar(SKF_ECCSignData(seat->con, digest, 31, &sig), SAR_INDATALENERR);
	assert_sar(SKF_ECCSignData(seat->con, digest, 33, &sig), SAR_INDATALENERR);
	assert_sar(SKF_ECCSignData(seat->con, NULL, 32, &sig), SAR_INVALIDPARAMERR);
	assert_sar(SKF_ECCSignData(seat->con, digest, 32, NULL), SAR_INVALIDPARAMERR);
	assert_sar(SKF_ECCSignData(seat->con, digest, 32, &sig), SAR_OK);
	assert_sar(SKF_ECCVerify(seat->dev, &pub, digest, 31, &sig), SAR_INDATALENERR);
	for (size_t at = 0; at < 32; at += 31) {
		odd_sig = sig;
		odd_sig.r[at] = 1;
		assert_sar(SKF_ECCVerify(seat->dev, &pub, digest, 32, &odd_sig), SAR_INDATAERR);
		odd_sig = sig;
		odd_sig.s[at] = 0x80;
		assert_sar(SKF_ECCVerify(seat->dev, &pub, digest, 32, &odd_sig), SAR_INDATAERR);
		odd = pub;
		odd.XCoordinate[at] = 1;
		assert_sar(SKF_ECCVerify(seat->dev, &odd, digest, 32, &sig), SAR_INDATAERR);
		odd = pub;
		odd.YCoordinate[at] = 1;
		assert_sar(SKF_DigestInit(seat->dev, SGD_SM3, &odd, default_id, 16, &hash),
			   SAR_INDATAERR);
	}
	odd = pub;
	odd.BitLen = 512;
	assert_sar(SKF_ECCVerify(seat->dev, &odd, digest, 32, &sig), SAR_MODULUSLENERR);
	odd = pub;
	odd.YCoordinate[63] ^= 1; /* not on the curve */
	assert_sar(SKF_ECCVerify(seat->dev, &odd, digest, 32, &sig), SAR_INDATAERR);
	memset(&odd_sig, 0, sizeof(odd_sig));
	assert_sar(SKF_ECCVerify(seat->dev, &pub, digest, 32, &odd_sig), SAR_HASHNOTEQUALERR);
	/* left-aligned, as some have it: not taken for something else */
	memcpy(odd_sig.r, sig.r + 32, 32);
	memcpy(odd_sig.s, sig.s + 32, 32);
	assert_sar(SKF_ECCVerify(seat->dev, &pub, digest, 32, &odd_sig), SAR_INDATAERR);
}

static void
a_new_sm2_pair_signs_and_both_families_name_it(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *seat = crypto_user(desk, 0, &blank);
	HCONTAINER con = crypto_container(seat, "made-by-skf");
	ECCPUBLICKEYBLOB made;
	ECCPUBLICKEYBLOB again;
	ULONG type = 99;

	assert_sar(SKF_GenECCKeyPair(con, SGD_SM2_3, &made), SAR_NOTSUPPORTYETERR);
	assert_sar(SKF_GenECCKeyPair(con, SGD_RSA, &made), SAR_NOTSUPPORTYETERR);
	assert_sar(SKF_GenECCKeyPair(con, SGD_SM2_1, NULL), SAR_INVALIDPARAMERR);
	assert_sar(SKF_GenECCKeyPair(con, SGD_SM2_1, &made), SAR_OK);
	again = ecc_public(con, TRUE);
	assert_memory_equal(&made, &again, sizeof(made));
	sign_and_verify_sm2(seat, con, default_id);
	assert_sar(SKF_GetContainerType(con, &type), SAR_OK);
	assert_int_equal(type, CONTAINER_TYPE_ECC);
	assert_sar(SKF_ExportPublicKey(con, FALSE, (BYTE *)&again, &(ULONG){sizeof(again)}),
		   SAR_KEYNOTFOUNTERR);
	con = crypto_container(seat, "family-b");
	assert_sar(SKF_GenECCKeyPair(con, 0x00020200, &made), SAR_OK);
	sign_and_verify_sm2(seat, con, default_id);
}

static void
anybody_can_be_encrypted_to(void **state)
{
	struct seat *seat = crypto_seat(*state, 0, &sm2_key);
	struct recipient who = recipient_new(256);
	ECCPUBLICKEYBLOB pub = crypto_ecc_of(&who.key);
	BYTE room[offsetof(ECCCIPHERBLOB, Cipher) + 600 + 1] __attribute__((aligned(4)));
	static const ULONG lengths[] = {1, 16, 32, 33, 600};
	const ECCCIPHERBLOB *blob = (const ECCCIPHERBLOB *)room;
	uint8_t cipher[700];
	uint8_t again[700];
	BYTE text[600];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (BYTE)(i * 5 + 1);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		ULONG len = lengths[i];
		size_t end = offsetof(ECCCIPHERBLOB, Cipher) + len;

		memset(room, 0x5a, sizeof(room));
		assert_sar(SKF_ExtECCEncrypt(seat->dev, &pub, text, len, (ECCCIPHERBLOB *)room),
			   SAR_OK);
		assert_int_equal(blob->CipherLen, len);
		assert_int_equal(room[end], 0x5a);
		memcpy(cipher, blob->XCoordinate + 32, 32);
		memcpy(cipher + 32, blob->YCoordinate + 32, 32);
		memcpy(cipher + 64, blob->HASH, 32);
		memcpy(cipher + 96, room + offsetof(ECCCIPHERBLOB, Cipher), len);
		assert_int_equal(recipient_open_sm2(&who, uk_span_of(cipher, 96 + len), again,
						    sizeof(again)),
				 len);
		assert_memory_equal(again, text, len);
	}
	assert_sar(SKF_ExtECCEncrypt(seat->dev, &pub, text, 0, (ECCCIPHERBLOB *)room),
		   SAR_INDATALENERR);
	assert_sar(SKF_ExtECCEncrypt(seat->dev, &pub, text, 0x7fffffff, (ECCCIPHERBLOB *)room),
		   SAR_INDATALENERR);
	assert_sar(SKF_ExtECCEncrypt(seat->dev, &pub, text, 16, NULL), SAR_INVALIDPARAMERR);
	pub.XCoordinate[63] ^= 1;
	assert_sar(SKF_ExtECCEncrypt(seat->dev, &pub, text, 16, (ECCCIPHERBLOB *)room),
		   SAR_INDATAERR);
	recipient_free(&who);
}

/* ---- RSA ---- */

static void
sign_and_verify_rsa(struct seat *seat, HCONTAINER con, ULONG bits)
{
	RSAPUBLICKEYBLOB pub = rsa_public(con, TRUE);
	EVP_PKEY *key = crypto_pkey_rsa(&pub);
	BYTE data[51];
	ULONG data_len = rsa_data(seat, data);
	BYTE sig[257];
	ULONG len = 0;

	assert_int_equal(pub.BitLen, bits);
	assert_sar(SKF_RSASignData(con, data, data_len, NULL, &len), SAR_OK);
	assert_int_equal(len, bits / 8);
	len--;
	assert_sar(SKF_RSASignData(con, data, data_len, sig, &len), SAR_BUFFER_TOO_SMALL);
	assert_int_equal(len, bits / 8);
	sig[len] = 0x5a;
	assert_sar(SKF_RSASignData(con, data, data_len, sig, &len), SAR_OK);
	assert_int_equal(len, bits / 8);
	assert_int_equal(sig[len], 0x5a);
	assert_true(rsa_is_good(key, sig, len));
	assert_sar(SKF_RSAVerify(seat->dev, &pub, data, data_len, sig, len), SAR_OK);
	assert_sar(SKF_RSAVerify(seat->dev, &pub, data, data_len, sig, len - 1), SAR_INDATALENERR);
	sig[5] ^= 4;
	assert_sar(SKF_RSAVerify(seat->dev, &pub, data, data_len, sig, len), SAR_HASHNOTEQUALERR);
	EVP_PKEY_free(key);
}

static void
rsa_signatures_are_good(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *seat = crypto_user(desk, 0, &rsa_key);
	BYTE data[300] = {0};
	BYTE sig[256];
	ULONG len = sizeof(sig);

	sign_and_verify_rsa(seat, seat->con, 2048);
	assert_sar(SKF_RSASignData(seat->con, data, 246, sig, &len), SAR_INDATALENERR);
	assert_sar(SKF_RSASignData(seat->con, data, 0, sig, &len), SAR_INDATALENERR);
	assert_sar(SKF_RSASignData(seat->con, NULL, 51, sig, &len), SAR_INVALIDPARAMERR);
	assert_sar(SKF_RSASignData(seat->con, data, 51, sig, NULL), SAR_INVALIDPARAMERR);
	assert_sar(SKF_RSASignData(seat->con, data, 245, sig, &len), SAR_OK);
	/* with room for any, nothing is asked before: one command */
	long before = desk_status(&desk->p11, 0, "commands");
	assert_sar(SKF_RSASignData(seat->con, data, 51, sig, &len), SAR_OK);
	assert_int_equal(desk_status(&desk->p11, 0, "commands") - before, 1);
	/* the other kind of signature */
	ECCSIGNATUREBLOB rs;
	assert_int_not_equal(SKF_ECCSignData(seat->con, data, 32, &rs), SAR_OK);
}

static void
a_shorter_modulus_stands_at_the_end_of_its_field(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *seat = crypto_user(desk, 0, &rsa1024_key);
	RSAPUBLICKEYBLOB pub = rsa_public(seat->con, TRUE);
	static const BYTE exponent[] = {0, 1, 0, 1};
	BYTE data[51];
	ULONG data_len = rsa_data(seat, data);
	BYTE sig[256];
	ULONG len = sizeof(sig);

	for (size_t i = 0; i < 128; i++)
		assert_int_equal(pub.Modulus[i], 0);
	assert_memory_equal(pub.PublicExponent, exponent, 4);
	sign_and_verify_rsa(seat, seat->con, 1024);
	assert_sar(SKF_RSASignData(seat->con, data, data_len, sig, &len), SAR_OK);
	pub.Modulus[0] = 1;
	assert_sar(SKF_RSAVerify(seat->dev, &pub, data, data_len, sig, len), SAR_INDATAERR);
	pub.Modulus[0] = 0;
	pub.PublicExponent[3] = 2;
	assert_sar(SKF_RSAVerify(seat->dev, &pub, data, data_len, sig, len), SAR_INDATAERR);
	pub.PublicExponent[3] = 1;
	pub.BitLen = 1023;
	assert_sar(SKF_RSAVerify(seat->dev, &pub, data, data_len, sig, len), SAR_RSAMODULUSLENERR);
	pub.BitLen = 0xffffffff;
	assert_sar(SKF_RSAVerify(seat->dev, &pub, data, data_len, sig, len), SAR_RSAMODULUSLENERR);
}

static void
a_new_rsa_pair_signs(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &blank);
	HCONTAINER con = crypto_container(seat, "rsa-by-skf");
	RSAPUBLICKEYBLOB made;
	RSAPUBLICKEYBLOB again;

	assert_sar(SKF_GenRSAKeyPair(con, 512, &made), SAR_RSAMODULUSLENERR);
	assert_sar(SKF_GenRSAKeyPair(con, 1024, NULL), SAR_INVALIDPARAMERR);
	assert_sar(SKF_GenRSAKeyPair(con, 1024, &made), SAR_OK);
	again = rsa_public(con, TRUE);
	assert_memory_equal(&made, &again, sizeof(made));
	sign_and_verify_rsa(seat, con, 1024);
}

/* ---- rights, loss ---- */

static void
without_a_login_nothing_private_is_done(void **state)
{
	struct seat *seat = crypto_seat(*state, 0, &sm2_key);
	ECCPUBLICKEYBLOB pub = ecc_public(seat->con, TRUE);
	RSAPUBLICKEYBLOB rsa;
	ECCSIGNATUREBLOB sig;
	ENVELOPEDKEYBLOB env = {.Version = 1};
	BYTE digest[32] = {0};
	BYTE out[256];
	ULONG len = sizeof(out);

	assert_sar(SKF_ECCSignData(seat->con, digest, 32, &sig), SAR_USER_NOT_LOGGED_IN);
	assert_sar(SKF_RSASignData(seat->con, digest, 32, out, &len), SAR_USER_NOT_LOGGED_IN);
	assert_sar(SKF_GenECCKeyPair(seat->con, SGD_SM2_1, &pub), SAR_USER_NOT_LOGGED_IN);
	assert_sar(SKF_GenRSAKeyPair(seat->con, 1024, &rsa), SAR_USER_NOT_LOGGED_IN);
	assert_sar(SKF_ImportECCKeyPair(seat->con, &env), SAR_USER_NOT_LOGGED_IN);
	assert_sar(SKF_ImportRSAKeyPair(seat->con, SGD_SM4_ECB, out, 128, out, 256),
		   SAR_USER_NOT_LOGGED_IN);
	assert_sar(SKF_GenRandom(seat->dev, digest, sizeof(digest)), SAR_OK);
	crypto_login(seat);
	assert_sar(SKF_ECCSignData(seat->con, digest, 32, &sig), SAR_OK);
	assert_sar(SKF_ClearSecureState(seat->app), SAR_OK);
	assert_sar(SKF_ECCSignData(seat->con, digest, 32, &sig), SAR_USER_NOT_LOGGED_IN);
}

static void
where_the_right_is_for_one_use_the_second_is_refused(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &each_use);
	ECCPUBLICKEYBLOB pub = ecc_public(seat->con, TRUE);
	ECCSIGNATUREBLOB sig;
	BYTE digest[32];

	sm2_digest(seat, &pub, default_id, digest);
	for (int i = 0; i < 2; i++) {
		assert_sar(SKF_ECCSignData(seat->con, digest, 32, &sig), SAR_OK);
		assert_sar(SKF_ECCVerify(seat->dev, &pub, digest, 32, &sig), SAR_OK);
		assert_sar(SKF_ECCSignData(seat->con, digest, 32, &sig), SAR_USER_NOT_LOGGED_IN);
		crypto_login(seat);
	}
}

static void
another_keys_handles_are_not_mixed_up(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *here = crypto_user(desk, 0, &sm2_key);
	struct seat *there = crypto_seat(desk, 1, &sm2_key);
	ECCSIGNATUREBLOB sig;
	BYTE digest[32] = {0};

	assert_sar(SKF_ECCSignData(here->con, digest, 32, &sig), SAR_OK);
	assert_sar(SKF_ECCSignData(there->con, digest, 32, &sig), SAR_USER_NOT_LOGGED_IN);
	assert_sar(SKF_ECCSignData(here->app, digest, 32, &sig), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_GenRandom(here->con, digest, 32), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_GenRandom((HANDLE)digest, digest, 32), SAR_INVALIDHANDLEERR);
	desk_pull(&desk->p11, 0);
	assert_sar(SKF_ECCSignData(here->con, digest, 32, &sig), SAR_DEVICE_REMOVED);
	crypto_login(there);
	assert_sar(SKF_ECCSignData(there->con, digest, 32, &sig), SAR_OK);
	desk_tell(&desk->p11, 1, "fault ins 74 pull-before");
	assert_sar(SKF_ECCSignData(there->con, digest, 32, &sig), SAR_DEVICE_REMOVED);
	crypto_plug_back(&desk->p11, 1);
}

static void
randoms_of_any_length_come_from_the_key(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *seat = crypto_seat(desk, 0, &sm2_key);
	static const ULONG lengths[] = {1, 8, 255, 256, 257, 5000};
	static BYTE out[5001];
	static const BYTE zeros[64];

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		memset(out, 0, sizeof(out));
		assert_sar(SKF_GenRandom(seat->dev, out, lengths[i]), SAR_OK);
		assert_int_equal(out[lengths[i]], 0);
		if (lengths[i] > sizeof(zeros))
			assert_memory_not_equal(out + lengths[i] - sizeof(zeros), zeros,
						sizeof(zeros));
	}
	assert_sar(SKF_GenRandom(seat->dev, NULL, 0), SAR_OK);
	assert_sar(SKF_GenRandom(seat->dev, NULL, 8), SAR_INVALIDPARAMERR);
	assert_true(desk_command_count(&desk->p11, 0, 0x50) > 0);
}

/* ---- beside PKCS#11 ---- */

static void
what_pkcs11_made_signs_through_skf(void **state)
{
	struct crypto_desk *desk = *state;
	CK_SESSION_HANDLE session = desk_user(&desk->p11, &blank);
	char name[] = "made-by-p11";
	static unsigned char der[4096];
	struct seat *seat;

	assert_rv(desk_generate(&desk->p11, session, "sm2", name), CKR_OK);
	assert_rv(desk_import(&desk->p11, session, der,
			      desk_issue(&desk->p11, session, "sm2", der, sizeof(der))),
		  CKR_OK);
	crypto_open(desk, 0);
	seat = &desk->seats[0];
	assert_sar(SKF_OpenContainer(seat->app, name, &seat->con), SAR_OK);
	/* PKCS#11's login is PKCS#11's */
	ECCSIGNATUREBLOB sig;
	assert_sar(SKF_ECCSignData(seat->con, der, 32, &sig), SAR_USER_NOT_LOGGED_IN);
	crypto_login(seat);
	sign_and_verify_sm2(seat, seat->con, default_id);
	static BYTE cert[4096];
	ULONG len = sizeof(cert);
	assert_sar(SKF_ExportCertificate(seat->con, TRUE, cert, &len), SAR_OK);
	assert_memory_equal(cert, der, len);
}

static void
what_skf_made_signs_through_pkcs11(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *seat = crypto_user(desk, 0, &blank);
	HCONTAINER con = crypto_container(seat, "made-by-skf");
	CK_SESSION_HANDLE session;
	struct desk_signature signature;
	ECCPUBLICKEYBLOB pub;
	ECCSIGNATUREBLOB blob = {0};
	EVP_PKEY *key;

	assert_sar(SKF_GenECCKeyPair(con, SGD_SM2_1, &pub), SAR_OK);
	session = desk_session(&desk->p11, 0);
	assert_rv(desk_login(&desk->p11, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk_sign(&desk->p11, session, CKM_VENDOR_SM3_SM2_DEFAULT_ID, message,
			    MESSAGE_LEN, &signature),
		  CKR_OK);
	assert_int_equal(signature.len, 64);
	memcpy(blob.r + 32, signature.bytes, 32);
	memcpy(blob.s + 32, signature.bytes + 32, 32);
	key = crypto_pkey_ecc(&pub);
	assert_true(sm2_is_good(key, (const char *)default_id, &blob));
	EVP_PKEY_free(key);
	/* the one's logout is not the other's */
	BYTE digest[32] = {0};
	assert_rv(desk->p11.f->C_Logout(session), CKR_OK);
	assert_sar(SKF_ECCSignData(con, digest, 32, &blob), SAR_OK);
}

#define TEST(name) cmocka_unit_test_teardown(name, crypto_desk_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sm2_signatures_with_z_are_good),
		TEST(a_key_with_the_other_byte_order_signs_the_same_way),
		TEST(numbers_longer_than_they_may_be_are_refused),
		TEST(a_new_sm2_pair_signs_and_both_families_name_it),
		TEST(anybody_can_be_encrypted_to),
		TEST(rsa_signatures_are_good),
		TEST(a_shorter_modulus_stands_at_the_end_of_its_field),
		TEST(a_new_rsa_pair_signs),
		TEST(without_a_login_nothing_private_is_done),
		TEST(where_the_right_is_for_one_use_the_second_is_refused),
		TEST(another_keys_handles_are_not_mixed_up),
		TEST(randoms_of_any_length_come_from_the_key),
		TEST(what_pkcs11_made_signs_through_skf),
		TEST(what_skf_made_signs_through_pkcs11),
	};

	return cmocka_run_group_tests_name("skf: key pairs and signatures", tests,
					   crypto_desk_start, crypto_desk_stop);
}
