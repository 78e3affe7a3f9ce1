/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was encrypted to a key that is lost or broken is read with the one that replaced it: the CA
 * gives the old encryption pair once more, when two operators sign for it. A container beside the
 * new one takes it, as an envelope opens only with the signing key of its own container. That
 * signing key never has a certificate, and is given up at the end as renewal gives up an old one
 * (keys cannot remove half a container: another takes its place, without a certificate too). So
 * what stays decrypts and nothing else. Signing keys are never recovered: nobody has them.
 *
 * Nothing is remembered between two runs: key and order say how far it is.
 */
#ifndef OUK_CORE_RECOVER_H
#define OUK_CORE_RECOVER_H

#include "assistant/core/token.h"
#include "assistant/service-client/service.h"

#define STEP(name, text) OUK_RECOVER_##name,
typedef enum {
#include "assistant/core/recover.def"
	OUK_RECOVER_STEP_COUNT
} OukRecoverStep;
#undef STEP

/* A sentence for the person; translated, static. */
const char *ouk_recover_step_text(OukRecoverStep step);
typedef void (*OukRecoverProgress)(OukRecoverStep step, gpointer data);

typedef struct {
	OukToken *token; /* the new key; the run opens its session and closes it */
	OukService *service;
	OukOrder *order;             /* of the replacement */
	const struct uk_secret *pin; /* borrowed */
	GBytes *old;                 /* the old encryption certificate, DER */
	const char *notify;          /* a telephone number: the CA tells it */
	const GPtrArray *answers;    /* of GBytes, from "ukey approve"; NULL: ask for them */
	OukRecoverProgress progress; /* NULL */
	gpointer progress_data;
} OukRecovery;

typedef struct {
	GBytes *paper;          /* what operators are to sign; NULL: it is done */
	gboolean signing_stays; /* this model cannot remove a signing pair alone */
} OukRecovered;

void ouk_recovered_clear(OukRecovered *recovered);

/*
 * Blocking. Without answers it prepares the key and ends with the paper; with them it goes on to
 * the end, and after any error the same call goes on. OUK_E_SECOND_KEY, OUK_E_KEY_FULL,
 * OUK_E_CERT_USAGE, OUK_E_NO_CERT (no new certificate is on the key), OUK_E_PIN_*, OUK_E_SERVICE_*.
 */
gboolean ouk_recover_run(const OukRecovery *recovery, OukRecovered *ret, GError **error);

#endif
