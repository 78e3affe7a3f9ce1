/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done to a key for a page, on the page's worker. */
#ifndef OUK_BRIDGE_KEY_WORK_H
#define OUK_BRIDGE_KEY_WORK_H

#include "assistant/bridge/core.h"

#include "common/secret.h"

/*
 * Something to do with the key, its slot held and the session open. pin: NULL where none is
 * needed. TRUE with what came of it in data.
 */
typedef gboolean (*KeyWork)(OukToken *token, const struct uk_secret *pin, gpointer data,
			    GError **error);

typedef struct {
	OukPromptReason reason; /* LOGIN, SIGN or CHANGE */
	const char *purpose;    /* translated; "" for none */
	KeyWork work;           /* NULL for CHANGE */
	gpointer data;
} KeyAsk;

/*
 * Asks for the PIN in a window that names the site, again after a wrong one, until the work is
 * done or the person stops. With OUK_LAST_TRIES or fewer left nothing is asked:
 * OUK_E_PAGE_TRIES, and a window says why.
 */
gboolean key_ask_pin(OukPageDesk *desk, OukTokenView *key, OukLogin *login, const KeyAsk *ask,
		     GError **error);
/* One of several lines; FALSE with OUK_E_CANCELLED. */
gboolean key_choose(OukPageDesk *desk, const char *lines, guint *ret_choice, GError **error);
/* Opens the session that a login lives in; the slot is held. */
gboolean key_open(OukLogin *login, GError **error);
/* With the session that there is; OUK_E_LOGIN_LOST when it is over. */
gboolean key_do(OukLogin *login, KeyWork work, gpointer data, GError **error);
/* The key's login, whether anybody is logged in or not; NULL with OUK_E_REMOVED. */
OukLogin *key_login(OukPageDesk *desk, OukTokenView *key, GError **error);
/* The user PIN's counter as the key says now. */
gboolean key_tries(OukPageDesk *desk, OukTokenView *key, OukTries *ret, GError **error);

/* The person said no: what the page asked before that is over. */
void key_stopped(OukPage *page);
/* A yes or no that names the site; FALSE with OUK_E_CANCELLED for no. */
gboolean key_confirm(OukPageDesk *desk, OukTokenView *key, const char *heading, const char *text,
		     const char *yes, GError **error);

#endif
