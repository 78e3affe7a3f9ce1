/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Encryption pairs that come in wrapped, as CAs send them: both alignments, lies, damage. */
#include "tests/skf/crypto_desk.h"

#include "tests/driver/envelope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENVELOPE_LEN (offsetof(ENVELOPEDKEYBLOB, ECCCipherBlob) + BLOB_HEAD + 16)
#define BLOB_HEAD    offsetof(ECCCIPHERBLOB, Cipher)

static const struct desk_key sm2_key = {.alg = "sm2", .no_enc_pair = true};
static const struct desk_key rsa_key = {.alg = "rsa", .no_enc_pair = true};
static const struct desk_key little_endian = {.alg = "sm2", .model = "V1", .no_enc_pair = true};

/* ENVELOPEDKEYBLOB is as long as the cipher in it. */
union envelope {
	ENVELOPEDKEYBLOB blob;
	BYTE bytes[ENVELOPE_LEN + 8];
};

static struct token_public_key
signer_of(struct seat *seat)
{
	struct token_public_key key = {.type = TOKEN_KEY_SM2, .bits = 256};
	ECCPUBLICKEYBLOB pub;
	ULONG len = sizeof(pub);

	assert_sar(SKF_ExportPublicKey(seat->con, TRUE, (BYTE *)&pub, &len), SAR_OK);
	memcpy(key.x, pub.XCoordinate + 32, 32);
	memcpy(key.y, pub.YCoordinate + 32, 32);
	return key;
}

static union envelope
envelope_of(const struct token_envelope *env)
{
	union envelope ret;
	ENVELOPEDKEYBLOB *blob = &ret.blob;

	memset(&ret, 0, sizeof(ret));
	blob->Version = 1;
	blob->ulSymmAlgID = SGD_SM4_ECB;
	blob->ulBits = 256;
	memcpy(blob->cbEncryptedPriKey, env->private_key, 64);
	blob->PubKey.BitLen = 256;
	memcpy(blob->PubKey.XCoordinate + 32, env->x, 32);
	memcpy(blob->PubKey.YCoordinate + 32, env->y, 32);
	memcpy(blob->ECCCipherBlob.XCoordinate + 32, env->c1x, 32);
	memcpy(blob->ECCCipherBlob.YCoordinate + 32, env->c1y, 32);
	memcpy(blob->ECCCipherBlob.HASH, env->c3, 32);
	blob->ECCCipherBlob.CipherLen = 16;
	memcpy((BYTE *)&blob->ECCCipherBlob + BLOB_HEAD, env->c2, 16);
	return ret;
}

/* The pair is there, and its private half is the one that belongs to it. */
static void
pair_works(struct seat *seat, const ECCPUBLICKEYBLOB *wanted)
{
	ECCPUBLICKEYBLOB pub;
	ULONG len = sizeof(pub);
	HANDLE key;

	assert_sar(SKF_ExportPublicKey(seat->con, FALSE, (BYTE *)&pub, &len), SAR_OK);
	assert_memory_equal(&pub, wanted, sizeof(pub));
	key = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	crypto_there_and_back(key, SGD_SM4_CBC, true, 50);
	assert_sar(SKF_CloseHandle(key), SAR_OK);
}

static void
import_both_alignments(struct crypto_desk *desk, const struct desk_key *key)
{
	for (int low = 0; low <= 1; low++) {
		struct seat *seat = crypto_user(desk, 0, key);
		struct token_public_key signer = signer_of(seat);
		struct token_envelope env = envelope_sm2(&signer, low == 1);
		union envelope envelope = envelope_of(&env);

		assert_sar(SKF_ImportECCKeyPair(seat->con, &envelope.blob), SAR_OK);
		pair_works(seat, &envelope.blob.PubKey);
		(void)crypto_desk_clear((void **)&desk);
	}
}

static void
a_private_key_at_either_end_of_its_field_comes_in(void **state)
{
	import_both_alignments(*state, &sm2_key);
	import_both_alignments(*state, &little_endian);
}

static void
what_the_ca_sends_comes_in_as_it_is(void **state)
{
	struct crypto_desk *desk = *state;
	static const char *const aligns[] = {"left", "right"};

	for (size_t i = 0; i < ARRAY_SIZE(aligns); i++) {
		struct seat *seat = crypto_user(desk, 0, &sm2_key);
		union envelope envelope;
		CK_SESSION_HANDLE session;

		assert_int_equal(desk_envelope(&desk->p11, "blob", aligns[i], envelope.bytes,
					       sizeof(envelope.bytes)),
				 ENVELOPE_LEN);
		assert_sar(SKF_ImportECCKeyPair(seat->con, &envelope.blob), SAR_OK);
		pair_works(seat, &envelope.blob.PubKey);
		/* and PKCS#11 sees it */
		session = desk_session(&desk->p11, 0);
		assert_rv(desk_login(&desk->p11, session, CKU_USER, DESK_PIN), CKR_OK);
		assert_int_not_equal(desk_find(&desk->p11, session, CKO_PRIVATE_KEY, 1),
				     CK_INVALID_HANDLE);
		(void)crypto_desk_clear(state);
	}
}

static void
what_cannot_be_an_envelope_is_not_sent(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *seat = crypto_user(desk, 0, &sm2_key);
	struct token_public_key signer = signer_of(seat);
	struct token_envelope env = envelope_sm2(&signer, true);
	const union envelope good = envelope_of(&env);
	const struct {
		size_t at;
		ULONG value;
		ULONG sar;
	} lies[] = {
		{offsetof(ENVELOPEDKEYBLOB, Version), 2, SAR_INDATAERR},
		{offsetof(ENVELOPEDKEYBLOB, ulSymmAlgID), SGD_SM1_ECB, SAR_NOTSUPPORTYETERR},
		{offsetof(ENVELOPEDKEYBLOB, ulSymmAlgID), SGD_SM4_CBC, SAR_NOTSUPPORTYETERR},
		{offsetof(ENVELOPEDKEYBLOB, ulBits), 512, SAR_MODULUSLENERR},
		{offsetof(ENVELOPEDKEYBLOB, PubKey), 255, SAR_MODULUSLENERR},
		{offsetof(ENVELOPEDKEYBLOB, PubKey) + 4, 1, SAR_INDATAERR},
		{offsetof(ENVELOPEDKEYBLOB, PubKey) + 4 + 64 + 28, 1, SAR_INDATAERR},
		{offsetof(ENVELOPEDKEYBLOB, ECCCipherBlob) + 28, 1, SAR_INDATAERR},
		{offsetof(ENVELOPEDKEYBLOB, ECCCipherBlob) + 64, 1, SAR_INDATAERR},
		{offsetof(ENVELOPEDKEYBLOB, ECCCipherBlob) + 160, 0, SAR_INDATALENERR},
		{offsetof(ENVELOPEDKEYBLOB, ECCCipherBlob) + 160, 17, SAR_INDATALENERR},
		{offsetof(ENVELOPEDKEYBLOB, ECCCipherBlob) + 160, 0xffffffff, SAR_INDATALENERR},
	};
	union envelope bad;

	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		bad = good;
		memcpy(bad.bytes + lies[i].at, &lies[i].value, sizeof(ULONG));
		assert_sar(SKF_ImportECCKeyPair(seat->con, &bad.blob), lies[i].sar);
	}
	assert_sar(SKF_ImportECCKeyPair(seat->con, NULL), SAR_INVALIDPARAMERR);
	assert_int_equal(desk_command_count(&desk->p11, 0, 0x72), 0);
	/* damage that only the key can see, and what is meant for another one */
	bad = good;
	bad.blob.ECCCipherBlob.HASH[0] ^= 1;
	assert_sar(SKF_ImportECCKeyPair(seat->con, &bad.blob), SAR_INDATAERR);
	bad = good;
	bad.blob.PubKey.XCoordinate[40] ^= 1;
	assert_int_not_equal(SKF_ImportECCKeyPair(seat->con, &bad.blob), SAR_OK);
	struct recipient other = recipient_new(256);
	env = envelope_sm2(&other.key, true);
	bad = envelope_of(&env);
	assert_sar(SKF_ImportECCKeyPair(seat->con, &bad.blob), SAR_INDATAERR);
	bad = good;
	assert_sar(SKF_ImportECCKeyPair(seat->con, &bad.blob), SAR_OK);
	pair_works(seat, &bad.blob.PubKey);
	recipient_free(&other);
}

static void
an_rsa_pair_comes_in(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *seat = crypto_user(desk, 0, &rsa_key);
	struct token_public_key signer = {.type = TOKEN_KEY_RSA, .bits = 2048, .exponent = 65537};
	RSAPUBLICKEYBLOB pub;
	ULONG len = sizeof(pub);
	struct envelope_rsa env;
	HANDLE key;

	assert_sar(SKF_ExportPublicKey(seat->con, TRUE, (BYTE *)&pub, &len), SAR_OK);
	memcpy(signer.modulus, pub.Modulus, sizeof(signer.modulus));
	env = envelope_rsa(&signer);
	assert_sar(SKF_ImportRSAKeyPair(seat->con, SGD_SM1_ECB, env.wrapped, (ULONG)env.wrapped_len,
					env.blob, sizeof(env.blob)),
		   SAR_NOTSUPPORTYETERR);
	assert_sar(
		SKF_ImportRSAKeyPair(seat->con, SGD_SM4_ECB, NULL, 256, env.blob, sizeof(env.blob)),
		SAR_INVALIDPARAMERR);
	assert_sar(SKF_ImportRSAKeyPair(seat->con, SGD_SM4_ECB, env.wrapped, 255, env.blob,
					sizeof(env.blob)),
		   SAR_INDATAERR);
	assert_sar(SKF_ImportRSAKeyPair(seat->con, SGD_SM4_ECB, env.wrapped, 256, env.blob,
					sizeof(env.blob) - 16),
		   SAR_INDATAERR);
	assert_int_equal(desk_command_count(&desk->p11, 0, 0x56), 0);
	assert_sar(SKF_ImportRSAKeyPair(seat->con, SGD_SM4_ECB, env.wrapped, (ULONG)env.wrapped_len,
					env.blob, sizeof(env.blob)),
		   SAR_OK);
	assert_sar(SKF_ExportPublicKey(seat->con, FALSE, (BYTE *)&pub, &len), SAR_OK);
	assert_memory_equal(pub.Modulus, env.modulus, sizeof(pub.Modulus));
	key = crypto_import(seat, SGD_SM4_ECB, crypto_key);
	crypto_there_and_back(key, SGD_SM4_ECB, true, 50);
}

#define TEST(name) cmocka_unit_test_teardown(name, crypto_desk_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_private_key_at_either_end_of_its_field_comes_in),
		TEST(what_the_ca_sends_comes_in_as_it_is),
		TEST(what_cannot_be_an_envelope_is_not_sent),
		TEST(an_rsa_pair_comes_in),
	};

	return cmocka_run_group_tests_name("skf: encryption pairs", tests, crypto_desk_start,
					   crypto_desk_stop);
}
