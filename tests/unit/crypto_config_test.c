/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host's openssl.cnf may load a provider that loads our module: nothing that we do in libcrypto
 * may read it (drivers/crypto/load.h).  This program is not linked with libcrypto.
 */
#include "drivers/crypto/crypto.h"
#include "tests/unit/unit.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/inotify.h>
#include <unistd.h>

static int watch = -1;

static const char *cert_path, *envelope_path;

static struct uk_span
read_file(const char *path, uint8_t *room, size_t size)
{
	FILE *file = fopen(path, "rb");
	size_t len;

	assert_non_null(file);
	len = fread(room, 1, size, file);
	(void)fclose(file);
	return uk_span_of(room, len);
}

static bool
configuration_was_opened(void)
{
	char events[4096];

	return read(watch, events, sizeof(events)) > 0;
}

static bool
libcrypto_is_loaded(void)
{
	void *handle = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_NOLOAD);

	if (handle != NULL)
		(void)dlclose(handle);
	return handle != NULL;
}

static void
use_everything(void)
{
	static const uint8_t gx[32] = {0x32, 0xc4, 0xae, 0x2c, 0x1f, 0x19, 0x81, 0x19,
				       0x5f, 0x99, 0x04, 0x46, 0x6a, 0x39, 0xc9, 0x94,
				       0x8f, 0xe3, 0x0b, 0xbf, 0xf2, 0x66, 0x0b, 0xe1,
				       0x71, 0x5a, 0x45, 0x89, 0x33, 0x4c, 0x74, 0xc7};
	static const uint8_t gy[32] = {0xbc, 0x37, 0x36, 0xa2, 0xf4, 0xf6, 0x77, 0x9c,
				       0x59, 0xbd, 0xce, 0xe3, 0x6b, 0x69, 0x21, 0x53,
				       0xd0, 0xa9, 0x87, 0x7c, 0xc6, 0x2a, 0x47, 0x40,
				       0x02, 0xdf, 0x32, 0xe5, 0x21, 0x39, 0xf0, 0xa0};
	uint8_t out[CRYPTO_HASH_MAX], big[256];
	uint8_t der[80], file[4096];
	struct uk_writer w = uk_writer_of(der, sizeof(der));
	struct crypto_cert cert;
	struct crypto_enveloped_key key;

	memset(big, 0x41, sizeof(big));
	for (int hash = CRYPTO_SHA1; hash <= CRYPTO_SM3; hash++)
		assert_ok(crypto_hash((enum crypto_hash)hash, str("abc"), out));
	assert_ok(crypto_sm4_ecb_encrypt(big, uk_span_of(big, 32), out));
	assert_ok(crypto_sm4_cbc_mac(big, big, uk_span_of(big, 32), out));
	assert_ok(crypto_sm2_z(str(GM_SM2_DEFAULT_ID), gx, gy, out));
	assert_int_equal(crypto_sm2_verify(gx, gy, uk_span_of(out, 32), uk_span_of(big, 64)),
			 UK_E_SIGNATURE);
	assert_ok(crypto_sm2_sig_to_der(uk_span_of(big, 64), &w));
	w = uk_writer_of(out, 64);
	assert_ok(crypto_sm2_sig_from_der(uk_span_of(der, 70), &w));
	big[0] = 0xc1;
	assert_int_equal(
		crypto_rsa_verify(uk_span_of(big, 256), 65537, str("x"), uk_span_of(big + 1, 255)),
		UK_E_SIGNATURE);
	big[1] = 0x40;
	assert_int_equal(crypto_rsa_verify(uk_span_of(big, 255), 3, str("x"), str("x")),
			 UK_E_SIGNATURE);
	assert_ok(crypto_cert_read(read_file(cert_path, file, sizeof(file)), &cert));
	crypto_cert_clear(&cert);
	assert_ok(crypto_enveloped_key_read(read_file(envelope_path, file, sizeof(file)), &key));
	(void)!crypto_cert_read(HEX("300a30080201013003060100"), &cert);
}

static void *
use_in_a_thread(void *data)
{
	uint8_t out[32];

	for (int i = 0; i < 200; i++)
		if (crypto_hash(CRYPTO_SM3, str("abc"), out) != UK_OK)
			return data;
	return NULL;
}

static void
libcrypto_is_opened_at_first_use(void **state)
{
	pthread_t threads[8];
	void *failed;

	(void)state;
	assert_false(libcrypto_is_loaded());
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use_in_a_thread, threads), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	assert_true(libcrypto_is_loaded());
}

static void
no_configuration_is_read(void **state)
{
	(void)state;
	use_everything();
	assert_false(configuration_was_opened());
}

/* That the watch works: the usual way into libcrypto does read it. */
static void
the_usual_way_would_have_read_it(void **state)
{
	void *handle = dlopen("libcrypto.so.3", RTLD_NOW);
	int (*init)(uint64_t, const void *);

	(void)state;
	assert_non_null(handle);
	*(void **)&init = dlsym(handle, "OPENSSL_init_crypto");
	assert_non_null(*(void **)&init);
	assert_int_equal(init(0x40 /* OPENSSL_INIT_LOAD_CONFIG */, NULL), 1);
	assert_true(configuration_was_opened());
}

/* argv: a certificate, an enveloped key */
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libcrypto_is_opened_at_first_use),
		cmocka_unit_test(no_configuration_is_read),
		cmocka_unit_test(the_usual_way_would_have_read_it),
	};
	char path[] = "/tmp/openukey-config-XXXXXX";
	int file = mkstemp(path);
	int failed;

	if (argc != 3)
		return 2;
	cert_path = argv[1];
	envelope_path = argv[2];
	watch = inotify_init1(IN_NONBLOCK);
	if (file < 0 || watch < 0 || inotify_add_watch(watch, path, IN_OPEN | IN_ACCESS) < 0 ||
	    setenv("OPENSSL_CONF", path, 1) != 0)
		return 2;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(path);
	return failed;
}
