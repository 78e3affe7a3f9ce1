/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an errand asks of the CA's service, one thing at a time on a worker. */
#ifndef OUK_UI_ERRAND_WORK_H
#define OUK_UI_ERRAND_WORK_H

#include "assistant/core/desk.h"
#include "assistant/core/jobs.h"
#include "assistant/core/renew.h"
#include "assistant/core/unlock_order.h"
#include "assistant/service-client/calls.h"
#include "assistant/service-client/orders.h"

typedef struct {
	/* what is wanted */
	OukDeskAction action;
	OukService *service;
	OukOrders *orders;
	OukOrder *order; /* NULL: none yet; afterwards as the service told it */
	char *kind, *serial, *unit_code, *method;
	gint64 not_after;
	gboolean locked, name_changed, code_changed;
	GBytes *certificate;
	GHashTable *form;  /* char * -> char * */
	char *code;        /* typed */
	GPtrArray *agreed; /* of OukAgreement; they belong to texts */
	guint years;
	char *way;        /* of payment */
	char *slot;       /* of a document, */
	GBytes *picture;  /* and its picture */
	GPtrArray *texts; /* of OukAgreement; kept from before, or read */
	/* what came of it */
	char *grant;                    /* the code was right; secret */
	char *pay_code, *pay_reference; /* what the QR code says */
	gint64 amount;                  /* cents */
	gboolean asks_code;             /* agreed, and the handler's code is wanted */
	gboolean kept_in_file;          /* there is no keyring */
} OukErrandWork;

/* Blocking. FALSE with an OUK_ERROR. order NULL afterwards: there is none. */
gboolean ouk_errand_work(OukErrandWork *work, GCancellable *cancellable, GError **error);
/* Wipes what is secret. */
void ouk_errand_work_free(OukErrandWork *work);

/* Whether that error means that the service was not reached at all. */
gboolean ouk_errand_unreached(const GError *error);

/* What is done to the key. */
typedef struct {
	OukService *service;
	OukOrder *order;
	char *grant;                                        /* unlocking */
	OukUnlockOrder unlock;                              /* of the three above */
	void (*progress)(OukRenewStep step, gpointer data); /* renewal; on the worker */
	gpointer progress_data;
	gint64 not_after;   /* of the renewed certificate, afterwards */
	gboolean old_stays; /* the old key is still on it */
} OukErrandKeyWork;

/* For ouk_job_work_async; data: OukErrandKeyWork. */
gboolean ouk_errand_install(OukToken *token, const OukJobPins *pins, GCancellable *cancellable,
			    gpointer data, GError **error);
/* The same, before anything is paid: whether this key can take a new certificate at all. */
gboolean ouk_errand_check(OukToken *token, const OukJobPins *pins, GCancellable *cancellable,
			  gpointer data, GError **error);
/* Wipes the grant. */
void ouk_errand_key_work_free(gpointer work);

#endif
