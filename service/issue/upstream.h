/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CAs that are not ours: openukey-issuerd decides what is to be issued, somebody else's CA issues
 * it. A driver is a row of the table in upstream.c.
 */
#ifndef CS_ISSUE_UPSTREAM_H
#define CS_ISSUE_UPSTREAM_H

#include "service/base/blob.h"

#include <openssl/x509.h>

/* What it is asked for. */
struct cs_upstream_job {
	const char *id; /* of this request: the same id must get the same certificates */
	const char *kind, *key_sn, *code;
	int64_t years, not_after;              /* as our own rules have it */
	struct uk_span subject, csr, old_cert; /* DER; old_cert may be empty */
};

/* What came back; all but the signing certificate may be empty. DER. */
struct cs_upstream_result {
	struct cs_blob sign_cert, enc_cert;
	struct cs_blob envelope, wrapped; /* as in service/pki/envelope.h */
};

static inline void
cs_upstream_result_clear(struct cs_upstream_result *result)
{
	cs_blob_free(&result->sign_cert);
	cs_blob_free(&result->enc_cert);
	cs_blob_free(&result->envelope);
	cs_blob_free(&result->wrapped);
}

#define CS_UPSTREAM_RESULT UK_CLEANUP(cs_upstream_result_clear) struct cs_upstream_result

/*
 * open: `options` is what --upstream-options says, a driver's own text (may be NULL); ca: the CA
 * whose certificates are expected, with which they are checked afterwards by issuerd itself. issue:
 * CS_E_BUSY: it will be there later, ask again; CS_E_UNAVAILABLE: it cannot be reached.  May take
 * some seconds and be ended by a kill at any moment; what it has made once it must find again.
 * revoke: of a certificate of theirs; reason as in RFC 5280.  Again is no error.
 */
struct cs_upstream_driver {
	const char *name;
	enum cs_status (*open)(const char *options, X509 *ca, void **ret);
	void (*close)(void *driver);
	enum cs_status (*issue)(void *driver, const struct cs_upstream_job *job,
				struct cs_upstream_result *ret);
	enum cs_status (*revoke)(void *driver, struct uk_span cert, int64_t reason);
};

/* NULL: no such driver. */
const struct cs_upstream_driver *cs_upstream_find(const char *name);

/* cmp.c: a CA that speaks CMP. options: a file, see README.md. */
extern const struct cs_upstream_driver cs_upstream_cmp;
/* external.c: a program that is run for each request. options: its path. */
extern const struct cs_upstream_driver cs_upstream_external;

#endif
