/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/revocation.h"

#include "assistant/core/revocation_answer.h"

#include <glib/gi18n.h>
#include <libsoup/soup.h>

/* seconds without a byte, and for one whole answer */
#define SILENCE_MAX 10
#define ANSWER_MAX  30
/* bytes */
#define OCSP_MAX (64U * 1024U)
#define CRL_MAX  (16U * 1024U * 1024U)
#define READ_MAX (64U * 1024U)

typedef struct {
	X509 *x509, *issuer; /* issuer may be NULL */
} Question;

static void
question_free(gpointer data)
{
	Question *question = data;

	X509_free(question->x509);
	X509_free(question->issuer);
	g_free(question);
}

/* ---- HTTP ---- */

/* What an error of the network means; all others are OFFLINE: nobody answered. */
static OukNotChecked
why_of(const GError *error)
{
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
		return OUK_NOT_CHECKED_TIMEOUT;
	if (error->domain == G_TLS_ERROR || error->domain == SOUP_SESSION_ERROR)
		return OUK_NOT_CHECKED_HTTP;
	return OUK_NOT_CHECKED_OFFLINE;
}

/* Reads to the end, unless that is too far or too slow. NULL: see ret_why or *error. */
static GBytes *
stream_read(GInputStream *in, gsize most, GCancellable *cancellable, OukNotChecked *ret_why,
	    GError **error)
{
	g_autoptr(GByteArray) all = g_byte_array_new();
	gint64 end = g_get_monotonic_time() + ANSWER_MAX * G_TIME_SPAN_SECOND;

	for (;;) {
		g_autoptr(GBytes) part =
			g_input_stream_read_bytes(in, READ_MAX, cancellable, error);
		gsize len = 0;
		const guint8 *bytes = part != NULL ? g_bytes_get_data(part, &len) : NULL;

		if (part == NULL)
			return NULL;
		if (len == 0)
			return g_byte_array_free_to_bytes(g_steal_pointer(&all));
		if (all->len + len > most) {
			*ret_why = OUK_NOT_CHECKED_TOO_BIG;
			return NULL;
		}
		g_byte_array_append(all, bytes, (guint)len);
		if (g_get_monotonic_time() > end) {
			*ret_why = OUK_NOT_CHECKED_TIMEOUT;
			return NULL;
		}
	}
}

/* One question, one answer. body: NULL for GET. NULL: *ret_why says why not. */
static GBytes *
ask(const char *address, GBytes *body, gsize most, GCancellable *cancellable,
    OukNotChecked *ret_why)
{
	/* a session of this thread's own: they are not shared */
	g_autoptr(SoupSession) session =
		soup_session_new_with_options("timeout", SILENCE_MAX, NULL);
	g_autoptr(SoupMessage) message = soup_message_new(body != NULL ? "POST" : "GET", address);
	g_autoptr(GInputStream) in = NULL;
	g_autoptr(GError) error = NULL;
	GBytes *answer = NULL;

	*ret_why = OUK_NOT_CHECKED_NO_ADDRESS;
	if (message == NULL)
		return NULL;
	if (body != NULL)
		soup_message_set_request_body_from_bytes(message, "application/ocsp-request", body);
	in = soup_session_send(session, message, cancellable, &error);
	if (in != NULL && soup_message_get_status(message) != SOUP_STATUS_OK)
		*ret_why = OUK_NOT_CHECKED_HTTP;
	else if (in != NULL)
		answer = stream_read(in, most, cancellable, ret_why, &error);
	if (error != NULL)
		*ret_why = why_of(error);
	return answer;
}

/* ---- asking in turn ---- */

static void
ask_ocsp(const Question *question, const char *address, GCancellable *cancellable,
	 OukRevocation *ret)
{
	g_autoptr(OCSP_REQUEST) request = revocation_question(question->x509, question->issuer);
	unsigned char *der = NULL;
	int len = request != NULL ? i2d_OCSP_REQUEST(request, &der) : -1;
	g_autoptr(GBytes) body = NULL;
	g_autoptr(GBytes) answer = NULL;

	if (len <= 0)
		return;
	body = g_bytes_new(der, (gsize)len);
	OPENSSL_free(der);
	ret->by_ocsp = TRUE;
	answer = ask(address, body, OCSP_MAX, cancellable, &ret->why);
	if (answer != NULL)
		revocation_judge_ocsp(answer, request, question->issuer, ret->asked_at, ret);
}

static void
ask_crl(const Question *question, const char *address, GCancellable *cancellable,
	OukRevocation *ret)
{
	g_autoptr(GBytes) answer = NULL;

	ret->by_ocsp = FALSE;
	answer = ask(address, NULL, CRL_MAX, cancellable, &ret->why);
	if (answer != NULL)
		revocation_judge_crl(answer, question->x509, question->issuer, ret->asked_at, ret);
}

typedef void (*Ask)(const Question *question, const char *address, GCancellable *cancellable,
		    OukRevocation *ret);

/* TRUE when one of them gave a proof. The last attempt is what *ret says. */
static gboolean
ask_each(const Question *question, const GPtrArray *addresses, Ask how, GCancellable *cancellable,
	 OukRevocation *ret)
{
	for (guint i = 0; i < addresses->len; i++) {
		OukNotChecked before = ret->why;

		if (g_cancellable_is_cancelled(cancellable))
			return TRUE;
		g_free(ret->address);
		ret->address = g_strdup(g_ptr_array_index(addresses, i));
		ret->why = OUK_NOT_CHECKED_NONE;
		how(question, ret->address, cancellable, ret);
		if (ret->state != OUK_REVOCATION_NOT_CHECKED) {
			ret->why = OUK_NOT_CHECKED_NONE;
			return TRUE;
		}
		/* proven, and no reason to ask elsewhere until something nicer is heard */
		if (ret->why == OUK_NOT_CHECKED_UNKNOWN)
			return TRUE;
		/* an answer by somebody else is what a person should hear of */
		if (before == OUK_NOT_CHECKED_FOREIGN)
			ret->why = before;
	}
	return FALSE;
}

static void
check(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const Question *question = data;
	OukRevocation *ret = g_new0(OukRevocation, 1);
	g_autoptr(GPtrArray) ocsp = revocation_ocsp_addresses(question->x509);
	g_autoptr(GPtrArray) crls = revocation_crl_addresses(question->x509);

	ret->state = OUK_REVOCATION_NOT_CHECKED;
	ret->reason = -1;
	ret->asked_at = g_get_real_time() / G_USEC_PER_SEC;
	ret->why = OUK_NOT_CHECKED_NO_ADDRESS;
	/* nobody is asked at an address that a forged certificate names */
	if (question->issuer == NULL || !revocation_is_issued_by(question->x509, question->issuer))
		ret->why = OUK_NOT_CHECKED_NO_ISSUER;
	else if (!ask_each(question, ocsp, ask_ocsp, cancellable, ret))
		(void)ask_each(question, crls, ask_crl, cancellable, ret);
	if (g_task_return_error_if_cancelled(task))
		ouk_revocation_free(ret);
	else
		g_task_return_pointer(task, ret, (GDestroyNotify)ouk_revocation_free);
}

void
ouk_revocation_check_async(X509 *x509, X509 *issuer, GCancellable *cancellable,
			   GAsyncReadyCallback callback, gpointer data)
{
	g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, data);
	Question *question = g_new0(Question, 1);

	/* copies: the worker reads them while others may */
	question->x509 = X509_dup(x509);
	question->issuer = issuer != NULL ? X509_dup(issuer) : NULL;
	g_task_set_source_tag(task, ouk_revocation_check_async);
	g_task_set_task_data(task, question, question_free);
	g_task_run_in_thread(task, check);
}

OukRevocation *
ouk_revocation_check_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

void
ouk_revocation_free(OukRevocation *revocation)
{
	if (revocation == NULL)
		return;
	g_free(revocation->address);
	g_free(revocation);
}

/* ---- words ---- */

static const char *const why_not[OUK_NOT_CHECKED_REASONS] = {
	[OUK_NOT_CHECKED_NO_ISSUER] = N_("Not checked: the CA's own certificate is not on this "
					 "computer."),
	[OUK_NOT_CHECKED_NO_ADDRESS] =
		N_("Not checked: the certificate does not say where to ask."),
	[OUK_NOT_CHECKED_OFFLINE] = N_("Not checked: there is no connection to the CA."),
	[OUK_NOT_CHECKED_TIMEOUT] = N_("Not checked: the CA did not answer in time."),
	[OUK_NOT_CHECKED_HTTP] = N_("Not checked: the CA's server answered with an error."),
	[OUK_NOT_CHECKED_TOO_BIG] = N_("Not checked: the answer is too long."),
	[OUK_NOT_CHECKED_BAD_ANSWER] = N_("Not checked: the answer cannot be used."),
	[OUK_NOT_CHECKED_FOREIGN] =
		N_("Not checked: the answer is not signed by the CA. Somebody on "
		   "the network may have put it there."),
	[OUK_NOT_CHECKED_STALE] = N_("Not checked: the answer is not from now, or this computer's "
				     "clock is wrong."),
	[OUK_NOT_CHECKED_UNKNOWN] = N_("Not checked: the CA says that it does not know this "
				       "certificate."),
};

/* CRLReason of RFC 5280, 5.3.1; 7 is not used. */
static const char *const reasons[] = {
	N_("no reason given"),
	N_("the key may be in other hands"),
	N_("the CA's key may be in other hands"),
	N_("the unit's data have changed"),
	N_("replaced by another one"),
	N_("no longer needed"),
	N_("suspended for the time being"),
	NULL,
	N_("removed from the list"),
	N_("the right to it has ended"),
	N_("the authority's key may be in other hands"),
};

static char *
day_of(gint64 unix_time)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(unix_time);

	return time != NULL ? g_date_time_format(time, "%Y-%m-%d") : g_strdup("?");
}

char *
ouk_revocation_sentence(const OukRevocation *revocation)
{
	g_autofree char *day = NULL;
	const char *reason = NULL;

	switch (revocation->state) {
	case OUK_REVOCATION_GOOD:
		return g_strdup(_("The CA has not revoked it."));
	case OUK_REVOCATION_REVOKED:
		day = day_of(revocation->revoked_at);
		if (revocation->reason >= 0 && revocation->reason < (int)G_N_ELEMENTS(reasons))
			reason = reasons[revocation->reason];
		if (reason == NULL)
			reason = reasons[0];
		/* Translators: a date and a reason */
		return g_strdup_printf(_("The CA revoked it on %s: %s."), day, _(reason));
	default:
		return g_strdup(_(why_not[revocation->why != OUK_NOT_CHECKED_NONE
						  ? revocation->why
						  : OUK_NOT_CHECKED_BAD_ANSWER]));
	}
}
