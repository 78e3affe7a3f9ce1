/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What comes after what when a PIN is asked for, as a table of states and events (flow.def). No
 * I/O here: whoever runs a flow does what ouk_flow_step tells, and tells it what came of that.
 *
 *	OukFlow flow;
 *	action = ouk_flow_start(&flow, OUK_FLOW_CHANGE);         READ_TRIES
 *	action = ouk_flow_step(&flow, ouk_flow_tries(&tries));   SHOW_PROMPT, SHOW_GUARD,
 *SHOW_LOCKED action = ouk_flow_step(&flow, OUK_FLOW_ENTERED);         SEND action =
 *ouk_flow_step(&flow, ouk_flow_result(error, &after));
 */
#ifndef OUK_CORE_FLOW_H
#define OUK_CORE_FLOW_H

#include "assistant/core/errors.h"
#include "assistant/core/token.h"

/* With so few tries left a person must say that one may be spent. */
#define OUK_LAST_TRIES 3

typedef enum {
	OUK_FLOW_CHANGE,    /* old PIN, new PIN twice */
	OUK_FLOW_TEST,      /* the PIN, for nothing but to know whether it is right */
	OUK_FLOW_LOGIN,     /* the PIN, for a signature or a page */
	OUK_FLOW_FIRST_PIN, /* offers the change, then is one */
	OUK_FLOW_KINDS
} OukFlowKind;

typedef enum {
	OUK_FLOW_OFFER,   /* "this is still the first PIN": change it now or later */
	OUK_FLOW_READING, /* the key is asked how many tries are left */
	OUK_FLOW_GUARD,   /* few are left: the person says whether to spend one */
	OUK_FLOW_ASKING,  /* the prompt is open */
	OUK_FLOW_SENDING, /* the key has the PIN */
	OUK_FLOW_WAITING, /* the key was pulled: put it back or stop */
	OUK_FLOW_TROUBLE, /* something else went wrong: again or stop */
	OUK_FLOW_DONE,    /* end: it was right, it is changed */
	OUK_FLOW_LOCKED,  /* end: the CA's way to unlock */
	OUK_FLOW_STOPPED, /* end: the person stopped */
	OUK_FLOW_STATES
} OukFlowState;

typedef enum {
	OUK_FLOW_MANY,    /* more than OUK_LAST_TRIES are left, or all of them, or unknown */
	OUK_FLOW_FEW,     /* OUK_LAST_TRIES or fewer */
	OUK_FLOW_NONE,    /* locked */
	OUK_FLOW_AGREED,  /* the person said yes: to the offer, to spending a try */
	OUK_FLOW_ENTERED, /* the prompt has what is needed, checked as far as it can be */
	OUK_FLOW_REFUSED, /* what was entered was not sent (length, characters, hall password) */
	OUK_FLOW_RIGHT,   /* the key took it */
	OUK_FLOW_WRONG,   /* the key says wrong; many tries are left */
	OUK_FLOW_WRONG_FEW,
	OUK_FLOW_MOVED,  /* the counter is not the one that was confirmed */
	OUK_FLOW_FAILED, /* any other error */
	OUK_FLOW_PULLED,
	OUK_FLOW_PLUGGED, /* the same key is back */
	OUK_FLOW_AGAIN,   /* the person wants to try again */
	OUK_FLOW_CANCEL,  /* the person stops */
	OUK_FLOW_EVENTS
} OukFlowEvent;

typedef enum {
	OUK_FLOW_DO_NOTHING,
	OUK_FLOW_DO_OFFER,          /* show the offer */
	OUK_FLOW_DO_READ_TRIES,     /* then ouk_flow_tries */
	OUK_FLOW_DO_GUARD,          /* show the number left, and what happens at 0 */
	OUK_FLOW_DO_PROMPT,         /* ask for the PIN(s) */
	OUK_FLOW_DO_PROMPT_WRONG,   /* ask again: wrong, so many left */
	OUK_FLOW_DO_PROMPT_REFUSED, /* ask again: not sent, no try spent, and why */
	OUK_FLOW_DO_SEND,           /* start the job, then ouk_flow_result */
	OUK_FLOW_DO_WAIT,    /* say that the key was pulled, and that the same one is needed */
	OUK_FLOW_DO_TROUBLE, /* show the error's row */
	OUK_FLOW_DO_DONE,    /* show that it worked, close the prompt */
	OUK_FLOW_DO_LOCKED,  /* show the locked page, close the prompt */
	OUK_FLOW_DO_CLOSE,   /* close the prompt; wipe */
	OUK_FLOW_DO_LAST     /* not an action */
} OukFlowAction;

typedef struct {
	OukFlowKind kind;
	OukFlowState state;
	gboolean guarded; /* the person agreed to spend a try of the last ones */
} OukFlow;

/* The first thing to do. */
OukFlowAction ouk_flow_start(OukFlow *flow, OukFlowKind kind);
/* An event that means nothing in this state changes nothing (OUK_FLOW_DO_NOTHING). */
OukFlowAction ouk_flow_step(OukFlow *flow, OukFlowEvent event);
gboolean ouk_flow_ended(const OukFlow *flow);

/* The event that a counter or a job's end is. error NULL: it worked. */
OukFlowEvent ouk_flow_tries(const OukTries *tries);
OukFlowEvent ouk_flow_result(const GError *error, const OukTries *after);

/* For tests: whether flow.def has a row for it. */
gboolean ouk_flow_listed(OukFlowState state, OukFlowEvent event);
/* For tests: why nothing happens; NULL when something does. */
const char *ouk_flow_ignored(OukFlowState state, OukFlowEvent event);

#endif
