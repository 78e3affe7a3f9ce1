/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/service-client/service.h"

#include "assistant/service-client/answer.h"
#include "assistant/service-client/link.h"

#include <string.h>
#include <unistd.h>

#define OVERRIDE "OPENUKEY_SERVICE"
/* A question is asked so often at most, with so many milliseconds between. */
#define ASKED_MAX 4U
#define PAUSE_MS  400U
/* milliseconds for one time of asking, where the question does not say */
#define TIME_MS 45000U

struct _OukService {
	gint refs;
	char *profile, *url;
	GTlsDatabase *trust; /* NULL: no TLS */
	int anchors;         /* the file that trust reads; -1: none */
	char **kinds;
};

/* ---- the service ---- */

static gboolean
is_loopback(const char *url)
{
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
	const char *host = uri != NULL ? g_uri_get_host(uri) : NULL;

	return host != NULL && g_strcmp0(g_uri_get_scheme(uri), "http") == 0 &&
	       (strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0);
}

/* The profile's address, or another one on this computer for a rehearsal; "" is none. */
static const char *
address_of(const OukProfile *profile)
{
	const char *other = profile->rehearsal ? g_getenv(OVERRIDE) : NULL;

	if (other != NULL && (*other == '\0' || is_loopback(other)))
		return other;
	return profile->service.url != NULL ? profile->service.url : "";
}

OukService *
ouk_service_new(const OukProfile *profile, GError **error)
{
	const char *address = address_of(profile);
	g_autoptr(OukService) service = g_new0(OukService, 1);
	g_autoptr(GStrvBuilder) kinds = g_strv_builder_new();

	service->refs = 1;
	service->anchors = -1;
	if (*address == '\0') {
		ouk_fail(error, OUK_E_SERVICE_NONE);
		return NULL;
	}
	service->profile = g_strdup(profile->id);
	service->url = g_strdup(address);
	while (g_str_has_suffix(service->url, "/"))
		service->url[strlen(service->url) - 1] = '\0';
	for (guint i = 0; i < profile->service.kinds->len; i++)
		g_strv_builder_add(kinds, g_ptr_array_index(profile->service.kinds, i));
	service->kinds = g_strv_builder_end(kinds);
	if (g_str_has_prefix(address, "https:")) {
		service->trust = link_trust(profile->service.trust, &service->anchors);
		if (service->trust == NULL) {
			ouk_fail(error, OUK_E_SERVICE_TLS);
			return NULL;
		}
	} else if (!profile->rehearsal || !is_loopback(address)) {
		ouk_fail(error, OUK_E_SERVICE_NONE);
		return NULL;
	}
	return g_steal_pointer(&service);
}

OukService *
ouk_service_ref(OukService *service)
{
	g_atomic_int_inc(&service->refs);
	return service;
}

void
ouk_service_unref(OukService *service)
{
	if (service == NULL || !g_atomic_int_dec_and_test(&service->refs))
		return;
	g_free(service->profile);
	g_free(service->url);
	g_clear_object(&service->trust);
	if (service->anchors >= 0)
		close(service->anchors);
	g_strfreev(service->kinds);
	g_free(service);
}

const char *
ouk_service_profile(const OukService *service)
{
	return service->profile;
}

const char *
ouk_service_url(const OukService *service)
{
	return service->url;
}

gboolean
ouk_service_offers(const OukService *service, const char *kind)
{
	return g_strv_contains((const char *const *)service->kinds, kind);
}

/* ---- asking ---- */

/* FALSE when the person stopped it. */
static gboolean
pause_for(guint ms, GCancellable *cancellable)
{
	GPollFD poll;

	if (!g_cancellable_make_pollfd(cancellable, &poll)) {
		g_usleep((gulong)ms * 1000);
		return TRUE;
	}
	(void)g_poll(&poll, 1, (gint)ms);
	g_cancellable_release_fd(cancellable);
	return !g_cancellable_is_cancelled(cancellable);
}

static OukReply *
reply_of(const OukCall *call, const LinkAnswer *answer, GError **error)
{
	OukReply *reply;

	if (answer->status < 200 || answer->status > 299) {
		answer_fail(answer->body, answer->status, error);
		return NULL;
	}
	reply = call->file ? answer_file(answer->body)
			   : answer_read(answer->body, call->order, error);
	if (reply != NULL && call->kind != NULL)
		answer_opened(reply, call->kind, call->serial);
	return reply;
}

/* Whether the same question may be put again. */
static gboolean
may_ask_again(const OukCall *call, const LinkAnswer *answer, const GError *error)
{
	static const OukErrorCode passing[] = {OUK_E_SERVICE_OFFLINE, OUK_E_SERVICE_TIMEOUT,
					       OUK_E_SERVICE_BUSY, OUK_E_SERVICE_UNAVAILABLE};

	/* what was not sent at all, or was said not to have been done, does no harm a second time
	 */
	if (call->once && answer->may_have && answer->status != 503)
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(passing); i++)
		if (g_error_matches(error, OUK_ERROR, (gint)passing[i]))
			return TRUE;
	return FALSE;
}

static OukReply *
ask_once(OukService *service, const OukCall *call, gint64 until, GCancellable *cancellable,
	 LinkAnswer *answer, GError **error)
{
	gint64 left = (until - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;
	const Link link = {service->url, service->trust, (guint)CLAMP(left, 1, TIME_MS)};

	if (call->order != NULL && !ouk_order_is_ours(call->order)) {
		ouk_fail(error, OUK_E_SERVICE_NOT_OURS);
		return NULL;
	}
	if (!link_ask(&link, call, cancellable, answer, error))
		return NULL;
	return reply_of(call, answer, error);
}

/*
 * The order had gone on already when the question came for the second time: the first one had been
 * heard, and its answer was lost. NULL when it was not so; *error stays then.
 */
static OukReply *
reached_already(OukService *service, const OukCall *call, GCancellable *cancellable,
		const GError *error)
{
	g_autoptr(OukCall) look = NULL;
	g_autoptr(OukReply) reply = NULL;
	OukOrder *order;

	if (call->reached == NULL || !g_error_matches(error, OUK_ERROR, OUK_E_SERVICE_WRONG_STATE))
		return NULL;
	look = ouk_call_order(call->order);
	reply = ouk_service_ask_sync(service, look, cancellable, NULL);
	order = reply != NULL ? ouk_reply_order(reply) : NULL;
	if (order == NULL || !g_strv_contains(call->reached, ouk_order_info(order)->state))
		return NULL;
	return g_steal_pointer(&reply);
}

/* Milliseconds to wait before the question is put again; 0: it is not. */
static guint
pause_before(const OukCall *call, guint asked, const LinkAnswer *answer, const GError *error)
{
	if (asked >= ASKED_MAX || !may_ask_again(call, answer, error))
		return 0;
	return answer->retry_after > 0 ? answer->retry_after * 1000 : PAUSE_MS << (asked - 1);
}

OukReply *
ouk_service_ask_sync(OukService *service, OukCall *call, GCancellable *cancellable, GError **error)
{
	gint64 until = call->time_ms > 0 ? g_get_monotonic_time() + call->time_ms * INT64_C(1000)
					 : G_MAXINT64;
	gboolean lost = FALSE;

	for (guint asked = 1;; asked++) {
		UK_CLEANUP(link_answer_clear) LinkAnswer answer = {0};
		g_autoptr(GError) why = NULL;
		OukReply *reply = ask_once(service, call, until, cancellable, &answer, &why);
		guint ms;

		if (reply == NULL && lost)
			reply = reached_already(service, call, cancellable, why);
		if (reply != NULL)
			return reply;
		ms = pause_before(call, asked, &answer, why);
		if (ms == 0 || until - g_get_monotonic_time() < ms * INT64_C(1000) ||
		    !pause_for(ms, cancellable)) {
			g_propagate_error(error, g_steal_pointer(&why));
			return NULL;
		}
		lost = lost || answer.may_have;
	}
}

typedef struct {
	OukService *service;
	OukCall *call;
} Question;

static void
question_free(gpointer data)
{
	Question *question = data;

	ouk_service_unref(question->service);
	ouk_call_unref(question->call);
	g_free(question);
}

static void
ask_on_worker(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const Question *question = data;
	GError *error = NULL;
	OukReply *reply =
		ouk_service_ask_sync(question->service, question->call, cancellable, &error);

	if (reply != NULL)
		g_task_return_pointer(task, reply, (GDestroyNotify)ouk_reply_unref);
	else
		g_task_return_error(task, error);
}

void
ouk_service_ask_async(OukService *service, OukCall *call, GCancellable *cancellable,
		      GAsyncReadyCallback callback, gpointer data)
{
	g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, data);
	Question *question = g_new0(Question, 1);

	question->service = ouk_service_ref(service);
	question->call = ouk_call_ref(call);
	g_task_set_source_tag(task, ouk_service_ask_async);
	g_task_set_check_cancellable(task, FALSE); /* our own words for it */
	g_task_set_task_data(task, question, question_free);
	g_task_run_in_thread(task, ask_on_worker);
}

OukReply *
ouk_service_ask_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
