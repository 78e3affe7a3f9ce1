/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/service-client/link.h"

#include "assistant/service-client/answer.h"

#include <libsoup/soup.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SILENCE_MAX 15 /* seconds without a byte */
#define READ_MAX    (64U * 1024U)
#define AGENT       "OpenUKey"

void
link_answer_clear(LinkAnswer *answer)
{
	g_clear_pointer(&answer->body, g_bytes_unref);
}

/* ---- anchors ---- */

static gboolean
anchors_write(int fd, const GPtrArray *anchors)
{
	g_autoptr(BIO) bio = BIO_new_fd(fd, BIO_NOCLOSE);

	for (guint i = 0; i < anchors->len; i++)
		if (bio == NULL || PEM_write_bio_X509(bio, g_ptr_array_index(anchors, i)) != 1)
			return FALSE;
	return bio != NULL && BIO_flush(bio) == 1;
}

/* GLib takes anchors from a file only: from one that is nowhere on the disk. */
GTlsDatabase *
link_trust(const GPtrArray *anchors, int *ret_fd)
{
	int fd = memfd_create("openukey-anchors", MFD_CLOEXEC);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
	GTlsDatabase *trust = NULL;

	if (fd < 0)
		return NULL;
	if (anchors_write(fd, anchors))
		trust = g_tls_file_database_new(path, NULL);
	if (trust == NULL)
		close(fd);
	else
		*ret_fd = fd;
	return trust;
}

/* ---- one question ---- */

/* A question under way; the loop runs until it is done. */
typedef struct {
	SoupMessage *message;
	GInputStream *in;
	GByteArray *bytes;
	gsize most;
	GCancellable *inner; /* the person's, or the clock's */
	gboolean late, too_long, sent, done;
	GError *error;
} Asking;

static void
asking_clear(Asking *asking)
{
	g_clear_object(&asking->message);
	g_clear_object(&asking->in);
	g_clear_pointer(&asking->bytes, g_byte_array_unref);
	g_clear_object(&asking->inner);
	g_clear_error(&asking->error);
}

static void read_more(Asking *asking);

static void
on_bytes(GObject *source, GAsyncResult *result, gpointer data)
{
	Asking *asking = data;
	g_autoptr(GBytes) part =
		g_input_stream_read_bytes_finish(G_INPUT_STREAM(source), result, &asking->error);
	gsize len = part != NULL ? g_bytes_get_size(part) : 0;

	asking->done = len == 0;
	if (len == 0)
		return;
	asking->too_long = len > asking->most - asking->bytes->len;
	asking->done = asking->too_long;
	if (asking->too_long)
		return;
	g_byte_array_append(asking->bytes, g_bytes_get_data(part, NULL), (guint)len);
	read_more(asking);
}

static void
read_more(Asking *asking)
{
	g_input_stream_read_bytes_async(asking->in, READ_MAX, G_PRIORITY_DEFAULT, asking->inner,
					on_bytes, asking);
}

static void
on_answer(GObject *source, GAsyncResult *result, gpointer data)
{
	Asking *asking = data;

	asking->in = soup_session_send_finish(SOUP_SESSION(source), result, &asking->error);
	if (asking->in == NULL)
		asking->done = TRUE;
	else
		read_more(asking);
}

static void
on_wrote_headers(SoupMessage *message, gpointer data)
{
	((Asking *)data)->sent = TRUE;
}

static gboolean
on_late(gpointer data)
{
	Asking *asking = data;

	asking->late = TRUE;
	g_cancellable_cancel(asking->inner);
	return G_SOURCE_REMOVE;
}

/* On the person's thread. */
static void
on_cancelled(GCancellable *outer, gpointer inner)
{
	g_cancellable_cancel(inner);
}

/* Everything on a context of its own, so that the whole question has one end in time. */
static void
asking_run(Asking *asking, SoupSession *session, GMainContext *context, guint ms)
{
	GSource *clock = g_timeout_source_new(ms);

	g_source_set_callback(clock, on_late, asking, NULL);
	g_source_attach(clock, context);
	soup_session_send_async(session, asking->message, G_PRIORITY_DEFAULT, asking->inner,
				on_answer, asking);
	while (!asking->done)
		g_main_context_iteration(context, TRUE);
	g_source_destroy(clock);
	g_source_unref(clock);
}

static void
headers_set(SoupMessage *message, const OukCall *call)
{
	SoupMessageHeaders *headers = soup_message_get_request_headers(message);
	const char *capability = call->order != NULL ? ouk_order_capability(call->order) : "";

	if (*capability != '\0') {
		g_autofree char *bearer = g_strdup_printf("Bearer %s", capability);

		soup_message_headers_replace(headers, "Authorization", bearer);
		uk_wipe(bearer, strlen(bearer));
	}
	if (call->idempotency != NULL)
		soup_message_headers_replace(headers, "Idempotency-Key", call->idempotency);
	if (call->body != NULL)
		soup_message_set_request_body_from_bytes(message, call->type, call->body);
	/* an answer from elsewhere is none */
	soup_message_add_flags(message, SOUP_MESSAGE_NO_REDIRECT);
}

static gboolean
fail_with(const Asking *asking, GCancellable *cancellable, GError **error)
{
	const GError *why = asking->error;

	if (asking->too_long)
		return ouk_fail_with(error, OUK_E_SERVICE_ANSWER, "(%s)", "too long");
	if (g_cancellable_is_cancelled(cancellable))
		return ouk_fail(error, OUK_E_CANCELLED);
	if (asking->late || g_error_matches(why, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
		return ouk_fail(error, OUK_E_SERVICE_TIMEOUT);
	if (why->domain == G_TLS_ERROR)
		return ouk_fail_with(error, OUK_E_SERVICE_TLS, "(%s)", why->message);
	return ouk_fail_with(error, OUK_E_SERVICE_OFFLINE, "(%s)", why->message);
}

static guint
retry_after(SoupMessage *message)
{
	const char *text = soup_message_headers_get_one(soup_message_get_response_headers(message),
							"Retry-After");
	guint64 seconds = 0;

	return text != NULL && g_ascii_string_to_unsigned(text, 10, 0, 60, &seconds, NULL)
		       ? (guint)seconds
		       : 0;
}

static gboolean
ask_on(GMainContext *context, const Link *link, const OukCall *call, GCancellable *cancellable,
       Asking *asking)
{
	g_autofree char *url = g_strconcat(link->base, call->path, NULL);
	g_autoptr(SoupSession) session = soup_session_new_with_options(
		"timeout", SILENCE_MAX, "user-agent", AGENT, "tls-database", link->trust, NULL);
	gulong stop = 0;

	asking->message = soup_message_new(call->method, url);
	if (asking->message == NULL)
		return FALSE;
	asking->inner = g_cancellable_new();
	asking->bytes = g_byte_array_new();
	asking->most = call->file ? FILE_MAX : ANSWER_MAX;
	headers_set(asking->message, call);
	g_signal_connect(asking->message, "wrote-headers", G_CALLBACK(on_wrote_headers), asking);
	if (cancellable != NULL)
		stop = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled),
					     g_object_ref(asking->inner), g_object_unref);
	asking_run(asking, session, context, link->ms);
	if (cancellable != NULL)
		g_cancellable_disconnect(cancellable, stop);
	/* the message ends with its stream, and on this context only */
	g_clear_object(&asking->in);
	soup_session_abort(session);
	while (g_main_context_iteration(context, FALSE))
		;
	return TRUE;
}

gboolean
link_ask(const Link *link, const OukCall *call, GCancellable *cancellable, LinkAnswer *ret,
	 GError **error)
{
	g_autoptr(GMainContext) context = g_main_context_new();
	UK_CLEANUP(asking_clear) Asking asking = {NULL};
	gboolean asked;

	if (g_cancellable_is_cancelled(cancellable))
		return ouk_fail(error, OUK_E_CANCELLED);
	g_main_context_push_thread_default(context);
	asked = ask_on(context, link, call, cancellable, &asking);
	g_main_context_pop_thread_default(context);
	if (!asked)
		return ouk_fail(error, OUK_E_INTERNAL);
	ret->may_have = asking.sent;
	if (asking.error != NULL || asking.too_long)
		return fail_with(&asking, cancellable, error);
	ret->status = soup_message_get_status(asking.message);
	ret->retry_after = retry_after(asking.message);
	ret->body = g_byte_array_free_to_bytes(g_steal_pointer(&asking.bytes));
	return TRUE;
}
