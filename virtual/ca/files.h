/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and writing what the rehearsal CA works with.  Failures are told on stderr. */
#ifndef CA_FILES_H
#define CA_FILES_H

#include "common/bytes.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* Says on stderr what went wrong, with libcrypto's reason if there is one. Returns false. */
bool ca_fail(const char *format, ...) UK_PRINTF(1, 2);

/* PEM or DER. The caller frees; NULL after a message. */
X509 *cert_read(const char *path);
X509_REQ *request_read(const char *path);
/* An unencrypted private key in PEM. */
EVP_PKEY *key_read(const char *path);

/* A revocation list in PEM; NULL without a message where there is none. */
X509_CRL *list_read(const char *path);

UK_CHECKED bool cert_write(const char *path, X509 *cert);
UK_CHECKED bool list_write(const char *path, X509_CRL *list);
/* PKCS #8 PEM, readable by the owner only. */
UK_CHECKED bool key_write(const char *path, EVP_PKEY *key);
/* As they are, or in base64 on one line. */
UK_CHECKED bool bytes_write(const char *path, struct uk_span bytes, bool base64);

#endif
