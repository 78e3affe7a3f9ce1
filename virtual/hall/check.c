/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openukey-hall-check: the part of the hall that judges certificates and signatures. It is started
 * for one login, with files, and prints a verdict and what the certificate says.
 */
#include "judge.h"
#include "ossl.h"
#include "signed.h"

#include "common/gm.h"

#include <getopt.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2
#define FILE_MAX   (256U * 1024U)
/* Unified social credit code, as the rehearsal CA and others write it */
#define CREDIT_OID "1.2.156.112562.2.1.1.17"

struct file {
	uint8_t *bytes;
	size_t len;
};

struct question {
	struct hall_authority authority;
	struct file cert, data, signature;
};

static const char usage_text[] =
	"Usage: openukey-hall-check certificate --ca FILE... --cert FILE\n"
	"       openukey-hall-check signature --ca FILE... --cert FILE --data FILE --signature "
	"FILE\n"
	"       openukey-hall-check message --ca FILE... --data FILE --signature FILE\n"
	"\n"
	"--ca is a root or a revocation list. Prints the verdict and what the certificate says.\n"
	"Ends with 0 when all is well, with 1 when it is not.\n";

static bool
file_read(const char *path, struct file *ret)
{
	SCOPED(BIO) *in = BIO_new_file(path, "rb");
	uint8_t *bytes = malloc(FILE_MAX);
	size_t len = 0, more = 0;

	while (in != NULL && bytes != NULL && len < FILE_MAX &&
	       BIO_read_ex(in, bytes + len, FILE_MAX - len, &more) == 1)
		len += more;
	if (in == NULL || bytes == NULL || len == 0 || len == FILE_MAX) {
		free(bytes);
		return false;
	}
	free(ret->bytes);
	*ret = (struct file){bytes, len};
	return true;
}

static struct uk_span
file_span(const struct file *file)
{
	return uk_span_of(file->bytes, file->len);
}

/* PEM or DER, and nothing behind it. */
static X509 *
cert_of(const struct file *file)
{
	const unsigned char *at = file->bytes;
	SCOPED(BIO) *in = BIO_new_mem_buf(file->bytes, (int)file->len);
	X509 *cert = in != NULL ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;

	if (cert != NULL || file->len == 0)
		return cert;
	cert = d2i_X509(NULL, &at, (long)file->len);
	if (cert != NULL && at != file->bytes + file->len) {
		X509_free(cert);
		cert = NULL;
	}
	ERR_clear_error();
	return cert;
}

/* ---- what the certificate says, a line each; control characters are left out ---- */

static void
text_print(const char *name, const ASN1_STRING *string)
{
	unsigned char *text = NULL;
	int len = string != NULL ? ASN1_STRING_to_UTF8(&text, string) : -1;

	if (len < 0)
		return;
	printf("%s=", name);
	for (int i = 0; i < len; i++)
		if (text[i] >= ' ' && text[i] != 0x7f)
			putchar(text[i]);
	putchar('\n');
	OPENSSL_free(text);
}

static void
name_print(const char *name, X509_NAME *all, int nid)
{
	int at = X509_NAME_get_index_by_NID(all, nid, -1);

	if (at >= 0)
		text_print(name, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(all, at)));
}

static void
code_print(X509 *cert)
{
	SCOPED(ASN1_OBJECT) *object = OBJ_txt2obj(CREDIT_OID, 1);
	int at = object != NULL ? X509_get_ext_by_OBJ(cert, object, -1) : -1;
	const ASN1_OCTET_STRING *value =
		at >= 0 ? X509_EXTENSION_get_data(X509_get_ext(cert, at)) : NULL;
	const unsigned char *bytes = value != NULL ? ASN1_STRING_get0_data(value) : NULL;
	SCOPED(ASN1_TYPE) *inner =
		value != NULL ? d2i_ASN1_TYPE(NULL, &bytes, ASN1_STRING_length(value)) : NULL;

	if (inner != NULL && ASN1_TYPE_get(inner) == V_ASN1_UTF8STRING)
		text_print("code", inner->value.utf8string);
}

static void
time_print(const char *name, const ASN1_TIME *when)
{
	struct tm tm;
	char text[32];

	if (ASN1_TIME_to_tm(when, &tm) == 1 &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) > 0)
		printf("%s=%s\n", name, text);
}

static void
serial_print(X509 *cert)
{
	SCOPED(BIGNUM) *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	char *hex = number != NULL ? BN_bn2hex(number) : NULL;

	if (hex != NULL)
		printf("serial=%s\n", hex);
	OPENSSL_free(hex);
}

static void
facts_print(X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);

	name_print("unit", X509_get_subject_name(cert), NID_organizationName);
	name_print("name", X509_get_subject_name(cert), NID_commonName);
	name_print("issuer", X509_get_issuer_name(cert), NID_commonName);
	code_print(cert);
	serial_print(cert);
	time_print("from", X509_get0_notBefore(cert));
	time_print("until", X509_get0_notAfter(cert));
	printf("algorithm=%s\n", key == NULL                 ? "unknown"
				 : EVP_PKEY_is_a(key, "SM2") ? "SM2"
				 : EVP_PKEY_is_a(key, "RSA") ? "RSA"
							     : "other");
}

/* ---- the three questions ---- */

static enum hall_verdict
certificate_answer(const struct question *question, X509 **ret_cert)
{
	*ret_cert = cert_of(&question->cert);
	return *ret_cert != NULL ? hall_certificate_judge(&question->authority, *ret_cert)
				 : HALL_FORMAT;
}

static enum hall_verdict
signature_answer(const struct question *question, X509 **ret_cert)
{
	enum hall_verdict verdict = certificate_answer(question, ret_cert);

	if (verdict != HALL_OK)
		return verdict;
	return hall_signature_judge(*ret_cert, file_span(&question->data),
				    file_span(&question->signature));
}

static enum hall_verdict
message_answer(const struct question *question, X509 **ret_cert)
{
	enum hall_verdict verdict = hall_message_judge(file_span(&question->signature),
						       file_span(&question->data), ret_cert);

	return verdict == HALL_OK ? hall_certificate_judge(&question->authority, *ret_cert)
				  : verdict;
}

static const struct {
	const char *name;
	enum hall_verdict (*answer)(const struct question *question, X509 **ret_cert);
	bool cert, signature; /* what it needs */
} questions[] = {
	{"certificate", certificate_answer, true, false},
	{"signature", signature_answer, true, true},
	{"message", message_answer, false, true},
};

static bool
options_read(int argc, char **argv, struct question *question)
{
	static const struct option table[] = {{"ca", required_argument, NULL, 'a'},
					      {"cert", required_argument, NULL, 'c'},
					      {"data", required_argument, NULL, 'd'},
					      {"signature", required_argument, NULL, 's'},
					      {NULL, 0, NULL, 0}};
	bool good = true;
	int letter;

	while (good && (letter = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (letter) {
		case 'a':
			good = hall_authority_read(&question->authority, optarg);
			break;
		case 'c':
			good = file_read(optarg, &question->cert);
			break;
		case 'd':
			good = file_read(optarg, &question->data);
			break;
		case 's':
			good = file_read(optarg, &question->signature);
			break;
		default:
			return false;
		}
		if (!good)
			fprintf(stderr, "openukey-hall-check: %s is not what it should be\n",
				optarg);
	}
	return good && optind == argc && sk_X509_num(question->authority.roots) > 0;
}

static void
question_clear(struct question *question)
{
	hall_authority_clear(&question->authority);
	free(question->cert.bytes);
	free(question->data.bytes);
	free(question->signature.bytes);
}

static int
question_ask(size_t which, int argc, char **argv)
{
	UK_CLEANUP(question_clear) struct question question = {0};
	SCOPED(X509) *cert = NULL;
	enum hall_verdict verdict;

	if (!hall_authority_init(&question.authority) || !options_read(argc, argv, &question) ||
	    (questions[which].cert && question.cert.len == 0) ||
	    (questions[which].signature && (question.data.len == 0 || question.signature.len == 0)))
		return EXIT_USAGE;
	verdict = questions[which].answer(&question, &cert);
	printf("verdict=%s\n", hall_verdict_word(verdict));
	if (cert != NULL)
		facts_print(cert);
	return verdict == HALL_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage_text, stdout);
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; argc >= 2 && i < ARRAY_SIZE(questions); i++)
		if (strcmp(argv[1], questions[i].name) == 0)
			return question_ask(i, argc - 1, argv + 1);
	fputs(usage_text, stderr);
	return EXIT_USAGE;
}
