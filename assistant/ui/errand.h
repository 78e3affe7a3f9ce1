/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An errand with a CA's service: the flow of core/desk.h, the service and the key, and what the
 * person filled in; no widgets. The signal "changed" comes whenever its page is another one.
 */
#ifndef OUK_UI_ERRAND_H
#define OUK_UI_ERRAND_H

#include "assistant/core/desk.h"
#include "assistant/core/profile.h"
#include "assistant/core/view.h"
#include "assistant/service-client/calls.h"
#include "assistant/service-client/orders.h"

#include <gtk/gtk.h>

#define OUK_TYPE_ERRAND ouk_errand_get_type()
G_DECLARE_FINAL_TYPE(OukErrand, ouk_errand, OUK, ERRAND, GObject)

typedef struct {
	const char *kind; /* the service's word */
	const OukProfile *profile;
	OukTokenView *view; /* NULL: the key is not there, or there is none */
	OukPairView *pair;  /* the certificate that it is about; NULL */
	const char *serial; /* of a key that is not there; NULL */
	OukOrder *order;    /* NULL: it is looked for */
	GtkWindow *window;  /* in front of which the PIN is asked for; outlives the errand */
} OukErrandSetup;

typedef struct {
	OukDeskFlow flow;
	char *kind;
	char *method; /* how the code comes: "sms" or "memo" */
	const OukProfile *profile;
	OukTokenView *view; /* as it was at the start */
	OukPairView *pair;
	OukOrder *order;      /* NULL: none yet */
	GError *error;        /* of the last thing that failed; NULL */
	GPtrArray *texts;     /* of OukAgreement; NULL: not read yet */
	const char *sentence; /* what is being done to the key */
	char *pay_code, *pay_reference;
	gint64 amount, new_end;
	gboolean kept_in_file, resumed;
} OukErrandInfo;

/* NULL: this CA takes no such orders from here. */
OukErrand *ouk_errand_new(const OukErrandSetup *setup);
/* Borrowed; as of the last "changed". */
const OukErrandInfo *ouk_errand_info(OukErrand *self);

/* Borrowed. */
OukService *ouk_errand_service(OukErrand *self);

/* What the person filled in, kept while the errand lives. value NULL: none. */
void ouk_errand_set(OukErrand *self, const char *name, const char *value);
const char *ouk_errand_get(OukErrand *self, const char *name);
/* "sms" or "memo". */
void ouk_errand_set_method(OukErrand *self, const char *method);
/* NULL: none. */
void ouk_errand_set_code(OukErrand *self, const char *code);
/* way: "wechat", "alipay". */
void ouk_errand_set_payment(OukErrand *self, guint years, const char *way);
/* agreed: of OukAgreement; takes it. */
void ouk_errand_set_agreed(OukErrand *self, GPtrArray *agreed);
void ouk_errand_set_picture(OukErrand *self, const char *slot, GBytes *picture);
/* For replacements: "lost" or "damaged", before there is an order. */
void ouk_errand_set_kind(OukErrand *self, const char *kind);

void ouk_errand_begin(OukErrand *self);
void ouk_errand_do(OukErrand *self, OukDeskEvent event);
/* Nobody looks any more: it stops, except for what is being done to the key. */
void ouk_errand_close(OukErrand *self);

#endif
