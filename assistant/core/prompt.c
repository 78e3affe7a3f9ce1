/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/prompt.h"

#include "assistant/core/errors.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROMPT_FD 3 /* in the prompt's process */

struct _OukPrompt {
	GSocket *socket;
	GTask *task; /* the question that is open, or NULL */
	GSource *answer, *cancelled;
};

/* A question's answer, on pages of its own that are not swapped, dumped or inherited. */
struct reply {
	OukPromptAnswer answer;
	int reason, left;
	guint choices, choice;
	OukPromptDecision decision;
	guint8 bytes[OUK_PROMPT_ANSWER_MAX];
};

void
ouk_prompt_answer_wipe(OukPromptAnswer *answer)
{
	uk_wipe(answer, sizeof(*answer));
}

static struct reply *
reply_new(void)
{
	struct reply *reply = mmap(NULL, sizeof(*reply), PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (reply == MAP_FAILED)
		g_error("no memory for a PIN");
	/* The best that can be had: a limit on locked memory does not keep people from their key.
	 */
	(void)mlock(reply, sizeof(*reply));
	(void)madvise(reply, sizeof(*reply), MADV_DONTDUMP);
	(void)madvise(reply, sizeof(*reply), MADV_WIPEONFORK);
	return reply;
}

static void
reply_free(gpointer data)
{
	uk_wipe(data, sizeof(struct reply));
	munmap(data, sizeof(struct reply));
}

/* ---- the process ---- */

static gboolean
process_start(int fd, GError **error)
{
	const char *program = g_getenv("OPENUKEY_PINENTRY");
	g_autofree char *number = g_strdup_printf("%d", PROMPT_FD);
	g_autoptr(GSubprocessLauncher) launcher =
		g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
	g_autoptr(GSubprocess) process = NULL;
	g_autoptr(GError) cause = NULL;

	g_subprocess_launcher_take_fd(launcher, fd, PROMPT_FD);
	process = g_subprocess_launcher_spawn(launcher, &cause,
					      program != NULL ? program : OPENUKEY_PINENTRY, "--fd",
					      number, NULL);
	return process != NULL || ouk_fail_with(error, OUK_E_NO_PROMPT, "%s", cause->message);
}

OukPrompt *
ouk_prompt_open(GError **error)
{
	g_autoptr(GSocket) socket = NULL;
	OukPrompt *prompt;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		ouk_fail(error, OUK_E_NO_PROMPT);
		return NULL;
	}
	socket = g_socket_new_from_fd(ends[0], NULL);
	if (socket == NULL) {
		(void)close(ends[0]);
		(void)close(ends[1]);
		ouk_fail(error, OUK_E_NO_PROMPT);
		return NULL;
	}
	if (!process_start(ends[1], error))
		return NULL;
	prompt = g_new0(OukPrompt, 1);
	prompt->socket = g_steal_pointer(&socket);
	return prompt;
}

/* ---- a question ---- */

static void
source_end(GSource **source)
{
	if (*source == NULL)
		return;
	g_source_destroy(*source);
	g_clear_pointer(source, g_source_unref);
}

/* Takes the open question out; its task is the caller's to return. */
static GTask *
question_end(OukPrompt *prompt)
{
	GTask *task = g_steal_pointer(&prompt->task);

	source_end(&prompt->answer);
	source_end(&prompt->cancelled);
	return task;
}

static void
question_fail(OukPrompt *prompt, OukErrorCode code)
{
	g_autoptr(GTask) task = question_end(prompt);
	GError *error = NULL;

	if (task == NULL)
		return;
	ouk_fail(&error, code);
	g_task_return_error(task, error);
}

static gboolean
pins_read(struct reply *reply, gsize len, gboolean *ret_done)
{
	struct uk_secret *first = &reply->answer.pin;
	struct uk_secret pins[OUK_PROMPT_PINS_MAX] = {0};
	gboolean good = ouk_prompt_answer_read(uk_span_of(reply->bytes, len),
					       ouk_prompt_pins(reply->reason), ret_done, pins);

	if (reply->reason == OUK_PROMPT_UNBLOCK)
		first = &reply->answer.new_pin;
	*first = pins[0];
	if (reply->reason == OUK_PROMPT_CHANGE)
		reply->answer.new_pin = pins[1];
	reply->answer.shown_left = reply->left;
	uk_wipe(pins, sizeof(pins));
	uk_wipe(reply->bytes, sizeof(reply->bytes));
	return good;
}

static gboolean
decision_read(struct reply *reply, gsize len, gboolean *ret_done)
{
	*ret_done = TRUE;
	return ouk_prompt_decision_read(uk_span_of(reply->bytes, len), reply->choices,
					&reply->decision, &reply->choice);
}

static gboolean
on_answer(GSocket *socket, GIOCondition condition, gpointer data)
{
	OukPrompt *prompt = data;
	struct reply *reply = g_task_get_task_data(prompt->task);
	gboolean done = FALSE;
	gssize len;

	len = g_socket_receive(socket, (char *)reply->bytes, sizeof(reply->bytes), NULL, NULL);
	if (len <= 0 || !(reply->reason == OUK_PROMPT_QUESTION ? decision_read : pins_read)(
				reply, (gsize)len, &done)) {
		question_fail(prompt, OUK_E_NO_PROMPT);
	} else if (!done) {
		question_fail(prompt, OUK_E_CANCELLED);
	} else {
		g_autoptr(GTask) task = question_end(prompt);

		g_task_return_boolean(task, TRUE);
	}
	return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled(GCancellable *cancellable, gpointer data)
{
	OukPrompt *prompt = data;

	g_socket_close(prompt->socket, NULL);
	question_fail(prompt, OUK_E_CANCELLED);
	return G_SOURCE_REMOVE;
}

static gboolean
message_send(OukPrompt *prompt, GBytes *message)
{
	gsize len;
	const char *bytes;

	if (message == NULL || g_socket_is_closed(prompt->socket))
		return FALSE;
	bytes = g_bytes_get_data(message, &len);
	return g_socket_send(prompt->socket, bytes, len, NULL, NULL) == (gssize)len;
}

static guint
lines_count(const char *text)
{
	guint count = text != NULL ? 1 : 0;

	for (; text != NULL && *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

void
ouk_prompt_ask_async(OukPrompt *prompt, const OukPromptRequest *request, GCancellable *cancellable,
		     GAsyncReadyCallback callback, gpointer data)
{
	g_autoptr(GBytes) message = ouk_prompt_request_write(request);
	struct reply *reply;

	g_return_if_fail(prompt->task == NULL);
	reply = reply_new();
	reply->reason = request->reason;
	reply->left = request->left;
	reply->choices = lines_count(request->choices);
	prompt->task = g_task_new(NULL, cancellable, callback, data);
	/* The answer says what happened, also when it was cancelled a moment later. */
	g_task_set_check_cancellable(prompt->task, FALSE);
	g_task_set_task_data(prompt->task, reply, reply_free);
	if (!message_send(prompt, message)) {
		question_fail(prompt, OUK_E_NO_PROMPT);
		return;
	}
	prompt->answer = g_socket_create_source(prompt->socket, G_IO_IN, NULL);
	g_source_set_callback(prompt->answer, G_SOURCE_FUNC(on_answer), prompt, NULL);
	g_source_attach(prompt->answer, g_main_context_get_thread_default());
	if (cancellable == NULL)
		return;
	prompt->cancelled = g_cancellable_source_new(cancellable);
	g_source_set_callback(prompt->cancelled, G_SOURCE_FUNC(on_cancelled), prompt, NULL);
	g_source_attach(prompt->cancelled, g_main_context_get_thread_default());
}

gboolean
ouk_prompt_ask_finish(OukPrompt *prompt, GAsyncResult *result, OukPromptAnswer *ret_answer,
		      GError **error)
{
	struct reply *reply = g_task_get_task_data(G_TASK(result));

	if (!g_task_propagate_boolean(G_TASK(result), error))
		return FALSE;
	*ret_answer = reply->answer;
	uk_wipe(&reply->answer, sizeof(reply->answer));
	return TRUE;
}

void
ouk_prompt_question_async(OukPrompt *prompt, const OukPromptRequest *request,
			  GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
	g_return_if_fail(request->reason == OUK_PROMPT_QUESTION);
	ouk_prompt_ask_async(prompt, request, cancellable, callback, data);
}

gboolean
ouk_prompt_question_finish(OukPrompt *prompt, GAsyncResult *result, OukPromptDecision *ret,
			   guint *ret_choice, GError **error)
{
	const struct reply *reply = g_task_get_task_data(G_TASK(result));

	if (!g_task_propagate_boolean(G_TASK(result), error))
		return FALSE;
	*ret = reply->decision;
	*ret_choice = reply->choice;
	return TRUE;
}

void
ouk_prompt_set_tries(OukPromptRequest *request, const OukTries *tries)
{
	request->left = tries != NULL && tries->exact ? (int)tries->left : OUK_PROMPT_UNKNOWN;
	request->max = tries != NULL && tries->exact ? (int)tries->max : OUK_PROMPT_UNKNOWN;
	request->first_pin = tries != NULL && tries->exact && tries->is_default;
}

void
ouk_prompt_tell(OukPrompt *prompt, OukPromptOutcome outcome, const OukTries *tries,
		const char *text)
{
	gboolean known = tries != NULL && tries->exact;
	OukPromptResult result = {
		.outcome = (int)outcome,
		.left = known ? (int)tries->left : OUK_PROMPT_UNKNOWN,
		.max = known ? (int)tries->max : OUK_PROMPT_UNKNOWN,
		.text = g_strdup(text),
	};
	g_autoptr(GBytes) message = ouk_prompt_result_write(&result);

	/* A prompt that is gone needs no news. */
	(void)message_send(prompt, message);
	ouk_prompt_result_clear(&result);
}

void
ouk_prompt_free(OukPrompt *prompt)
{
	if (prompt == NULL)
		return;
	question_fail(prompt, OUK_E_CANCELLED);
	g_socket_close(prompt->socket, NULL);
	g_object_unref(prompt->socket);
	g_free(prompt);
}
