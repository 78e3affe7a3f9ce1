/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a CA has taken a certificate back, asked only when a person wants to know: OCSP at the
 * address in the certificate, else its CRL. What cannot be proven is "not checked", never "good".
 */
#ifndef OUK_CORE_REVOCATION_H
#define OUK_CORE_REVOCATION_H

#include "assistant/core/ossl.h"

#include <gio/gio.h>

typedef enum {
	OUK_REVOCATION_GOOD,
	OUK_REVOCATION_REVOKED,
	OUK_REVOCATION_NOT_CHECKED,
} OukRevocationState;

typedef enum {
	OUK_NOT_CHECKED_NONE,
	OUK_NOT_CHECKED_NO_ISSUER,  /* the issuer's certificate is not known: nothing can be proven
				     */
	OUK_NOT_CHECKED_NO_ADDRESS, /* the certificate names none that we can ask */
	OUK_NOT_CHECKED_OFFLINE,    /* no connection, no such host, proxy refuses */
	OUK_NOT_CHECKED_TIMEOUT,
	OUK_NOT_CHECKED_HTTP,       /* the server answers with an error */
	OUK_NOT_CHECKED_TOO_BIG,    /* more than we are willing to read */
	OUK_NOT_CHECKED_BAD_ANSWER, /* not what it should be */
	OUK_NOT_CHECKED_FOREIGN,    /* signed by somebody else */
	OUK_NOT_CHECKED_STALE,      /* too old, or not valid yet */
	OUK_NOT_CHECKED_UNKNOWN,    /* the CA does not know this certificate */
	OUK_NOT_CHECKED_REASONS,
} OukNotChecked;

typedef struct {
	OukRevocationState state;
	OukNotChecked why;   /* NOT_CHECKED only */
	gint64 revoked_at;   /* Unix time; REVOKED only */
	int reason;          /* CRLReason of RFC 5280, -1 = not given */
	gint64 asked_at;     /* Unix time */
	gint64 answer_until; /* Unix time; 0 = not said */
	gboolean by_ocsp;    /* else by CRL */
	char *address;       /* whose answer this is; NULL when nobody was asked */
} OukRevocation;

/*
 * issuer may be NULL. Time-out and size are limited, the system's proxies are used. Call on the
 * main context; the proving is done on a worker thread.
 */
void ouk_revocation_check_async(X509 *x509, X509 *issuer, GCancellable *cancellable,
				GAsyncReadyCallback callback, gpointer data);
/* NULL only when cancelled (G_IO_ERROR_CANCELLED). The caller frees. */
OukRevocation *ouk_revocation_check_finish(GAsyncResult *result, GError **error);
void ouk_revocation_free(OukRevocation *revocation);

/* What to tell the person: state, and why or since when. Translated; the caller frees. */
char *ouk_revocation_sentence(const OukRevocation *revocation);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukRevocation, ouk_revocation_free)

#endif
