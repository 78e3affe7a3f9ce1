/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/core/paper.h"

#include "assistant/core/snapshot.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

char *paper_dir;

int
paper_setup(void **state)
{
	paper_dir = g_dir_make_tmp("ouk-memory-XXXXXX", NULL);
	assert_non_null(paper_dir);
	return 0;
}

int
paper_teardown(void **state)
{
	g_autoptr(GDir) at = g_dir_open(paper_dir, 0, NULL);
	const char *name;

	(void)chmod(paper_dir, 0700);
	while (at != NULL && (name = g_dir_read_name(at)) != NULL) {
		g_autofree char *path = g_build_filename(paper_dir, name, NULL);

		(void)g_remove(path);
	}
	(void)g_rmdir(paper_dir);
	g_clear_pointer(&paper_dir, g_free);
	return 0;
}

/* ---- certificates made for a test ---- */

static EVP_PKEY *key;

int
paper_group_setup(void **state)
{
	key = EVP_EC_gen("P-256");
	return key == NULL;
}

int
paper_group_teardown(void **state)
{
	EVP_PKEY_free(key);
	return 0;
}

static void
name_set(X509_NAME *name, const char *text)
{
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
						    (const unsigned char *)text, -1, -1, 0),
			 1);
}

static GBytes *
cert_make(const char *unit, const char *issuer, gint64 begins, gint64 ends)
{
	static long serial = 0x1234;
	g_autoptr(X509) x509 = X509_new();
	unsigned char *der = NULL;
	GBytes *bytes;
	int len;

	assert_int_equal(X509_set_version(x509, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++), 1);
	name_set(X509_get_subject_name(x509), unit);
	name_set(X509_get_issuer_name(x509), issuer);
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)begins));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)ends));
	assert_int_equal(X509_set_pubkey(x509, key), 1);
	assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
	len = i2d_X509(x509, &der);
	assert_true(len > 0);
	bytes = g_bytes_new(der, (gsize)len);
	OPENSSL_free(der);
	return bytes;
}

OukPairView *
pair_make(const char *unit, const char *issuer, gint64 begins, gint64 ends, gint64 now)
{
	g_autoptr(GBytes) der = cert_make(unit, issuer, begins, ends);
	OukPairSource source = {.name = "Unit", .sign = der, .sign_id = "00"};

	return ouk_pair_view_new(&source, now);
}

gint64
now_is(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

void
remember(OukMemory *memory, OukPairView *pair, const char *key_id)
{
	OukPlace place = {.module_name = "test"};
	OukTokenView *view = ouk_token_view_of_pairs(&place, key_id, &pair, 1);
	g_autoptr(GError) error = NULL;

	if (!ouk_memory_remember(memory, view, &error))
		fail_msg("%s", error->message);
	g_object_unref(view);
}

OukMemory *
open_memory(void)
{
	g_autoptr(GError) error = NULL;
	OukMemory *memory = ouk_memory_open(paper_dir, &error);

	if (memory == NULL)
		fail_msg("%s", error->message);
	return memory;
}
