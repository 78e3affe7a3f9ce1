/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who vouches for a certificate: up to the roots that its CA's profile names. No network. */
#ifndef OUK_CORE_CHAIN_H
#define OUK_CORE_CHAIN_H

#include "assistant/core/profile.h"

typedef enum {
	OUK_CHAIN_OK,
	OUK_CHAIN_NO_ANCHOR,    /* this CA's root is not on this computer: nothing is known */
	OUK_CHAIN_INCOMPLETE,   /* a link between the certificate and the root is missing */
	OUK_CHAIN_UNTRUSTED,    /* ends at a root that is not the CA's */
	OUK_CHAIN_EXPIRED_LINK, /* the certificate or one above it has ended or not begun */
	OUK_CHAIN_BROKEN,       /* a signature does not match, or a link may not issue */
	OUK_CHAIN_CLOCK,        /* this computer's clock is wrong: validity was not judged */
	OUK_CHAIN_STATES,
} OukChainState;

typedef struct {
	OukChainState state;
	GPtrArray *links; /* of X509: the certificate first, as far up as was found */
	int bad;          /* index of the link at fault, -1 without */
} OukChain;

/*
 * Whether a time can be believed. The default guard compares with the day the profiles were
 * published; the doctor may know better. Called on the thread that builds the chain.
 */
typedef gboolean (*OukClockGuard)(gint64 now, const OukProfile *profile);
void ouk_chain_set_clock_guard(OukClockGuard guard);

/*
 * profile may be NULL (no anchors). more: other certificates to build with, such as those of the
 * token (of X509, may be NULL). now: Unix time.
 */
OukChain *ouk_chain_build(X509 *x509, const OukProfile *profile, const GPtrArray *more, gint64 now);
void ouk_chain_free(OukChain *chain);
/* The issuer's certificate as the chain found it; NULL. Borrowed. */
X509 *ouk_chain_issuer(const OukChain *chain);
/* Translated sentence for a state. */
const char *ouk_chain_sentence(OukChainState state);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukChain, ouk_chain_free)

#endif
