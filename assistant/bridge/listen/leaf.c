/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/listen/leaf.h"

#include "assistant/core/ossl.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEAF_FOLDER "openukey/bridge"
#define LEAF_CERT   "leaf.pem"
#define LEAF_KEY    "leaf-key.pem"
#define LEAF_NAMES  "IP:127.0.0.1,DNS:localhost"
#define LEAF_NAME   "OpenUKey page bridge"
#define DAY         (24 * 60 * 60)

static char *
leaf_file(const char *name)
{
	return g_build_filename(g_get_user_data_dir(), LEAF_FOLDER, name, NULL);
}

char *
ouk_leaf_path(void)
{
	return leaf_file(LEAF_CERT);
}

/* ---- making ---- */

static gboolean
extension_add(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	gboolean good = extension != NULL && X509_add_ext(x509, extension, -1) == 1;

	X509_EXTENSION_free(extension);
	return good;
}

static gboolean
serial_set(X509 *x509)
{
	g_autoptr(BIGNUM) number = BN_new();

	return number != NULL && BN_rand(number, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
	       BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != NULL;
}

static X509 *
leaf_make(EVP_PKEY *key, gint64 now)
{
	g_autoptr(X509) x509 = X509_new();
	X509_NAME *name = x509 != NULL ? X509_get_subject_name(x509) : NULL;

	if (name == NULL || X509_set_version(x509, X509_VERSION_3) != 1 || !serial_set(x509) ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const guchar *)LEAF_NAME, -1, -1,
				       0) != 1 ||
	    X509_set_issuer_name(x509, name) != 1 || X509_set_pubkey(x509, key) != 1)
		return NULL;
	/* an hour for clocks that are set back */
	if (ASN1_TIME_set(X509_getm_notBefore(x509), now - 3600) == NULL ||
	    ASN1_TIME_set(X509_getm_notAfter(x509), now + (gint64)OUK_LEAF_DAYS * DAY) == NULL ||
	    !extension_add(x509, NID_basic_constraints, "critical,CA:FALSE") ||
	    !extension_add(x509, NID_key_usage, "critical,digitalSignature") ||
	    !extension_add(x509, NID_ext_key_usage, "serverAuth") ||
	    !extension_add(x509, NID_subject_alt_name, LEAF_NAMES) ||
	    X509_sign(x509, key, EVP_sha256()) == 0)
		return NULL;
	return g_steal_pointer(&x509);
}

static gboolean
pem_write(const char *path, BIO *pem, int mode, GError **error)
{
	char *text = NULL;
	long len = BIO_get_mem_data(pem, &text);

	return g_file_set_contents_full(
		path, text, len, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, mode,
		error);
}

static gboolean
leaf_write(EVP_PKEY *key, X509 *x509, GError **error)
{
	g_autofree char *key_path = leaf_file(LEAF_KEY);
	g_autofree char *path = leaf_file(LEAF_CERT);
	g_autofree char *folder = g_path_get_dirname(path);
	g_autoptr(BIO) key_pem = BIO_new(BIO_s_secmem());
	g_autoptr(BIO) pem = BIO_new(BIO_s_mem());

	if (g_mkdir_with_parents(folder, 0700) != 0) {
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "%s: %s", folder,
			    g_strerror(errno));
		return FALSE;
	}
	if (key_pem == NULL || pem == NULL ||
	    PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) != 1 ||
	    PEM_write_bio_X509(pem, x509) != 1) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, "libcrypto");
		return FALSE;
	}
	return pem_write(key_path, key_pem, 0600, error) && pem_write(path, pem, 0644, error);
}

static gboolean
leaf_renew(gint64 now, GError **error)
{
	g_autoptr(EVP_PKEY) key = EVP_EC_gen("P-256");
	g_autoptr(X509) x509 = key != NULL ? leaf_make(key, now) : NULL;

	if (x509 == NULL) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, "libcrypto");
		return FALSE;
	}
	return leaf_write(key, x509, error);
}

/* ---- the one there is ---- */

/* A file of ours that nobody else can read or replace. */
static gboolean
is_private(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       (st.st_mode & 0777) == 0600;
}

static gboolean
names_are_right(X509 *x509)
{
	X509_EXTENSION *want = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, LEAF_NAMES);
	int at = X509_get_ext_by_NID(x509, NID_subject_alt_name, -1);
	gboolean good = want != NULL && at >= 0 &&
			ASN1_STRING_cmp(X509_EXTENSION_get_data(want),
					X509_EXTENSION_get_data(X509_get_ext(x509, at))) == 0;

	X509_EXTENSION_free(want);
	return good;
}

static gboolean
leaf_is_good(X509 *x509, EVP_PKEY *key, gint64 now)
{
	time_t begin = (time_t)now, end = (time_t)(now + (gint64)OUK_LEAF_RENEW_DAYS * DAY);

	return X509_check_private_key(x509, key) == 1 && names_are_right(x509) &&
	       X509_check_ca(x509) == 0 && X509_cmp_time(X509_get0_notBefore(x509), &begin) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(x509), &end) > 0;
}

static gboolean
leaf_is_there(gint64 now)
{
	g_autofree char *key_path = leaf_file(LEAF_KEY);
	g_autofree char *path = leaf_file(LEAF_CERT);
	g_autoptr(BIO) key_pem = is_private(key_path) ? BIO_new_file(key_path, "r") : NULL;
	g_autoptr(BIO) pem = key_pem != NULL ? BIO_new_file(path, "r") : NULL;
	g_autoptr(EVP_PKEY) key =
		pem != NULL ? PEM_read_bio_PrivateKey(key_pem, NULL, NULL, NULL) : NULL;
	g_autoptr(X509) x509 = key != NULL ? PEM_read_bio_X509(pem, NULL, NULL, NULL) : NULL;

	return x509 != NULL && leaf_is_good(x509, key, now);
}

GTlsCertificate *
ouk_leaf_open(gint64 now, gboolean *ret_fresh, GError **error)
{
	g_autofree char *key_path = leaf_file(LEAF_KEY);
	g_autofree char *path = leaf_file(LEAF_CERT);
	gboolean fresh = !leaf_is_there(now);
	GTlsCertificate *certificate;

	if (fresh && !leaf_renew(now, error))
		return NULL;
	certificate = g_tls_certificate_new_from_files(path, key_path, error);
	if (certificate != NULL && ret_fresh != NULL)
		*ret_fresh = fresh;
	return certificate;
}
