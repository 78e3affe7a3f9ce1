/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is done to a key: on a worker thread, one thing at a time on each key. A PIN is sent once
 * and never again by itself; what the caller passes is copied into locked memory and wiped there
 * as soon as the key has answered (the caller wipes its own).
 */
#ifndef OUK_CORE_JOBS_H
#define OUK_CORE_JOBS_H

#include "assistant/core/unlock.h"
#include "assistant/core/watch.h"

#include "common/secret.h"

/* How far a job is; told on the main context. */
typedef enum {
	OUK_JOB_WAITING, /* another job has the key; can be cancelled */
	OUK_JOB_OPENING, /* connecting; can be cancelled */
	OUK_JOB_SENT,    /* the key has it: cancelling does not help any more */
	OUK_JOB_DONE,
} OukJobStage;

typedef void (*OukJobProgress)(OukJobStage stage, gpointer data);

#define OUK_SHOWN_NONE (-1)

typedef struct {
	OukWatch *watch;
	const char *token_id;            /* OukTokenInfo's id */
	const struct uk_secret *pin;     /* empty where the key has its own keypad */
	const struct uk_secret *new_pin; /* change only */
	/*
	 * The number of tries left that the person saw and agreed to spend one of: arms exactly one
	 * try past the local policy, and the job ends with OUK_E_COUNTER_MOVED, the PIN not sent,
	 * when the key says another. OUK_SHOWN_NONE: nobody was shown any; the policy decides.
	 */
	int shown_left;
	OukJobProgress progress; /* may be NULL */
	gpointer progress_data;
} OukPinJob;

/*
 * Errors are OUK_ERROR's: ouk_error_row has what to do and the button. OUK_E_PIN_WRONG,
 * OUK_E_PIN_LOCKED, OUK_E_PIN_LEN and OUK_E_PIN_SAME (nothing sent), OUK_E_REMOVED,
 * OUK_E_CANCELLED (nothing sent), OUK_E_COUNTER_MOVED, OUK_E_UNVERIFIED, OUK_E_POLICY, ...
 * The key's snapshot is refreshed before the callback is called.
 */
void ouk_job_change_pin_async(const OukPinJob *job, GCancellable *cancellable,
			      GAsyncReadyCallback callback, gpointer data);
/* Logs in and out again at once. A wrong PIN costs a try, the right one gives all back. */
void ouk_job_test_pin_async(const OukPinJob *job, GCancellable *cancellable,
			    GAsyncReadyCallback callback, gpointer data);
/*
 * Anything else that takes its time on a key: `work` gets the key opened for writing and the job's
 * PINs (NULL where the job has none), on the worker. data is kept until the end and freed by `done`
 * (may be NULL).
 */
typedef struct {
	const struct uk_secret *pin, *new_pin;
} OukJobPins;
typedef struct {
	gboolean (*work)(OukToken *token, const OukJobPins *pins, GCancellable *cancellable,
			 gpointer data, GError **error);
	gpointer data;
	GDestroyNotify done;
} OukJobTask;

void ouk_job_work_async(const OukPinJob *job, const OukJobTask *what, GCancellable *cancellable,
			GAsyncReadyCallback callback, gpointer data);
/* The key's own name, at most 32 bytes of UTF-8. OUK_E_UNSUPPORTED on keys that are not ours. */
void ouk_job_set_label_async(OukWatch *watch, const char *token_id, const char *label,
			     GCancellable *cancellable, GAsyncReadyCallback callback,
			     gpointer data);

/* ouk_unlock_run on a worker. Everything is copied, `service` too: its context must outlive it. */
typedef struct {
	OukWatch *watch;
	const char *token_id;
	const char *sn, *order, *profile; /* as in OukUnlockJob */
	OukUnlockService service;         /* called on the worker */
	const struct uk_secret *new_pin;
	OukJobProgress progress; /* may be NULL */
	gpointer progress_data;
	void (*step)(OukUnlockStep step, gpointer data); /* may be NULL; on the main context */
	gpointer step_data;
} OukUnlockOnKey;

void ouk_job_unlock_async(const OukUnlockOnKey *job, GCancellable *cancellable,
			  GAsyncReadyCallback callback, gpointer data);

/*
 * For all jobs; any GAsyncResult of theirs. ret_after (may be NULL): the tries left afterwards,
 * also on failure; all zero when the key could not be asked.
 */
gboolean ouk_job_finish(GAsyncResult *result, OukTries *ret_after, GError **error);

#endif
