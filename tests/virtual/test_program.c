/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program around the card: faults, pull and plug, the log, provisioning, exit codes. */
#include "tests/virtual/client.h"

#include "tests/rig/process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOTHING uk_span_of(NULL, 0)

static uint16_t
ask_list(struct key *key)
{
	return key_send(key, 0x22, 0, NOTHING, UK_LE_MAX);
}

static void
pulled_and_plugged_by_command(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	struct ids ids;

	client_personalise(key, &ids, true);
	assert_string_equal(key_tell(key, "pull"), "ok");
	assert_sw(ask_list(key), SW_PULLED);
	assert_int_equal(access(key->socket, F_OK), -1);
	assert_non_null(strstr(key_tell(key, "status"), "\"plugged\":false"));
	assert_string_equal(key_tell(key, "plug"), "ok");
	key_connect(key);
	assert_sw(ask_list(key), 0x9000);
	assert_int_equal(key->data.len, 7);
	assert_sw(client_create_container(key, &ids, "c"), 0x698a);
	assert_string_equal(key_tell(key, "quit"), "ok");
	assert_int_equal(process_await(key->pid, 5000), 0);
	key->pid = 0;
	assert_int_equal(access(key->socket, F_OK), -1);
	assert_int_equal(access(key->control, F_OK), -1);
	key_free(key);
}

static void
reader_that_leaves_takes_the_power(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	struct ids ids;

	client_personalise(key, &ids, true);
	key_connect(key);
	assert_sw(client_create_container(key, &ids, "c"), 0x698a);
	assert_sw(client_open_app(key, APPLICATION, &ids), 0x9000);
	assert_sw(client_create_container(key, &ids, "c"), 0x6982);
	key_free(key);
}

static void
pulled_at_the_nth_command(void **unused)
{
	struct key *key = key_blank("V0", NULL);

	assert_string_equal(key_tell(key, "fault at 2 pull-before"), "ok");
	assert_sw(ask_list(key), 0x9000);
	assert_sw(key_send(key, 0x02, 0, uk_span_str("VIRTUAL a"), UK_LE_NONE), SW_PULLED);
	assert_string_equal(key_tell(key, "plug"), "ok");
	key_connect(key);
	assert_sw(key_send(key, 0x04, 0, NOTHING, UK_LE_MAX), 0x9000);
	assert_string_equal((const char *)key->data.ptr + 132, "VIRTUAL OpenUKey");

	assert_string_equal(key_tell(key, "fault ins 02 pull-after"), "ok");
	assert_sw(ask_list(key), 0x9000);
	assert_sw(key_send(key, 0x02, 0, uk_span_str("VIRTUAL a"), UK_LE_NONE), SW_PULLED);
	assert_string_equal(key_tell(key, "plug"), "ok");
	key_connect(key);
	assert_sw(key_send(key, 0x04, 0, NOTHING, UK_LE_MAX), 0x9000);
	assert_string_equal((const char *)key->data.ptr + 132, "VIRTUAL a");
	key_free(key);
}

static void
wrong_answers_on_demand(void **unused)
{
	static const struct {
		const char *fault;
		ssize_t len; /* of the answer to EnumApplication: "Tests" 00 00 90 00 */
		const char *bytes;
	} rows[] = {
		{"fault at 1 sw 6f00", 2, "\x6f\0"},
		{"fault ins 22 sw 6982", 2, "\x69\x82"},
		{"fault at 1 cut 0", 0, ""},
		{"fault at 1 cut 1", 1, "T"},
		{"fault at 1 cut 50", 9, "Tests\0\0\x90\0"},
		{"fault at 1 empty", 0, ""},
		{"fault at 1 junk 300", 309, "Tests\0\0"},
		{"fault at 1 junk 65535", 65535, "Tests\0\0"},
		{"fault at 1 random 40 7", 40, NULL},
		{"fault at 1 noise 40 7", 42, NULL},
		{"fault at 1 flip 0", 9, "\xab"},
		{"fault at 1 flip 7", 9, "Tests\0\0\x6f\0"},
	};
	struct key *key = key_blank("V0", NULL);
	struct ids ids;

	client_personalise(key, &ids, false);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_string_equal(key_tell(key, rows[i].fault), "ok");
		assert_int_equal(key_exchange(key, uk_span_of("\x80\x22\0\0", 4)), rows[i].len);
		if (rows[i].bytes != NULL)
			assert_memory_equal(key->reply, rows[i].bytes,
					    rows[i].len < 7 ? (size_t)rows[i].len
							    : strlen(rows[i].bytes));
		assert_sw(ask_list(key), 0x9000);
		assert_int_equal(key->data.len, 7);
	}
	key_free(key);
}

static void
the_same_seed_gives_the_same_bytes(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	uint8_t first[64];

	for (unsigned int i = 0; i < 2; i++) {
		assert_string_equal(key_tell(key, "fault at 1 noise 62 12345"), "ok");
		assert_int_equal(key_exchange(key, uk_span_of("\x80\x22\0\0", 4)), 64);
		assert_memory_equal(key->reply + 62, "\x90\0", 2);
		if (i == 0)
			memcpy(first, key->reply, 64);
	}
	assert_memory_equal(key->reply, first, 64);
	key_free(key);
}

static void
slow_answers_can_be_interrupted(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	long start = process_clock_ms();

	assert_string_equal(key_tell(key, "fault slow 50"), "ok");
	assert_sw(ask_list(key), 0x9000);
	assert_true(process_clock_ms() - start >= 50);
	assert_string_equal(key_tell(key, "fault clear"), "ok");
	/* pulled while the answer is on its way: it never comes */
	assert_string_equal(key_tell(key, "fault at 1 slow 30000"), "ok");
	assert_int_equal(write(key->fd, "\0\4\x80\x22\0\0", 6), 6);
	while (key_status(key, "commands") < 2)
		process_sleep_ms(2);
	assert_string_equal(key_tell(key, "pull"), "ok");
	assert_int_equal(read(key->fd, key->reply, 1), 0);
	key_free(key);
}

static void
unknown_faults_are_refused(void **unused)
{
	static const char *const lines[] = {
		"",
		"frob",
		"fault",
		"fault at",
		"fault at 0 empty",
		"fault at x empty",
		"fault at 1",
		"fault at 1 frob",
		"fault at 1 cut",
		"fault at 1 sw 12345",
		"fault ins 100 empty",
		"fault write 1",
		"fault write 1 sideways",
		"fault at 1 empty 3",
		"fault slow -1",
		"log",
	};
	struct key *key = key_blank("V0", NULL);

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (strncmp(key_tell(key, lines[i]), "error", 5) != 0)
			fail_msg("\"%s\" was taken", lines[i]);
	assert_sw(ask_list(key), 0x9000);
	key_free(key);
}

static void
commands_and_bytes_are_counted(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	const char *count;

	assert_sw(ask_list(key), 0x9000);
	(void)key_tell(key, "count reset");
	assert_sw(ask_list(key), 0x9000);
	assert_sw(key_send(key, 0x04, 0, NOTHING, UK_LE_MAX), 0x9000);
	count = key_tell(key, "count");
	assert_string_equal(count, "{\"commands\":2,\"bytes_in\":14,\"bytes_out\":292,"
				   "\"by_ins\":{\"04\":1,\"22\":1},"
				   "\"due_us\":0}");
	assert_int_equal(key_status(key, "commands"), 3);
	assert_int_equal(key_status(key, "writes"), 0);
	assert_sw(key_send(key, 0x02, 0, uk_span_str("x"), UK_LE_NONE), 0x9000);
	assert_int_equal(key_status(key, "writes"), 1);
	key_free(key);
}

static void
log_has_no_secrets(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	char text[16384], line[200];
	bool seen = false;
	struct ids ids;
	FILE *file;
	size_t len;

	client_personalise(key, &ids, true);
	assert_sw(client_change_pin(key, &ids, GM_PIN_USER, USER_PIN, "654321"), 0x9000);
	assert_sw(client_verify(key, &ids, GM_PIN_ADMIN, ADMIN_PIN), 0x9000);
	assert_sw(client_unblock(key, &ids, ADMIN_PIN, "123123"), 0x9000);
	file = fopen(key->log, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		bool secret = strstr(line, "RANDOM") != NULL || strstr(line, "PIN ") != NULL ||
			      strstr(line, "AUTH") != NULL || strstr(line, "CREATE_APP") != NULL;

		assert_false(strstr(line, "GET_PIN_INFO") == NULL && secret &&
			     (strstr(line, "rest=") != NULL || strstr(line, "data=") != NULL));
		seen = seen || strstr(line, "VERIFY_PIN 80180001 len=25 -> 9000") != NULL;
	}
	assert_true(seen);
	rewind(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	(void)fclose(file);
	assert_non_null(strstr(text, "OPEN_APPLICATION 80260000 len=14 rest=0000055465737473000a"));
	assert_null(strstr(text, "313233343536")); /* 123456 */
	key_free(key);
}

static void
full_speed_timing_is_felt(void **unused)
{
	static const char *const options[] = {"--timing", "full-speed", NULL};
	struct key *key = key_blank("V0", options);
	struct ids ids;
	long start;

	client_personalise(key, &ids, true);
	assert_sw(client_create_container(key, &ids, "c"), 0x9000);
	start = process_clock_ms();
	assert_sw(client_gen_sm2(key, &ids), 0x9000);
	assert_in_range(process_clock_ms() - start, 120, 400);
	start = process_clock_ms();
	assert_sw(ask_list(key), 0x9000);
	assert_in_range(process_clock_ms() - start, 2, 60);
	key_free(key);
}

/* Writes a new private key and a certificate that names its owner. */
static void
make_files(struct key *key, const char *name, EVP_PKEY *pkey, bool der)
{
	X509 *cert = X509_new();
	char path[160];
	FILE *file;

	assert_int_equal(X509_set_version(cert, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 7), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 86400));
	assert_int_equal(X509_set_pubkey(cert, pkey), 1);
	assert_true(X509_sign(cert, pkey, EVP_PKEY_is_a(pkey, "SM2") ? EVP_sm3() : EVP_sha256()) >
		    0);
	(void)snprintf(path, sizeof(path), "%s/%s.key", key->dir, name);
	file = fopen(path, "we");
	assert_int_equal(PEM_write_PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL), 1);
	(void)fclose(file);
	(void)snprintf(path, sizeof(path), "%s/%s.crt", key->dir, name);
	file = fopen(path, "we");
	assert_int_equal(der ? i2d_X509_fp(file, cert) : PEM_write_X509(file, cert), 1);
	(void)fclose(file);
	X509_free(cert);
}

static void
a_key_is_provisioned_offline(void **unused)
{
	struct key *key = key_new("V0");
	EVP_PKEY *sm2 = EVP_PKEY_Q_keygen(NULL, NULL, "SM2"), *rsa = EVP_RSA_gen(2048);
	char sm2_key[96], sm2_cert[96], rsa_key[96], rsa_cert[96];
	const char *const make[] = {"provision", "--state",       key->state,    "--serial",
				    "VK1",       "--label",       "VIRTUAL one", "--tries",
				    "5",         "--default-pin", "no",          "--container",
				    "sm2",       "--sign-key",    sm2_key,       "--sign-cert",
				    sm2_cert,    "--enc-key",     sm2_key,       NULL};
	const char *const extend[] = {"provision",  "--state", key->state,    "--container", "rsa",
				      "--sign-key", rsa_key,   "--sign-cert", rsa_cert,      NULL};
	uint8_t point[64], info[3];
	struct ids ids;

	(void)snprintf(sm2_key, sizeof(sm2_key), "%s/a.key", key->dir);
	(void)snprintf(sm2_cert, sizeof(sm2_cert), "%s/a.crt", key->dir);
	(void)snprintf(rsa_key, sizeof(rsa_key), "%s/b.key", key->dir);
	(void)snprintf(rsa_cert, sizeof(rsa_cert), "%s/b.crt", key->dir);
	make_files(key, "a", sm2, false);
	make_files(key, "b", rsa, true);
	assert_int_equal(key_program(make), 0);
	assert_int_equal(key_program(extend), 0);
	key_start(key, "V0", NULL);
	assert_int_equal(key_program(extend), 3); /* not while the key runs */
	assert_sw(client_open_app(key, "OpenUKey-Rehearsal", &ids), 0x9000);
	client_pin_info(key, &ids, GM_PIN_USER, info);
	assert_memory_equal(info, "\5\5\0", 3);
	assert_sw(client_verify(key, &ids, GM_PIN_USER, "123456"), 0x9000);
	assert_sw(client_verify(key, &ids, GM_PIN_ADMIN, "admin-8421"), 0x9000);
	assert_sw(client_open_container(key, &ids, "sm2"), 0x9000);
	client_sm2_point(sm2, point);
	for (uint16_t pair = 0; pair < 2; pair++) {
		assert_sw(key_send(key, 0x88, (uint16_t)(pair << 8), ids_both(&ids), UK_LE_MAX),
			  0x9000);
		assert_memory_equal(key->data.ptr + 4, point, 64);
	}
	assert_sw(client_open_container(key, &ids, "rsa"), 0x9000);
	assert_sw(key_send(key, 0x4e, 0x0100, ids_both(&ids), UK_LE_MAX), 0x9000);
	assert_int_equal(key->data.ptr[4], 0x30);
	assert_sw(key_send(key, 0x88, 0x0100, ids_both(&ids), UK_LE_MAX), 0x9000);
	assert_int_equal(key->data.len, 4 + 256 + 4);
	EVP_PKEY_free(sm2);
	EVP_PKEY_free(rsa);
	key_free(key);
}

/* With vpcd the reader listens and the key comes. */
static void
key_connects_out_to_a_vpcd_reader(void **unused)
{
	struct key *key = key_new("V0");
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char place[32];
	const char *const argv[] = {VIRTUAL_KEY, "run",       "--state",    key->state, "--vpcd",
				    place,       "--control", key->control, NULL};

	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	(void)snprintf(place, sizeof(place), "127.0.0.1:%u", ntohs(address.sin_port));
	key->pid = process_start(argv, -1, -1);
	for (unsigned int i = 0; i < 2; i++) {
		key->fd = accept(listener, NULL, NULL);
		assert_true(key->fd >= 0);
		assert_int_equal(key_exchange(key, uk_span_of("\4", 1)), 13);
		assert_sw(ask_list(key), 0x9000);
		assert_string_equal(key_tell(key, "pull"), "ok");
		assert_sw(ask_list(key), SW_PULLED);
		close(key->fd);
		key->fd = -1;
		assert_string_equal(key_tell(key, "plug"), "ok");
	}
	close(listener);
	key_free(key);
}

static void
exit_codes_say_what_was_wrong(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	char other[96];
	const char *const version[] = {"--version", NULL}, *const none[] = {NULL};
	const char *const no_socket[] = {"run", "--state", other, NULL};
	const char *const busy[] = {"run", "--state", key->state, "--socket", other, NULL};
	const char *const model[] = {"run", "--state", other, "--socket",
				     other, "--model", "X",   NULL};
	const char *const taken[] = {"run", "--state", other, "--socket", key->socket, NULL};
	const char *const fault[] = {"run", "--state", other,       "--socket",
				     other, "--fault", "at 1 frob", NULL};
	const char *const nobody[] = {"ctl", other, "status", NULL};
	const char *const refused[] = {"ctl", key->control, "frob", NULL};
	const char *const damaged[] = {"run", "--state", key->log, "--socket", other, NULL};

	(void)snprintf(other, sizeof(other), "%s/other", key->dir);
	assert_int_equal(key_program(version), 0);
	assert_int_equal(key_program(none), 2);
	assert_int_equal(key_program(no_socket), 2);
	assert_int_equal(key_program(busy), 3);
	assert_int_equal(key_program(model), 2);
	assert_int_equal(key_program(taken), 4);
	assert_int_equal(key_program(fault), 2);
	assert_int_equal(key_program(nobody), 4);
	assert_int_equal(key_program(refused), 1);
	assert_sw(ask_list(key), 0x9000);
	assert_int_equal(key_program(damaged), 3);
	key_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pulled_and_plugged_by_command),
		cmocka_unit_test(reader_that_leaves_takes_the_power),
		cmocka_unit_test(pulled_at_the_nth_command),
		cmocka_unit_test(wrong_answers_on_demand),
		cmocka_unit_test(the_same_seed_gives_the_same_bytes),
		cmocka_unit_test(slow_answers_can_be_interrupted),
		cmocka_unit_test(unknown_faults_are_refused),
		cmocka_unit_test(commands_and_bytes_are_counted),
		cmocka_unit_test(log_has_no_secrets),
		cmocka_unit_test(full_speed_timing_is_felt),
		cmocka_unit_test(a_key_is_provisioned_offline),
		cmocka_unit_test(key_connects_out_to_a_vpcd_reader),
		cmocka_unit_test(exit_codes_say_what_was_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
