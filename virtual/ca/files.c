/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "files.h"

#include "authority.h"
#include "ossl.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

bool
ca_fail(const char *format, ...)
{
	unsigned long reason = ERR_peek_last_error();
	va_list args;

	fputs("openukey-rehearsal-ca: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	if (reason != 0)
		fprintf(stderr, " (%s)", ERR_reason_error_string(reason));
	fputc('\n', stderr);
	ERR_clear_error();
	return false;
}

/* Opens a file to read twice: as PEM, then as DER. */
static BIO *
source_open(const char *path)
{
	BIO *in = BIO_new_file(path, "rb");

	if (in == NULL)
		ca_fail("%s cannot be read", path);
	return in;
}

X509 *
cert_read(const char *path)
{
	SCOPED(BIO) *in = source_open(path);
	X509 *cert;

	if (in == NULL)
		return NULL;
	cert = PEM_read_bio_X509(in, NULL, NULL, NULL);
	if (cert == NULL && BIO_reset(in) == 0)
		cert = d2i_X509_bio(in, NULL);
	if (cert == NULL)
		ca_fail("%s is not a certificate", path);
	ERR_clear_error();
	return cert;
}

X509_REQ *
request_read(const char *path)
{
	SCOPED(BIO) *in = source_open(path);
	X509_REQ *request;

	if (in == NULL)
		return NULL;
	request = PEM_read_bio_X509_REQ(in, NULL, NULL, NULL);
	if (request == NULL && BIO_reset(in) == 0)
		request = d2i_X509_REQ_bio(in, NULL);
	if (request == NULL)
		ca_fail("%s is not a PKCS #10 request", path);
	ERR_clear_error();
	return request;
}

EVP_PKEY *
key_read(const char *path)
{
	SCOPED(BIO) *in = source_open(path);
	EVP_PKEY *key;

	if (in == NULL)
		return NULL;
	key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
	if (key == NULL)
		ca_fail("%s is not a private key in PEM", path);
	return key;
}

/* A new file: whatever was there is replaced, and a secret one is never readable by others. */
static BIO *
target_open(const char *path, mode_t mode)
{
	int fd;
	BIO *out;

	if (unlink(path) != 0 && access(path, F_OK) == 0) {
		ca_fail("%s cannot be replaced", path);
		return NULL;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0) {
		ca_fail("%s cannot be written", path);
		return NULL;
	}
	out = BIO_new_fd(fd, BIO_CLOSE);
	if (out == NULL)
		close(fd);
	return out;
}

bool
cert_write(const char *path, X509 *cert)
{
	SCOPED(BIO) *out = target_open(path, 0644);

	if (out == NULL)
		return false;
	return PEM_write_bio_X509(out, cert) == 1 || ca_fail("%s cannot be written", path);
}

X509_CRL *
list_read(const char *path)
{
	SCOPED(BIO) *in = BIO_new_file(path, "rb");
	X509_CRL *list = in != NULL ? PEM_read_bio_X509_CRL(in, NULL, NULL, NULL) : NULL;

	ERR_clear_error();
	return list;
}

/* Whole or not at all: a server may be reading it. */
bool
list_write(const char *path, X509_CRL *list)
{
	char draft[PATH_ROOM];
	int len = snprintf(draft, sizeof(draft), "%s.new", path);

	if (len < 0 || (size_t)len >= sizeof(draft))
		return ca_fail("%s is too long a path", path);
	{
		SCOPED(BIO) *out = target_open(draft, 0644);

		if (out == NULL || PEM_write_bio_X509_CRL(out, list) != 1)
			return ca_fail("%s cannot be written", draft);
	}
	return rename(draft, path) == 0 || ca_fail("%s cannot be written", path);
}

bool
key_write(const char *path, EVP_PKEY *key)
{
	SCOPED(BIO) *out = target_open(path, 0600);

	if (out == NULL)
		return false;
	return PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1 ||
	       ca_fail("%s cannot be written", path);
}

bool
bytes_write(const char *path, struct uk_span bytes, bool base64)
{
	BIO *file = target_open(path, 0644);
	SCOPED(BIO) *out = file;

	if (out == NULL)
		return false;
	if (base64) {
		out = BIO_push(BIO_new(BIO_f_base64()), file);
		BIO_set_flags(out, BIO_FLAGS_BASE64_NO_NL);
	}
	if (BIO_write(out, bytes.ptr, (int)bytes.len) != (int)bytes.len || BIO_flush(out) != 1)
		return ca_fail("%s cannot be written", path);
	return !base64 || BIO_puts(file, "\n") == 1 || ca_fail("%s cannot be written", path);
}
