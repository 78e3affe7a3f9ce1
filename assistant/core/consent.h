/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which web sites may see a key's certificates and ask to log in: what the person said when the
 * page bridge asked, in XDG_CONFIG_HOME/openukey/sites.json. Each change is a whole new file, on
 * the disk when the function returns; programs of the user take turns.
 */
#ifndef OUK_CORE_CONSENT_H
#define OUK_CORE_CONSENT_H

#include <glib.h>

typedef enum {
	OUK_CONSENT_ASK, /* nothing is known */
	OUK_CONSENT_ALLOWED,
	OUK_CONSENT_BLOCKED, /* never ask again */
	OUK_CONSENT_STATES
} OukConsentState;

typedef struct {
	char *origin; /* canonical */
	OukConsentState state;
	char *name;      /* of the hall, when it was allowed; NULL */
	gint64 since;    /* Unix time: allowed or blocked */
	gint64 used;     /* last login; 0: none */
	GPtrArray *keys; /* of char *: key_id of the keys that it may see */
} OukConsent;

OukConsent *ouk_consent_new(const char *origin, OukConsentState state);
OukConsent *ouk_consent_copy(const OukConsent *consent);
void ouk_consent_free(OukConsent *consent);
gboolean ouk_consent_has_key(const OukConsent *consent, const char *key_id);
/* "allowed", "blocked", "ask": for scripts and the file. */
const char *ouk_consent_state_name(OukConsentState state);

/* Where they are kept. The caller frees. */
char *ouk_consents_path(void);
/*
 * All of them, of OukConsent, by origin. A missing file is empty; one that cannot be understood is
 * too, so that nothing is allowed by it. OUK_E_FILE_READ.
 */
GPtrArray *ouk_consents_load(GError **error);
/* Borrowed; NULL when there is none. */
const OukConsent *ouk_consents_find(const GPtrArray *consents, const char *origin);

/* Puts one in the place of what was there of its origin. OUK_E_FILE_WRITE. */
gboolean ouk_consents_set(const OukConsent *consent, GError **error);
/* NULL: all. *ret_count (may be NULL): how many there were. */
gboolean ouk_consents_forget(const char *origin, guint *ret_count, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukConsent, ouk_consent_free)

#endif
