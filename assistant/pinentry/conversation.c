/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/pinentry/conversation.h"

#include "assistant/core/prompt_wire.h"
#include "assistant/pinentry/dialog.h"

#include <glib-unix.h>
#include <sys/socket.h>

#define ANSWERED 0
#define STOPPED  1

struct conversation {
	int fd, answer_fd;
	int reason;
	gboolean asked; /* a question is open */
	OukPromptDialog *dialog;
};

static void
bytes_send(int fd, const guint8 *bytes, gsize len)
{
	/* Who is gone needs no answer. */
	if (send(fd, bytes, len, MSG_NOSIGNAL) < 0)
		gtk_main_quit();
}

static void
on_answered(const struct uk_secret *pins, gpointer data)
{
	struct conversation *conversation = data;
	int answer_fd = conversation->answer_fd >= 0 ? conversation->answer_fd : conversation->fd;
	guint8 note = pins != NULL ? ANSWERED : STOPPED;
	guint8 out[OUK_PROMPT_ANSWER_MAX] = {STOPPED};
	gsize len = 1;
	guint choice = 0;

	if (conversation->reason == OUK_PROMPT_QUESTION) {
		out[0] = (guint8)ouk_prompt_dialog_decision(conversation->dialog, &choice);
		out[1] = (guint8)choice;
		len = out[0] == OUK_PROMPT_YES ? 2 : 1;
	} else if (pins != NULL)
		len = ouk_prompt_answer_write(pins, ouk_prompt_pins(conversation->reason), out);
	/* First, for the asker may be gone as soon as it has the answer. */
	if (conversation->asked && answer_fd != conversation->fd)
		bytes_send(conversation->fd, &note, sizeof(note));
	if (conversation->asked)
		bytes_send(answer_fd, out, len);
	uk_wipe(out, sizeof(out));
	conversation->asked = FALSE;
	if (pins == NULL)
		gtk_main_quit();
}

/* FALSE: nothing that we understand. */
static gboolean
message_take(struct conversation *conversation, const char *message, gsize len)
{
	OukPromptRequest request;
	OukPromptResult result;

	if (ouk_prompt_request_read(message, len, &request)) {
		conversation->reason = request.reason;
		conversation->asked = TRUE;
		ouk_prompt_dialog_ask(conversation->dialog, &request);
		ouk_prompt_request_clear(&request);
		return TRUE;
	}
	if (!ouk_prompt_result_read(message, len, &result))
		return FALSE;
	ouk_prompt_dialog_tell(conversation->dialog, &result);
	ouk_prompt_result_clear(&result);
	return TRUE;
}

static gboolean
on_message(int fd, GIOCondition condition, gpointer data)
{
	struct conversation *conversation = data;
	g_autofree char *message = g_malloc(OUK_PROMPT_MESSAGE_MAX + 1);
	ssize_t len = recv(fd, message, OUK_PROMPT_MESSAGE_MAX + 1, 0);

	if (len > 0 && message_take(conversation, message, (gsize)len))
		return G_SOURCE_CONTINUE;
	/* How it ended stays on the screen for as long as the person likes. */
	if (!ouk_prompt_dialog_ended(conversation->dialog))
		gtk_main_quit();
	return G_SOURCE_REMOVE;
}

int
ouk_conversation_run(int fd, int answer_fd)
{
	struct conversation conversation = {.fd = fd, .answer_fd = answer_fd};

	conversation.dialog = ouk_prompt_dialog_new(on_answered, &conversation);
	g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, on_message, &conversation);
	gtk_main();
	gtk_widget_destroy(GTK_WIDGET(conversation.dialog));
	return 0;
}
