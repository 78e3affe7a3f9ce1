/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An order as its owner meets it: what comes after what, as a table (desk.def). No I/O here:
 * whoever runs it does what ouk_desk_step tells, and tells it what came of that. What the service
 * says is an event, too, so that an order is begun and gone on with alike.
 */
#ifndef OUK_CORE_DESK_H
#define OUK_CORE_DESK_H

#include <glib.h>

typedef enum {
	OUK_DESK_LOOKING,  /* is there an order already? */
	OUK_DESK_FORM,     /* nothing was sent */
	OUK_DESK_BUSY,     /* the service is being asked */
	OUK_DESK_OFFLINE,  /* it cannot be reached: again, or elsewhere */
	OUK_DESK_TROUBLE,  /* something else: again, or back */
	OUK_DESK_GET_CODE, /* to the legal representative, to the account */
	OUK_DESK_CODE,     /* it is typed */
	OUK_DESK_NEW_PIN,  /* the prompt asks for the new PIN twice */
	OUK_DESK_DOCUMENTS,
	OUK_DESK_TEXTS,        /* to agree to */
	OUK_DESK_CONSENT_CODE, /* agreed; the handler confirms by a code */
	OUK_DESK_PRICE,        /* how long, and how it is paid */
	OUK_DESK_PAY,          /* the QR code is shown */
	OUK_DESK_TRANSFER,
	OUK_DESK_REVIEW, /* somebody else's turn */
	OUK_DESK_CORRECT,
	OUK_DESK_PAPERS, /* by post */
	OUK_DESK_INSTALL,
	OUK_DESK_PIN,    /* the prompt asks for the PIN */
	OUK_DESK_ON_KEY, /* the key is being written to */
	OUK_DESK_PULLED, /* in the middle of that: the same one is needed */
	OUK_DESK_COLLECT,
	OUK_DESK_COUNTER,
	OUK_DESK_STOPPED, /* a lost key is stopped; the order waits for what becomes of it */
	OUK_DESK_DONE,
	OUK_DESK_ENDED, /* without the thing that was wanted */
	OUK_DESK_STATES
} OukDeskState;

typedef enum {
	/* what the service says comes next */
	OUK_DESK_TOLD_SUBMIT,
	OUK_DESK_TOLD_DOCUMENTS,
	OUK_DESK_TOLD_TEXTS,
	OUK_DESK_TOLD_CONSENT_CODE, /* the texts are ticked, the code is missing */
	OUK_DESK_TOLD_PRICE,
	OUK_DESK_TOLD_PAY,
	OUK_DESK_TOLD_TRANSFER,
	OUK_DESK_TOLD_HAND_IN,
	OUK_DESK_TOLD_CORRECT,
	OUK_DESK_TOLD_PAPERS,
	OUK_DESK_TOLD_REVIEW,
	OUK_DESK_TOLD_GET_CODE,
	OUK_DESK_TOLD_CODE,
	OUK_DESK_TOLD_GRANTED, /* the code was right, and the permission is at hand */
	OUK_DESK_TOLD_INSTALL,
	OUK_DESK_TOLD_COLLECT,
	OUK_DESK_TOLD_COUNTER,
	OUK_DESK_TOLD_STOPPED,
	OUK_DESK_TOLD_DONE,
	OUK_DESK_TOLD_ENDED,
	/* what came of asking */
	OUK_DESK_NOTHING, /* there is no order */
	OUK_DESK_UNREACHED,
	OUK_DESK_FAILED,
	OUK_DESK_CODE_WRONG,
	/* what the person does */
	OUK_DESK_GO,      /* the page's first button */
	OUK_DESK_OTHER,   /* its second: code again, bank transfer, papers by post */
	OUK_DESK_UPLOAD,  /* a picture was chosen */
	OUK_DESK_AGAIN,   /* look again, try again */
	OUK_DESK_REREAD,  /* back to the texts */
	OUK_DESK_CANCEL,  /* after the question; for good */
	OUK_DESK_ANEW,    /* after the question; back to the form */
	OUK_DESK_ENTERED, /* the prompt has the PIN */
	OUK_DESK_CLOSED,  /* the prompt was closed */
	OUK_DESK_TICK,    /* time to look again, quietly */
	/* the key */
	OUK_DESK_WRITTEN,
	OUK_DESK_PIN_WRONG,
	OUK_DESK_GONE,
	OUK_DESK_BACK,
	OUK_DESK_EVENTS
} OukDeskEvent;

typedef enum {
	OUK_DESK_DO_NOTHING, /* show the state's page */
	OUK_DESK_DO_LOOK,
	OUK_DESK_DO_OPEN, /* order and submit */
	OUK_DESK_DO_SUBMIT,
	OUK_DESK_DO_READ,
	OUK_DESK_DO_POLL, /* read, and show nothing meanwhile */
	OUK_DESK_DO_SEND_CODE,
	OUK_DESK_DO_CHECK_CODE,
	OUK_DESK_DO_UPLOAD,
	OUK_DESK_DO_AGREE,
	OUK_DESK_DO_CONSENT_CODE, /* have one sent */
	OUK_DESK_DO_PAY,
	OUK_DESK_DO_PAY_OFFLINE,
	OUK_DESK_DO_TO_PAPER,
	OUK_DESK_DO_HAND_IN,
	OUK_DESK_DO_CANCEL,
	OUK_DESK_DO_PROMPT, /* for the PIN, or the new one */
	OUK_DESK_DO_UNLOCK,
	OUK_DESK_DO_INSTALL,
	OUK_DESK_DO_LAST /* not an action */
} OukDeskAction;

typedef struct {
	OukDeskState state;
	OukDeskAction last; /* what AGAIN does once more */
	gboolean anew;      /* a cancelled order leads back to the form */
} OukDeskFlow;

OukDeskAction ouk_desk_start(OukDeskFlow *flow);
/* An event that means nothing in this state changes nothing. */
OukDeskAction ouk_desk_step(OukDeskFlow *flow, OukDeskEvent event);
/* Whether the person may give the order up here; kind, state: as in ouk_desk_told. */
gboolean ouk_desk_can_cancel(const OukDeskFlow *flow, const char *kind, const char *state);
/* Whether the page may be left. */
gboolean ouk_desk_can_leave(const OukDeskFlow *flow);
/* Whether the service is to be asked from time to time, as somebody else's turn it is. */
gboolean ouk_desk_waits(const OukDeskFlow *flow);

/* granted: see TOLD_GRANTED. */
OukDeskEvent ouk_desk_told(const char *kind, const char *state, gboolean documents_missing,
			   gboolean granted);

/* The way as the person sees it. */
typedef enum {
	OUK_DESK_STAGE_APPLY,
	OUK_DESK_STAGE_CODE,
	OUK_DESK_STAGE_CHECK,
	OUK_DESK_STAGE_AGREE,
	OUK_DESK_STAGE_PAY,
	OUK_DESK_STAGE_REVIEW,
	OUK_DESK_STAGE_WRITE,
	OUK_DESK_STAGE_COLLECT,
	OUK_DESK_STAGE_DONE,
	OUK_DESK_STAGES
} OukDeskStage;

/* Whether that stage is on the way of this kind. */
gboolean ouk_desk_has_stage(const char *kind, OukDeskStage stage);
const char *ouk_desk_stage_text(const char *kind, OukDeskStage stage);
OukDeskStage ouk_desk_stage(OukDeskState state);

#endif
