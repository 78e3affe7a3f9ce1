/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What machines send to openukey-faced: base64, passwords, URL-encoding, and whole CMP messages. */
#include "service/faces/face.h"
#include "service/pki/cert.h"
#include "service/pki/cmp.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define MOST 4096

static char *
text_of(struct uk_span bytes)
{
	char *text = malloc(bytes.len + 1);

	must(text != NULL);
	if (bytes.len > 0)
		memcpy(text, bytes.ptr, bytes.len);
	text[bytes.len] = '\0';
	return text;
}

/* What was read is written again and read as the same. */
static void
base64_try(struct uk_span bytes)
{
	CS_BLOB read = {NULL, 0}, text = {NULL, 0}, again = {NULL, 0};
	CS_X509_REQ *csr = NULL;

	if (!cs_face_base64_read(bytes, MOST, &read))
		return;
	must(read.len <= MOST && cs_face_base64(cs_blob_span(&read), &text) == CS_OK);
	must(cs_face_base64_read(cs_blob_span(&text), MOST, &again));
	must(again.len == read.len && memcmp(again.ptr, read.ptr, read.len) == 0);
	(void)!cs_request_read(cs_blob_span(&read), &csr);
}

static void
login_try(struct uk_span bytes)
{
	struct cs_face_login login;
	char *text = text_of(bytes);

	if (cs_face_login_read(text, &login))
		must(strlen(login.order) < sizeof(login.order) &&
		     strlen(login.capability) < sizeof(login.capability));
	free(text);
}

static void
url_try(struct uk_span bytes)
{
	CS_BLOB read = {NULL, 0};
	char *text = text_of(bytes);

	if (cs_face_url_read(text, &read))
		must(read.len <= strlen(text));
	free(text);
}

static X509 *
old_make(void)
{
	X509 *cert = X509_new();
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	must(cert != NULL && key != NULL && X509_set_pubkey(cert, key) == 1);
	EVP_PKEY_free(key);
	return cert;
}

/* Nobody has that certificate's key: no message proves anything. */
static void
message_try(struct uk_span bytes)
{
	static X509 *old;
	CS_CMP_REQUEST request = {.key = NULL};

	if (old == NULL)
		old = old_make();
	must(cs_cmp_request_read(bytes, old, &request) != CS_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(struct uk_span) = {base64_try, login_try, url_try,
							message_try};
	struct uk_span bytes = uk_span_of(data, size);
	uint8_t which;

	if (uk_take_u8(&bytes, &which))
		tries[which % ARRAY_SIZE(tries)](bytes);
	return 0;
}
