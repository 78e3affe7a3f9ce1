/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/hall_key.h"

#include <glib/gi18n.h>
#include <string.h>

/* How well a key fits. */
enum { FIT_NONE, FIT_CA, FIT_UNIT, FIT_KEY, FIT_CERTIFICATE };

static const struct {
	gboolean is_due;
	const char *text;
} binds[] = {
	[OUK_BIND_KNOWN] = {FALSE, NULL},
	[OUK_BIND_FIRST] = {FALSE, NULL},
	[OUK_BIND_RENEWED] = {FALSE,
			      N_("The certificate was renewed since the last login here. If the "
				 "hall does not let you in, have its counter bind the key again.")},
	[OUK_BIND_CHANGED] = {TRUE,
			      N_("The unit's data in the certificate changed since the last login "
				 "here: the hall has to bind the key again before it lets you "
				 "in.")},
	[OUK_BIND_REISSUED] = {TRUE,
			       N_("This key was issued in place of the one that was used here: the "
				  "hall has to bind it before it lets you in.")},
};

gboolean
ouk_hall_bind_is_due(OukHallBind bind)
{
	return binds[bind].is_due;
}

const char *
ouk_hall_bind_text(OukHallBind bind)
{
	return binds[bind].text != NULL ? _(binds[bind].text) : NULL;
}

void
ouk_hall_key_clear(OukHallKey *key)
{
	g_clear_object(&key->token);
	g_clear_object(&key->pair);
}

/* A credit code is the unit's for good; names change. */
static gboolean
is_same_unit(const OukHallUse *use, const OukPairInfo *pair)
{
	if (*use->credit_code != '\0' && pair->credit_code != NULL)
		return strcmp(use->credit_code, pair->credit_code) == 0;
	return g_strcmp0(use->unit, pair->unit) == 0;
}

static gboolean
is_same_data(const OukHallUse *use, const OukPairInfo *pair)
{
	return g_strcmp0(use->unit, pair->unit) == 0 && is_same_unit(use, pair);
}

/* What one use says of one pair of a key. */
static int
fit_of_use(const OukHallUse *use, const OukTokenInfo *token, OukPairView *pair, OukHallBind *ret)
{
	const OukPairInfo *info = ouk_pair_view_info(pair);
	gboolean same_key = g_strcmp0(use->key_id, token->key_id) == 0;

	if (strcmp(use->certificate, ouk_pair_view_cert(pair)->sha256) == 0) {
		*ret = same_key ? OUK_BIND_KNOWN : OUK_BIND_REISSUED;
		return FIT_CERTIFICATE;
	}
	if (same_key) {
		*ret = is_same_data(use, info) ? OUK_BIND_RENEWED : OUK_BIND_CHANGED;
		return FIT_KEY;
	}
	*ret = OUK_BIND_REISSUED;
	return is_same_unit(use, info) ? FIT_UNIT : FIT_NONE;
}

/* How well a pair fits, by the uses (the last one first) and by its CA. *ret_use: which one. */
static int
fit_of_pair(const OukHallKey *key, const GPtrArray *uses, gboolean of_ca, OukHallBind *ret_bind,
	    guint *ret_use)
{
	int best = of_ca ? FIT_CA : FIT_NONE;

	*ret_bind = OUK_BIND_FIRST;
	*ret_use = uses->len;
	for (guint i = 0; i < uses->len; i++) {
		OukHallBind bind;
		int fit = fit_of_use(uses->pdata[i], ouk_token_view_info(key->token), key->pair,
				     &bind);

		if (fit <= best)
			continue;
		best = fit;
		*ret_bind = bind;
		*ret_use = i;
	}
	return best;
}

/* Ended and older certificates are no use at a hall. */
static gboolean
is_usable(OukPairView *pair)
{
	const OukPairInfo *info = ouk_pair_view_info(pair);

	return ouk_pair_view_cert(pair) != NULL && info->sign != NULL &&
	       info->status != OUK_PAIR_SUPERSEDED && info->status != OUK_PAIR_UNREADABLE;
}

typedef struct {
	const OukProfiles *profiles;
	const OukHall *hall;
	const GPtrArray *uses;
	OukHallKey *ret;
	int fit;
	guint use;
	gboolean tied;
} Choice;

static void
consider_pair(Choice *choice, OukTokenView *token, OukPairView *pair, gboolean *fits)
{
	const OukHallKey key = {.token = token, .pair = pair};
	const OukProfile *profile =
		ouk_profiles_for_cert(choice->profiles, ouk_pair_view_cert(pair)->x509);
	OukHallBind bind;
	guint use;
	int fit = fit_of_pair(&key, choice->uses, profile == choice->hall->profile, &bind, &use);

	if (fit == FIT_NONE)
		return;
	*fits = TRUE;
	if (fit < choice->fit || (fit == choice->fit && use > choice->use))
		return;
	if (fit == choice->fit && use == choice->use) {
		/* the best pair of a key comes first */
		choice->tied = choice->tied || choice->ret->token != token;
		return;
	}
	choice->fit = fit;
	choice->use = use;
	choice->tied = FALSE;
	ouk_hall_key_clear(choice->ret);
	choice->ret->token = g_object_ref(token);
	choice->ret->pair = g_object_ref(pair);
	choice->ret->bind = bind;
}

void
ouk_hall_key_choose(const OukProfiles *profiles, const OukHall *hall, const GPtrArray *tokens,
		    const GPtrArray *uses, OukHallKey *ret)
{
	Choice choice = {
		.profiles = profiles, .hall = hall, .uses = uses, .ret = ret, .fit = FIT_NONE};

	*ret = (OukHallKey){.bind = OUK_BIND_FIRST};
	for (guint i = 0; i < tokens->len; i++) {
		OukTokenView *token = g_ptr_array_index(tokens, i);
		const OukTokenInfo *info = ouk_token_view_info(token);
		gboolean fits = FALSE;

		for (guint n = 0; n < info->pairs->len; n++) {
			OukPairView *pair = g_ptr_array_index(info->pairs, n);

			if (is_usable(pair))
				consider_pair(&choice, token, pair, &fits);
		}
		ret->candidates += fits ? 1 : 0;
	}
	if (choice.tied) {
		ouk_hall_key_clear(ret);
		ret->bind = OUK_BIND_FIRST;
	}
}
