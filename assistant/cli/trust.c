/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/cli/trust.h"

#include "assistant/cli/words.h"

#include <glib/gi18n.h>

static const char *const chain_names[OUK_CHAIN_STATES] = {
	[OUK_CHAIN_OK] = "ok",
	[OUK_CHAIN_NO_ANCHOR] = "no-anchor",
	[OUK_CHAIN_INCOMPLETE] = "incomplete",
	[OUK_CHAIN_UNTRUSTED] = "untrusted",
	[OUK_CHAIN_EXPIRED_LINK] = "expired-link",
	[OUK_CHAIN_BROKEN] = "broken",
	[OUK_CHAIN_CLOCK] = "clock",
};

static const char *const revocation_names[] = {
	[OUK_REVOCATION_GOOD] = "good",
	[OUK_REVOCATION_REVOKED] = "revoked",
	[OUK_REVOCATION_NOT_CHECKED] = "not-checked",
};

struct wait {
	GMainLoop *loop;
	OukRevocation *revocation;
};

static void
answered(GObject *source, GAsyncResult *result, gpointer data)
{
	struct wait *wait = data;

	wait->revocation = ouk_revocation_check_finish(result, NULL);
	g_main_loop_quit(wait->loop);
}

static OukRevocation *
ask_ca(X509 *x509, X509 *issuer)
{
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	struct wait wait = {loop, NULL};

	ouk_revocation_check_async(x509, issuer, NULL, answered, &wait);
	g_main_loop_run(loop);
	return wait.revocation;
}

void
cli_trust_find(CliTrust *ret, X509 *x509, gboolean ask)
{
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;

	ret->profiles = ouk_profiles_load_default();
	ret->profile = ouk_profiles_for_cert(ret->profiles, x509);
	ret->chain = ouk_chain_build(x509, ret->profile, NULL, now);
	ret->revocation = ask ? ask_ca(x509, ouk_chain_issuer(ret->chain)) : NULL;
}

void
cli_trust_clear(CliTrust *trust)
{
	ouk_revocation_free(trust->revocation);
	ouk_chain_free(trust->chain);
	ouk_profiles_unref(trust->profiles);
}

void
cli_trust_print(const CliTrust *trust, void (*line)(const char *name, const char *text))
{
	const OukProfile *profile = trust->profile;
	g_autofree char *revoked =
		trust->revocation != NULL ? ouk_revocation_sentence(trust->revocation) : NULL;

	/* of a CA that nobody has told us of there is nothing to say */
	if (profile != NULL)
		line(_("Vouched for"), ouk_chain_sentence(trust->chain->state));
	line(_("Revoked"), revoked);
	if (profile == NULL)
		return;
	line(_("CA"), ouk_words(&profile->name));
	line(_("Hotline"), ouk_profile_hotline(profile));
	line(_("Renewal"), ouk_words(&profile->renewal.text));
	line(_("Source of what is said of the CA"), ouk_words(&profile->provenance));
}

void
cli_trust_json(const CliTrust *trust, JsonBuilder *json)
{
	const OukProfile *profile = trust->profile;

	cli_json_text(json, "chain", chain_names[trust->chain->state]);
	if (trust->revocation != NULL) {
		g_autofree char *sentence = ouk_revocation_sentence(trust->revocation);

		json_builder_set_member_name(json, "revocation");
		json_builder_begin_object(json);
		cli_json_text(json, "state", revocation_names[trust->revocation->state]);
		cli_json_text(json, "text", sentence);
		cli_json_text(json, "address", trust->revocation->address);
		json_builder_end_object(json);
	}
	if (profile == NULL)
		return;
	json_builder_set_member_name(json, "ca");
	json_builder_begin_object(json);
	cli_json_text(json, "profile", profile->id);
	cli_json_text(json, "name", ouk_words(&profile->name));
	cli_json_text(json, "hotline", ouk_profile_hotline(profile));
	cli_json_text(json, "provenance", ouk_words(&profile->provenance));
	json_builder_end_object(json);
}
