/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * May I renew, and until when: from the certificate's end and the CA's profile, in the CA's own
 * local time whatever this computer's time zone is. The service decides; this says it beforehand.
 */
#ifndef OUK_CORE_RENEW_RULE_H
#define OUK_CORE_RENEW_RULE_H

#include "assistant/core/profile.h"

typedef enum {
	OUK_MAY_RENEW,
	OUK_MAY_RENEW_ENDED, /* it has ended; the new one counts from the day it is written */
	OUK_MAY_RENEW_TOO_EARLY,
	OUK_MAY_RENEW_TOO_LATE, /* only a new certificate helps */
	OUK_MAY_RENEW_UNKNOWN,  /* the CA's window is not known: ask the CA */
} OukMayRenew;

typedef struct {
	OukMayRenew may;
	gint64 opens;  /* Unix time; 0: not known */
	gint64 closes; /* the last second, Unix time; 0: not known */
} OukRenewWindow;

/* not_after, now: Unix times. */
OukRenewWindow ouk_renew_window(const OukProfile *profile, gint64 not_after, gint64 now);
/*
 * The end of the certificate if it is renewed at `now` for so many years: that day so many years
 * after the old end, or after `now` when that has passed; the CA's midnight; 29 February
 * becomes 28.
 */
gint64 ouk_renewed_end(const OukProfile *profile, gint64 not_after, gint64 now, guint years);
/* What to tell the person. Translated; the caller frees. */
char *ouk_renew_sentence(const OukProfile *profile, gint64 not_after, gint64 now);
/* A day as the CA counts it, "2026-11-22"; the caller frees. */
char *ouk_renew_day(const OukProfile *profile, gint64 at);

#endif
