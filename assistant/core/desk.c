/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/desk.h"

#include <glib/gi18n.h>
#include <string.h>

struct row {
	gboolean there;
	OukDeskState next;
	OukDeskAction action;
};

#define TOLD(event, state, action) \
	[OUK_DESK_TOLD_##event] = {TRUE, OUK_DESK_##state, OUK_DESK_DO_##action},
static const struct row told[OUK_DESK_EVENTS] = {
#include "assistant/core/desk_told.def"
};
#undef TOLD

#define STEP(state, event, next, action) \
	[OUK_DESK_##state][OUK_DESK_##event] = {TRUE, OUK_DESK_##next, OUK_DESK_DO_##action},
static const struct row steps[OUK_DESK_STATES][OUK_DESK_EVENTS] = {
#include "assistant/core/desk.def"
};
#undef STEP

/* Where the service is being asked, loudly or quietly. */
static const gboolean listens[OUK_DESK_STATES] = {
	[OUK_DESK_LOOKING] = TRUE,  [OUK_DESK_BUSY] = TRUE,    [OUK_DESK_PAY] = TRUE,
	[OUK_DESK_TRANSFER] = TRUE, [OUK_DESK_REVIEW] = TRUE,  [OUK_DESK_PAPERS] = TRUE,
	[OUK_DESK_COLLECT] = TRUE,  [OUK_DESK_COUNTER] = TRUE, [OUK_DESK_STOPPED] = TRUE,
};

OukDeskAction
ouk_desk_start(OukDeskFlow *flow)
{
	*flow = (OukDeskFlow){.state = OUK_DESK_LOOKING, .last = OUK_DESK_DO_LOOK};
	return OUK_DESK_DO_LOOK;
}

OukDeskAction
ouk_desk_step(OukDeskFlow *flow, OukDeskEvent event)
{
	const struct row *row = &steps[flow->state][event];
	OukDeskAction action;

	if (!row->there && listens[flow->state])
		row = &told[event];
	if (!row->there)
		return OUK_DESK_DO_NOTHING;
	action = row->action;
	if (flow->state == OUK_DESK_OFFLINE && event == OUK_DESK_AGAIN) {
		/* a PIN is typed anew; where it failed, the order says */
		action = flow->last == OUK_DESK_DO_UNLOCK || flow->last == OUK_DESK_DO_INSTALL
				 ? OUK_DESK_DO_READ
				 : flow->last;
	}
	if (event == OUK_DESK_TOLD_ENDED && flow->anew) {
		flow->anew = FALSE;
		flow->state = OUK_DESK_FORM;
		return OUK_DESK_DO_NOTHING;
	}
	if (event == OUK_DESK_ANEW || event == OUK_DESK_CANCEL)
		flow->anew = event == OUK_DESK_ANEW;
	flow->state = row->next;
	if (action != OUK_DESK_DO_NOTHING && action != OUK_DESK_DO_POLL)
		flow->last = action;
	return action;
}

gboolean
ouk_desk_can_leave(const OukDeskFlow *flow)
{
	return flow->state != OUK_DESK_ON_KEY;
}

gboolean
ouk_desk_waits(const OukDeskFlow *flow)
{
	return steps[flow->state][OUK_DESK_TICK].there;
}

/* ---- the service's words ---- */

#define ANY NULL

/* The first row that fits. free: kinds that cost nothing hand in where others pay. */
static const struct {
	const char *state, *kind;
	OukDeskEvent event;
} words[] = {
	{"draft", ANY, OUK_DESK_TOLD_SUBMIT},
	{"submitted", ANY, OUK_DESK_TOLD_REVIEW},
	{"identified", ANY, OUK_DESK_TOLD_GET_CODE},
	{"docs", ANY, OUK_DESK_TOLD_TEXTS},
	{"consented", "change", OUK_DESK_TOLD_HAND_IN},
	{"consented", "revoke", OUK_DESK_TOLD_HAND_IN},
	{"consented", "return", OUK_DESK_TOLD_HAND_IN},
	{"consented", ANY, OUK_DESK_TOLD_PRICE},
	{"wait-pay", ANY, OUK_DESK_TOLD_PAY},
	{"wait-transfer", ANY, OUK_DESK_TOLD_TRANSFER},
	{"paid", ANY, OUK_DESK_TOLD_HAND_IN},
	{"review", ANY, OUK_DESK_TOLD_REVIEW},
	{"correct", ANY, OUK_DESK_TOLD_CORRECT},
	{"paper-wait", ANY, OUK_DESK_TOLD_PAPERS},
	{"paper-in", "change", OUK_DESK_TOLD_HAND_IN},
	{"paper-in", "revoke", OUK_DESK_TOLD_HAND_IN},
	{"paper-in", "return", OUK_DESK_TOLD_HAND_IN},
	{"paper-in", ANY, OUK_DESK_TOLD_PRICE},
	{"approved", ANY, OUK_DESK_TOLD_REVIEW},
	{"ready", ANY, OUK_DESK_TOLD_INSTALL},
	{"issued", ANY, OUK_DESK_TOLD_INSTALL},
	{"confirmed", ANY, OUK_DESK_TOLD_DONE},
	{"made", ANY, OUK_DESK_TOLD_REVIEW},
	{"to-collect", ANY, OUK_DESK_TOLD_COLLECT},
	{"posted", ANY, OUK_DESK_TOLD_COLLECT},
	{"handed-over", ANY, OUK_DESK_TOLD_DONE},
	{"code-sent", ANY, OUK_DESK_TOLD_CODE},
	{"code-ok", ANY, OUK_DESK_TOLD_CODE},
	{"commanded", ANY, OUK_DESK_TOLD_CODE},
	{"counter-wait", ANY, OUK_DESK_TOLD_COUNTER},
	{"counter-only", ANY, OUK_DESK_TOLD_COUNTER},
	{"done", ANY, OUK_DESK_TOLD_DONE},
	{"suspended", ANY, OUK_DESK_TOLD_STOPPED},
	{"replaced", ANY, OUK_DESK_TOLD_DONE},
	{"revoked", "revoke", OUK_DESK_TOLD_DONE},
	{"refunding", "return", OUK_DESK_TOLD_DONE},
	{"refunded", "return", OUK_DESK_TOLD_DONE},
};

OukDeskEvent
ouk_desk_told(const char *kind, const char *state, gboolean documents_missing, gboolean granted)
{
	OukDeskEvent event = OUK_DESK_TOLD_ENDED;

	for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(words[i].state, state) != 0 ||
		    (words[i].kind != ANY && strcmp(words[i].kind, kind) != 0))
			continue;
		event = words[i].event;
		break;
	}
	if (event == OUK_DESK_TOLD_TEXTS && documents_missing)
		return OUK_DESK_TOLD_DOCUMENTS;
	if (event == OUK_DESK_TOLD_CODE && granted)
		return OUK_DESK_TOLD_GRANTED;
	return event;
}

gboolean
ouk_desk_can_cancel(const OukDeskFlow *flow, const char *kind, const char *state)
{
	const struct row *row = &told[ouk_desk_told(kind, state, FALSE, FALSE)];

	return steps[flow->state][OUK_DESK_CANCEL].there && row->there &&
	       (row->next == OUK_DESK_BUSY || steps[row->next][OUK_DESK_CANCEL].there);
}

/* ---- stages ---- */

#define S(stage) (1U << OUK_DESK_STAGE_##stage)

static const struct {
	const char *kind;
	guint stages;
} ways[] = {
	{"unlock", S(APPLY) | S(CODE) | S(CHECK) | S(DONE)},
	{"loss", S(APPLY) | S(CODE) | S(CHECK) | S(DONE)},
	{"renewal", S(APPLY) | S(AGREE) | S(PAY) | S(REVIEW) | S(WRITE) | S(DONE)},
	{"open", S(APPLY) | S(AGREE) | S(PAY) | S(REVIEW) | S(WRITE) | S(DONE)},
	{"change", S(APPLY) | S(AGREE) | S(REVIEW) | S(WRITE) | S(DONE)},
	{"new", S(APPLY) | S(AGREE) | S(PAY) | S(REVIEW) | S(COLLECT) | S(DONE)},
	{"lost", S(APPLY) | S(AGREE) | S(PAY) | S(REVIEW) | S(COLLECT) | S(DONE)},
	{"damaged", S(APPLY) | S(AGREE) | S(PAY) | S(REVIEW) | S(COLLECT) | S(DONE)},
	{"revoke", S(APPLY) | S(AGREE) | S(REVIEW) | S(DONE)},
	{"return", S(APPLY) | S(AGREE) | S(REVIEW) | S(DONE)},
};

gboolean
ouk_desk_has_stage(const char *kind, OukDeskStage stage)
{
	for (gsize i = 0; i < G_N_ELEMENTS(ways); i++)
		if (strcmp(ways[i].kind, kind) == 0)
			return (ways[i].stages >> stage & 1U) != 0;
	return FALSE;
}

const char *
ouk_desk_stage_text(const char *kind, OukDeskStage stage)
{
	static const char *const texts[OUK_DESK_STAGES] = {
		[OUK_DESK_STAGE_APPLY] = N_("Fill in"),
		[OUK_DESK_STAGE_CODE] = N_("Get the code"),
		[OUK_DESK_STAGE_CHECK] = N_("Type the code"),
		[OUK_DESK_STAGE_AGREE] = N_("Read and agree"),
		[OUK_DESK_STAGE_PAY] = N_("Pay"),
		[OUK_DESK_STAGE_REVIEW] = N_("Review"),
		[OUK_DESK_STAGE_WRITE] = N_("Write onto the key"),
		[OUK_DESK_STAGE_COLLECT] = N_("Get the key"),
		[OUK_DESK_STAGE_DONE] = N_("Done"),
	};
	static const char *const unlocking[OUK_DESK_STAGES] = {
		[OUK_DESK_STAGE_APPLY] = N_("Apply for unlocking"),
		[OUK_DESK_STAGE_CODE] = N_("Get the authorization code"),
		[OUK_DESK_STAGE_CHECK] = N_("Check the code, set a new PIN"),
		[OUK_DESK_STAGE_DONE] = N_("Unlocked"),
	};

	if (strcmp(kind, "unlock") == 0 && unlocking[stage] != NULL)
		return _(unlocking[stage]);
	return _(texts[stage]);
}

OukDeskStage
ouk_desk_stage(OukDeskState state)
{
	static const OukDeskStage stages[OUK_DESK_STATES] = {
		[OUK_DESK_GET_CODE] = OUK_DESK_STAGE_CODE,
		[OUK_DESK_CODE] = OUK_DESK_STAGE_CHECK,
		[OUK_DESK_NEW_PIN] = OUK_DESK_STAGE_CHECK,
		[OUK_DESK_TEXTS] = OUK_DESK_STAGE_AGREE,
		[OUK_DESK_CONSENT_CODE] = OUK_DESK_STAGE_AGREE,
		[OUK_DESK_PRICE] = OUK_DESK_STAGE_PAY,
		[OUK_DESK_PAY] = OUK_DESK_STAGE_PAY,
		[OUK_DESK_TRANSFER] = OUK_DESK_STAGE_PAY,
		[OUK_DESK_REVIEW] = OUK_DESK_STAGE_REVIEW,
		[OUK_DESK_CORRECT] = OUK_DESK_STAGE_REVIEW,
		[OUK_DESK_PAPERS] = OUK_DESK_STAGE_REVIEW,
		[OUK_DESK_COUNTER] = OUK_DESK_STAGE_CODE,
		[OUK_DESK_INSTALL] = OUK_DESK_STAGE_WRITE,
		[OUK_DESK_PIN] = OUK_DESK_STAGE_WRITE,
		[OUK_DESK_COLLECT] = OUK_DESK_STAGE_COLLECT,
		[OUK_DESK_STOPPED] = OUK_DESK_STAGE_DONE,
		[OUK_DESK_DONE] = OUK_DESK_STAGE_DONE,
		[OUK_DESK_ENDED] = OUK_DESK_STAGE_DONE,
	};

	return stages[state];
}
