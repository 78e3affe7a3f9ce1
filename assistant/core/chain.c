/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/chain.h"

#include "assistant/core/cert.h"
#include "common/defs.h"

#include <glib/gi18n.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#define LINKS_MAX 8

/* What OpenSSL's verdicts mean to a person; all others mean BROKEN. */
static const struct {
	int verdict;
	OukChainState state;
} verdicts[] = {
	{X509_V_OK, OUK_CHAIN_OK},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, OUK_CHAIN_INCOMPLETE},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, OUK_CHAIN_INCOMPLETE},
	{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, OUK_CHAIN_INCOMPLETE},
	{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, OUK_CHAIN_UNTRUSTED},
	{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, OUK_CHAIN_UNTRUSTED},
	{X509_V_ERR_CERT_UNTRUSTED, OUK_CHAIN_UNTRUSTED},
	{X509_V_ERR_CERT_NOT_YET_VALID, OUK_CHAIN_EXPIRED_LINK},
	{X509_V_ERR_CERT_HAS_EXPIRED, OUK_CHAIN_EXPIRED_LINK},
};

static const char *const sentences[OUK_CHAIN_STATES] = {
	[OUK_CHAIN_OK] = N_("The CA's root vouches for this certificate."),
	[OUK_CHAIN_NO_ANCHOR] = N_("Not checked: the root certificate of this CA is not on this "
				   "computer."),
	[OUK_CHAIN_INCOMPLETE] =
		N_("Not checked: a certificate between this one and the CA's root is "
		   "missing."),
	[OUK_CHAIN_UNTRUSTED] =
		N_("This certificate comes from a root that is not the CA's. Do not "
		   "rely on it."),
	[OUK_CHAIN_EXPIRED_LINK] =
		N_("This certificate, or one that vouches for it, is not good at "
		   "this time."),
	[OUK_CHAIN_BROKEN] = N_("What should vouch for this certificate does not match it. Do not "
				"rely on it."),
	[OUK_CHAIN_CLOCK] = N_("This computer's clock is wrong, so nobody can tell whether the "
			       "certificate is good now."),
};

/* ---- the clock ---- */

/* Nobody can have a profile before it was published. */
static gboolean
clock_after_profile(gint64 now, const OukProfile *profile)
{
	const char *date = profile != NULL ? profile->published : NULL;
	g_autoptr(GDateTime) published = NULL;

	if (date == NULL)
		return TRUE;
	published = ouk_profile_day(date);
	return published == NULL ||
	       now >= g_date_time_to_unix(published) - G_TIME_SPAN_DAY / G_TIME_SPAN_SECOND;
}

static gpointer clock_guard = (gpointer)clock_after_profile;

void
ouk_chain_set_clock_guard(OukClockGuard guard)
{
	g_atomic_pointer_set(&clock_guard, (gpointer)(guard != NULL ? guard : clock_after_profile));
}

/* ---- building ---- */

/* A copy of one's own: the ID is written into it, and other threads may have the original. */
static X509 *
link_copy(X509 *x509)
{
	X509 *copy = X509_dup(x509);

	if (copy != NULL)
		ouk_x509_set_sm2_id(copy);
	return copy;
}

static X509_STORE *
store_of(const OukProfile *profile)
{
	X509_STORE *store = X509_STORE_new();

	for (guint i = 0; profile != NULL && store != NULL && i < profile->anchors->len; i++) {
		g_autoptr(X509) anchor = link_copy(g_ptr_array_index(profile->anchors, i));

		if (anchor != NULL)
			(void)X509_STORE_add_cert(store, anchor);
	}
	return store;
}

static STACK_OF(X509) * between_of(const GPtrArray *more)
{
	STACK_OF(X509) *between = sk_X509_new_null();

	for (guint i = 0; more != NULL && between != NULL && i < more->len; i++) {
		X509 *x509 = link_copy(g_ptr_array_index(more, i));

		if (x509 != NULL && sk_X509_push(between, x509) == 0)
			X509_free(x509);
	}
	return between;
}

static void
stack_free(STACK_OF(X509) * *stack)
{
	sk_X509_pop_free(*stack, X509_free);
}

static OukChainState
state_of(int verdict)
{
	for (guint i = 0; i < G_N_ELEMENTS(verdicts); i++)
		if (verdicts[i].verdict == verdict)
			return verdicts[i].state;
	return OUK_CHAIN_BROKEN;
}

static void
links_take(OukChain *chain, X509_STORE_CTX *ctx)
{
	STACK_OF(X509) *built = X509_STORE_CTX_get0_chain(ctx);

	for (int i = 0; i < sk_X509_num(built); i++) {
		X509_up_ref(sk_X509_value(built, i));
		g_ptr_array_add(chain->links, sk_X509_value(built, i));
	}
}

static void
verify(OukChain *chain, X509_STORE *store, X509 *leaf, STACK_OF(X509) * between, time_t *now)
{
	g_autoptr(X509_STORE_CTX) ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int verdict;

	if (ctx == NULL || X509_STORE_CTX_init(ctx, store, leaf, between) != 1)
		return;
	param = X509_STORE_CTX_get0_param(ctx);
	/* an intermediate that the profile names is as good as its root */
	(void)X509_VERIFY_PARAM_set_flags(
		param, X509_V_FLAG_PARTIAL_CHAIN | (now == NULL ? X509_V_FLAG_NO_CHECK_TIME : 0));
	if (now != NULL)
		X509_VERIFY_PARAM_set_time(param, *now);
	(void)X509_verify_cert(ctx);
	verdict = X509_STORE_CTX_get_error(ctx);
	chain->state = state_of(verdict);
	if (chain->state != OUK_CHAIN_OK)
		chain->bad = X509_STORE_CTX_get_error_depth(ctx);
	links_take(chain, ctx);
}

/* OpenSSL stops at the first link that is trusted; a person wants to see it up to the root. */
static void
links_extend(OukChain *chain, const OukProfile *profile)
{
	for (guint i = 0; i < profile->anchors->len && chain->links->len < LINKS_MAX; i++) {
		X509 *top = g_ptr_array_index(chain->links, chain->links->len - 1);
		X509 *anchor = g_ptr_array_index(profile->anchors, i);
		EVP_PKEY *key = X509_get0_pubkey(anchor);

		if (X509_NAME_cmp(X509_get_subject_name(top), X509_get_issuer_name(top)) == 0)
			return;
		if (X509_check_issued(anchor, top) != X509_V_OK || key == NULL ||
		    X509_verify(top, key) != 1)
			continue;
		g_ptr_array_add(chain->links, link_copy(anchor));
		i = G_MAXUINT; /* from the first again; the top has changed */
	}
}

OukChain *
ouk_chain_build(X509 *x509, const OukProfile *profile, const GPtrArray *more, gint64 now)
{
	OukChain *chain = g_new0(OukChain, 1);
	g_autoptr(X509) leaf = link_copy(x509);
	g_autoptr(X509_STORE) store = store_of(profile);
	UK_CLEANUP(stack_free) STACK_OF(X509) *between = between_of(more);
	OukClockGuard guard = (OukClockGuard)g_atomic_pointer_get(&clock_guard);
	gboolean clock = guard(now, profile);
	time_t at = (time_t)now;

	chain->state = OUK_CHAIN_BROKEN;
	chain->bad = -1;
	chain->links = g_ptr_array_new_with_free_func((GDestroyNotify)X509_free);
	if (leaf != NULL && store != NULL && between != NULL)
		verify(chain, store, leaf, between, clock ? &at : NULL);
	if (chain->state == OUK_CHAIN_OK)
		links_extend(chain, profile);
	ERR_clear_error();
	if (!clock && chain->state == OUK_CHAIN_OK)
		chain->state = OUK_CHAIN_CLOCK;
	/* without a root of the CA's nothing can be said against one either */
	if ((profile == NULL || profile->anchors->len == 0) &&
	    (chain->state == OUK_CHAIN_INCOMPLETE || chain->state == OUK_CHAIN_UNTRUSTED)) {
		chain->state = OUK_CHAIN_NO_ANCHOR;
		chain->bad = -1;
	}
	return chain;
}

void
ouk_chain_free(OukChain *chain)
{
	if (chain == NULL)
		return;
	g_ptr_array_unref(chain->links);
	g_free(chain);
}

X509 *
ouk_chain_issuer(const OukChain *chain)
{
	return chain->links->len > 1 ? g_ptr_array_index(chain->links, 1) : NULL;
}

const char *
ouk_chain_sentence(OukChainState state)
{
	return _(sentences[state]);
}
