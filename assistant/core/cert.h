/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates on a key: whose they are, how long they are good, which pair they belong to. */
#ifndef OUK_CORE_CERT_H
#define OUK_CORE_CERT_H

#include "assistant/core/ossl.h"
#include "assistant/core/token.h"

typedef enum { OUK_PAIR_UNKNOWN, OUK_PAIR_SIGN, OUK_PAIR_ENCRYPT } OukPair;

typedef enum {
	OUK_CERT_GOOD,
	OUK_CERT_ENDING, /* within OUK_CERT_ENDING_DAYS */
	OUK_CERT_ENDED,
	OUK_CERT_NOT_YET,
} OukCertState;

/* CAs let unit certificates be renewed from about then on. */
#define OUK_CERT_ENDING_DAYS 90

typedef struct {
	OukToken *token; /* borrowed */
	X509 *x509;      /* NULL: not a certificate (ouk_token_certs_all only) */
	GBytes *der;
	GBytes *id;      /* CKA_ID, may be NULL */
	char *label;     /* CKA_LABEL, "" when there is none */
	char *container; /* our keys' container name; NULL elsewhere */
	OukPair pair;
	gboolean authority; /* a CA's, beside the owner's */
} OukCert;

/* The certificates on a token whose session is open; unreadable ones are left out. */
GPtrArray *ouk_token_certs(OukToken *token, GError **error);
/* The same with unreadable ones, and without those of CAs. */
GPtrArray *ouk_token_certs_all(OukToken *token, GError **error);
void ouk_cert_free(OukCert *cert);

/* PEM or DER. The caller frees; OUK_E_FILE_READ, OUK_E_NOT_A_CERT. */
X509 *ouk_x509_read(const char *path, GError **error);
/* Every certificate of a PEM file (or the one of a DER file), in order. */
GPtrArray *ouk_x509_read_all(const char *path, GError **error);

/* What the certificate says of itself; strings are the caller's to free. */
char *ouk_x509_unit(X509 *x509);   /* the subject's common name, else its organisation */
char *ouk_x509_issuer(X509 *x509); /* the issuer's common name, else its organisation */
/* The text of an extension that holds one string, by its number; NULL without it. */
char *ouk_x509_extension(X509 *x509, const char *oid);
/* Unified social credit code, or NULL. */
char *ouk_x509_credit_code(X509 *x509);
char *ouk_x509_serial(X509 *x509);    /* upper-case hexadecimal */
char *ouk_x509_algorithm(X509 *x509); /* "SM2", "RSA 2048", ... */
char *ouk_x509_usage(X509 *x509);     /* words of keyUsage, translated; "" when not limited */
/* digest: "SHA256", "SM3"; hexadecimal with colons. */
char *ouk_x509_fingerprint(X509 *x509, const char *digest);
/* FALSE when keyUsage is there and forbids it. */
gboolean ouk_x509_may_sign(X509 *x509);
gboolean ouk_x509_may_encrypt(X509 *x509);

/* SM2 certificates are signed with the default ID; OpenSSL wants to be told before it verifies. */
void ouk_x509_set_sm2_id(X509 *x509);

/* ASN1_TIME as local time. */
GDateTime *ouk_x509_time(const ASN1_TIME *time);
/* Whole days until the end, negative afterwards. */
int ouk_x509_days_left(X509 *x509);
OukCertState ouk_x509_state(X509 *x509);

/* Calls fn with each part of a name: "CN", "O", ... and its text. */
void ouk_name_foreach(X509_NAME *name, void (*fn)(const char *part, const char *text, void *data),
		      void *data);

/* CKA_ID as it is shown and typed: hexadecimal. */
char *ouk_cert_id_text(const OukCert *cert);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukCert, ouk_cert_free)

#endif
