/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A renewed certificate onto the key of its owner, so that nothing is lost whatever happens: a
 * spare container "P-" + order number is filled while the old one stays as it is, read back,
 * confirmed, and only then what is old is removed, except the encryption pairs, which old documents
 * need. Nothing is remembered between two runs: the key and the order say how far it is, so it
 * is begun, and gone on with, by the same call. Also for information change and for opening another
 * application.
 *
 * Which certificate counts is nowhere on the key: it is the newest valid one whose key is there.
 * So the new signing certificate is written last, after everything else was proved.
 */
#ifndef OUK_CORE_RENEW_H
#define OUK_CORE_RENEW_H

#include "assistant/core/token.h"
#include "assistant/service-client/service.h"

/* How far it is; in this order, but steps already done are left out. */
#define STEP(name, text) OUK_RENEW_##name,
typedef enum {
#include "assistant/core/renew.def"
	OUK_RENEW_STEP_COUNT
} OukRenewStep;
#undef STEP

/* A sentence for the person; translated, static. */
const char *ouk_renew_step_text(OukRenewStep step);
/* Called on the thread that ouk_renew_run is called on. */
typedef void (*OukRenewProgress)(OukRenewStep step, gpointer data);

typedef struct {
	OukToken *token; /* of our module; the run opens its session and closes it */
	OukService *service;
	OukOrder *order;
	/* typed by the person just now; used for this key only, never changed. Borrowed. */
	const struct uk_secret *pin;
	GCancellable *cancellable; /* NULL; looked at between two steps */
	OukRenewProgress progress; /* NULL */
	gpointer progress_data;
} OukRenewal;

typedef struct {
	GBytes *certificate; /* DER: the new signing certificate */
	gint64 not_after;    /* Unix time */
	gboolean old_stays; /* the old signing key is still on the key, and is of no use any more */
} OukRenewed;

void ouk_renewed_clear(OukRenewed *renewed);

/*
 * Blocking, some seconds to a minute: on a worker. Exactly one key may be plugged in, that of the
 * order; another one that comes stops it before the next write. After any error the key works as
 * before, or as afterwards, and the same call goes on. OUK_E_SECOND_KEY, OUK_E_OTHER_KEY,
 * OUK_E_KEY_FULL (nothing was written), OUK_E_ORDER_STATE, OUK_E_PIN_*, OUK_E_REMOVED,
 * OUK_E_SERVICE_*.
 */
gboolean ouk_renew_run(const OukRenewal *renewal, OukRenewed *ret, GError **error);

/*
 * Before anything is paid: whether this key can be renewed at all, is the only one, and has room.
 * Needs no login. OUK_E_UNSUPPORTED, OUK_E_UNVERIFIED, OUK_E_KEY_FULL, OUK_E_SECOND_KEY.
 */
gboolean ouk_renew_check(OukToken *token, GError **error);

/* The container's name for an order's number. The caller frees. */
char *ouk_renew_container(const char *number);

#endif
