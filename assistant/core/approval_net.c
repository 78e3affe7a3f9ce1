/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Papers from the service's address, and answers to it. */
#include "assistant/core/approval.h"

#include "assistant/core/errors.h"
#include "assistant/core/profile_json.h"
#include "assistant/service-client/answer.h"

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

#define SILENCE_MAX 30
#define TEXTS_MAX   1000

/* Nothing goes over a network in the clear. */
static gboolean
address_good(const char *address)
{
	g_autoptr(GUri) uri = g_uri_parse(address, G_URI_FLAGS_NONE, NULL);
	const char *host = uri != NULL ? g_uri_get_host(uri) : NULL;

	if (host == NULL)
		return FALSE;
	if (g_strcmp0(g_uri_get_scheme(uri), "https") == 0)
		return TRUE;
	return g_strcmp0(g_uri_get_scheme(uri), "http") == 0 &&
	       (g_strcmp0(host, "127.0.0.1") == 0 || g_strcmp0(host, "::1") == 0);
}

static OukErrorCode
error_of(const GError *cause)
{
	if (cause->domain == G_TLS_ERROR)
		return OUK_E_SERVICE_TLS;
	return g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ? OUK_E_SERVICE_TIMEOUT
									: OUK_E_SERVICE_OFFLINE;
}

static GBytes *
ask(const char *address, const char *trust, GBytes *body, GError **error)
{
	g_autoptr(SoupSession) session =
		soup_session_new_with_options("timeout", SILENCE_MAX, NULL);
	g_autoptr(SoupMessage) message = NULL;
	g_autoptr(GTlsDatabase) anchors = NULL;
	g_autoptr(GError) cause = NULL;
	g_autoptr(GBytes) answer = NULL;

	if (!address_good(address))
		return ouk_fail(error, OUK_E_USAGE), NULL;
	if (trust != NULL) {
		anchors = g_tls_file_database_new(trust, NULL);
		if (anchors == NULL)
			return ouk_fail_with(error, OUK_E_FILE_READ, "(%s)", trust), NULL;
		soup_session_set_tls_database(session, anchors);
	}
	message = soup_message_new(body != NULL ? "POST" : "GET", address);
	soup_message_set_flags(message, SOUP_MESSAGE_NO_REDIRECT);
	if (body != NULL)
		soup_message_set_request_body_from_bytes(message, "application/json", body);
	answer = soup_session_send_and_read(session, message, NULL, &cause);
	if (answer == NULL)
		return ouk_fail_with(error, error_of(cause), "(%s)", cause->message), NULL;
	if (soup_message_get_status(message) == SOUP_STATUS_FORBIDDEN)
		return ouk_fail(error, OUK_E_PAPER_REFUSED), NULL;
	if (soup_message_get_status(message) == SOUP_STATUS_NOT_FOUND)
		return ouk_fail(error, OUK_E_PAPER_NONE), NULL;
	if (soup_message_get_status(message) != SOUP_STATUS_OK ||
	    g_bytes_get_size(answer) > ANSWER_MAX)
		return ouk_fail(error, OUK_E_SERVICE_OFFLINE), NULL;
	return g_steal_pointer(&answer);
}

GBytes *
ouk_approval_fetch(const char *address, const char *trust, GError **error)
{
	return ask(address, trust, NULL, error);
}

/* A signature that was taken, and led to nothing, is a failure. */
static gboolean
told_read(JsonObject *told, unsigned int *ret_done, GError **error)
{
	JsonNode *refused = json_object_get_member(told, "refused");
	JsonNode *done = json_object_get_member(told, "done");
	g_autoptr(GError) why = NULL;
	gint64 count = done != NULL && json_node_get_value_type(done) == G_TYPE_INT64
			       ? json_node_get_int(done)
			       : 0;

	if (refused == NULL) {
		*ret_done = (unsigned int)CLAMP(count, 0, TEXTS_MAX);
		return TRUE;
	}
	ouk_fail(&why, answer_code_of(json_node_get_value_type(refused) == G_TYPE_STRING
					      ? json_node_get_string(refused)
					      : ""));
	return ouk_fail_with(error, OUK_E_PAPER_NOT_DONE, "(%s)", why->message);
}

gboolean
ouk_approval_leave(const char *address, const char *trust, GBytes *answer, unsigned int *ret_done,
		   GError **error)
{
	g_autoptr(GBytes) told = ask(address, trust, answer, error);
	g_autoptr(JsonObject) root = told != NULL ? profile_json_parse(told) : NULL;

	if (told == NULL)
		return FALSE;
	return root != NULL ? told_read(root, ret_done, error)
			    : ouk_fail(error, OUK_E_SERVICE_ANSWER);
}
