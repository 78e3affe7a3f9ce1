/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shows what the core makes of certificates in files, for test_revocation.py and test_chain.py:
 *
 *	probe chain LEAF ANCHORS|- MORE|- PUBLISHED|- OFFSET
 *	probe revocation LEAF ISSUER|- CANCEL_AFTER_MS
 *	probe ocsp LEAF ISSUER ANSWER OFFSET
 *	probe crl LEAF ISSUER ANSWER OFFSET
 *
 * OFFSET: seconds from now. Prints one line of name=value.
 */
#include "assistant/core/cert.h"
#include "assistant/core/chain.h"
#include "assistant/core/revocation_answer.h"

#include <stdlib.h>
#include <string.h>

static const char *const chain_names[OUK_CHAIN_STATES] = {
	"OK", "NO_ANCHOR", "INCOMPLETE", "UNTRUSTED", "EXPIRED_LINK", "BROKEN", "CLOCK"};
static const char *const states[] = {"GOOD", "REVOKED", "NOT_CHECKED"};
static const char *const whys[OUK_NOT_CHECKED_REASONS] = {
	"NONE",    "NO_ISSUER",  "NO_ADDRESS", "OFFLINE", "TIMEOUT", "HTTP",
	"TOO_BIG", "BAD_ANSWER", "FOREIGN",    "STALE",   "UNKNOWN",
};

static gint64
now_and(const char *offset)
{
	return g_get_real_time() / G_USEC_PER_SEC + g_ascii_strtoll(offset, NULL, 10);
}

static GPtrArray *
certs_of(const char *path)
{
	GPtrArray *certs = strcmp(path, "-") != 0 ? ouk_x509_read_all(path, NULL) : NULL;

	return certs != NULL ? certs : g_ptr_array_new();
}

static int
probe_chain(char **argv)
{
	g_autoptr(X509) leaf = ouk_x509_read(argv[0], NULL);
	g_autoptr(GPtrArray) anchors = certs_of(argv[1]);
	g_autoptr(GPtrArray) more = certs_of(argv[2]);
	OukProfile profile = {.anchors = anchors,
			      .published = strcmp(argv[3], "-") != 0 ? argv[3] : NULL};
	g_autoptr(OukChain) chain = ouk_chain_build(leaf, &profile, more, now_and(argv[4]));
	g_autofree char *issuer = ouk_chain_issuer(chain) != NULL
					  ? ouk_x509_unit(ouk_chain_issuer(chain))
					  : g_strdup("");

	g_print("state=%s links=%u bad=%d issuer=%s sentence=%s\n", chain_names[chain->state],
		chain->links->len, chain->bad, issuer, ouk_chain_sentence(chain->state));
	return 0;
}

static void
print_revocation(const OukRevocation *revocation, gint64 gap)
{
	g_autofree char *sentence = ouk_revocation_sentence(revocation);

	g_print("state=%s why=%s reason=%d revoked_at=%" G_GINT64_FORMAT " by=%s address=%s "
		"gap=%" G_GINT64_FORMAT " sentence=%s\n",
		states[revocation->state], whys[revocation->why], revocation->reason,
		revocation->revoked_at, revocation->by_ocsp ? "ocsp" : "crl",
		revocation->address != NULL ? revocation->address : "", gap, sentence);
}

/* ---- with the network ---- */

struct wait {
	GMainLoop *loop;
	gint64 last, gap; /* microseconds: the longest the main context stood still */
};

static gboolean
tick(gpointer data)
{
	struct wait *wait = data;
	gint64 now = g_get_monotonic_time();

	wait->gap = MAX(wait->gap, now - wait->last);
	wait->last = now;
	return G_SOURCE_CONTINUE;
}

static gboolean
cancel(gpointer data)
{
	g_cancellable_cancel(data);
	return G_SOURCE_REMOVE;
}

static void
checked(GObject *source, GAsyncResult *result, gpointer data)
{
	struct wait *wait = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(OukRevocation) revocation = ouk_revocation_check_finish(result, &error);

	if (revocation != NULL)
		print_revocation(revocation, wait->gap / 1000);
	else
		g_print("state=%s\n", g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
					      ? "CANCELLED"
					      : error->message);
	g_main_loop_quit(wait->loop);
}

static int
probe_revocation(char **argv)
{
	g_autoptr(X509) leaf = ouk_x509_read(argv[0], NULL);
	g_autoptr(X509) issuer = strcmp(argv[1], "-") != 0 ? ouk_x509_read(argv[1], NULL) : NULL;
	guint after = (guint)strtoul(argv[2], NULL, 10);
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	struct wait wait = {loop, g_get_monotonic_time(), 0};

	g_timeout_add(10, tick, &wait);
	if (after > 0)
		g_timeout_add(after, cancel, cancellable);
	ouk_revocation_check_async(leaf, issuer, cancellable, checked, &wait);
	g_main_loop_run(loop);
	return 0;
}

/* ---- answers in files ---- */

static int
probe_answer(char **argv, gboolean ocsp)
{
	g_autoptr(X509) leaf = ouk_x509_read(argv[0], NULL);
	g_autoptr(X509) issuer = ouk_x509_read(argv[1], NULL);
	g_autoptr(OCSP_REQUEST) question = revocation_question(leaf, issuer);
	OukRevocation ret = {.state = OUK_REVOCATION_NOT_CHECKED, .reason = -1, .by_ocsp = ocsp};
	g_autoptr(GBytes) answer = NULL;
	char *text = NULL;
	gsize len = 0;

	if (!g_file_get_contents(argv[2], &text, &len, NULL))
		return 1;
	answer = g_bytes_new_take(text, len);
	if (ocsp)
		revocation_judge_ocsp(answer, question, issuer, now_and(argv[3]), &ret);
	else
		revocation_judge_crl(answer, leaf, issuer, now_and(argv[3]), &ret);
	print_revocation(&ret, 0);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "chain") == 0 && argc == 7)
		return probe_chain(argv + 2);
	if (strcmp(what, "revocation") == 0 && argc == 5)
		return probe_revocation(argv + 2);
	if ((strcmp(what, "ocsp") == 0 || strcmp(what, "crl") == 0) && argc == 6)
		return probe_answer(argv + 2, strcmp(what, "ocsp") == 0);
	return 2;
}
