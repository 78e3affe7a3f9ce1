/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a family's handler may do, on its worker thread. There is no other way from a page to a
 * key: each of these asks the person where the rules want it, keeps count, and writes signatures
 * into the journal. Comes with page.h.
 */
#ifndef OUK_BRIDGE_PAGE_DESK_H
#define OUK_BRIDGE_PAGE_DESK_H

#include "assistant/core/view.h"

#include <json-glib/json-glib.h>

typedef struct _OukPageDesk OukPageDesk;

/* The page's origin; borrowed. */
const char *ouk_page_desk_origin(OukPageDesk *desk);
/*
 * What the family remembers of this page from call to call ("sign-method"): text under a name, at
 * most 32 names and 4 KiB each. NULL where there is none; the caller frees.
 */
char *ouk_page_desk_note(OukPageDesk *desk, const char *name);
void ouk_page_desk_set_note(OukPageDesk *desk, const char *name, const char *text);
/* How the page's last call ended, this one not counted: an OukErrorCode, or -1 for well. */
int ouk_page_desk_last_error(OukPageDesk *desk);

/*
 * The keys that this site may see, as OukTokenView; empty when none is in or with gates below LIST.
 * Snapshots: reading them asks no key. The array is the caller's.
 */
GPtrArray *ouk_page_desk_keys(OukPageDesk *desk);

/* A container of a key in that list. Both are references of the holder. */
typedef struct {
	OukTokenView *key;
	OukPairView *pair;
} OukPageCert;

void ouk_page_cert_clear(OukPageCert *cert);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OukPageCert, ouk_page_cert_clear)
/*
 * The pair that fits: `name` is "container/serial", the container or the serial number alone, the
 * certificate's serial number or fingerprint, or its common name; NULL or "" is the best one.
 * OUK_E_NO_KEY, OUK_E_NO_CERT.
 */
gboolean ouk_page_desk_find(OukPageDesk *desk, const char *name, OukPageCert *ret, GError **error);
/* Our own window lists the pairs to choose from; where there is one only, that is it. */
gboolean ouk_page_desk_choose(OukPageDesk *desk, OukPageCert *ret, GError **error);

/*
 * Logs the page in to a key: our own prompt, which names the site. TRUE at once where it is logged
 * in already. OUK_E_PAGE_TRIES, OUK_E_CANCELLED, OUK_E_PIN_LOCKED, ...
 */
gboolean ouk_page_desk_login(OukPageDesk *desk, OukTokenView *key, GError **error);
/* Whether this page has a session on the key. Asking does not make it last longer. */
gboolean ouk_page_desk_is_login(OukPageDesk *desk, OukTokenView *key);
void ouk_page_desk_logout(OukPageDesk *desk, OukTokenView *key);
/* Tries left of the user PIN; -1: the key does not tell. */
int ouk_page_desk_tries(OukPageDesk *desk, OukTokenView *key);

typedef enum {
	OUK_PAGE_HASH_DEFAULT, /* SHA-256; SM3 for SM2 keys, which take no other */
	OUK_PAGE_HASH_SHA256,
	OUK_PAGE_HASH_SHA1, /* RSA, for halls that have never moved on */
	OUK_PAGE_HASH_SM3,
	OUK_PAGE_HASH_COUNT
} OukPageHash;

/*
 * A signature over data (never a digest) by the signing key: RSA PKCS #1 v1.5, SM2 with the default
 * ID in DER. Logs in first where the page has not. OUK_E_PAGE_DATA for what our own protocols sign.
 */
GBytes *ouk_page_desk_sign(OukPageDesk *desk, const OukPageCert *cert, OukPageHash hash,
			   GBytes *data, GError **error);
/* A signed message: GM/T 0010 for SM2, RFC 5652 for others; DER. attached: with the content. */
GBytes *ouk_page_desk_sign_message(OukPageDesk *desk, const OukPageCert *cert, GBytes *content,
				   gboolean attached, GError **error);
/*
 * The modern login: signs origin and challenge (at least 32 bytes) under the purpose "login" of our
 * own protocols. The answer is the token's JSON object.
 */
JsonNode *ouk_page_desk_sign_in(OukPageDesk *desk, const OukPageCert *cert, GBytes *challenge,
				GError **error);

/* Opens an enveloped message (DER) with the encryption key. Always asks. */
GBytes *ouk_page_desk_open_envelope(OukPageDesk *desk, const OukPageCert *cert, GBytes *envelope,
				    GError **error);
/* Decrypts what was encrypted to the encryption key itself. Always asks. */
GBytes *ouk_page_desk_decrypt(OukPageDesk *desk, const OukPageCert *cert, GBytes *cipher,
			      GError **error);

/* Our own window for changing the PIN of the key. TRUE: it is changed. */
gboolean ouk_page_desk_change_pin(OukPageDesk *desk, OukTokenView *key, GError **error);

/* At most OUK_PAGE_RANDOM_MAX bytes. OUK_E_PAGE_ARGUMENT. */
GBytes *ouk_page_desk_random(OukPageDesk *desk, gsize len, GError **error);

/* Verifying needs no key: core/key.h, core/cms.h and core/chain.h may be used as they are. */

#endif
