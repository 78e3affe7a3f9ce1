/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unlocking a key with the help of its CA's service: what happens on the key once the person has
 * an authorization code.  The service makes the administrator's commands from the key's random; the
 * PIN that is set is the one the person has typed, and nobody else learns it.
 *
 * Between two of its writes the key has a PIN that nobody knows.  Whatever happens then (unplugged,
 * killed, no net), running it again finishes it; ouk_unlock_pending tells of it meanwhile.
 */
#ifndef OUK_CORE_UNLOCK_H
#define OUK_CORE_UNLOCK_H

#include "assistant/core/token.h"

#include <gio/gio.h>

/* How far it is; each is told once, in this order. */
typedef enum {
	OUK_UNLOCK_LOOKING, /* at the key; nothing was sent */
	OUK_UNLOCK_ASKING,  /* the service, for the key's question; do not unplug from here on */
	OUK_UNLOCK_WRITING, /* the key has the service's answer */
	OUK_UNLOCK_TELLING, /* the service that it is done; the key may be unplugged */
	OUK_UNLOCK_DONE,
} OukUnlockStep;

/* A translated sentence for the person. */
const char *ouk_unlock_step_text(OukUnlockStep step);

/* What the key asks the service; see the order API's unlock/command. */
typedef struct {
	const char *stage; /* "admin" or "unblock" */
	const char *sn;
	guint8 random[8];
	guint8 app[2];
	guint admin_left;
} OukUnlockQuestion;

typedef struct {
	guint8 data[256];
	gsize data_len;
	struct uk_secret transport; /* of "unblock" */
} OukUnlockAnswer;

/*
 * The service, as the one order sees it.  All block, and are called on ouk_unlock_run's thread;
 * `command` within the 4 s that the key is held for one attempt, so it must not wait longer.
 * Errors are OUK_ERROR's.
 */
typedef struct {
	gpointer context;
	gboolean (*command)(gpointer context, const OukUnlockQuestion *question,
			    OukUnlockAnswer *ret_answer, GCancellable *cancellable, GError **error);
	gboolean (*ack)(gpointer context, GCancellable *cancellable, GError **error);
	/* The key has refused the service's administrator PIN: for good. */
	gboolean (*foreign)(gpointer context, GCancellable *cancellable, GError **error);
} OukUnlockService;

typedef struct {
	OukToken *token;     /* of our module; sessions on it are logged out */
	const char *sn;      /* the order's: no other key is touched */
	const char *order;   /* the order's number, for the hint */
	const char *profile; /* id of the CA's profile, for the hint; NULL */
	const OukUnlockService *service;
	const struct uk_secret *new_pin;                     /* borrowed */
	void (*progress)(gpointer data, OukUnlockStep step); /* may be NULL; on this thread */
	gpointer progress_data;
	GCancellable *cancellable; /* may be NULL; looked at until the key is written to */
} OukUnlockJob;

/*
 * Blocking: for a worker thread or a terminal program.  TRUE: the key has the new PIN and its full
 * tries, even when the service could not be told (it will be next time: ouk_unlock_settle).
 * OUK_E_UNLOCK_* and the other rows of errors.def; a network's error comes through as it is.
 */
gboolean ouk_unlock_run(const OukUnlockJob *job, GError **error);

/* What is not finished on a key, as far as this computer knows. No secrets. */
typedef struct {
	char *sn, *order;
	char *profile; /* NULL */
	/* FALSE: the key is done, only the service has not been told (ack or foreign) */
	gboolean pin_unknown;
} OukUnlockHint;

void ouk_unlock_hint_free(OukUnlockHint *hint);
/* Of the key with this serial number; NULL: nothing. The caller frees. */
OukUnlockHint *ouk_unlock_hint(const char *sn);
/*
 * Whether the key's PIN is one that nobody knows: say "unlock not finished - continue" and offer no
 * PIN field.  The order's number, which the caller frees; NULL: all is well.
 */
char *ouk_unlock_pending(const char *sn);
/* Fails with OUK_E_UNLOCK_UNFINISHED when ouk_unlock_pending. */
gboolean ouk_unlock_check(const char *sn, GError **error);
/*
 * Tells the service what it has not been told yet of this key; the hint's order is the one that
 * `service` speaks for. TRUE when nothing is left.
 */
gboolean ouk_unlock_settle(const char *sn, const OukUnlockService *service,
			   GCancellable *cancellable, GError **error);
/* The key has a PIN that somebody knows. */
void ouk_unlock_forget(const char *sn);
/*
 * The service says that the order is over: it was finished elsewhere, or at the counter, or can no
 * longer be. A hint of another order stays. Hints are of this computer only, so whoever shows one
 * asks first when there is a net (unlock_order.h); ouk_orders_resume_sync calls this.
 */
void ouk_unlock_over(const char *sn, const char *order);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukUnlockHint, ouk_unlock_hint_free)

#endif
