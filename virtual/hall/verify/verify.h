/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The origin-bound login, for a hall's server: is this token the answer of a good certificate's
 * owner to the challenge that this hall gave out? Needs OpenSSL and jansson, nothing of OpenUKey.
 *
 *	struct login_check check = {.origin = "https://hall.example", .challenge = "...",
 *				    .anchors = roots, .now = time(NULL)};
 *	verdict = login_verify(text, len, &check, &certificate);
 *
 * A challenge is good for one login and a few minutes: to remember which were given out, to whom,
 * and to forget them at once is the hall's part.
 */
#ifndef LOGIN_VERIFY_H
#define LOGIN_VERIFY_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* Bytes of a challenge before base64url; 256 bits of a good random generator at least. */
#define LOGIN_CHALLENGE_MIN 32
#define LOGIN_CHALLENGE_MAX 1024
/* A token is a certificate and a signature: some kilobytes. */
#define LOGIN_TOKEN_MAX (32U * 1024U)

enum login_verdict {
	LOGIN_OK,
	LOGIN_USAGE,     /* the hall's own mistake: origin, challenge or anchors are not usable */
	LOGIN_FORMAT,    /* no token of this format */
	LOGIN_SIGNATURE, /* not a signature over this origin and this challenge */
	LOGIN_KEY,       /* the certificate is not for logging in, or its key is too weak */
	LOGIN_UNTRUSTED, /* none of the anchors vouches for it */
	LOGIN_EARLY,     /* not good yet */
	LOGIN_ENDED,     /* not good any more */
	LOGIN_REVOKED,   /* its issuer has taken it back */
	LOGIN_NO_LIST,   /* lists were given, but none that is good today and its issuer's */
	LOGIN_VERDICTS
};

/* "ok", "usage", "format", ... */
const char *login_verdict_word(enum login_verdict verdict);

/* All borrowed. */
struct login_check {
	const char *origin;       /* of the hall's page as browsers write it: no path, no '/' */
	const char *challenge;    /* base64url without padding, as it was given out */
	STACK_OF(X509) * anchors; /* each trusted by itself, a root or not */
	STACK_OF(X509) * between; /* further certificates to build with; may be NULL */
	/* Lists of certificates that were taken back. With any there must be the issuer's. */
	STACK_OF(X509_CRL) * lists; /* may be NULL */
	/* Asked last, for other ways to know (OCSP, a table): true when it was taken back. */
	bool (*revoked)(X509 *certificate, void *data); /* may be NULL */
	void *data;
	time_t now;
};

/*
 * The token as the page handed it over, with or without a zero behind it. *ret_certificate is the
 * caller's, on LOGIN_OK only; NULL where nobody wants it.
 */
enum login_verdict login_verify(const char *token, size_t len, const struct login_check *check,
				X509 **ret_certificate);

#endif
