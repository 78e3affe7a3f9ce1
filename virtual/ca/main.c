/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-rehearsal-ca: certificates and encryption keys for rehearsing with virtual keys. */
#include "authority.h"
#include "envelope.h"
#include "files.h"
#include "list.h"
#include "ossl.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE      2
#define DAYS_DEFAULT    365L
#define DAYS_MAX        36500L
#define USAGE_SIGN      "critical,digitalSignature,nonRepudiation"
#define USAGE_SERVER    "critical,digitalSignature"
#define USAGE_ENCRYPT   "critical,keyEncipherment,dataEncipherment,keyAgreement"
#define USAGE_ENCRYPT_R "critical,keyEncipherment,dataEncipherment"

/* Every option of every command; a command takes those its row names. */
struct options {
	const char *dir;
	const char *alg, *request, *out, *days_text, *credit_code;
	const char *signing, *out_cert, *out_envelope, *format, *align, *out_key;
	const char *out_wrapped, *out_blob;
	const char *hosts, *cert;
	bool base64;
	long days;
};

#define TEXT_OPTION(letter, name, field)                      \
	{                                                     \
		letter, name, offsetof(struct options, field) \
	}

static const struct {
	char letter;
	const char *name;
	size_t field;
} text_options[] = {
	TEXT_OPTION('a', "alg", alg),
	TEXT_OPTION('c', "csr", request),
	TEXT_OPTION('o', "out", out),
	TEXT_OPTION('d', "days", days_text),
	TEXT_OPTION('u', "credit-code", credit_code),
	TEXT_OPTION('f', "for", signing),
	TEXT_OPTION('C', "out-cert", out_cert),
	TEXT_OPTION('E', "out-envelope", out_envelope),
	TEXT_OPTION('F', "format", format),
	TEXT_OPTION('A', "align", align),
	TEXT_OPTION('K', "out-key", out_key),
	TEXT_OPTION('W', "out-wrapped", out_wrapped),
	TEXT_OPTION('B', "out-blob", out_blob),
	TEXT_OPTION('H', "host", hosts),
	TEXT_OPTION('R', "cert", cert),
};

static const char usage_text[] =
	"Usage: openukey-rehearsal-ca init DIR --alg rsa|sm2\n"
	"       openukey-rehearsal-ca sign DIR --csr FILE --out FILE [--days N]\n"
	"                                  [--credit-code CODE | --host NAME[,NAME...]]\n"
	"       openukey-rehearsal-ca encryption DIR --for SIGNCERT --out-cert FILE [--days N]\n"
	"              SM2:  --out-envelope FILE [--format blob|der] [--align left|right]\n"
	"              RSA:  --out-wrapped FILE --out-blob FILE\n"
	"                    [--base64] [--out-key FILE]\n"
	"       openukey-rehearsal-ca revoke DIR --cert FILE\n"
	"       openukey-rehearsal-ca crl DIR [--days N]\n"
	"\n"
	"A certificate authority for rehearsals with virtual keys. Nothing it issues binds "
	"anybody.\n"
	"See openukey-rehearsal-ca(1).\n";

/* ---- commands ---- */

static bool
command_init(const struct options *options)
{
	bool sm2 = options->alg != NULL && strcmp(options->alg, "sm2") == 0;

	if (!sm2 && (options->alg == NULL || strcmp(options->alg, "rsa") != 0))
		return ca_fail("say --alg rsa or --alg sm2");
	return authority_init(options->dir, sm2);
}

static bool
command_sign(const struct options *options)
{
	UK_CLEANUP(authority_close) struct authority authority = {0};
	SCOPED(X509_REQ) *request = NULL;
	SCOPED(X509) *cert = NULL;
	struct issue issue = {
		.usage = USAGE_SIGN, .credit_code = options->credit_code, .days = options->days};

	if (options->request == NULL || options->out == NULL)
		return ca_fail("sign needs --csr and --out");
	if (!authority_open(options->dir, &authority))
		return false;
	request = request_read(options->request);
	if (request == NULL || !request_proved(request))
		return false;
	issue.subject = X509_REQ_get_subject_name(request);
	issue.key = X509_REQ_get0_pubkey(request);
	if (options->hosts != NULL) {
		issue.hosts = options->hosts;
		issue.usage = USAGE_SERVER;
	}
	cert = authority_issue(&authority, &issue);
	return cert != NULL && cert_write(options->out, cert);
}

/* The SM2 pair's envelope as the options want it. */
static bool
envelope_write(const struct options *options, EVP_PKEY *pair, EVP_PKEY *signer)
{
	uint8_t bytes[ENVELOPE_MAX];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));
	bool der = options->format != NULL && strcmp(options->format, "der") == 0;
	bool left = options->align != NULL && strcmp(options->align, "left") == 0;

	if (options->out_envelope == NULL)
		return ca_fail("an SM2 key needs --out-envelope");
	if (!(der ? envelope_put_der(pair, signer, &out)
		  : envelope_put_blob(pair, signer, left ? ENVELOPE_LEFT : ENVELOPE_RIGHT, &out)))
		return false;
	return bytes_write(options->out_envelope, uk_writer_span(&out), options->base64);
}

static bool
wrapped_write(const struct options *options, EVP_PKEY *pair, EVP_PKEY *signer)
{
	uint8_t wrapped_bytes[ENVELOPE_MAX], blob_bytes[ENVELOPE_MAX];
	struct uk_writer wrapped = uk_writer_of(wrapped_bytes, sizeof(wrapped_bytes));
	struct uk_writer blob = uk_writer_of(blob_bytes, sizeof(blob_bytes));

	if (options->out_wrapped == NULL || options->out_blob == NULL)
		return ca_fail("an RSA key needs --out-wrapped and --out-blob");
	return envelope_put_rsa(pair, signer, &wrapped, &blob) &&
	       bytes_write(options->out_wrapped, uk_writer_span(&wrapped), options->base64) &&
	       bytes_write(options->out_blob, uk_writer_span(&blob), options->base64);
}

static bool
command_encryption(const struct options *options)
{
	UK_CLEANUP(authority_close) struct authority authority = {0};
	SCOPED(X509) *signing = NULL;
	SCOPED(EVP_PKEY) *pair = NULL;
	SCOPED(X509) *cert = NULL;
	EVP_PKEY *signer; /* belongs to signing */
	struct issue issue = {.days = options->days, .credit_code = options->credit_code};
	bool sm2;

	if (options->signing == NULL || options->out_cert == NULL)
		return ca_fail("encryption needs --for and --out-cert");
	if (!authority_open(options->dir, &authority))
		return false;
	signing = cert_read(options->signing);
	signer = signing != NULL ? X509_get0_pubkey(signing) : NULL;
	if (signer == NULL)
		return false;
	sm2 = EVP_PKEY_is_a(signer, "SM2");
	if (!sm2 && !EVP_PKEY_is_a(signer, "RSA"))
		return ca_fail("%s is neither for SM2 nor for RSA", options->signing);
	pair = keypair_new(sm2 ? 0 : (unsigned int)EVP_PKEY_get_bits(signer));
	if (pair == NULL)
		return false;
	issue.subject = X509_get_subject_name(signing);
	issue.key = pair;
	issue.usage = sm2 ? USAGE_ENCRYPT : USAGE_ENCRYPT_R;
	cert = authority_issue(&authority, &issue);
	return cert != NULL &&
	       (sm2 ? envelope_write(options, pair, signer)
		    : wrapped_write(options, pair, signer)) &&
	       cert_write(options->out_cert, cert) &&
	       (options->out_key == NULL || key_write(options->out_key, pair));
}

static bool
command_revoke(const struct options *options)
{
	UK_CLEANUP(authority_close) struct authority authority = {0};
	SCOPED(X509) *cert = options->cert != NULL ? cert_read(options->cert) : NULL;

	if (options->cert == NULL)
		return ca_fail("revoke needs --cert");
	return cert != NULL && authority_open(options->dir, &authority) &&
	       list_make(options->dir, &authority, cert, options->days);
}

static bool
command_crl(const struct options *options)
{
	UK_CLEANUP(authority_close) struct authority authority = {0};

	return authority_open(options->dir, &authority) &&
	       list_make(options->dir, &authority, NULL, options->days);
}

static const struct {
	const char *name;
	bool (*run)(const struct options *options);
} commands[] = {
	{"init", command_init},     {"sign", command_sign}, {"encryption", command_encryption},
	{"revoke", command_revoke}, {"crl", command_crl},
};

/* ---- command line ---- */

static bool
word_allowed(const char *option, const char *value, const char *one, const char *other)
{
	return value == NULL || strcmp(value, one) == 0 || strcmp(value, other) == 0 ||
	       ca_fail("--%s is %s or %s", option, one, other);
}

static bool
options_checked(struct options *options)
{
	char *end = NULL;

	options->days = DAYS_DEFAULT;
	if (options->days_text != NULL) {
		options->days = strtol(options->days_text, &end, 10);
		/* negative: a certificate that has ended already, to rehearse that too */
		if (*options->days_text == '\0' || *end != '\0' || options->days > DAYS_MAX ||
		    options->days < -DAYS_MAX)
			return ca_fail("--days takes a number of days");
	}
	return word_allowed("format", options->format, "blob", "der") &&
	       word_allowed("align", options->align, "left", "right");
}

static bool
options_read(int argc, char **argv, struct options *ret)
{
	struct option table[ARRAY_SIZE(text_options) + 2] = {{0}};
	struct options options = {0};
	int letter;

	for (size_t i = 0; i < ARRAY_SIZE(text_options); i++)
		table[i] = (struct option){text_options[i].name, required_argument, NULL,
					   text_options[i].letter};
	table[ARRAY_SIZE(text_options)] = (struct option){"base64", no_argument, NULL, '6'};

	while ((letter = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (letter == '?')
			return false;
		if (letter == '6')
			options.base64 = true;
		for (size_t i = 0; i < ARRAY_SIZE(text_options); i++)
			if (text_options[i].letter == letter)
				*(const char **)((char *)&options + text_options[i].field) = optarg;
	}
	if (argc - optind != 1)
		return ca_fail("name the CA's directory");
	options.dir = argv[optind];
	if (!options_checked(&options))
		return false;
	*ret = options;
	return true;
}

int
main(int argc, char **argv)
{
	struct options options;

	if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage_text, stdout);
		return EXIT_SUCCESS;
	}
	if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
		puts("openukey-rehearsal-ca " OPENUKEY_VERSION);
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; argc >= 2 && i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		if (!options_read(argc - 1, argv + 1, &options))
			return EXIT_USAGE;
		return commands[i].run(&options) ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	fputs(usage_text, stderr);
	return EXIT_USAGE;
}
