/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the person is shown of a key and of the certificates on it: snapshots that never change.
 * They are made on worker threads and may be read on any; OukWatch replaces a key's snapshot when
 * something about it changed.
 */
#ifndef OUK_CORE_VIEW_H
#define OUK_CORE_VIEW_H

#include "assistant/core/cert.h"
#include "assistant/core/errors.h"

#include <glib-object.h>

/* ---- certificates ---- */

/* Worst first where several are true: the one that tells the person what to do. */
typedef enum {
	OUK_PAIR_VALID,
	OUK_PAIR_NOT_YET,   /* look at the computer's clock */
	OUK_PAIR_ENDS_SOON, /* within OUK_CERT_ENDING_DAYS */
	OUK_PAIR_ENDED,
	OUK_PAIR_REVOKED,     /* as the CA said when it was asked */
	OUK_PAIR_NOT_CHECKED, /* good by its dates; the CA was asked and could not be reached */
	OUK_PAIR_KEY_MISSING, /* the certificate is there, its private key is not */
	OUK_PAIR_UNREADABLE,  /* the key holds something that is no certificate */
	OUK_PAIR_SUPERSEDED,  /* an older one beside a newer one of the same unit */
	OUK_PAIR_STATUS_COUNT
} OukPairStatus;

/* What the CA said when it was asked whether it took the certificate back. */
typedef enum {
	OUK_ASKED_NOT_YET, /* nobody asked */
	OUK_ASKED_GOOD,
	OUK_ASKED_REVOKED,
	OUK_ASKED_IN_VAIN, /* offline, or an answer that proves nothing */
} OukAsked;

/* One certificate of a pair. X509 objects may be read on any thread. */
typedef struct {
	X509 *x509;
	GBytes *der;
	char *serial;             /* upper-case hexadecimal */
	char *algorithm;          /* "SM2", "RSA 2048" */
	char *usage;              /* words, translated */
	char *sha256, *sm3;       /* fingerprints, hexadecimal with colons */
	char *id;                 /* CKA_ID, hexadecimal */
	GDateTime *begins, *ends; /* notBefore, notAfter; local time */
} OukPairCert;

/*
 * A container: signing and encryption certificate as one. Texts come from the signing certificate,
 * or from the encryption certificate where it is alone.
 */
typedef struct {
	char *name;        /* the container's, or CKA_ID elsewhere; stable while the key stays in */
	char *unit;        /* whose it is; for UNREADABLE the container's name */
	char *issuer;      /* short name of the CA */
	char *credit_code; /* unified social credit code; NULL when there is none */
	OukPairStatus status;
	OukAsked asked;
	gboolean key_missing;
	int days_left;               /* whole days until notAfter, negative afterwards */
	OukPairCert *sign, *encrypt; /* NULL: there is none; both are for UNREADABLE */
} OukPairInfo;

#define OUK_TYPE_PAIR_VIEW ouk_pair_view_get_type()
G_DECLARE_FINAL_TYPE(OukPairView, ouk_pair_view, OUK, PAIR_VIEW, GObject)

/* Borrowed; lives as long as the view. */
const OukPairInfo *ouk_pair_view_info(const OukPairView *view);
/* The signing certificate, or the one there is; NULL for UNREADABLE. Borrowed. */
const OukPairCert *ouk_pair_view_cert(const OukPairView *view);

/* One word or two for beside the icon: "valid", "ends soon", ... translated, static. */
const char *ouk_pair_status_text(OukPairStatus status);
/* The same for scripts, icon names and tests: "valid", "ends-soon", ... */
const char *ouk_pair_status_name(OukPairStatus status);
/* A sentence that says what it means and what to do; the caller frees. */
char *ouk_pair_sentence(const OukPairInfo *info);

/* ---- keys ---- */

typedef enum {
	OUK_TOKEN_BLANK = 1 << 0,   /* nobody has personalised it */
	OUK_TOKEN_VIRTUAL = 1 << 1, /* a practice key in software */
	OUK_TOKEN_FOREIGN = 1 << 2, /* reached through a module that is not ours */
	OUK_TOKEN_VENDOR = 1 << 3,  /* "Vendor OpenUKey": tries are exact, label can be set */
	OUK_TOKEN_PIN_LOCKED = 1 << 4,
	OUK_TOKEN_FIRST_PIN = 1 << 5, /* still the PIN set at issue, as the key itself says */
	OUK_TOKEN_KEYPAD = 1 << 6, /* the PIN is typed elsewhere: protected authentication path */
	OUK_TOKEN_NO_PIN = 1 << 7, /* works without a login */
	OUK_TOKEN_UNVERIFIED = 1 << 8, /* PIN commands are not proven on this model: none is sent */
	OUK_TOKEN_AUTH_EACH_USE = 1 << 9, /* the PIN is asked before each signature */
} OukTokenFlags;

typedef struct {
	char *id;       /* names this key in this place to OukWatch and the jobs */
	char *key_id;   /* names the key wherever it is plugged in: maker and serial number */
	char *label;    /* the key's own name, kept on the key */
	char *nickname; /* the person's name for it, kept on this computer; NULL */
	char *serial;
	char *serial_end; /* its last four characters, to tell keys apart */
	char *maker, *model, *reader;
	char *application; /* "" when not known */
	char *unit;        /* of its best certificate; NULL when there is none */
	OukTokenFlags flags;
	OukTries tries;          /* of the user PIN, as of this snapshot */
	gulong pin_min, pin_max; /* bytes; pin_max 0: not known */
	guint colour, shape;     /* marks to tell keys apart: 0 .. OUK_MARKS - 1 */
	GPtrArray *pairs;        /* of OukPairView, best first; never NULL */
	gboolean failed;         /* it could not be read: error says why */
	OukErrorCode error;
	char *error_text; /* the sentence with its detail; NULL unless failed */
} OukTokenInfo;

#define OUK_MARKS 6

#define OUK_TYPE_TOKEN_VIEW ouk_token_view_get_type()
G_DECLARE_FINAL_TYPE(OukTokenView, ouk_token_view, OUK, TOKEN_VIEW, GObject)

/* Borrowed; lives as long as the view. */
const OukTokenInfo *ouk_token_view_info(const OukTokenView *view);
/* The pair to show first; NULL when there is none. Borrowed. */
OukPairView *ouk_token_view_best(const OukTokenView *view);
/* Nickname, else unit, else label, else model; never empty. Borrowed. */
const char *ouk_token_view_title(const OukTokenView *view);

#endif
