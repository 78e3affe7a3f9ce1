/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the CAs do differently, as signed data (assistant/data/profiles): first PIN, PIN rule,
 * tries, renewal, the way to unlock, hotlines, sites, halls. Everything here is read-only once
 * loaded, so that threads share it freely; strings are UTF-8 and belong to the profile.
 */
#ifndef OUK_CORE_PROFILE_H
#define OUK_CORE_PROFILE_H

#include "assistant/core/profile_parts.h"

typedef enum {
	OUK_FIRST_PIN_UNKNOWN,
	OUK_FIRST_PIN_FIXED,    /* the same for everybody: value */
	OUK_FIRST_PIN_SMS,      /* sent to a telephone */
	OUK_FIRST_PIN_MEMO,     /* in the memo of a small transfer */
	OUK_FIRST_PIN_ACTIVATE, /* shipped locked; the unlock sets the first PIN */
} OukFirstPinKind;

typedef struct {
	OukFirstPinKind kind;
	char *value;   /* FIXED only, else NULL */
	OukWords text; /* a sentence for the person */
	OukOrigin origin;
} OukFirstPin;

/* Lengths in characters; 0 = the CA says nothing, the key's own limits count. */
typedef struct {
	guint min, max;
	gboolean advise_letters_and_digits;
	char *hall_password; /* a hall's first password, often mistaken for the PIN; may be NULL */
	OukOrigin origin;
} OukPinLimits;

typedef struct {
	OukUnlockMode modes;  /* 0 = not known */
	int utc_offset;       /* of the CA's local time, seconds */
	guint days_before;    /* renewal opens; 0 = not known */
	int days_after;       /* still renewable so long after the end; -1 = not known */
	guint lifetime_years; /* of a certificate; 0 = not known */
	gboolean keeps_pin;   /* FALSE: no, or not known */
	char *url;            /* where it is done; may be NULL */
	OukWords text;
	OukOrigin origin;
} OukRenewalTerms;

typedef struct {
	OukUnlockMode modes;
	gboolean free_of_charge, when_forgotten; /* also for a forgotten PIN */
	char *url;                               /* may be NULL */
	GPtrArray *steps;                        /* of OukWords, in order */
	GPtrArray *bring;                        /* of OukWords: papers and things */
	OukOrigin origin;
} OukUnlock;

typedef struct {
	OukWords who; /* "CA", "住房公积金", ... */
	char *number; /* as it is dialled, with hyphens */
	OukOrigin origin;
} OukHotline;

typedef struct {
	OukWords name;
	char *url;
	OukOrigin origin;
} OukSite;

/* Something CAs put into certificates under a number of their own. */
typedef struct {
	char *oid, *kind; /* kind: "credit-code", "organisation-code", "tax-number", ... */
	OukWords label;
	OukOrigin origin;
} OukExtension;

typedef struct {
	char *id;      /* "xjca" */
	gint64 serial; /* number of the data; grows */
	char *path;    /* the file it came from */
	gboolean rehearsal;
	char *published; /* YYYY-MM-DD */
	OukWords name, short_name;
	OukWords provenance; /* "from public manuals, not supplied by the CA" */
	OukWords alive;      /* how a person sees that the key is alive */
	guint tries;         /* wrong PINs in a row that lock; 0 = not known */
	OukOrigin tries_origin;
	OukFirstPin first_pin;
	OukPinLimits pin;
	OukRenewalTerms renewal;
	OukUnlock unlock;
	OukServicePlace service;
	GPtrArray *hotlines;        /* of OukHotline; the CA's own comes first */
	GPtrArray *sites;           /* of OukSite */
	GPtrArray *extensions;      /* of OukExtension */
	GPtrArray *halls;           /* of OukHall (hall.h) */
	GPtrArray *guides, *points; /* of OukGuide, OukPoint (guide.h) */
	GPtrArray *anchors; /* of X509: its roots and intermediates, those of folders included */
} OukProfile;

typedef struct _OukProfiles OukProfiles;

/*
 * Reads DIR/ID.json with its signature DIR/ID.json.sig from each folder (NULL-terminated; missing
 * folders are fine). Of an id that several folders have, the higher serial is used, the later
 * folder where they are equal; an older one in a later folder is refused. One that is refused does
 * not keep the others from being used: see ouk_profiles_problems. Does I/O; any thread.
 */
OukProfiles *ouk_profiles_load(const char *const *dirs);
/* From where they are installed and /etc/openukey/profiles ($OPENUKEY_PROFILES: other folders). */
OukProfiles *ouk_profiles_load_default(void);
OukProfiles *ouk_profiles_ref(OukProfiles *profiles);
void ouk_profiles_unref(OukProfiles *profiles);

/* Of const OukProfile, by id. Borrowed. */
const GPtrArray *ouk_profiles_list(const OukProfiles *profiles);
/* Of GError: OUK_E_PROFILE_*; the file's name is in the message. Borrowed. */
const GPtrArray *ouk_profiles_problems(const OukProfiles *profiles);
const OukProfile *ouk_profiles_find(const OukProfiles *profiles, const char *id);
/* Whose certificate it is, by the issuer it names; NULL when no profile knows. Proves nothing. */
const OukProfile *ouk_profiles_for_cert(const OukProfiles *profiles, X509 *x509);

/* The CA's number, for "call ..."; NULL when there is none. */
const char *ouk_profile_hotline(const OukProfile *profile);
/* The value of the first extension of that kind; NULL without. The caller frees. */
char *ouk_profile_extension(const OukProfile *profile, X509 *x509, const char *kind);

/* When a day of a profile, YYYY-MM-DD, begins in UTC; NULL when it is no such day. */
GDateTime *ouk_profile_day(const char *date);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukProfiles, ouk_profiles_unref)

#endif
