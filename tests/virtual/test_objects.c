/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Applications, files, containers, certificates; and room that runs out. */
#include "tests/virtual/client.h"

#include <stdio.h>
#include <string.h>

#define NOTHING uk_span_of(NULL, 0)

static uint16_t
on_name(struct key *key, const struct ids *ids, uint8_t ins, const char *name, uint32_t le)
{
	struct uk_writer out = client_data();

	uk_put(&out, ids_app(ids));
	uk_put(&out, uk_span_str(name));
	return key_send(key, ins, 0, uk_writer_span(&out), le);
}

static uint16_t
on_file(struct key *key, const struct ids *ids, uint8_t ins, const char *name, uint32_t le)
{
	return key_send(key, ins, (uint16_t)(ids->bytes[0] << 8 | ids->bytes[1]), uk_span_str(name),
			le);
}

static void
device_info_always_says_virtual(void **unused)
{
	static const char *const options[] = {"--serial", "VK-7", "--label", "Fine key", NULL};
	struct key *key = key_blank("V0", options);
	const uint8_t *info;

	assert_sw(key_send(key, 0x04, 0, NOTHING, UK_LE_MAX), 0x9000);
	assert_int_equal(key->data.len, 288);
	info = key->data.ptr;
	assert_string_equal((const char *)info + 4, "OpenUKey (virtual)");
	assert_string_equal((const char *)info + 132, "VIRTUAL Fine key");
	assert_string_equal((const char *)info + 164, "VK-7");
	assert_memory_equal(info + 212, "\0\0\4\1", 4); /* DevAuthAlg: SM4-ECB */
	assert_memory_equal(info + 216, "\0\1\0\0", 4); /* total: 65536 */
	assert_memory_equal(info + 220, "\0\1\0\0", 4); /* and all of it free */
	assert_memory_equal(info + 224, "\x20\0", 2);   /* MaxApduDataLen */

	assert_sw(key_send(key, 0x02, 0, uk_span_str("VIRTUAL two"), UK_LE_NONE), 0x9000);
	assert_sw(key_send(key, 0x04, 0, NOTHING, UK_LE_MAX), 0x9000);
	assert_string_equal((const char *)key->data.ptr + 132, "VIRTUAL two");
	key_free(key);
}

static void
atr_names_the_model(void **unused)
{
	struct key *key = key_blank("V1", NULL);
	uint8_t check = 0;

	assert_int_equal(key_exchange(key, uk_span_of("\4", 1)), 13);
	assert_memory_equal(key->reply, "\x3b\x88\x80\x01OUKEY-V1", 12);
	for (size_t i = 1; i < 13; i++)
		check ^= key->reply[i];
	assert_int_equal(check, 0);
	key_free(key);
}

static void
applications_come_and_go(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	struct app_settings settings = default_settings;
	struct ids ids, again;

	assert_sw(key_send(key, 0x22, 0, NOTHING, UK_LE_MAX), 0x9000);
	assert_int_equal(key->data.len, 0);
	client_personalise(key, &ids, false);
	assert_sw(client_create_app(key, &settings), 0x6a89);
	settings.name = "B";
	assert_sw(client_create_app(key, &settings), 0x9000);
	assert_sw(key_send(key, 0x22, 0, NOTHING, UK_LE_MAX), 0x9000);
	assert_int_equal(key->data.len, 9);
	assert_memory_equal(key->data.ptr, "Tests\0B\0", 9);

	assert_sw(client_open_app(key, "C", &again), 0x6a88);
	assert_sw(client_open_app(key, APPLICATION, &again), 0x9000);
	assert_memory_equal(key->data.ptr, "\0\0\0\x10\4\6\0\3", 8);
	assert_memory_equal(again.bytes, ids.bytes, 2);
	assert_sw(key_send(key, 0x28, 0, ids_app(&ids), UK_LE_NONE), 0x9000);
	assert_sw(key_send(key, 0x46, 0, ids_app(&ids), UK_LE_MAX), 0x698a);
	assert_sw(key_send(key, 0x24, 0, uk_span_str("C"), UK_LE_NONE), 0x6a88);
	assert_sw(key_send(key, 0x24, 0, uk_span_str(APPLICATION), UK_LE_NONE), 0x9000);
	assert_sw(client_open_app(key, APPLICATION, &again), 0x6a88);
	key_free(key);
}

static void
opening_twice_is_an_error_by_option(void **unused)
{
	static const char *const options[] = {"--reopen-error", NULL};
	struct key *key = key_blank("V0", options);
	struct ids ids;

	client_personalise(key, &ids, true);
	assert_sw(client_open_app(key, APPLICATION, &ids), 0x6a8a);
	assert_sw(client_create_container(key, &ids, "c"), 0x9000);
	assert_sw(client_open_container(key, &ids, "c"), 0x6a8a);
	assert_sw(key_send(key, 0x44, 0, ids_both(&ids), UK_LE_NONE), 0x9000);
	assert_sw(client_open_container(key, &ids, "c"), 0x9000);
	key_free(key);
}

static void
containers_come_and_go(void **unused)
{
	struct key *key = key_blank("V1", NULL);
	struct ids ids, gone;

	client_personalise(key, &ids, true);
	assert_sw(client_open_container(key, &ids, "one"), 0x6a91);
	assert_sw(client_create_container(key, &ids, "one"), 0x9000);
	assert_sw(client_create_container(key, &ids, "one"), 0x6e02);
	gone = ids;
	assert_sw(client_create_container(key, &ids, "two"), 0x9000);
	assert_sw(key_send(key, 0x46, 0, ids_app(&ids), UK_LE_MAX), 0x9000);
	assert_int_equal(key->data.len, 8);
	assert_memory_equal(key->data.ptr, "one\0two", 8);
	assert_sw(on_name(key, &ids, 0x4a, "one", 11), 0x9000);
	assert_memory_equal(key->data.ptr, "\0\0\0\0\0\0\0\0\0\0\0", 11);
	assert_sw(on_name(key, &ids, 0x4a, "six", 11), 0x6a91);
	assert_sw(key_send(key, 0x88, 0x0100, ids_both(&gone), UK_LE_MAX), 0x6a95);
	assert_sw(on_name(key, &ids, 0x48, "one", UK_LE_NONE), 0x9000);
	assert_sw(on_name(key, &ids, 0x48, "one", UK_LE_NONE), 0x6a91);
	assert_sw(key_send(key, 0x88, 0x0100, ids_both(&gone), UK_LE_MAX), 0x6a94);
	assert_sw(key_send(key, 0x88, 0x0100, ids_both(&ids), UK_LE_MAX), 0x6a95);
	key_free(key);
}

static void
certificates_of_both_kinds(void **unused)
{
	uint8_t sign[900], enc[700];
	struct key *key = key_blank("V0", NULL);
	struct ids ids;

	memset(sign, 0x51, sizeof(sign));
	memset(enc, 0xec, sizeof(enc));
	client_personalise(key, &ids, true);
	assert_sw(client_create_container(key, &ids, "c"), 0x9000);
	assert_sw(key_send(key, 0x4e, 0x0100, ids_both(&ids), UK_LE_MAX), 0x6a96);
	assert_sw(client_import_cert(key, &ids, 1, uk_span_of(sign, sizeof(sign))), 0x9000);
	assert_sw(key_send(key, 0x4e, 0x0000, ids_both(&ids), UK_LE_MAX), 0x6a96);
	assert_sw(client_import_cert(key, &ids, 0, uk_span_of(enc, sizeof(enc))), 0x9000);
	assert_sw(client_import_cert(key, &ids, 2, uk_span_of(enc, sizeof(enc))), 0x6a80);
	assert_sw(key_send(key, 0x4e, 0x0100, ids_both(&ids), UK_LE_MAX), 0x9000);
	assert_int_equal(key->data.len, 904);
	assert_memory_equal(key->data.ptr, "\0\0\3\x84", 4);
	assert_memory_equal(key->data.ptr + 4, sign, sizeof(sign));
	assert_sw(key_send(key, 0x4e, 0x0000, ids_both(&ids), UK_LE_MAX), 0x9000);
	assert_memory_equal(key->data.ptr + 4, enc, sizeof(enc));
	assert_sw(on_name(key, &ids, 0x4a, "c", 11), 0x9000);
	assert_memory_equal(key->data.ptr, "\0\0\0\0\0\0\0\0\0\1\1", 11);
	key_free(key);
}

static void
files_with_their_rights(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	struct ids ids;

	client_personalise(key, &ids, true);
	assert_sw(client_create_file(key, &ids, "open", 20, GM_RIGHT_ANYONE, GM_RIGHT_USER),
		  0x9000);
	assert_sw(client_create_file(key, &ids, "open", 20, GM_RIGHT_ANYONE, GM_RIGHT_USER),
		  0x6a92);
	assert_sw(client_create_file(key, &ids, "never", 8, GM_RIGHT_NEVER, GM_RIGHT_NEVER),
		  0x9000);
	assert_sw(client_create_file(key, &ids, "both", 8, GM_RIGHT_ADMIN | GM_RIGHT_USER,
				     GM_RIGHT_ADMIN),
		  0x9000);
	assert_sw(on_file(key, &ids, 0x34, "", UK_LE_MAX), 0x9000);
	assert_memory_equal(key->data.ptr, "open\0never\0both\0", 16);
	assert_sw(on_file(key, &ids, 0x36, "both", 12), 0x9000);
	assert_memory_equal(key->data.ptr, "\0\0\0\10\0\0\0\x11\0\0\0\1", 12);
	assert_sw(on_file(key, &ids, 0x36, "none", 12), 0x6a93);

	assert_sw(client_write_file(key, &ids, "open", 3, uk_span_str("words")), 0x9000);
	assert_sw(client_write_file(key, &ids, "open", 16, uk_span_str("words")), 0x6b00);
	assert_sw(client_write_file(key, &ids, "both", 0, uk_span_str("x")), 0x6982);
	assert_sw(client_read_file(key, &ids, "both", 0, UK_LE_MAX), 0x9000);
	assert_sw(client_read_file(key, &ids, "never", 0, UK_LE_MAX), 0x6982);
	assert_sw(client_read_file(key, &ids, "open", 21, UK_LE_MAX), 0x6b00);
	assert_sw(key_send(key, 0x1c, 0, ids_app(&ids), UK_LE_NONE), 0x9000);
	assert_sw(client_read_file(key, &ids, "open", 2, 7), 0x9000);
	assert_int_equal(key->data.len, 7);
	assert_memory_equal(key->data.ptr, "\0words\0", 7);
	assert_sw(client_read_file(key, &ids, "both", 0, UK_LE_MAX), 0x6982);
	assert_sw(on_file(key, &ids, 0x32, "open", UK_LE_NONE), 0x6982);
	assert_sw(client_verify(key, &ids, GM_PIN_ADMIN, ADMIN_PIN), 0x9000);
	assert_sw(client_write_file(key, &ids, "both", 0, uk_span_str("x")), 0x9000);
	assert_sw(client_verify(key, &ids, GM_PIN_USER, USER_PIN), 0x9000);
	assert_sw(on_file(key, &ids, 0x32, "open", UK_LE_NONE), 0x9000);
	assert_sw(on_file(key, &ids, 0x32, "open", UK_LE_NONE), 0x6a93);
	key_free(key);
}

static void
counts_run_out(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	char name[8];
	uint8_t cert[10] = {0};
	struct ids ids;

	client_personalise(key, &ids, true);
	for (unsigned int i = 0; i < 5; i++) {
		(void)snprintf(name, sizeof(name), "c%u", i);
		assert_sw(client_create_container(key, &ids, name), i < 4 ? 0x9000 : 0x6a84);
		(void)snprintf(name, sizeof(name), "f%u", i);
		assert_sw(client_create_file(key, &ids, name, 1, GM_RIGHT_USER, GM_RIGHT_USER),
			  i < 3 ? 0x9000 : 0x6a84);
	}
	for (unsigned int i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof(name), "c%u", i);
		assert_sw(client_open_container(key, &ids, name), 0x9000);
		for (uint8_t kind = 0; kind < 2; kind++)
			assert_sw(client_import_cert(key, &ids, kind, uk_span_of(cert, 10)),
				  i < 3 ? 0x9000 : 0x6a84);
	}
	/* one in the place of another is no more certificates */
	assert_sw(client_open_container(key, &ids, "c0"), 0x9000);
	assert_sw(client_import_cert(key, &ids, 1, uk_span_of(cert, 9)), 0x9000);
	key_free(key);
}

static void
space_runs_out_and_comes_back(void **unused)
{
	static const char *const options[] = {"--space", "3000", NULL};
	struct key *key = key_blank("V0", options);
	uint8_t cert[1800] = {1};
	struct ids ids;

	client_personalise(key, &ids, true);
	assert_sw(client_create_container(key, &ids, "c"), 0x9000);
	assert_sw(client_import_cert(key, &ids, 1, uk_span_of(cert, sizeof(cert))), 0x9000);
	assert_sw(client_import_cert(key, &ids, 0, uk_span_of(cert, sizeof(cert))), 0x6a84);
	assert_sw(client_create_file(key, &ids, "f", 1000, GM_RIGHT_USER, GM_RIGHT_USER), 0x6a84);
	assert_sw(client_gen_rsa(key, &ids, 2048), 0x6a84);
	assert_sw(key_send(key, 0x04, 0, NOTHING, UK_LE_MAX), 0x9000);
	assert_memory_equal(key->data.ptr + 220, "\0\0\3\x30", 4); /* 816 are free */
	assert_sw(on_name(key, &ids, 0x48, "c", UK_LE_NONE), 0x9000);
	assert_sw(client_create_file(key, &ids, "f", 1000, GM_RIGHT_USER, GM_RIGHT_USER), 0x9000);
	key_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_info_always_says_virtual),
		cmocka_unit_test(atr_names_the_model),
		cmocka_unit_test(applications_come_and_go),
		cmocka_unit_test(opening_twice_is_an_error_by_option),
		cmocka_unit_test(containers_come_and_go),
		cmocka_unit_test(certificates_of_both_kinds),
		cmocka_unit_test(files_with_their_rights),
		cmocka_unit_test(counts_run_out),
		cmocka_unit_test(space_runs_out_and_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
