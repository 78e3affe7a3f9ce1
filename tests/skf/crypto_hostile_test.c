/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cryptography of SKF_* for programs that pass anything.  OPENUKEY_TEST_LONG makes more of it.
 *
 * Buffers are exactly as large as is said, on the heap: a sanitizer sees a byte too far.
 */
#include "tests/skf/crypto_desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS_SHORT 4000
#define CALLS_LONG  300000
#define ROOM_MAX    700
#define EACH_KIND   4

static const struct desk_key sm2_key = {.alg = "sm2"};
static const struct desk_key rsa_key = {.alg = "rsa"};

/* ---- chance, the same each time ---- */

static uint64_t chance_state;

static uint32_t
chance(uint32_t below)
{
	chance_state ^= chance_state << 13;
	chance_state ^= chance_state >> 7;
	chance_state ^= chance_state << 17;
	return (uint32_t)(chance_state >> 32) % below;
}

/* ---- what a call is made of ---- */

/* Living handles by kind, with closed, foreign and invented ones among them. */
enum kind { DEVS, CONS, KEYS, HASHES, MACS, JUNK, KINDS };

static HANDLE pool[KINDS][EACH_KIND];
static HCONTAINER own; /* whose keys nobody else wants */
static struct recipient someone_sm2, someone_rsa;

/* Mostly one of the kind that is wanted. */
static HANDLE
any(enum kind kind)
{
	return pool[chance(5) == 0 ? chance(KINDS) : kind][chance(EACH_KIND)];
}

/* A new one takes the place of one that is closed, most of the time. */
static void
keep(enum kind kind, HANDLE handle)
{
	HANDLE *place = &pool[kind][chance(EACH_KIND)];

	if (chance(4) != 0)
		(void)SKF_CloseHandle(*place);
	*place = handle;
}

/* A buffer of the caller's; most are right, some are NULL. */
struct buffer {
	BYTE *bytes;
	ULONG len;
	BYTE before[ROOM_MAX];
};

static struct buffer
buffer_of(ULONG len)
{
	struct buffer b = {.len = len};

	if (chance(16) == 0)
		return b;
	b.bytes = malloc(len > 0 ? len : 1);
	assert_non_null(b.bytes);
	for (ULONG i = 0; i < len; i++)
		b.bytes[i] = (BYTE)chance(256);
	if (len > 0)
		memcpy(b.before, b.bytes, len);
	return b;
}

static struct buffer
any_buffer(void)
{
	static const ULONG lens[] = {0,   1,   15,  16,  17,  20,  31,  32,
				     33,  64,  127, 128, 129, 164, 179, 180,
				     181, 184, 255, 256, 257, 268, 600, ROOM_MAX};

	return buffer_of(lens[chance(ARRAY_SIZE(lens))]);
}

/* A structure: random, or right with a field spoilt now and then. */
static struct buffer
structure(const void *good, ULONG len)
{
	struct buffer b = buffer_of(len);

	if (b.bytes == NULL || chance(8) == 0)
		return b;
	memcpy(b.bytes, good, len);
	if (chance(3) == 0)
		b.bytes[chance(len)] ^= (BYTE)(1U << chance(8));
	memcpy(b.before, b.bytes, len);
	return b;
}

static struct buffer
ecc_public(void)
{
	ECCPUBLICKEYBLOB good = crypto_ecc_of(&someone_sm2.key);

	return structure(&good, sizeof(good));
}

static struct buffer
rsa_public(void)
{
	RSAPUBLICKEYBLOB good = crypto_rsa_of(&someone_rsa.key);

	return structure(&good, sizeof(good));
}

static struct buffer
cipher_blob(ULONG c2_len)
{
	BYTE good[ROOM_MAX] = {0};
	ULONG len = (ULONG)offsetof(ECCCIPHERBLOB, Cipher) + c2_len;

	memcpy(good + offsetof(ECCCIPHERBLOB, CipherLen), &(ULONG){16}, sizeof(ULONG));
	return structure(good, len);
}

static struct buffer
envelope(void)
{
	BYTE good[ROOM_MAX] = {0};
	ULONG head = (ULONG)offsetof(ENVELOPEDKEYBLOB, ECCCipherBlob);
	static const ULONG fields[][2] = {
		{0, 1},
		{4, SGD_SM4_ECB},
		{8, 256},
		{offsetof(ENVELOPEDKEYBLOB, PubKey), 256},
		{offsetof(ENVELOPEDKEYBLOB, ECCCipherBlob) + 160, 16},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		memcpy(good + fields[i][0], &fields[i][1], sizeof(ULONG));
	return structure(good, head + (ULONG)offsetof(ECCCIPHERBLOB, Cipher) + 16);
}

static ULONG
any_alg(void)
{
	static const ULONG algs[] = {SGD_SM4_ECB, SGD_SM4_CBC, SGD_SM4_MAC, SGD_SM4_OFB,
				     SGD_SM1_ECB, SGD_SM2_1,   SGD_SM2_2,   SGD_SM2_3,
				     SGD_SM3,     SGD_SHA1,    SGD_SHA256,  0,
				     0xffffffff};

	return algs[chance(ARRAY_SIZE(algs))];
}

static BLOCKCIPHERPARAM
any_param(void)
{
	static const ULONG odd[] = {0, 16, 16, 16, 32, 33, 0xffffffff};
	static const ULONG paddings[] = {0, 0, 1, 1, 2, 0xffffffff};

	return (BLOCKCIPHERPARAM){.IVLen = odd[chance(ARRAY_SIZE(odd))],
				  .PaddingType = paddings[chance(ARRAY_SIZE(paddings))],
				  .FeedBitLen = chance(2) == 0 ? 0 : 0xffffffff};
}

/* ---- what must hold of every call ---- */

static void
buffer_done(ULONG sar, struct buffer *b)
{
	/* What failed has written nothing. */
	if (sar != SAR_OK && b->bytes != NULL)
		assert_memory_equal(b->bytes, b->before, b->len);
	free(b->bytes);
}

typedef ULONG into_fn(HANDLE handle, BYTE *in, ULONG in_len, BYTE *out, ULONG *out_len);
typedef ULONG out_fn(HANDLE handle, BYTE *out, ULONG *out_len);
typedef ULONG in_fn(HANDLE handle, BYTE *in, ULONG in_len);

static ULONG
call_into(into_fn *fn, enum kind kind)
{
	struct buffer in = any_buffer();
	struct buffer out = any_buffer();
	ULONG len = out.len;
	ULONG sar = fn(any(kind), in.bytes, in.len, out.bytes, chance(16) == 0 ? NULL : &len);

	if (sar == SAR_OK && out.bytes != NULL)
		assert_true(len <= out.len);
	buffer_done(SAR_FAIL, &in);
	buffer_done(sar, &out);
	return sar;
}

static ULONG
call_out(out_fn *fn, enum kind kind)
{
	struct buffer out = any_buffer();
	ULONG len = out.len;
	ULONG sar = fn(any(kind), out.bytes, chance(16) == 0 ? NULL : &len);

	if (sar == SAR_OK && out.bytes != NULL)
		assert_true(len <= out.len);
	buffer_done(sar, &out);
	return sar;
}

static ULONG
call_in(in_fn *fn, enum kind kind)
{
	struct buffer in = any_buffer();
	ULONG sar = fn(any(kind), in.bytes, in.len);

	buffer_done(SAR_FAIL, &in);
	return sar;
}

/* ---- each function ---- */

static ULONG
random_bytes(void)
{
	struct buffer out = any_buffer();
	ULONG sar = SKF_GenRandom(any(DEVS), out.bytes, out.len);

	buffer_done(sar, &out);
	return sar;
}

static ULONG
generate_ecc(void)
{
	struct buffer out = buffer_of(sizeof(ECCPUBLICKEYBLOB));
	/* in a container of its own: the others' keys are still wanted */
	ULONG sar = SKF_GenECCKeyPair(chance(2) == 0 ? own : any(JUNK),
				      chance(8) == 0 ? SGD_SM2_1 : any_alg(),
				      (ECCPUBLICKEYBLOB *)out.bytes);

	buffer_done(sar, &out);
	return sar;
}

static ULONG
generate_rsa(void)
{
	struct buffer out = buffer_of(sizeof(RSAPUBLICKEYBLOB));
	ULONG sar = SKF_GenRSAKeyPair(any(CONS), chance(1000), (RSAPUBLICKEYBLOB *)out.bytes);

	buffer_done(sar, &out);
	return sar;
}

static ULONG
import_ecc(void)
{
	struct buffer in = envelope();
	ULONG sar = SKF_ImportECCKeyPair(any(CONS), (ENVELOPEDKEYBLOB *)in.bytes);

	buffer_done(SAR_FAIL, &in);
	return sar;
}

static ULONG
import_rsa(void)
{
	struct buffer key = any_buffer();
	struct buffer data = any_buffer();
	ULONG sar = SKF_ImportRSAKeyPair(any(CONS), any_alg(), key.bytes, key.len, data.bytes,
					 data.len);

	buffer_done(SAR_FAIL, &key);
	buffer_done(SAR_FAIL, &data);
	return sar;
}

static ULONG
sign_ecc(void)
{
	struct buffer in = any_buffer();
	struct buffer out = buffer_of(sizeof(ECCSIGNATUREBLOB));
	ULONG sar = SKF_ECCSignData(any(CONS), in.bytes, in.len, (ECCSIGNATUREBLOB *)out.bytes);

	buffer_done(SAR_FAIL, &in);
	buffer_done(sar, &out);
	return sar;
}

static ULONG
sign_rsa(void)
{
	return call_into(SKF_RSASignData, CONS);
}

static ULONG
verify_ecc(void)
{
	struct buffer pub = ecc_public();
	struct buffer in = buffer_of(chance(2) == 0 ? 32 : chance(64));
	struct buffer sig = buffer_of(sizeof(ECCSIGNATUREBLOB));
	ULONG sar;

	if (sig.bytes != NULL && chance(4) != 0) {
		memset(sig.bytes, 0, 32);
		memset(sig.bytes + 64, 0, 32);
		memcpy(sig.before, sig.bytes, sig.len);
	}
	sar = SKF_ECCVerify(any(DEVS), (ECCPUBLICKEYBLOB *)pub.bytes, in.bytes, in.len,
			    (ECCSIGNATUREBLOB *)sig.bytes);
	assert_int_not_equal(sar, SAR_OK);
	buffer_done(SAR_FAIL, &pub);
	buffer_done(SAR_FAIL, &in);
	buffer_done(SAR_FAIL, &sig);
	return sar;
}

static ULONG
verify_rsa(void)
{
	struct buffer pub = rsa_public();
	struct buffer in = any_buffer();
	struct buffer sig = chance(2) == 0 ? buffer_of(128) : any_buffer();
	ULONG sar = SKF_RSAVerify(any(DEVS), (RSAPUBLICKEYBLOB *)pub.bytes, in.bytes, in.len,
				  sig.bytes, sig.len);

	assert_int_not_equal(sar, SAR_OK);
	buffer_done(SAR_FAIL, &pub);
	buffer_done(SAR_FAIL, &in);
	buffer_done(SAR_FAIL, &sig);
	return sar;
}

static ULONG
encrypt_ecc(void)
{
	struct buffer pub = ecc_public();
	struct buffer in = buffer_of(chance(100));
	struct buffer out = buffer_of((ULONG)offsetof(ECCCIPHERBLOB, Cipher) + in.len);
	ULONG sar = SKF_ExtECCEncrypt(any(DEVS), (ECCPUBLICKEYBLOB *)pub.bytes, in.bytes, in.len,
				      (ECCCIPHERBLOB *)out.bytes);

	buffer_done(SAR_FAIL, &pub);
	buffer_done(SAR_FAIL, &in);
	buffer_done(sar, &out);
	return sar;
}

static ULONG
export_public(void)
{
	struct buffer out = any_buffer();
	ULONG len = out.len;
	ULONG sar = SKF_ExportPublicKey(any(CONS), (BOOL)chance(3), out.bytes, &len);

	buffer_done(sar, &out);
	return sar;
}

static ULONG
export_key_ecc(void)
{
	struct buffer pub = ecc_public();
	struct buffer out = buffer_of((ULONG)offsetof(ECCCIPHERBLOB, Cipher) + 16);
	HANDLE key = NULL;
	ULONG sar = SKF_ECCExportSessionKey(any(CONS), any_alg(), (ECCPUBLICKEYBLOB *)pub.bytes,
					    (ECCCIPHERBLOB *)out.bytes, &key);

	if (sar == SAR_OK)
		keep(KEYS, key);
	buffer_done(SAR_FAIL, &pub);
	buffer_done(sar, &out);
	return sar;
}

static ULONG
export_key_rsa(void)
{
	struct buffer pub = rsa_public();
	struct buffer out = any_buffer();
	ULONG len = out.len;
	HANDLE key = NULL;
	ULONG sar = SKF_RSAExportSessionKey(any(CONS), any_alg(), (RSAPUBLICKEYBLOB *)pub.bytes,
					    out.bytes, &len, &key);

	if (sar == SAR_OK && out.bytes != NULL)
		keep(KEYS, key);
	buffer_done(SAR_FAIL, &pub);
	buffer_done(sar, &out);
	return sar;
}

static ULONG
import_key(void)
{
	struct buffer in = chance(2) == 0 ? cipher_blob(12 + chance(10)) : any_buffer();
	HANDLE key = NULL;
	ULONG sar = SKF_ImportSessionKey(any(CONS), any_alg(), in.bytes, in.len, &key);

	if (sar == SAR_OK)
		keep(KEYS, key);
	buffer_done(SAR_FAIL, &in);
	return sar;
}

static ULONG
cipher_init(void)
{
	return chance(2) == 0 ? SKF_EncryptInit(any(KEYS), any_param())
			      : SKF_DecryptInit(any(KEYS), any_param());
}

static ULONG
cipher_run(void)
{
	static into_fn *const fns[] = {SKF_Encrypt, SKF_EncryptUpdate, SKF_Decrypt,
				       SKF_DecryptUpdate};

	return call_into(fns[chance(ARRAY_SIZE(fns))], KEYS);
}

static ULONG
cipher_final(void)
{
	return call_out(chance(2) == 0 ? SKF_EncryptFinal : SKF_DecryptFinal, KEYS);
}

static ULONG
digest_init(void)
{
	struct buffer pub = ecc_public();
	struct buffer id = any_buffer();
	HANDLE hash = NULL;
	ULONG sar = SKF_DigestInit(any(DEVS), any_alg(), (ECCPUBLICKEYBLOB *)pub.bytes, id.bytes,
				   id.len, &hash);

	if (sar == SAR_OK)
		keep(HASHES, hash);
	buffer_done(SAR_FAIL, &pub);
	buffer_done(SAR_FAIL, &id);
	return sar;
}

static ULONG
mac_init(void)
{
	BLOCKCIPHERPARAM param = any_param();
	HANDLE mac = NULL;
	ULONG sar = SKF_MacInit(any(KEYS), chance(16) == 0 ? NULL : &param, &mac);

	if (sar == SAR_OK)
		keep(MACS, mac);
	return sar;
}

static ULONG
digest_or_mac(void)
{
	return chance(2) == 0 ? call_into(SKF_Digest, HASHES) : call_into(SKF_Mac, MACS);
}

static ULONG
digest_or_mac_update(void)
{
	return chance(2) == 0 ? call_in(SKF_DigestUpdate, HASHES) : call_in(SKF_MacUpdate, MACS);
}

static ULONG
digest_or_mac_final(void)
{
	return chance(2) == 0 ? call_out(SKF_DigestFinal, HASHES) : call_out(SKF_MacFinal, MACS);
}

static ULONG
agree(void)
{
	return chance(2) == 0 ? SKF_GenerateAgreementDataWithECC(any(CONS), any_alg(), NULL, NULL,
								 chance(100), NULL)
			      : SKF_GenerateKeyWithECC(any(KEYS), NULL, NULL, NULL, 7, NULL);
}

static ULONG
close_handle(void)
{
	return SKF_CloseHandle(any((enum kind)(KEYS + chance(4))));
}

static ULONG (*const calls[])(void) = {
	random_bytes,  generate_ecc,   generate_rsa,         import_ecc,          import_rsa,
	sign_ecc,      sign_rsa,       verify_ecc,           verify_rsa,          encrypt_ecc,
	export_public, export_key_ecc, export_key_rsa,       import_key,          cipher_init,
	cipher_init,   cipher_run,     cipher_run,           cipher_final,        digest_init,
	mac_init,      digest_or_mac,  digest_or_mac_update, digest_or_mac_final, agree,
	close_handle,
};

static void
anything_may_be_passed(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *sm2 = crypto_user(desk, 0, &sm2_key);
	struct seat *rsa = crypto_user(desk, 1, &rsa_key);
	size_t good = 0;
	int rounds = crypto_long_run() ? CALLS_LONG : CALLS_SHORT;

	chance_state = 0x5eed5eed5eed5eedU;
	someone_sm2 = recipient_new(256);
	someone_rsa = recipient_new(1024);
	own = crypto_container(sm2, "for-trying");
	for (size_t i = 0; i < EACH_KIND; i++) {
		const struct seat *seat = i % 2 == 0 ? sm2 : rsa;

		pool[DEVS][i] = seat->dev;
		pool[CONS][i] = seat->con;
		pool[KEYS][i] = crypto_import(i % 2 == 0 ? sm2 : rsa, SGD_SM4_CBC, crypto_key);
		pool[JUNK][i] = (HANDLE)(uintptr_t)(i * 0x10001);
	}
	pool[JUNK][0] = sm2->app;
	for (int i = 0; i < rounds; i++) {
		ULONG sar = calls[chance(ARRAY_SIZE(calls))]();

		crypto_sar_check(sar);
		good += sar == SAR_OK;
	}
	/* some of it made sense, and the keys are as usable as before */
	assert_true(good > (size_t)rounds / 20);
	print_message("%zu of %d calls did something\n", good, rounds);
	for (size_t i = 0; i < EACH_KIND; i++)
		(void)SKF_CloseHandle(pool[KEYS][i]);
	assert_int_equal(crypto_tries_left(sm2), 10);
	HANDLE key = crypto_import(rsa, SGD_SM4_CBC, crypto_key);
	crypto_there_and_back(key, SGD_SM4_CBC, true, 33);
	recipient_free(&someone_sm2);
	recipient_free(&someone_rsa);
}

#define TEST(name) cmocka_unit_test_teardown(name, crypto_desk_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(anything_may_be_passed),
	};

	return cmocka_run_group_tests_name("skf: hostile programs", tests, crypto_desk_start,
					   crypto_desk_stop);
}
