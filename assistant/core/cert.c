/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/cert.h"

#include "assistant/core/errors.h"
#include "assistant/core/object.h"
#include "assistant/core/text.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

void
ouk_cert_free(OukCert *cert)
{
	if (cert == NULL)
		return;
	X509_free(cert->x509);
	g_clear_pointer(&cert->der, g_bytes_unref);
	g_clear_pointer(&cert->id, g_bytes_unref);
	g_free(cert->label);
	g_free(cert->container);
	g_free(cert);
}

/* On our keys CKA_ID is the container's name and a byte that tells the pair. */
static void
place_in_container(OukCert *cert)
{
	gsize len = 0;
	const guint8 *id = g_bytes_get_data(cert->id, &len);

	if (len < 2 || id[len - 1] > 1)
		return;
	cert->pair = id[len - 1] == 0 ? OUK_PAIR_SIGN : OUK_PAIR_ENCRYPT;
	cert->container = ouk_text_of(id, len - 1);
}

static OukPair
pair_by_usage(X509 *x509)
{
	if ((X509_get_extension_flags(x509) & EXFLAG_KUSAGE) == 0)
		return OUK_PAIR_UNKNOWN;
	if (ouk_x509_may_sign(x509))
		return OUK_PAIR_SIGN;
	return ouk_x509_may_encrypt(x509) ? OUK_PAIR_ENCRYPT : OUK_PAIR_UNKNOWN;
}

static OukCert *
cert_new(OukToken *token, CK_OBJECT_HANDLE object)
{
	g_autoptr(GBytes) label = ouk_object_bytes(token, object, CKA_LABEL);
	g_autoptr(OukCert) cert = g_new0(OukCert, 1);
	const unsigned char *bytes;

	cert->der = ouk_object_bytes(token, object, CKA_VALUE);
	if (cert->der == NULL)
		return NULL;
	bytes = g_bytes_get_data(cert->der, NULL);
	cert->token = token;
	cert->x509 = d2i_X509(NULL, &bytes, (long)g_bytes_get_size(cert->der));
	ERR_clear_error();
	cert->id = ouk_object_bytes(token, object, CKA_ID);
	cert->label = label == NULL
			      ? g_strdup("")
			      : ouk_text_of(g_bytes_get_data(label, NULL), g_bytes_get_size(label));
	if (token->vendor != NULL && cert->id != NULL)
		place_in_container(cert);
	if (cert->pair == OUK_PAIR_UNKNOWN && cert->x509 != NULL)
		cert->pair = pair_by_usage(cert->x509);
	return g_steal_pointer(&cert);
}

#define CATEGORY_AUTHORITY 2 /* PKCS #11 2.40, 4.6.2 */

/* A CA's certificate that lies beside the owner's. */
static gboolean
is_authority(OukToken *token, CK_OBJECT_HANDLE object, const OukCert *cert)
{
	if (ouk_object_ulong(token, object, CKA_CERTIFICATE_CATEGORY, 0) == CATEGORY_AUTHORITY)
		return TRUE;
	return cert->x509 != NULL && cert->container == NULL && X509_check_ca(cert->x509) == 1 &&
	       (cert->id == NULL ||
		ouk_object_by_id(token, CKO_PUBLIC_KEY, cert->id) == CK_INVALID_HANDLE);
}

static GPtrArray *
certs_find(OukToken *token, GError **error)
{
	CK_OBJECT_CLASS object_class = CKO_CERTIFICATE;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &object_class, sizeof(object_class)}};
	g_autoptr(GPtrArray) certs = g_ptr_array_new_with_free_func((GDestroyNotify)ouk_cert_free);
	g_autoptr(GArray) found = ouk_objects_find(token, template, 1, error);

	if (found == NULL)
		return NULL;
	for (guint i = 0; i < found->len; i++) {
		CK_OBJECT_HANDLE object = g_array_index(found, CK_OBJECT_HANDLE, i);
		OukCert *cert = cert_new(token, object);

		if (cert == NULL)
			continue;
		cert->authority = is_authority(token, object, cert);
		g_ptr_array_add(certs, cert);
	}
	return g_steal_pointer(&certs);
}

static gboolean
is_readable(const OukCert *cert)
{
	return cert->x509 != NULL;
}

static gboolean
is_owners(const OukCert *cert)
{
	return !cert->authority;
}

static GPtrArray *
certs_keep(GPtrArray *certs, gboolean (*wanted)(const OukCert *cert))
{
	for (guint i = certs != NULL ? certs->len : 0; i > 0; i--)
		if (!wanted(g_ptr_array_index(certs, i - 1)))
			g_ptr_array_remove_index(certs, i - 1);
	return certs;
}

GPtrArray *
ouk_token_certs(OukToken *token, GError **error)
{
	return certs_keep(certs_find(token, error), is_readable);
}

GPtrArray *
ouk_token_certs_all(OukToken *token, GError **error)
{
	return certs_keep(certs_find(token, error), is_owners);
}

char *
ouk_cert_id_text(const OukCert *cert)
{
	g_autoptr(GString) text = g_string_new(NULL);
	gsize len = 0;
	const guint8 *id = cert->id != NULL ? g_bytes_get_data(cert->id, &len) : NULL;

	for (gsize i = 0; i < len; i++)
		g_string_append_printf(text, "%02x", (unsigned int)id[i]);
	return g_strdup(text->str);
}

/* ---- files ---- */

GPtrArray *
ouk_x509_read_all(const char *path, GError **error)
{
	g_autoptr(GPtrArray) certs = g_ptr_array_new_with_free_func((GDestroyNotify)X509_free);
	g_autoptr(BIO) in = BIO_new_file(path, "rb");
	X509 *x509;

	ERR_clear_error();
	if (in == NULL) {
		ouk_fail_with(error, OUK_E_FILE_READ, "(%s)", path);
		return NULL;
	}
	while ((x509 = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL)
		g_ptr_array_add(certs, x509);
	if (certs->len == 0 && BIO_reset(in) == 0) {
		x509 = d2i_X509_bio(in, NULL);
		if (x509 != NULL)
			g_ptr_array_add(certs, x509);
	}
	ERR_clear_error();
	if (certs->len == 0) {
		ouk_fail_with(error, OUK_E_NOT_A_CERT, "(%s)", path);
		return NULL;
	}
	return g_steal_pointer(&certs);
}

X509 *
ouk_x509_read(const char *path, GError **error)
{
	g_autoptr(GPtrArray) certs = ouk_x509_read_all(path, error);
	X509 *x509;

	if (certs == NULL)
		return NULL;
	x509 = g_ptr_array_index(certs, 0);
	X509_up_ref(x509);
	return x509;
}
