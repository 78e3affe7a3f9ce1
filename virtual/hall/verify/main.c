/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-verify-login: one token, one verdict; for halls in any language. */
#include "verify.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_REFUSED 1
#define EXIT_USAGE   2

static const char usage_text[] =
	"Usage: openukey-verify-login --origin ORIGIN --challenge TEXT --anchors FILE\n"
	"                             [--between FILE] [--crl FILE]... [--at SECONDS] < TOKEN\n"
	"\n"
	"Reads a token of the origin-bound login from the standard input and says whether it is\n"
	"the answer to that challenge by somebody whose certificate is good.\n"
	"\n"
	"  --origin ORIGIN    the hall's own, as browsers write it (https://hall.example)\n"
	"  --challenge TEXT   as it was given out for this login: base64url, 256 bits or more\n"
	"  --anchors FILE     certificates to trust (PEM)\n"
	"  --between FILE     further certificates to build a chain with (PEM)\n"
	"  --crl FILE         a revocation list (PEM or DER); the issuer's must be among them\n"
	"  --at SECONDS       judge as of that time (since 1970), not now\n"
	"  --help, --version\n"
	"\n"
	"Prints the verdict, and for \"ok\" the certificate in PEM. Exit status: 0 ok, 1 not,\n"
	"2 when the command itself cannot be understood. A challenge must be taken once only.\n";

struct question {
	struct login_check check;
	bool bad; /* an option cannot be used */
};

/* ---- files ---- */

static STACK_OF(X509) * certs_read(const char *path)
{
	BIO *in = BIO_new_file(path, "rb");
	STACK_OF(X509) *certs = sk_X509_new_null();
	X509 *one;

	while (in != NULL && certs != NULL &&
	       (one = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL)
		(void)sk_X509_push(certs, one);
	BIO_free(in);
	if (sk_X509_num(certs) > 0)
		return certs;
	sk_X509_free(certs);
	fprintf(stderr, "openukey-verify-login: %s: no certificates (PEM)\n", path);
	return NULL;
}

static X509_CRL *
list_read(const char *path)
{
	BIO *in = BIO_new_file(path, "rb");
	X509_CRL *list = in != NULL ? PEM_read_bio_X509_CRL(in, NULL, NULL, NULL) : NULL;

	if (in != NULL && list == NULL && BIO_reset(in) == 0)
		list = d2i_X509_CRL_bio(in, NULL);
	BIO_free(in);
	if (list == NULL)
		fprintf(stderr, "openukey-verify-login: %s: no revocation list\n", path);
	return list;
}

static bool
time_read(const char *text, time_t *ret)
{
	char *end = NULL;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		return false;
	*ret = (time_t)value;
	return true;
}

/* ---- options ---- */

enum { ORIGIN = 1, CHALLENGE, ANCHORS, BETWEEN, CRL, AT, HELP, VERSION };

static const struct option options[] = {
	{"origin", required_argument, NULL, ORIGIN},
	{"challenge", required_argument, NULL, CHALLENGE},
	{"anchors", required_argument, NULL, ANCHORS},
	{"between", required_argument, NULL, BETWEEN},
	{"crl", required_argument, NULL, CRL},
	{"at", required_argument, NULL, AT},
	{"help", no_argument, NULL, HELP},
	{"version", no_argument, NULL, VERSION},
	{NULL, 0, NULL, 0},
};

static void
certs_take(STACK_OF(X509) * *into, struct question *question)
{
	sk_X509_pop_free(*into, X509_free);
	*into = certs_read(optarg);
	question->bad |= *into == NULL;
}

static void
option_take(struct question *question, int option)
{
	struct login_check *check = &question->check;
	X509_CRL *list;

	switch (option) {
	case ORIGIN:
		check->origin = optarg;
		break;
	case CHALLENGE:
		check->challenge = optarg;
		break;
	case ANCHORS:
		certs_take(&check->anchors, question);
		break;
	case BETWEEN:
		certs_take(&check->between, question);
		break;
	case CRL:
		list = list_read(optarg);
		question->bad |= list == NULL;
		if (list != NULL)
			(void)sk_X509_CRL_push(check->lists, list);
		break;
	case AT:
		question->bad |= !time_read(optarg, &check->now);
		break;
	default:
		question->bad = true;
	}
}

static void
check_clear(struct login_check *check)
{
	sk_X509_pop_free(check->anchors, X509_free);
	sk_X509_pop_free(check->between, X509_free);
	sk_X509_CRL_pop_free(check->lists, X509_CRL_free);
}

/* ---- the question ---- */

static int
answer(const struct login_check *check)
{
	static char token[LOGIN_TOKEN_MAX + 2];
	size_t len = fread(token, 1, sizeof(token), stdin);
	X509 *certificate = NULL;
	enum login_verdict verdict;

	/* the line's end that files have */
	while (len > 0 && (token[len - 1] == '\n' || token[len - 1] == '\r'))
		len--;
	verdict = login_verify(token, len, check, &certificate);
	puts(login_verdict_word(verdict));
	if (verdict == LOGIN_OK && PEM_write_X509(stdout, certificate) != 1)
		verdict = LOGIN_USAGE;
	X509_free(certificate);
	return verdict == LOGIN_OK      ? EXIT_SUCCESS
	       : verdict == LOGIN_USAGE ? EXIT_USAGE
					: EXIT_REFUSED;
}

int
main(int argc, char **argv)
{
	struct question question = {.check = {.now = time(NULL), .lists = sk_X509_CRL_new_null()}};
	const struct login_check *check = &question.check;
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == HELP) {
			fputs(usage_text, stdout);
			check_clear(&question.check);
			return EXIT_SUCCESS;
		}
		if (option == VERSION) {
			puts("openukey-verify-login " OPENUKEY_VERSION);
			check_clear(&question.check);
			return EXIT_SUCCESS;
		}
		option_take(&question, option);
	}
	if (question.bad || optind != argc || check->origin == NULL || check->challenge == NULL ||
	    check->anchors == NULL) {
		fputs(usage_text, stderr);
		check_clear(&question.check);
		return EXIT_USAGE;
	}
	status = answer(check);
	check_clear(&question.check);
	return status;
}
