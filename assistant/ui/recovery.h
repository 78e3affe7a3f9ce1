/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the page of a recovery (recover_page.c) does to the key, on a worker. */
#ifndef OUK_UI_RECOVERY_H
#define OUK_UI_RECOVERY_H

#include "assistant/core/jobs.h"
#include "assistant/core/recover.h"

typedef struct {
	OukService *service;
	OukOrder *order; /* of the replacement; NULL: it is looked for, and then here */
	GBytes *old;     /* the old encryption certificate, DER */
	char *notify;
	GPtrArray *answers; /* of GBytes; NULL: the paper is wanted */
	void (*progress)(OukRecoverStep step, gpointer data); /* on the worker */
	gpointer progress_data;
	/* what came of it */
	OukRecovered recovered;
} OukRecoveryWork;

/* For ouk_job_work_async; data: OukRecoveryWork. */
gboolean ouk_recovery_run(OukToken *token, const OukJobPins *pins, GCancellable *cancellable,
			  gpointer data, GError **error);
void ouk_recovery_work_free(gpointer work);

/* DER of a certificate for encryption only, out of a file of either form. NULL: it is none. */
GBytes *ouk_recovery_certificate(GBytes *file);
/* Whether a file is an operator's answer over this paper. */
gboolean ouk_recovery_is_answer(GBytes *file, GBytes *paper);

#endif
