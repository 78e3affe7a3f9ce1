/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/prompt_facts.h"

#include "assistant/core/memory.h"
#include "assistant/core/pin_rule.h"

#include <glib/gi18n.h>
#include <string.h>

static void
take_text(char **to, char *text)
{
	g_free(*to);
	*to = text;
}

static void
list_put(GString *out, const char *heading, const GPtrArray *words, gboolean numbered)
{
	if (words->len == 0)
		return;
	g_string_append_printf(out, "%s%s", out->len > 0 ? "\n" : "", heading);
	for (guint i = 0; i < words->len; i++) {
		const char *text = ouk_words(g_ptr_array_index(words, i));

		if (numbered)
			g_string_append_printf(out, "\n%u. %s", i + 1, text);
		else
			g_string_append_printf(out, "\n• %s", text);
	}
}

static char *
route_text(const OukUnlock *unlock)
{
	GString *out = g_string_new(NULL);

	list_put(out, _("How it is unlocked:"), unlock->steps, TRUE);
	list_put(out, _("Take along:"), unlock->bring, FALSE);
	if (out->len == 0) {
		g_string_free(out, TRUE);
		return NULL;
	}
	return g_string_free(out, FALSE);
}

void
ouk_prompt_set_profile(OukPromptRequest *request, const OukProfile *profile,
		       const char *const *parts)
{
	g_autoptr(OukPinRule) rule = ouk_pin_rule_new(profile, (guint)request->min_length,
						      (guint)request->max_length, parts);

	take_text(&request->rule, ouk_pin_rule_pack(rule));
	if (profile == NULL)
		return;
	if (request->first_pin)
		take_text(&request->first_hint, g_strdup(ouk_words(&profile->first_pin.text)));
	take_text(&request->route, route_text(&profile->unlock));
	take_text(&request->hotline, g_strdup(ouk_profile_hotline(profile)));
}

/* key_id is MAKER/SERIAL, where PKCS #11 has room for the last 16 characters only. */
static gboolean
is_same_key(const OukRemembered *remembered, const OukPromptRequest *request)
{
	const char *serial = strchr(remembered->key_id, '/');

	return serial != NULL && serial[1] != '\0' && request->serial != NULL &&
	       g_str_has_suffix(request->serial, serial + 1);
}

/* The CA's own rules, as far as the certificate on the key tells whose it is. */
static void
set_profile_of(OukPromptRequest *request, const OukPairInfo *pair, const OukPairCert *cert)
{
	g_autoptr(OukProfiles) profiles = ouk_profiles_load_default();
	const char *parts[] = {pair->credit_code != NULL ? pair->credit_code : request->serial,
			       request->serial, NULL};

	ouk_prompt_set_profile(
		request, cert != NULL ? ouk_profiles_for_cert(profiles, cert->x509) : NULL, parts);
}

void
ouk_prompt_set_remembered(OukPromptRequest *request)
{
	g_autoptr(OukMemory) memory = ouk_memory_open(NULL, NULL);
	g_autoptr(GPtrArray) list = memory != NULL ? ouk_memory_list(memory) : NULL;

	for (guint i = 0; list != NULL && i < list->len; i++) {
		const OukRemembered *each = g_ptr_array_index(list, i);
		const OukPairInfo *pair = ouk_pair_view_info(each->pair);

		/* The newest comes last; old ones say less about whose key it is now. */
		if (!is_same_key(each, request) || pair->status == OUK_PAIR_SUPERSEDED)
			continue;
		take_text(&request->nickname, g_strdup(each->nickname));
		take_text(&request->unit, g_strdup(pair->unit));
		set_profile_of(request, pair, ouk_pair_view_cert(each->pair));
	}
}
