/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/unlock.h"

#include "assistant/core/errors.h"
#include "assistant/core/unlock_hint.h"

#include <glib/gi18n.h>
#include <string.h>

/* What the callback returns when `failure` says why. */
#define CKR_OF_THE_SERVICE (CKR_VENDOR_DEFINED | 0x7e57UL)

const char *
ouk_unlock_step_text(OukUnlockStep step)
{
	static const char *const texts[] = {
		[OUK_UNLOCK_LOOKING] = N_("Looking at the key…"),
		[OUK_UNLOCK_ASKING] =
			N_("Asking the CA's service. Do not unplug the key from here on…"),
		[OUK_UNLOCK_WRITING] = N_("Setting the new PIN. Do not unplug the key…"),
		[OUK_UNLOCK_TELLING] = N_("The key is unlocked. Telling the CA's service…"),
		[OUK_UNLOCK_DONE] = N_("The key is unlocked and has the new PIN."),
	};

	return step < G_N_ELEMENTS(texts) ? _(texts[step]) : "";
}

struct run {
	const OukUnlockJob *job;
	int step;                   /* told last; -1: none */
	gboolean written;           /* a hint, by this run */
	UnlockHintState state_then; /* the hint that was found */
	GError *failure;            /* of the service, or cancelled */
};

static void
run_clear(struct run *run)
{
	g_clear_error(&run->failure);
}

static void
tell(struct run *run, OukUnlockStep step)
{
	if ((int)step <= run->step)
		return;
	run->step = (int)step;
	if (run->job->progress != NULL)
		run->job->progress(run->job->progress_data, step);
}

static void
hint(const OukUnlockJob *job, UnlockHintState state)
{
	unlock_hint_write(job->sn, job->order, job->profile, state);
}

static gboolean
is_cancelled(const OukUnlockJob *job, GError **error)
{
	if (!g_cancellable_is_cancelled(job->cancellable))
		return FALSE;
	ouk_fail(error, OUK_E_CANCELLED);
	return TRUE;
}

/* ---- the key's questions ---- */

static void
answer_wipe(OukUnlockAnswer *answer)
{
	uk_wipe(answer, sizeof(*answer));
}

static gboolean
answer_take(const OukUnlockAnswer *in, struct openukey_relay_answer *out, GError **error)
{
	if (in->data_len > sizeof(out->data) || in->transport.len > sizeof(out->transport))
		return ouk_fail(error, OUK_E_UNLOCK_ANSWER);
	memcpy(out->data, in->data, in->data_len);
	out->data_len = in->data_len;
	memcpy(out->transport, in->transport.bytes, in->transport.len);
	out->transport_len = in->transport.len;
	return TRUE;
}

static gboolean
question_ask(struct run *run, const struct openukey_relay_question *in,
	     struct openukey_relay_answer *out)
{
	const OukUnlockJob *job = run->job;
	gboolean unblock = in->stage == OPENUKEY_RELAY_UNBLOCK;
	OukUnlockQuestion question = {.stage = unblock ? "unblock" : "admin",
				      .sn = in->serial,
				      .admin_left = (guint)in->admin_left};
	UK_CLEANUP(answer_wipe) OukUnlockAnswer answer = {.data_len = 0};

	memcpy(question.random, in->random, sizeof(question.random));
	memcpy(question.app, in->app, sizeof(question.app));
	if (!job->service->command(job->service->context, &question, &answer, job->cancellable,
				   &run->failure) ||
	    !answer_take(&answer, out, &run->failure) || is_cancelled(job, &run->failure))
		return FALSE;
	if (!unblock)
		return TRUE;
	/* From here on the key may get a PIN that nobody knows. */
	hint(job, UNLOCK_HINT_COMMANDED);
	run->written = TRUE;
	tell(run, OUK_UNLOCK_WRITING);
	return TRUE;
}

static CK_RV
on_question(void *context, const struct openukey_relay_question *question,
	    struct openukey_relay_answer *ret)
{
	struct run *run = context;

	tell(run, OUK_UNLOCK_ASKING);
	return question_ask(run, question, ret) ? CKR_OK : CKR_OF_THE_SERVICE;
}

/* ---- before and after ---- */

static gboolean
look(const OukUnlockJob *job, GError **error)
{
	OukToken *token = job->token;
	struct openukey_device_info info;

	if (token->vendor == NULL || token->vendor->size <= OPENUKEY_SIZE_2)
		return ouk_fail(error, OUK_E_UNSUPPORTED);
	if (!ouk_token_check_pin(token, job->new_pin, error) ||
	    !ouk_token_device(token, &info, error))
		return FALSE;
	if (strcmp(info.serial, job->sn) != 0)
		return ouk_fail(error, OUK_E_UNLOCK_OTHER_KEY);
	return !is_cancelled(job, error);
}

/* What a failed call means for this order. */
static const struct {
	CK_RV rv;
	OukErrorCode code;
} outcomes[] = {
	{CKR_OPENUKEY_OTHER_KEY, OUK_E_UNLOCK_OTHER_KEY},
	{CKR_OPENUKEY_FEW_TRIES, OUK_E_UNLOCK_FEW_TRIES},
	{CKR_OPENUKEY_FOREIGN, OUK_E_UNLOCK_FOREIGN},
	{CKR_OPENUKEY_LATE, OUK_E_UNLOCK_LATE},
	{CKR_OPENUKEY_ANSWER, OUK_E_UNLOCK_ANSWER},
	{CKR_OPENUKEY_UNFINISHED, OUK_E_UNLOCK_UNFINISHED},
	{CKR_FUNCTION_REJECTED, OUK_E_UNVERIFIED},
};

static gboolean
fail(struct run *run, CK_RV rv, GError **error)
{
	if (rv == CKR_OF_THE_SERVICE && run->failure != NULL) {
		g_propagate_error(error, g_steal_pointer(&run->failure));
		return FALSE;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(outcomes); i++)
		if (outcomes[i].rv == rv)
			return ouk_fail(error, outcomes[i].code);
	return ouk_fail_rv(error, OUK_TASK_ANY, rv);
}

/* Whatever cannot be told now stays in the hint, to be told the next time. */
static void
service_tell(const OukUnlockJob *job, UnlockHintState state)
{
	const OukUnlockService *service = job->service;
	gboolean (*say)(gpointer, GCancellable *, GError **) =
		state == UNLOCK_HINT_DONE ? service->ack : service->foreign;
	g_autoptr(GError) error = NULL;

	hint(job, state);
	/* Not cancelled any more: what is done is done. */
	if (say(service->context, NULL, &error))
		hint(job, UNLOCK_HINT_NONE);
	else
		g_debug("the service was not told: %s", error != NULL ? error->message : "?");
}

static gboolean
finish(struct run *run, CK_RV rv, GError **error)
{
	run->job->token->logged_in = FALSE; /* the key was reset */
	if (rv == CKR_OPENUKEY_FOREIGN)
		service_tell(run->job, UNLOCK_HINT_FOREIGN);
	else if (rv != CKR_OK && rv != CKR_OPENUKEY_UNFINISHED && run->written)
		/* The key is as it was before, which may be an unknown PIN. */
		hint(run->job, run->state_then == UNLOCK_HINT_COMMANDED ? UNLOCK_HINT_COMMANDED
									: UNLOCK_HINT_NONE);
	if (rv != CKR_OK)
		return fail(run, rv, error);
	tell(run, OUK_UNLOCK_TELLING);
	service_tell(run->job, UNLOCK_HINT_DONE);
	tell(run, OUK_UNLOCK_DONE);
	return TRUE;
}

gboolean
ouk_unlock_run(const OukUnlockJob *job, GError **error)
{
	UK_CLEANUP(run_clear) struct run run = {.job = job, .step = -1};
	const struct openukey_relay relay = {&run, on_question};
	const OukToken *token = job->token;
	CK_RV rv;

	tell(&run, OUK_UNLOCK_LOOKING);
	if (!look(job, error))
		return FALSE;
	run.state_then = unlock_hint_read(job->sn, NULL);
	rv = token->vendor->unblock_by_relay(token->slot, job->sn, &relay, job->new_pin->bytes,
					     job->new_pin->len);
	return finish(&run, rv, error);
}

gboolean
ouk_unlock_settle(const char *sn, const OukUnlockService *service, GCancellable *cancellable,
		  GError **error)
{
	g_autoptr(OukUnlockHint) left = NULL;
	gboolean told = TRUE;

	switch (unlock_hint_read(sn, &left)) {
	case UNLOCK_HINT_NONE:
		return TRUE;
	case UNLOCK_HINT_COMMANDED:
		return ouk_fail(error, OUK_E_UNLOCK_UNFINISHED);
	case UNLOCK_HINT_DONE:
		told = service->ack(service->context, cancellable, error);
		break;
	case UNLOCK_HINT_FOREIGN:
		told = service->foreign(service->context, cancellable, error);
	}
	if (told)
		ouk_unlock_forget(left->sn);
	return told;
}

gboolean
ouk_unlock_check(const char *sn, GError **error)
{
	g_autofree char *order = ouk_unlock_pending(sn);

	if (order == NULL)
		return TRUE;
	return ouk_fail_with(error, OUK_E_UNLOCK_UNFINISHED, _("(Order %s)"), order);
}
