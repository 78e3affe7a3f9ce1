/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/core.h"

#include "assistant/bridge/site.h"
#include "assistant/core/errors.h"

#include <string.h>

/* A page that is refused again and again must not fill the disk. */
static const OukRate refusals = {60, 60};

static const char *
result_name(const GError *error)
{
	return error != NULL ? ouk_error_row(error)->name : "ok";
}

/* Borrows from all of them. */
static OukJournalEntry
page_entry(OukPage *page, const OukRecord *what, const char *program, const GError *result)
{
	const OukPageCert *cert = what->cert;
	const OukPairCert *x509 =
		cert != NULL && cert->pair != NULL ? ouk_pair_view_cert(cert->pair) : NULL;

	return (OukJournalEntry){
		.event = what->event,
		.origin = page->origin,
		.hall = site_hall_name(page->bridge, page->origin),
		.function = what->function,
		.key = cert != NULL && cert->key != NULL ? ouk_token_view_info(cert->key)->serial
							 : NULL,
		.cert = x509 != NULL ? x509->sha256 : NULL,
		.program = program,
		.result = result_name(result),
	};
}

gboolean
record_page(OukPage *page, const OukRecord *what, const GError *result, GError **error)
{
	g_autofree char *program = ouk_peer_name(page->peer);
	const OukJournalEntry entry = page_entry(page, what, program, result);

	return ouk_journal_add(page->bridge->journal, &entry, error);
}

OukJournalLine *
record_begin(OukPage *page, const OukRecord *what, GError **error)
{
	g_autofree char *program = ouk_peer_name(page->peer);
	const OukJournalEntry entry = page_entry(page, what, program, NULL);

	return ouk_journal_begin(page->bridge->journal, &entry, error);
}

gboolean
record_end(OukPage *page, OukJournalLine *line, const OukRecord *what, const GError *result,
	   GError **error)
{
	g_autofree char *program = ouk_peer_name(page->peer);
	const OukJournalEntry entry = page_entry(page, what, program, result);

	return ouk_journal_finish(page->bridge->journal, line, &entry, error);
}

/* FALSE: not this time. */
static gboolean
refusal_take(OukBridge *bridge, const char *name, guint *ret_skipped)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&bridge->lock);

	if (!ouk_rates_take(bridge->rates, name, &refusals, g_get_monotonic_time()))
		return FALSE;
	*ret_skipped = ouk_rates_skipped(bridge->rates, name);
	return TRUE;
}

void
record_refusal(OukPage *page, const char *function, const GError *result)
{
	g_autofree char *name = g_strdup_printf("refused %s %s", result_name(result), page->origin);
	g_autofree char *program = ouk_peer_name(page->peer);
	g_autoptr(GError) error = NULL;
	OukJournalEntry entry = {
		.event = "refused",
		.origin = page->origin,
		.hall = site_hall_name(page->bridge, page->origin),
		.function = function,
		.program = program,
		.result = result_name(result),
	};

	if (refusal_take(page->bridge, name, &entry.skipped) &&
	    !ouk_journal_add(page->bridge->journal, &entry, &error))
		g_warning("%s", error->message);
}

void
ouk_bridge_note_refusal(OukBridge *bridge, const char *what, const char *origin,
			const OukPeer *peer)
{
	g_autofree char *name = g_strdup_printf("transport %s", what);
	g_autofree char *program = peer != NULL ? ouk_peer_name(peer) : NULL;
	g_autoptr(GError) error = NULL;
	OukJournalEntry entry = {
		.event = "refused",
		.origin = origin,
		.function = what,
		.program = program,
		.result = "TRANSPORT",
	};

	if (refusal_take(bridge, name, &entry.skipped) &&
	    !ouk_journal_add(bridge->journal, &entry, &error))
		g_warning("%s", error->message);
}
