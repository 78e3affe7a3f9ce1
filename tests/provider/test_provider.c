/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program of its own with the provider: threads, forks, keys that go, and PINs. */
#include "common/secret.h"
#include "tests/provider/desk.h"
#include "tests/rig/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 8

static struct desk desk;

static int
up(void **state)
{
	desk_start(&desk);
	return 0;
}

static int
down(void **state)
{
	desk_stop(&desk);
	return 0;
}

static EVP_PKEY *
opened(void)
{
	EVP_PKEY *key = desk_open(&desk, desk.uri);

	if (key == NULL) {
		ERR_print_errors_fp(stderr);
		fail_msg("%s was not given", desk.uri);
	}
	return key;
}

static void
signs_with(const char *alg, const char *pair)
{
	EVP_PKEY *key;

	desk_plug(&desk, alg, pair);
	key = opened();
	assert_int_equal(atomic_load(&desk.asked), 1);
	assert_non_null(strstr(desk.question, "desk"));
	assert_non_null(strstr(desk.question, "10 tries left"));
	assert_int_equal(EVP_PKEY_eq(key, desk.pub), 1);
	for (int i = 0; i < 3; i++)
		assert_true(desk_signs(&desk, key));
	EVP_PKEY_free(key);
	desk_pull(&desk);
}

static void
a_program_signs_with_sm2(void **state)
{
	signs_with("sm2", "sm2-sign");
}

static void
a_program_signs_with_rsa(void **state)
{
	signs_with("rsa", "rsa-sign");
}

/* -- threads -- */

static void *
sign_some(void *arg)
{
	for (int i = 0; i < 6; i++)
		if (!desk_signs(&desk, arg))
			return arg;
	return NULL;
}

static void
eight_threads_sign_with_one_key(void **state)
{
	pthread_t threads[THREADS];
	EVP_PKEY *key;

	desk_plug(&desk, "sm2", "sm2-sign");
	key = opened();
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sign_some, key), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *bad;

		assert_int_equal(pthread_join(threads[i], &bad), 0);
		assert_null(bad);
	}
	EVP_PKEY_free(key);
	desk_pull(&desk);
}

static pthread_barrier_t all_here;

static void *
open_and_sign(void *arg)
{
	EVP_PKEY *key;
	bool good;

	(void)pthread_barrier_wait(&all_here);
	key = desk_open(&desk, desk.uri);
	good = key != NULL && desk_signs(&desk, key);
	(void)pthread_barrier_wait(&all_here); /* until then all have it open */
	EVP_PKEY_free(key);
	return good ? arg : NULL;
}

static size_t
eight_threads_open(void)
{
	pthread_t threads[THREADS];
	size_t good = 0;

	assert_int_equal(pthread_barrier_init(&all_here, NULL, THREADS), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, open_and_sign, &desk), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *ret;

		assert_int_equal(pthread_join(threads[i], &ret), 0);
		good += ret != NULL;
	}
	assert_int_equal(pthread_barrier_destroy(&all_here), 0);
	return good;
}

static void
eight_threads_that_open_one_key_ask_once(void **state)
{
	desk_plug(&desk, "sm2", "sm2-sign");
	assert_int_equal(eight_threads_open(), THREADS);
	assert_int_equal(atomic_load(&desk.asked), 1);
	desk_pull(&desk);
}

static void
threads_send_no_wrong_pin_that_nobody_typed(void **state)
{
	desk_plug(&desk, "sm2", "sm2-sign");
	desk.typed = "000000";
	assert_int_equal(eight_threads_open(), 0);
	assert_int_equal(desk_tries(&desk), 10 - atomic_load(&desk.asked));
	desk_pull(&desk);
}

/* -- PINs -- */

static void
a_wrong_pin_is_asked_for_once_and_the_tries_are_told(void **state)
{
	desk_plug(&desk, "sm2", "sm2-sign");
	desk.typed = "000000";
	assert_null(desk_open(&desk, desk.uri));
	assert_true(desk_error("wrong PIN: VIRTUAL desk: 9 tries left"));
	assert_int_equal(atomic_load(&desk.asked), 1);
	assert_int_equal(desk_tries(&desk), 9);
	assert_null(desk_open(&desk, desk.uri));
	assert_non_null(strstr(desk.question, "9 tries left"));
	assert_int_equal(desk_tries(&desk), 8);
	desk.typed = NULL;
	assert_null(desk_open(&desk, desk.uri));
	assert_int_equal(desk_tries(&desk), 8);
	desk.typed = "12";
	assert_null(desk_open(&desk, desk.uri));
	assert_int_equal(desk_tries(&desk), 8);
	desk_pull(&desk);
	ERR_clear_error();
}

static EVP_PKEY *
open_with(const char *query)
{
	char uri[512];

	(void)snprintf(uri, sizeof(uri), "%s%s", desk.uri, query);
	return desk_open(&desk, uri);
}

static void
a_stored_pin_is_tried_once_at_most(void **state)
{
	EVP_PKEY *key;

	desk_plug(&desk, "sm2", "sm2-sign");
	key = open_with("?pin-value=" DESK_PIN);
	assert_non_null(key);
	assert_int_equal(atomic_load(&desk.asked), 0);
	EVP_PKEY_free(key);
	for (int i = 0; i < 5; i++)
		assert_null(open_with("?pin-value=000000"));
	assert_int_equal(desk_tries(&desk), 9);
	assert_null(open_with("?pin-value=" DESK_PIN));
	assert_true(desk_error("a wrong PIN was used before"));
	key = opened(); /* typed */
	EVP_PKEY_free(key);
	key = open_with("?pin-value=" DESK_PIN);
	assert_non_null(key);
	EVP_PKEY_free(key);
	desk_pull(&desk);
	ERR_clear_error();
}

static void
the_last_try_is_not_spent(void **state)
{
	desk_plug(&desk, "sm2", "sm2-sign");
	desk.typed = "000000";
	for (int i = 0; i < 12; i++)
		assert_null(desk_open(&desk, desk.uri));
	assert_true(desk_error("only one try is left"));
	assert_int_equal(desk_tries(&desk), 1);
	assert_int_equal(atomic_load(&desk.asked), 9);
	desk_pull(&desk);
	ERR_clear_error();
}

static void
the_login_ends_with_the_last_key(void **state)
{
	EVP_PKEY *one, *other;

	desk_plug(&desk, "sm2", "sm2-sign");
	one = opened();
	other = opened();
	assert_int_equal(atomic_load(&desk.asked), 1);
	EVP_PKEY_free(one);
	assert_true(desk_signs(&desk, other));
	EVP_PKEY_free(other);
	one = opened();
	assert_int_equal(atomic_load(&desk.asked), 2);
	EVP_PKEY_free(one);
	desk_pull(&desk);
}

#define MASK 0x5a

/* Without ever having the PIN in memory as it is */
static unsigned
found_in(const unsigned char *start, size_t len, const unsigned char *masked, size_t size)
{
	unsigned found = 0;

	for (size_t i = 0; i + size <= len; i++) {
		size_t j = 0;

		while (j < size && (start[i + j] ^ MASK) == masked[j])
			j++;
		found += j == size;
	}
	return found;
}

__attribute__((no_sanitize("address"))) static unsigned
in_memory(const unsigned char *masked, size_t size)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	unsigned found = 0;
	char line[512], access[8];
	unsigned long start, end;

	assert_true(maps != NULL && mem >= 0);
	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned char *copy;
		ssize_t len;

		if (sscanf(line, "%lx-%lx %7s", &start, &end, access) != 3 || access[1] != 'w' ||
		    end - start > (64UL << 20))
			continue;
		copy = malloc(end - start);
		assert_non_null(copy);
		len = pread(mem, copy, end - start, (off_t)start);
		found += len > 0 ? found_in(copy, (size_t)len, masked, size) : 0;
		uk_wipe(copy, end - start);
		free(copy);
	}
	(void)close(mem);
	(void)fclose(maps);
	return found;
}

/* The first one: addresses with a pin-value stay in OpenSSL's memory, and in its errors. */
static void
a_pin_is_nowhere_after_its_use(void **state)
{
	unsigned char masked[sizeof(DESK_PIN) - 1];
	char path[512], log[65536];
	int real_stderr = dup(STDERR_FILENO);
	EVP_PKEY *key;
	FILE *file;
	size_t len;

	for (size_t i = 0; i < sizeof(masked); i++)
		masked[i] = (unsigned char)(DESK_PIN[i] ^ MASK);
	desk_plug(&desk, "sm2", "sm2-sign");
	(void)snprintf(path, sizeof(path), "%s/log", rig_dir(desk.rig));
	assert_non_null(freopen(path, "w", stderr));
	key = opened();
	assert_true(desk_signs(&desk, key));
	assert_int_equal(in_memory(masked, sizeof(masked)), 0);
	EVP_PKEY_free(key);
	(void)fflush(stderr);
	assert_int_equal(dup2(real_stderr, STDERR_FILENO), STDERR_FILENO);
	(void)close(real_stderr);
	file = fopen(path, "r");
	assert_non_null(file);
	len = fread(log, 1, sizeof(log), file);
	assert_true(len > 0); /* OPENUKEY_LOG=debug */
	assert_int_equal(found_in((unsigned char *)log, len, masked, sizeof(masked)), 0);
	(void)fclose(file);
	desk_pull(&desk);
}

/* -- keys that go -- */

static void
a_pulled_key_is_told_and_comes_back(void **state)
{
	EVP_PKEY *key, *again;
	long asked;

	desk_plug(&desk, "sm2", "sm2-sign");
	key = opened();
	assert_true(desk_signs(&desk, key));
	desk_pull(&desk);
	assert_false(desk_signs(&desk, key));
	assert_true(desk_error("the key (UKEY) was pulled out"));
	desk_plug_again(&desk);
	asked = atomic_load(&desk.asked);
	assert_false(desk_signs(&desk, key));
	assert_true(desk_error("the login has ended"));
	assert_int_equal(atomic_load(&desk.asked), asked);
	again = opened();
	assert_true(desk_signs(&desk, again));
	assert_true(desk_signs(&desk, key)); /* the same key, in a session of its own */
	EVP_PKEY_free(again);
	EVP_PKEY_free(key);
	desk_pull(&desk);
}

/* 74: the key's own signing command */
static void
pulled_while_it_signs(const char *fault, const char *words)
{
	EVP_PKEY *key;

	desk_plug(&desk, "sm2", "sm2-sign");
	key = opened();
	assert_true(rig_tell(desk.rig, 0, fault));
	assert_false(desk_signs(&desk, key));
	assert_true(desk_error(words));
	EVP_PKEY_free(key);
}

static void
a_key_pulled_while_it_signs_is_told(void **state)
{
	pulled_while_it_signs("fault ins 74 pull-before", "was pulled out");
	assert_true(rig_pull(desk.rig, 0));
	pulled_while_it_signs("fault ins 74 pull-after", "was pulled out");
	assert_true(rig_pull(desk.rig, 0));
}

static void
a_signature_that_is_wrong_is_not_handed_out(void **state)
{
	pulled_while_it_signs("fault ins 74 flip 20", "not the loaded key's");
	desk_pull(&desk);
}

static void
another_pair_in_the_same_place_is_noticed(void **state)
{
	EVP_PKEY *key, *other;

	desk_plug(&desk, "sm2", "sm2-sign");
	key = opened();
	desk_pull(&desk);
	desk_plug(&desk, "sm2", "sm2-enc"); /* the same names, other keys */
	other = opened();
	assert_true(desk_signs(&desk, other));
	assert_false(desk_signs(&desk, key));
	assert_true(desk_error("another key pair has taken the place"));
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	desk_pull(&desk);
}

/* -- processes -- */

static int
child(EVP_PKEY *key)
{
	EVP_PKEY *own;

	if (desk_signs(&desk, key) || !desk_error("the login has ended"))
		return 1;
	own = desk_open(&desk, desk.uri);
	if (own == NULL || !desk_signs(&desk, own))
		return 2;
	EVP_PKEY_free(own);
	EVP_PKEY_free(key);
	return 0;
}

static void
a_forked_child_logs_in_itself_and_leaves_its_parent_alone(void **state)
{
	EVP_PKEY *key;
	int status;
	pid_t pid;

	desk_plug(&desk, "sm2", "sm2-sign");
	key = opened();
	pid = fork();
	if (pid == 0)
		_exit(child(key));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(desk_signs(&desk, key));
	EVP_PKEY_free(key);
	desk_pull(&desk);
}

static void
it_comes_and_goes(void **state)
{
	desk_plug(&desk, "sm2", "sm2-sign");
	for (int i = 0; i < 5; i++) {
		EVP_PKEY *key;

		desk_unload(&desk);
		desk_load(&desk);
		key = opened();
		assert_true(desk_signs(&desk, key));
		EVP_PKEY_free(key);
	}
	desk_pull(&desk);
}

static void
two_contexts_have_a_login_each(void **state)
{
	struct desk second = desk;
	EVP_PKEY *key, *other;

	desk_plug(&desk, "sm2", "sm2-sign");
	second = desk;
	desk_load(&second);
	key = opened();
	other = desk_open(&second, desk.uri);
	assert_non_null(other);
	assert_true(desk_signs(&second, other));
	EVP_PKEY_free(key);
	assert_true(desk_signs(&second, other));
	EVP_PKEY_free(other);
	desk_unload(&second);
	desk_pull(&desk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pin_is_nowhere_after_its_use),
		cmocka_unit_test(a_program_signs_with_sm2),
		cmocka_unit_test(a_program_signs_with_rsa),
		cmocka_unit_test(eight_threads_sign_with_one_key),
		cmocka_unit_test(eight_threads_that_open_one_key_ask_once),
		cmocka_unit_test(threads_send_no_wrong_pin_that_nobody_typed),
		cmocka_unit_test(a_wrong_pin_is_asked_for_once_and_the_tries_are_told),
		cmocka_unit_test(a_stored_pin_is_tried_once_at_most),
		cmocka_unit_test(the_last_try_is_not_spent),
		cmocka_unit_test(the_login_ends_with_the_last_key),
		cmocka_unit_test(a_pulled_key_is_told_and_comes_back),
		cmocka_unit_test(a_key_pulled_while_it_signs_is_told),
		cmocka_unit_test(a_signature_that_is_wrong_is_not_handed_out),
		cmocka_unit_test(another_pair_in_the_same_place_is_noticed),
		cmocka_unit_test(a_forked_child_logs_in_itself_and_leaves_its_parent_alone),
		cmocka_unit_test(it_comes_and_goes),
		cmocka_unit_test(two_contexts_have_a_login_each),
	};

	return cmocka_run_group_tests(tests, up, down);
}
