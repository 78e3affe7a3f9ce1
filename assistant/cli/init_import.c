/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The second half of ukey init: what the CA sent back, checked before any of it is written. */
#include "assistant/cli/init.h"
#include "assistant/cli/words.h"
#include "assistant/core/cms.h"
#include "assistant/core/envelope.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <string.h>

/* Everything read from files and key, and found to fit together. */
struct delivery {
	X509 *sign_cert, *enc_cert;
	GBytes *envelope, *wrapped, *blob;
	EVP_PKEY *signing;    /* the container's signing key */
	EVP_PKEY *encryption; /* the pair in the envelope, else the one on the key */
};

static void
delivery_clear(struct delivery *delivery)
{
	X509_free(delivery->sign_cert);
	X509_free(delivery->enc_cert);
	g_clear_pointer(&delivery->envelope, g_bytes_unref);
	g_clear_pointer(&delivery->wrapped, g_bytes_unref);
	g_clear_pointer(&delivery->blob, g_bytes_unref);
	EVP_PKEY_free(delivery->signing);
	EVP_PKEY_free(delivery->encryption);
}

/* ---- reading ---- */

static gboolean
read_cert(const char *path, X509 **ret_cert, GError **error)
{
	if (path == NULL)
		return TRUE;
	*ret_cert = ouk_x509_read(path, error);
	return *ret_cert != NULL;
}

static gboolean
read_binary(const char *path, GBytes **ret_bytes, GError **error)
{
	g_autoptr(GBytes) file = NULL;

	if (path == NULL)
		return TRUE;
	file = cli_read(path, error);
	if (file == NULL)
		return FALSE;
	*ret_bytes = ouk_binary_of(file);
	return TRUE;
}

static gboolean
read_files(struct delivery *delivery, GError **error)
{
	return read_cert(init_options.sign_cert, &delivery->sign_cert, error) &&
	       read_cert(init_options.enc_cert, &delivery->enc_cert, error) &&
	       read_binary(init_options.envelope, &delivery->envelope, error) &&
	       read_binary(init_options.wrapped_key, &delivery->wrapped, error) &&
	       read_binary(init_options.key_blob, &delivery->blob, error);
}

/* The public key of one of the container's pairs, or NULL. */
static EVP_PKEY *
pair_on_key(OukToken *token, gboolean encryption)
{
	g_autoptr(GBytes) id = init_object_id(token, init_options.container, encryption);
	CK_OBJECT_HANDLE object = ouk_object_by_id(token, CKO_PUBLIC_KEY, id);

	return object != CK_INVALID_HANDLE ? ouk_key_public(token, object, NULL) : NULL;
}

/* ---- checking, nothing is written yet ---- */

static gboolean
check_sign_cert(const struct delivery *delivery, GError **error)
{
	if (delivery->sign_cert == NULL)
		return TRUE;
	if (EVP_PKEY_eq(X509_get0_pubkey(delivery->sign_cert), delivery->signing) != 1)
		return ouk_fail_with(error, OUK_E_CERT_OTHER_KEY, "(%s)", init_options.sign_cert);
	return ouk_x509_may_sign(delivery->sign_cert) ||
	       ouk_fail_with(error, OUK_E_CERT_USAGE, "(%s)", init_options.sign_cert);
}

static gboolean
check_envelope(OukToken *token, struct delivery *delivery, GError **error)
{
	if (delivery->envelope != NULL) {
		delivery->encryption = ouk_envelope_public(delivery->envelope, error);
		if (delivery->encryption == NULL)
			return FALSE;
		if (ouk_key_type(delivery->signing) != OUK_KEY_SM2)
			return ouk_fail(error, OUK_E_NOT_AN_ENVELOPE);
	} else if (delivery->wrapped == NULL) {
		delivery->encryption = pair_on_key(token, TRUE);
	}
	if (delivery->wrapped == NULL)
		return TRUE;
	if (ouk_key_type(delivery->signing) != OUK_KEY_RSA)
		return ouk_fail(error, OUK_E_NOT_AN_ENVELOPE);
	return ouk_wrapped_check(delivery->wrapped, delivery->blob, delivery->signing, error);
}

static gboolean
check_enc_cert(const struct delivery *delivery, GError **error)
{
	EVP_PKEY *key;

	if (delivery->enc_cert == NULL)
		return TRUE;
	if (!ouk_x509_may_encrypt(delivery->enc_cert))
		return ouk_fail_with(error, OUK_E_CERT_USAGE, "(%s)", init_options.enc_cert);
	key = X509_get0_pubkey(delivery->enc_cert);
	/* an RSA pair comes closed; the key itself compares it with the certificate later */
	if (delivery->wrapped != NULL)
		return (ouk_key_type(key) == OUK_KEY_RSA &&
			EVP_PKEY_get_bits(key) == EVP_PKEY_get_bits(delivery->signing)) ||
		       ouk_fail(error, OUK_E_ENVELOPE_OTHER_KEY);
	if (delivery->encryption == NULL)
		return ouk_fail(error, OUK_E_NO_PRIVATE_KEY);
	return EVP_PKEY_eq(key, delivery->encryption) == 1 ||
	       ouk_fail(error, OUK_E_ENVELOPE_OTHER_KEY);
}

static gboolean
check_all(OukToken *token, struct delivery *delivery, GError **error)
{
	delivery->signing = pair_on_key(token, FALSE);
	if (delivery->signing == NULL)
		return ouk_fail_with(error, OUK_E_NO_PRIVATE_KEY, "(%s)", init_options.container);
	return check_sign_cert(delivery, error) && check_envelope(token, delivery, error) &&
	       check_enc_cert(delivery, error);
}

/* ---- asking ---- */

static CK_OBJECT_HANDLE
cert_on_key(OukToken *token, gboolean encryption)
{
	g_autoptr(GBytes) id = init_object_id(token, init_options.container, encryption);

	return ouk_object_by_id(token, CKO_CERTIFICATE, id);
}

/* What is on the key and would be gone afterwards. */
static gboolean
confirm_replacing(OukToken *token, const struct delivery *delivery, GError **error)
{
	gboolean new_pair = delivery->envelope != NULL || delivery->wrapped != NULL;
	g_autoptr(EVP_PKEY) old_pair = new_pair ? pair_on_key(token, TRUE) : NULL;
	gboolean sign =
		delivery->sign_cert != NULL && cert_on_key(token, FALSE) != CK_INVALID_HANDLE;
	gboolean encrypt =
		delivery->enc_cert != NULL && cert_on_key(token, TRUE) != CK_INVALID_HANDLE;

	if (old_pair != NULL)
		return cli_confirm(_("The key has an encryption key pair already. Replace it? What "
				     "was encrypted to it can then not be read any more."),
				   error);
	if (sign || encrypt)
		return cli_confirm(_("The key has a certificate there already. Replace it?"),
				   error);
	return TRUE;
}

/* ---- writing ---- */

static GBytes *
der_of(const void *object, int (*i2d)(const void *object, unsigned char **der))
{
	unsigned char *der = NULL;
	int len = i2d(object, &der);
	GBytes *ret = g_bytes_new(der, len > 0 ? (gsize)len : 0);

	OPENSSL_free(der);
	return ret;
}

static int
i2d_cert(const void *object, unsigned char **der)
{
	return i2d_X509(object, der);
}

static int
i2d_name(const void *object, unsigned char **der)
{
	return i2d_X509_NAME(object, der);
}

static int
i2d_number(const void *object, unsigned char **der)
{
	return i2d_ASN1_INTEGER(object, der);
}

#define BYTES_OF(bytes) (void *)(uintptr_t)g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)

static gboolean
write_cert(OukToken *token, X509 *cert, gboolean encryption, GError **error)
{
	g_autoptr(GBytes) id = init_object_id(token, init_options.container, encryption);
	g_autoptr(GBytes) der = der_of(cert, i2d_cert);
	g_autoptr(GBytes) subject = der_of(X509_get_subject_name(cert), i2d_name);
	g_autoptr(GBytes) issuer = der_of(X509_get_issuer_name(cert), i2d_name);
	g_autoptr(GBytes) serial = der_of(X509_get0_serialNumber(cert), i2d_number);
	CK_OBJECT_CLASS object_class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &object_class, sizeof(object_class)},
		{CKA_CERTIFICATE_TYPE, &type, sizeof(type)},
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_ID, BYTES_OF(id)},
		{CKA_LABEL, init_options.container, strlen(init_options.container)},
		{CKA_SUBJECT, BYTES_OF(subject)},
		{CKA_ISSUER, BYTES_OF(issuer)},
		{CKA_SERIAL_NUMBER, BYTES_OF(serial)},
		{CKA_VALUE, BYTES_OF(der)},
	};
	CK_OBJECT_HANDLE old = cert_on_key(token, encryption);
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	CK_RV rv;

	rv = token->module->C_CreateObject(token->session, template, G_N_ELEMENTS(template),
					   &object);
	if (rv != CKR_OK)
		return ouk_fail_rv(error, OUK_TASK_IMPORT, rv);
	/* our keys have one place for each certificate; others would keep both */
	if (token->vendor == NULL && old != CK_INVALID_HANDLE)
		token->module->C_DestroyObject(token->session, old);
	return TRUE;
}

static gboolean
write_pair(OukToken *token, const struct delivery *delivery, GError **error)
{
	const CK_BYTE *name = (const CK_BYTE *)init_options.container;
	CK_ULONG name_len = strlen(init_options.container);
	CK_RV rv = CKR_OK;

	if (delivery->envelope == NULL && delivery->wrapped == NULL)
		return TRUE;
	if (delivery->envelope != NULL)
		rv = token->vendor->import_enveloped_key(token->slot, name, name_len,
							 g_bytes_get_data(delivery->envelope, NULL),
							 g_bytes_get_size(delivery->envelope));
	else
		rv = token->vendor->import_rsa_key(token->slot, name, name_len,
						   BYTES_OF(delivery->wrapped),
						   BYTES_OF(delivery->blob));
	return rv == CKR_OK || ouk_fail_rv(error, OUK_TASK_IMPORT, rv);
}

/* After an RSA pair was opened inside the key, its public half can be compared. */
static gboolean
check_pair_written(OukToken *token, const struct delivery *delivery, GError **error)
{
	g_autoptr(EVP_PKEY) key = NULL;

	if (delivery->wrapped == NULL || delivery->enc_cert == NULL)
		return TRUE;
	key = pair_on_key(token, TRUE);
	return (key != NULL && EVP_PKEY_eq(X509_get0_pubkey(delivery->enc_cert), key) == 1) ||
	       ouk_fail(error, OUK_E_PAIR_OTHER_CERT);
}

static gboolean
write_all(OukToken *token, const struct delivery *delivery, GError **error)
{
	if (delivery->sign_cert != NULL && !write_cert(token, delivery->sign_cert, FALSE, error))
		return FALSE;
	if (!write_pair(token, delivery, error) || !check_pair_written(token, delivery, error))
		return FALSE;
	return delivery->enc_cert == NULL || write_cert(token, delivery->enc_cert, TRUE, error);
}

/* ---- reading back ---- */

static gboolean
read_back(OukToken *token, X509 *cert, gboolean encryption, GError **error)
{
	CK_OBJECT_HANDLE object;
	g_autoptr(GBytes) want = NULL;
	g_autoptr(GBytes) have = NULL;

	if (cert == NULL)
		return TRUE;
	object = cert_on_key(token, encryption);
	want = der_of(cert, i2d_cert);
	if (object != CK_INVALID_HANDLE)
		have = ouk_object_bytes(token, object, CKA_VALUE);
	if (have == NULL || !g_bytes_equal(want, have))
		return ouk_fail_with(error, OUK_E_KEY, "(%s)", "read back");
	g_print(_("On the key: %s.\n"),
		cli_pair_text(encryption ? OUK_PAIR_ENCRYPT : OUK_PAIR_SIGN));
	return TRUE;
}

gboolean
init_import(OukToken *token, GError **error)
{
	UK_CLEANUP(delivery_clear) struct delivery delivery = {0};
	UK_SECRET pin = {0};

	if (!read_files(&delivery, error))
		return FALSE;
	if ((delivery.envelope != NULL || delivery.wrapped != NULL) && token->vendor == NULL)
		return ouk_fail(error, OUK_E_UNSUPPORTED);
	if (!ouk_token_open(token, TRUE, error) || !check_all(token, &delivery, error) ||
	    !confirm_replacing(token, &delivery, error) ||
	    !cli_login(token, _("write certificates"), &pin, error) ||
	    !write_all(token, &delivery, error))
		return FALSE;
	ouk_token_logout(token);
	return read_back(token, delivery.sign_cert, FALSE, error) &&
	       read_back(token, delivery.enc_cert, TRUE, error);
}
