/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/virtual/power_steps.h"

#include <string.h>

#define NEW_NAME "new"
#define DEVICE_2 "abcdefghijklmnop"

static struct uk_span
on_app(struct bench *bench, const char *name)
{
	struct uk_writer out = client_data();

	uk_put(&out, ids_app(&bench->ids));
	uk_put(&out, uk_span_str(name));
	return uk_writer_span(&out);
}

/* ---- PINs ---- */

static bool
pin_is(struct bench *bench, uint8_t type, const char *pin)
{
	return client_verify(bench->key, &bench->ids, type, pin) == 0x9000;
}

uint16_t
power_change_user_pin(struct bench *bench)
{
	return client_change_pin(bench->key, &bench->ids, GM_PIN_USER, USER_PIN, "654321");
}

static uint16_t
change_admin_pin(struct bench *bench)
{
	return client_change_pin(bench->key, &bench->ids, GM_PIN_ADMIN, ADMIN_PIN, "newadmin");
}

bool
power_user_pin_old(struct bench *bench)
{
	return pin_is(bench, GM_PIN_USER, USER_PIN);
}

static bool
user_pin_new(struct bench *bench)
{
	return pin_is(bench, GM_PIN_USER, "654321");
}

static bool
admin_pin_old(struct bench *bench)
{
	return pin_is(bench, GM_PIN_ADMIN, ADMIN_PIN);
}

static bool
admin_pin_new(struct bench *bench)
{
	return pin_is(bench, GM_PIN_ADMIN, "newadmin");
}

static void
lock_and_be_admin(struct bench *bench)
{
	for (unsigned int i = 0; i < 10; i++)
		(void)client_verify(bench->key, &bench->ids, GM_PIN_USER, "000000");
	assert_true(admin_pin_old(bench));
}

static uint16_t
unblock(struct bench *bench)
{
	return client_unblock(bench->key, &bench->ids, ADMIN_PIN, "654321");
}

static bool
still_locked(struct bench *bench)
{
	return client_verify(bench->key, &bench->ids, GM_PIN_USER, "654321") == 0x6983;
}

uint16_t
power_guess_pin(struct bench *bench)
{
	return client_verify(bench->key, &bench->ids, GM_PIN_USER, "000000");
}

uint8_t
power_user_tries(struct bench *bench)
{
	uint8_t info[3];

	client_pin_info(bench->key, &bench->ids, GM_PIN_USER, info);
	return info[1];
}

static bool
ten_tries(struct bench *bench)
{
	return power_user_tries(bench) == 10;
}

static bool
nine_tries(struct bench *bench)
{
	return power_user_tries(bench) == 9;
}

/* ---- the device ---- */

static void
be_factory(struct bench *bench)
{
	assert_sw(client_dev_auth(bench->key, DEVICE_KEY), 0x9000);
}

static uint16_t
change_device_key(struct bench *bench)
{
	return client_change_dev_key(bench->key, DEVICE_KEY, DEVICE_2);
}

static bool
device_key_old(struct bench *bench)
{
	return client_dev_auth(bench->key, DEVICE_KEY) == 0x9000;
}

static bool
device_key_new(struct bench *bench)
{
	return client_dev_auth(bench->key, DEVICE_2) == 0x9000;
}

static uint16_t
create_application(struct bench *bench)
{
	struct app_settings settings = default_settings;

	settings.name = NEW_NAME;
	return client_create_app(bench->key, &settings);
}

static uint16_t
delete_application(struct bench *bench)
{
	return key_send(bench->key, 0x24, 0, uk_span_str(OLD_NAME), UK_LE_NONE);
}

static bool
applications_are(struct bench *bench, const char *list, size_t len)
{
	assert_sw(key_send(bench->key, 0x22, 0, uk_span_of(NULL, 0), UK_LE_MAX), 0x9000);
	return uk_span_equal(bench->key->data, uk_span_of(list, len));
}

static bool
two_applications(struct bench *bench)
{
	return applications_are(bench, "Tests\0old\0", 11);
}

static bool
three_applications(struct bench *bench)
{
	return applications_are(bench, "Tests\0old\0new\0", 15);
}

static bool
one_application(struct bench *bench)
{
	return applications_are(bench, "Tests\0", 7);
}

uint16_t
power_set_label(struct bench *bench)
{
	return key_send(bench->key, 0x02, 0, uk_span_str("VIRTUAL new"), UK_LE_NONE);
}

static bool
label_is(struct bench *bench, const char *label)
{
	assert_sw(key_send(bench->key, 0x04, 0, uk_span_of(NULL, 0), UK_LE_MAX), 0x9000);
	return strcmp((const char *)bench->key->data.ptr + 132, label) == 0;
}

bool
power_label_old(struct bench *bench)
{
	return label_is(bench, "VIRTUAL OpenUKey");
}

bool
power_label_new(struct bench *bench)
{
	return label_is(bench, "VIRTUAL new");
}

/* ---- containers ---- */

static bool
containers_are(struct bench *bench, const char *list, size_t len)
{
	assert_sw(key_send(bench->key, 0x46, 0, ids_app(&bench->ids), UK_LE_MAX), 0x9000);
	return uk_span_equal(bench->key->data, uk_span_of(list, len));
}

static uint16_t
create_container(struct bench *bench)
{
	struct ids ids = bench->ids;

	return client_create_container(bench->key, &ids, NEW_NAME);
}

static uint16_t
delete_container(struct bench *bench)
{
	return key_send(bench->key, 0x48, 0, on_app(bench, OLD_NAME), UK_LE_NONE);
}

static bool
one_container(struct bench *bench)
{
	return containers_are(bench, "old\0", 5);
}

static bool
two_containers(struct bench *bench)
{
	return containers_are(bench, "old\0new\0", 9);
}

static bool
no_container(struct bench *bench)
{
	return containers_are(bench, "", 0);
}

static uint16_t
import_cert(struct bench *bench)
{
	return client_import_cert(bench->key, &bench->ids, 1,
				  uk_span_of(bench->cert_new, sizeof(bench->cert_new)));
}

static bool
cert_is(struct bench *bench, const uint8_t *cert, size_t len)
{
	assert_sw(key_send(bench->key, 0x4e, 0x0100, ids_both(&bench->ids), UK_LE_MAX), 0x9000);
	return bench->key->data.len == 4 + len && memcmp(bench->key->data.ptr + 4, cert, len) == 0;
}

static bool
cert_old(struct bench *bench)
{
	return cert_is(bench, bench->cert_old, sizeof(bench->cert_old));
}

static bool
cert_new(struct bench *bench)
{
	return cert_is(bench, bench->cert_new, sizeof(bench->cert_new));
}

/* ---- keys ---- */

static bool
can_sign(struct bench *bench)
{
	struct uk_writer out = client_data();

	if (!power_user_pin_old(bench))
		return false;
	uk_put(&out, ids_both(&bench->ids));
	uk_put_fill(&out, 1, 32);
	return key_send(bench->key, 0x74, 0x0200, uk_writer_span(&out), UK_LE_MAX) == 0x9000;
}

static uint16_t
public_key(struct bench *bench, uint8_t pair)
{
	return key_send(bench->key, 0x88, (uint16_t)(pair << 8), ids_both(&bench->ids), UK_LE_MAX);
}

uint16_t
power_gen_sm2(struct bench *bench)
{
	return client_gen_sm2(bench->key, &bench->ids);
}

static bool
signing_pair_is_the_first(struct bench *bench)
{
	assert_sw(public_key(bench, 1), 0x9000);
	return memcmp(bench->key->data.ptr + 4, bench->first_point, 64) == 0;
}

static bool
signing_pair_old(struct bench *bench)
{
	return signing_pair_is_the_first(bench) && can_sign(bench);
}

static bool
signing_pair_new(struct bench *bench)
{
	return !signing_pair_is_the_first(bench) && can_sign(bench);
}

static uint16_t
import_sm2(struct bench *bench)
{
	return client_import_sm2(bench->key, &bench->ids, bench->pair, HALF_LAST);
}

static bool
no_enc_pair(struct bench *bench)
{
	return public_key(bench, 0) == 0x6a95;
}

static bool
enc_pair(struct bench *bench)
{
	uint8_t point[64];

	client_sm2_point(bench->pair, point);
	return public_key(bench, 0) == 0x9000 && memcmp(bench->key->data.ptr + 4, point, 64) == 0;
}

static void
empty_container(struct bench *bench)
{
	assert_true(power_user_pin_old(bench));
	assert_sw(delete_container(bench), 0x9000);
	assert_sw(client_create_container(bench->key, &bench->ids, OLD_NAME), 0x9000);
}

static uint16_t
gen_rsa(struct bench *bench)
{
	return client_gen_rsa(bench->key, &bench->ids, 1024);
}

static bool
no_pair(struct bench *bench)
{
	return public_key(bench, 1) == 0x6a95;
}

static bool
rsa_pair(struct bench *bench)
{
	struct uk_writer out = client_data();

	if (!power_user_pin_old(bench))
		return false;
	uk_put(&out, ids_both(&bench->ids));
	uk_put_fill(&out, 1, 32);
	return key_send(bench->key, 0x58, 0x0200, uk_writer_span(&out), UK_LE_MAX) == 0x9000;
}

/* ---- files ---- */

static uint16_t
write_file(struct bench *bench)
{
	return client_write_file(bench->key, &bench->ids, OLD_NAME, 0, uk_span_str("new!"));
}

static bool
file_has(struct bench *bench, const char *name, const char *bytes)
{
	return client_read_file(bench->key, &bench->ids, name, 0, UK_LE_MAX) == 0x9000 &&
	       uk_span_equal(bench->key->data, uk_span_of(bytes, 4));
}

static bool
file_old(struct bench *bench)
{
	return file_has(bench, OLD_NAME, "\0\0\0\0");
}

static bool
file_new(struct bench *bench)
{
	return file_has(bench, OLD_NAME, "new!");
}

static uint16_t
create_file(struct bench *bench)
{
	return client_create_file(bench->key, &bench->ids, NEW_NAME, 4, GM_RIGHT_ANYONE,
				  GM_RIGHT_USER);
}

static bool
second_file(struct bench *bench)
{
	return file_has(bench, NEW_NAME, "\0\0\0\0");
}

static bool
no_second_file(struct bench *bench)
{
	return client_read_file(bench->key, &bench->ids, NEW_NAME, 0, UK_LE_MAX) == 0x6a93;
}

static uint16_t
delete_file(struct bench *bench)
{
	return key_send(bench->key, 0x32,
			(uint16_t)(bench->ids.bytes[0] << 8 | bench->ids.bytes[1]),
			uk_span_str(OLD_NAME), UK_LE_NONE);
}

static bool
no_file(struct bench *bench)
{
	return client_read_file(bench->key, &bench->ids, OLD_NAME, 0, UK_LE_MAX) == 0x6a93;
}

/* clang-format off */
const struct step power_steps[] = {
	{"change of the user PIN", NULL, power_change_user_pin, power_user_pin_old, user_pin_new, 0},
	{"change of the administrator's PIN", NULL, change_admin_pin, admin_pin_old, admin_pin_new, 0},
	{"unblocking", lock_and_be_admin, unblock, still_locked, user_pin_new, 0},
	{"a wrong guess", NULL, power_guess_pin, ten_tries, nine_tries, 0x63c9},
	{"a new device key", be_factory, change_device_key, device_key_old, device_key_new, 0},
	{"a new application", be_factory, create_application, two_applications, three_applications, 0},
	{"deleting an application", be_factory, delete_application, two_applications, one_application, 0},
	{"a label", NULL, power_set_label, power_label_old, power_label_new, 0},
	{"a new container", NULL, create_container, one_container, two_containers, 0},
	{"deleting a container", NULL, delete_container, one_container, no_container, 0},
	{"a certificate", NULL, import_cert, cert_old, cert_new, 0},
	{"a new SM2 pair", NULL, power_gen_sm2, signing_pair_old, signing_pair_new, 0},
	{"a new RSA pair", empty_container, gen_rsa, no_pair, rsa_pair, 0},
	{"an enveloped pair", NULL, import_sm2, no_enc_pair, enc_pair, 0},
	{"writing a file", NULL, write_file, file_old, file_new, 0},
	{"a new file", NULL, create_file, no_second_file, second_file, 0},
	{"deleting a file", NULL, delete_file, file_old, no_file, 0},
};
/* clang-format on */

const size_t power_step_count = ARRAY_SIZE(power_steps);
