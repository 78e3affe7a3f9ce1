/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/visit.h"

#include "assistant/core/doctor/web.h"
#include "assistant/core/hall_origin.h"

#include <glib/gi18n.h>
#include <string.h>

#define HTTPS "https:"

static const struct {
	gboolean is_dangerous;
	const char *text;
} states[] = {
	[OUK_VISIT_GOOD] = {FALSE, NULL},
	[OUK_VISIT_PLAIN] =
		{FALSE, N_("This hall's address has no encryption (http), so whoever is between "
			   "you and it can read and change its pages; type the UKEY PIN into our "
			   "own window only.")},
	[OUK_VISIT_NOT_CHECKED] = {FALSE, NULL},
	[OUK_VISIT_UNREACHABLE] =
		{FALSE, N_("The hall does not answer just now; halls often close at night and on "
			   "holidays.")},
	[OUK_VISIT_INTERCEPTED] =
		{TRUE, N_("Somebody between this computer and the hall reads along. Do not log in "
			  "unless your unit runs that device on purpose.")},
	[OUK_VISIT_CERTIFICATE] =
		{TRUE, N_("The hall's own certificate is not accepted: it may be another site. Do "
			  "not log in there; ask the hall.")},
};

void
ouk_visit_free(OukVisit *visit)
{
	if (visit == NULL)
		return;
	g_free(visit->detail);
	g_free(visit);
}

gboolean
ouk_visit_is_dangerous(const OukVisit *visit)
{
	return states[visit->state].is_dangerous;
}

const char *
ouk_visit_text(const OukVisit *visit)
{
	return states[visit->state].text != NULL ? _(states[visit->state].text) : NULL;
}

const char *
ouk_visit_url(const OukHall *hall)
{
	for (guint i = 0; i < hall->urls->len; i++)
		if (g_str_has_prefix(g_ptr_array_index(hall->urls, i), HTTPS))
			return g_ptr_array_index(hall->urls, i);
	return g_ptr_array_index(hall->urls, 0);
}

static OukVisitState
state_of(const OukWebAnswer *answer)
{
	if (answer->state == OUK_WEB_NOT_TLS)
		return OUK_VISIT_CERTIFICATE;
	/* its certificate counts also where the server has nothing more to say */
	if (answer->issuer == NULL)
		return OUK_VISIT_UNREACHABLE;
	if (answer->local_issuer || (answer->errors & G_TLS_CERTIFICATE_UNKNOWN_CA) != 0)
		return OUK_VISIT_INTERCEPTED;
	return answer->errors != 0 ? OUK_VISIT_CERTIFICATE : OUK_VISIT_GOOD;
}

/* What is wrong with the hall's own certificate, for people; "" when it is none of these. */
static const char *
fault_of(GTlsCertificateFlags errors)
{
	if ((errors & G_TLS_CERTIFICATE_EXPIRED) != 0)
		return _("its certificate has expired");
	if ((errors & G_TLS_CERTIFICATE_NOT_ACTIVATED) != 0)
		return _("its certificate is not valid yet");
	return (errors & G_TLS_CERTIFICATE_BAD_IDENTITY) != 0
		       ? _("its certificate is for another name")
		       : "";
}

/* Who vouches for it, and what is wrong with it. */
static char *
detail_of(OukVisitState state, const OukWebAnswer *answer)
{
	const char *fault = state == OUK_VISIT_CERTIFICATE ? fault_of(answer->errors) : "";
	const char *issuer = answer->issuer != NULL ? answer->issuer : "";

	if (*fault == '\0' || *issuer == '\0')
		return g_strdup(*fault != '\0' ? fault : issuer);
	return g_strdup_printf("%s; %s", fault, issuer);
}

OukVisit *
ouk_visit_check(const OukHall *hall, gboolean offline, GCancellable *cancellable)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	OukVisit *visit = g_new0(OukVisit, 1);
	OukWebAnswer answer;

	visit->url = ouk_visit_url(hall);
	visit->fresh = ouk_hall_is_fresh(hall, now);
	visit->detail = g_strdup("");
	visit->state = OUK_VISIT_PLAIN;
	if (!g_str_has_prefix(visit->url, HTTPS))
		return visit;
	visit->state = OUK_VISIT_NOT_CHECKED;
	if (offline)
		return visit;
	/* A rehearsal's CA is its own; a real hall's is one that browsers know. */
	web_ask_trusting(visit->url, hall->profile->rehearsal ? hall->profile->anchors : NULL,
			 cancellable, &answer);
	visit->state = state_of(&answer);
	if (hall->profile->rehearsal && answer.local_issuer && answer.errors == 0)
		visit->state = OUK_VISIT_GOOD;
	g_free(visit->detail);
	visit->detail = detail_of(visit->state, &answer);
	web_answer_clear(&answer);
	visit->mark = visit->state == OUK_VISIT_GOOD && visit->fresh;
	return visit;
}

static void
check_thread(GTask *task, gpointer source, gpointer hall, GCancellable *cancellable)
{
	g_task_return_pointer(task, ouk_visit_check(hall, FALSE, cancellable),
			      (GDestroyNotify)ouk_visit_free);
}

void
ouk_visit_check_async(const OukHall *hall, GCancellable *cancellable, GAsyncReadyCallback callback,
		      gpointer data)
{
	g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, data);

	g_task_set_source_tag(task, ouk_visit_check_async);
	g_task_set_task_data(task, (gpointer)(guintptr)hall, NULL);
	g_task_run_in_thread(task, check_thread);
}

OukVisit *
ouk_visit_check_finish(GAsyncResult *result)
{
	return g_task_propagate_pointer(G_TASK(result), NULL);
}

gboolean
ouk_visit_chain_is_valid(const char *origin, GCancellable *cancellable)
{
	OukWebAnswer answer;
	OukVisitState state;

	if (!g_str_has_prefix(origin, HTTPS))
		return FALSE;
	web_ask(origin, cancellable, &answer);
	state = state_of(&answer);
	web_answer_clear(&answer);
	return state == OUK_VISIT_GOOD;
}
