/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reader that takes short commands only.  The one thing that is not real here is its answer about
 * itself: this program has an SCardControl of its own, which the linker prefers to libpcsclite's.
 */
#include "drivers/crypto/crypto.h"
#include "tests/driver/desk.h"
#include "tests/driver/envelope.h"

#include <reader.h>

static const BYTE features[] = {FEATURE_GET_TLV_PROPERTIES, 4, 0x42, 0x00, 0x0e, 0x10};
static const BYTE properties[] = {PCSCv2_PART10_PROPERTY_bPPDUSupport,
				  1,
				  0,
				  PCSCv2_PART10_PROPERTY_dwMaxAPDUDataSize,
				  4,
				  0,
				  0,
				  0,
				  0};
static unsigned int asked;

UK_EXPORT LONG
SCardControl(SCARDHANDLE card, DWORD code, LPCVOID in, DWORD in_len, LPVOID out, DWORD out_len,
	     LPDWORD ret_len)
{
	bool list = code == CM_IOCTL_GET_FEATURE_REQUEST;
	size_t len = list ? sizeof(features) : sizeof(properties);

	(void)card;
	(void)in;
	(void)in_len;
	asked++;
	if ((!list && code != 0x42000e10) || out_len < len)
		return SCARD_E_INVALID_PARAMETER;
	memcpy(out, list ? features : properties, len);
	*ret_len = len;
	return SCARD_S_SUCCESS;
}

static void
certificates_come_and_go_in_short_commands(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	const struct desk_file *cert = desk_cert("rsa-sign");
	static uint8_t der[TOKEN_CERT_MAX];
	struct uk_writer out = uk_writer_of(der, sizeof(der));
	unsigned int tries;

	assert_int_equal(asked, 2);
	asked = 0;
	assert_ok(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries));
	assert_ok(token->ops->create_container(token, str("new")));
	assert_ok(token->ops->import_certificate(token, str("new"), TOKEN_SIGN,
						 uk_span_of(cert->bytes, cert->len)));
	assert_ok(token->ops->certificate(token, str("new"), TOKEN_SIGN, &out));
	assert_int_equal(out.len, cert->len);
	assert_memory_equal(der, cert->bytes, cert->len);
	assert_int_equal(asked, 0);
}

static void
answers_longer_than_256_bytes_are_fetched(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_public_key key;
	struct token_info info;
	uint8_t bytes[GM_RSA_MAX];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));
	unsigned int tries;

	assert_ok(token->ops->info(token, &info)); /* 288 bytes */
	assert_string_equal(info.manufacturer, "OpenUKey (virtual)");
	assert_ok(token->ops->public_key(token, str(RSA_CONTAINER), TOKEN_SIGN, &key)); /* 264 */
	assert_ok(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries));
	assert_ok(token->ops->sign_rsa(token, str(RSA_CONTAINER), str("message"), &out));
	assert_ok(crypto_rsa_verify(uk_span_of(key.modulus, 256), key.exponent, str("message"),
				    uk_writer_span(&out)));
	assert_true(desk_count_ins(desk, ISO_INS_GET_RESPONSE) >= 2);
	asked = 0;
}

static void
pins_change_in_short_commands(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	unsigned int tries;

	assert_ok(token->ops->change_pin(token, TOKEN_USER, str(USER_PIN), str("sixteen-bytes-16"),
					 &tries));
	assert_ok(token->ops->verify(token, TOKEN_USER, str("sixteen-bytes-16"), &tries));
	asked = 0;
}

static void
files_come_and_go_in_short_commands(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	const struct token_file file = {
		.size = 3000, .read_rights = GM_RIGHT_ANYONE, .write_rights = GM_RIGHT_USER};
	static uint8_t data[3000];
	static uint8_t read[3000];
	struct uk_writer out = uk_writer_of(read, sizeof(read));
	unsigned int tries;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	assert_ok(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries));
	assert_ok(token->ops->create_file(token, str("f"), &file));
	assert_ok(token->ops->write_file(token, str("f"), uk_span_of(data, sizeof(data))));
	assert_ok(token->ops->read_file(token, str("f"), &out));
	assert_int_equal(out.len, sizeof(data));
	assert_memory_equal(read, data, sizeof(data));
	asked = 0;
}

static void
session_keys_work_in_short_commands(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_cipher cipher = {.alg = GM_ALG_SM4_CBC, .iv = "initial vector 1"};
	struct token_public_key to;
	struct token_wrapped_key wrapped;
	struct token_session_key key;
	static uint8_t plain[2000];
	static uint8_t secret[2000];
	static uint8_t again[2000];
	struct uk_writer out = uk_writer_of(secret, sizeof(secret));
	unsigned int tries;

	memset(plain, 0x42, sizeof(plain));
	assert_ok(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries));
	assert_ok(token->ops->public_key(token, str(SM2_CONTAINER), TOKEN_ENCRYPT, &to));
	wrapped = envelope_session_sm2(&to);
	assert_ok(token->ops->import_session_key(token, str(SM2_CONTAINER), GM_ALG_SM4_CBC,
						 &wrapped, &key));
	cipher.job = TOKEN_CIPHER_ENCRYPT;
	assert_ok(token->ops->session_cipher(token, &key, &cipher, uk_span_of(plain, sizeof(plain)),
					     &out));
	assert_int_equal(out.len, sizeof(plain));
	assert_memory_not_equal(secret, plain, sizeof(plain));
	out = uk_writer_of(again, sizeof(again));
	cipher.job = TOKEN_CIPHER_DECRYPT;
	assert_ok(token->ops->session_cipher(token, &key, &cipher,
					     uk_span_of(secret, sizeof(secret)), &out));
	assert_memory_equal(again, plain, sizeof(plain));
	asked = 0;
}

#define ON(model, test)                                                                           \
	{                                                                                         \
#test " [" model "]", test, desk_setup, desk_teardown, (void *)(uintptr_t)(model) \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON("V0", certificates_come_and_go_in_short_commands),
		ON("V1", certificates_come_and_go_in_short_commands),
		ON("V0", answers_longer_than_256_bytes_are_fetched),
		ON("V0", pins_change_in_short_commands),
		ON("V0", files_come_and_go_in_short_commands),
		ON("V1", files_come_and_go_in_short_commands),
		ON("V0", session_keys_work_in_short_commands),
		ON("V1", session_keys_work_in_short_commands),
	};

	return cmocka_run_group_tests_name("short", tests, desk_group_setup, desk_group_teardown);
}
