/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs queue at the socket; for each its own window opens, in a process of its own that answers
 * it directly. No PIN comes through this process.
 */
#include "assistant/pinentry/session.h"

#include "assistant/core/prompt_facts.h"
#include "assistant/core/prompt_wire.h"
#include "assistant/pinentry/asker.h"
#include "assistant/pinentry/listener.h"
#include "assistant/pinentry/words.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUEUE_MAX    16
#define PROMPT_FD    3 /* in the window's process */
#define ANSWER_FD    4
#define REMEMBER_FOR (2 * 60 * G_USEC_PER_SEC)

struct client {
	int fd;
	guint source; /* its request, and then whether it is still there */
	gboolean asked;
	OukPromptRequest request;
};

/* The last question that was answered: the next one tells how it ended. */
struct last {
	char *serial;
	int left;
	gint64 time;
};

static struct {
	GQueue queue; /* of struct client; the first one's window is open */
	int window;   /* the socket to that window's process, or -1 */
	guint source; /* what that process says */
	struct last last;
} session = {G_QUEUE_INIT, -1, 0, {NULL, 0, 0}};

static void window_open_next(void);

/* ---- askers ---- */

static void
window_close(void)
{
	if (session.window < 0)
		return;
	if (session.source != 0)
		g_source_remove(session.source);
	session.source = 0;
	(void)close(session.window);
	session.window = -1;
}

static void
client_free(struct client *client)
{
	if (client->source != 0)
		g_source_remove(client->source);
	(void)close(client->fd);
	ouk_prompt_request_clear(&client->request);
	g_free(client);
}

/* The window's process said whether the person answered; it does so before it answers. */
static void
note_take(const struct client *client)
{
	guint8 note = 1;

	if (session.window < 0 ||
	    recv(session.window, &note, sizeof(note), MSG_DONTWAIT) != sizeof(note) || note != 0)
		return;
	g_free(session.last.serial);
	session.last.serial = g_strdup(client->request.serial);
	session.last.left = client->request.left;
	session.last.time = g_get_monotonic_time();
}

/* Whoever is gone, or has been answered: makes room for the next. */
static void
client_end(struct client *client)
{
	if (g_queue_peek_head(&session.queue) == client) {
		note_take(client);
		window_close();
	}
	g_queue_remove(&session.queue, client);
	client_free(client);
	window_open_next();
}

/* ---- one window ---- */

/* Asked again so soon, and with a try less: the last PIN was wrong. */
static void
notice_set(OukPromptRequest *request)
{
	const struct last *last = &session.last;

	g_clear_pointer(&request->notice, g_free);
	if (last->serial == NULL || g_strcmp0(last->serial, request->serial) != 0 ||
	    g_get_monotonic_time() - last->time > REMEMBER_FOR || request->left < 0 ||
	    request->left != last->left - 1)
		return;
	request->notice = ouk_words_wrong(request->left, request->max);
}

static gboolean
on_window(int fd, GIOCondition condition, gpointer data)
{
	session.source = 0;
	client_end(data);
	return G_SOURCE_REMOVE;
}

static gboolean
window_start(int theirs, int answer)
{
	g_autoptr(GSubprocessLauncher) launcher =
		g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
	g_autoptr(GSubprocess) process = NULL;
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);

	g_subprocess_launcher_take_fd(launcher, theirs, PROMPT_FD);
	if (answer < 0 || self == NULL)
		return FALSE;
	g_subprocess_launcher_take_fd(launcher, answer, ANSWER_FD);
	process = g_subprocess_launcher_spawn(launcher, NULL, self, "--fd", G_STRINGIFY(PROMPT_FD),
					      "--answer-fd", G_STRINGIFY(ANSWER_FD), NULL);
	return process != NULL;
}

static gboolean
window_open(struct client *client)
{
	g_autoptr(GBytes) message = NULL;
	const void *bytes;
	int ends[2];
	gsize len;

	notice_set(&client->request);
	message = ouk_prompt_request_write(&client->request);
	if (message == NULL || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return FALSE;
	session.window = ends[0];
	bytes = g_bytes_get_data(message, &len);
	if (!window_start(ends[1], fcntl(client->fd, F_DUPFD_CLOEXEC, 0)) ||
	    send(session.window, bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
		return FALSE;
	session.source = g_unix_fd_add(session.window, G_IO_IN | G_IO_HUP, on_window, client);
	return TRUE;
}

static void
window_open_next(void)
{
	struct client *client = g_queue_peek_head(&session.queue);

	if (client == NULL || !client->asked || session.window >= 0)
		return;
	if (!window_open(client))
		client_end(client);
}

/* ---- the socket ---- */

/* What the kernel says of it goes before what it says of itself. */
static void
request_complete(struct client *client, pid_t pid)
{
	OukPromptRequest *request = &client->request;
	char *program = ouk_asker_program(pid);

	if (program != NULL) {
		g_free(request->program);
		request->program = program;
	}
	g_free(request->asker);
	request->asker = request->program != NULL ? ouk_asker_name(request->program) : NULL;
	ouk_prompt_set_remembered(request);
}

static gboolean
request_read(struct client *client)
{
	g_autofree char *message = g_malloc(OUK_PROMPT_MESSAGE_MAX + 1);
	ssize_t len = recv(client->fd, message, OUK_PROMPT_MESSAGE_MAX + 1, MSG_DONTWAIT);
	pid_t pid;

	if (len <= 0 || client->asked || !ouk_asker_pid(client->fd, &pid) ||
	    !ouk_prompt_request_read(message, (gsize)len, &client->request))
		return FALSE;
	client->asked = TRUE;
	request_complete(client, pid);
	return TRUE;
}

/* Its one request; anything after that, its end above all, ends it. */
static gboolean
on_client(int fd, GIOCondition condition, gpointer data)
{
	struct client *client = data;

	if (request_read(client)) {
		window_open_next();
		return G_SOURCE_CONTINUE;
	}
	client->source = 0;
	client_end(client);
	return G_SOURCE_REMOVE;
}

static gboolean
on_connect(int fd, GIOCondition condition, gpointer data)
{
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	struct client *client;
	pid_t pid;

	if (peer < 0)
		return G_SOURCE_CONTINUE;
	if (!ouk_asker_pid(peer, &pid) || g_queue_get_length(&session.queue) >= QUEUE_MAX) {
		(void)close(peer);
		return G_SOURCE_CONTINUE;
	}
	client = g_new0(struct client, 1);
	client->fd = peer;
	ouk_prompt_request_init(&client->request);
	g_queue_push_tail(&session.queue, client);
	client->source = g_unix_fd_add(peer, G_IO_IN | G_IO_HUP, on_client, client);
	return G_SOURCE_CONTINUE;
}

/* ---- the end ---- */

static gboolean
on_signal(gpointer loop)
{
	g_main_loop_quit(loop);
	return G_SOURCE_REMOVE;
}

/* The session's end is no news for a log: the screen is gone, or the bus. */
static GLogWriterOutput
say_nothing(GLogLevelFlags level, const GLogField *fields, gsize count, gpointer data)
{
	return G_LOG_WRITER_HANDLED;
}

int
ouk_session_run(void)
{
	/* Ends this process when it closes. */
	GDBusConnection *bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	int fd = ouk_listener_open();

	if (fd < 0) {
		g_clear_object(&bus);
		return 0;
	}
	g_log_set_writer_func(say_nothing, NULL, NULL);
	g_unix_fd_add(fd, G_IO_IN, on_connect, NULL);
	g_unix_signal_add(SIGTERM, on_signal, loop);
	g_unix_signal_add(SIGINT, on_signal, loop);
	g_unix_signal_add(SIGHUP, on_signal, loop);
	g_main_loop_run(loop);
	window_close();
	g_queue_clear_full(&session.queue, (GDestroyNotify)(void *)client_free);
	ouk_listener_close(fd);
	g_free(session.last.serial);
	g_clear_object(&bus);
	return 0;
}
