/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/link_badge.h"

#include "assistant/ui/status.h"

#include <glib/gi18n.h>

static const OukLinkLook looks[] = {
	[OUK_LINK_WAITING] = {"content-loading-symbolic", "ouk-neutral", N_("waiting")},
	[OUK_LINK_LOOKING] = {"content-loading-symbolic", "ouk-neutral", N_("looking…")},
	[OUK_LINK_OK] = {"ouk-valid-symbolic", "ouk-good", N_("good")},
	[OUK_LINK_NOTE] = {"ouk-unreadable-symbolic", "ouk-warn", N_("works, but")},
	[OUK_LINK_BROKEN] = {"ouk-ended-symbolic", "ouk-bad", N_("broken")},
	[OUK_LINK_NOT_TESTED] = {"ouk-not-checked-symbolic", "ouk-neutral", N_("not looked at")},
};

const OukLinkLook *
ouk_link_look(OukLinkState state)
{
	return &looks[state];
}

GtkWidget *
ouk_link_badge_new(OukLinkState state)
{
	return ouk_badge_new(looks[state].icon, looks[state].tone, _(looks[state].word));
}
