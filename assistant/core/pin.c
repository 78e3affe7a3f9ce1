/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/pin.h"

#include "assistant/core/errors.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#define ANSWER_MAX 256

void
ouk_process_harden(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}

/* ---- one line, byte by byte ---- */

enum line_end { LINE_DONE, LINE_EOF, LINE_LONG, LINE_FAILED };

/* One byte; with a mask, signals are let in while waiting and only then. */
static ssize_t
byte_read(int fd, const sigset_t *waiting, char *byte)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	if (waiting != NULL && ppoll(&ready, 1, NULL, waiting) < 0)
		return -1;
	return read(fd, byte, 1);
}

/* Reads up to a newline; *ret_len is 0 and the room wiped unless LINE_DONE or LINE_EOF. */
static enum line_end
line_read(int fd, const sigset_t *waiting, char *out, size_t cap, size_t *ret_len)
{
	enum line_end end = LINE_DONE;
	size_t len = 0;
	char byte = 0;

	for (;;) {
		ssize_t got = byte_read(fd, waiting, &byte);

		if (got < 0) {
			end = LINE_FAILED;
			break;
		}
		if (got == 0 && end == LINE_DONE)
			end = LINE_EOF;
		if (got == 0 || byte == '\n')
			break;
		if (len < cap)
			out[len++] = byte;
		else
			end = LINE_LONG; /* read on to the end of the line */
	}
	uk_wipe(&byte, sizeof(byte));
	if (end == LINE_LONG || end == LINE_FAILED)
		uk_wipe(out, cap);
	*ret_len = end == LINE_LONG || end == LINE_FAILED ? 0 : len;
	return end;
}

gboolean
ouk_pin_read(int fd, struct uk_secret *ret_pin, GError **error)
{
	UK_SECRET pin = {0};
	enum line_end end = line_read(fd, NULL, (char *)pin.bytes, sizeof(pin.bytes), &pin.len);

	if (end == LINE_FAILED)
		return ouk_fail_with(error, OUK_E_FILE_READ, "(fd %d: %s)", fd, g_strerror(errno));
	if (end == LINE_LONG)
		return ouk_fail(error, OUK_E_PIN_LEN);
	if (pin.len > 0 && pin.bytes[pin.len - 1] == '\r')
		pin.len--;
	*ret_pin = pin;
	return TRUE;
}

/* ---- the terminal ---- */

static const int caught_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

static volatile sig_atomic_t caught;

static void
on_signal(int number)
{
	caught = number;
}

struct terminal {
	int fd;
	gboolean quiet; /* echo is off */
	struct termios saved;
	struct sigaction old[G_N_ELEMENTS(caught_signals)];
	sigset_t old_mask;
};

static gboolean
terminal_open(struct terminal *terminal, GError **error)
{
	terminal->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	return terminal->fd >= 0 || ouk_fail(error, OUK_E_NO_TERMINAL);
}

/*
 * Echo off; a signal ends the reading instead of the program, until terminal_close. It is held back
 * but for the wait in byte_read: one that came just before would wait for a key with it.
 */
static gboolean
terminal_hush(struct terminal *terminal, GError **error)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct termios quiet;
	sigset_t held;

	if (tcgetattr(terminal->fd, &terminal->saved) != 0)
		return ouk_fail(error, OUK_E_NO_TERMINAL);
	caught = 0;
	sigemptyset(&action.sa_mask);
	sigemptyset(&held);
	for (size_t i = 0; i < G_N_ELEMENTS(caught_signals); i++)
		sigaddset(&held, caught_signals[i]);
	sigprocmask(SIG_BLOCK, &held, &terminal->old_mask);
	for (size_t i = 0; i < G_N_ELEMENTS(caught_signals); i++)
		sigaction(caught_signals[i], &action, &terminal->old[i]);
	terminal->quiet = TRUE;
	quiet = terminal->saved;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	return tcsetattr(terminal->fd, TCSAFLUSH, &quiet) == 0 ||
	       ouk_fail(error, OUK_E_NO_TERMINAL);
}

static void
terminal_close(struct terminal *terminal)
{
	if (terminal->quiet) {
		tcsetattr(terminal->fd, TCSAFLUSH, &terminal->saved);
		for (size_t i = 0; i < G_N_ELEMENTS(caught_signals); i++)
			sigaction(caught_signals[i], &terminal->old[i], NULL);
		sigprocmask(SIG_SETMASK, &terminal->old_mask, NULL);
	}
	if (terminal->fd >= 0)
		close(terminal->fd);
	if (terminal->quiet && caught != 0)
		raise(caught); /* what it would have done, with the terminal as it was */
}

static gboolean
terminal_line(struct terminal *terminal, const char *prompt, char *out, size_t cap, size_t *ret_len,
	      GError **error)
{
	size_t len = strlen(prompt);

	if (write(terminal->fd, prompt, len) != (ssize_t)len)
		return ouk_fail(error, OUK_E_NO_TERMINAL);
	switch (line_read(terminal->fd, terminal->quiet ? &terminal->old_mask : NULL, out, cap,
			  ret_len)) {
	case LINE_DONE:
		return TRUE;
	case LINE_LONG:
		return ouk_fail(error, OUK_E_PIN_LEN);
	default:
		uk_wipe(out, cap);
		return ouk_fail(error, OUK_E_CANCELLED);
	}
}

gboolean
ouk_pin_ask(const char *prompt, struct uk_secret *ret_pin, GError **error)
{
	UK_CLEANUP(terminal_close) struct terminal terminal = {.fd = -1};
	UK_SECRET pin = {0};

	if (!terminal_open(&terminal, error) || !terminal_hush(&terminal, error) ||
	    !terminal_line(&terminal, prompt, (char *)pin.bytes, sizeof(pin.bytes), &pin.len,
			   error))
		return FALSE;
	*ret_pin = pin;
	return TRUE;
}

char *
ouk_terminal_ask(const char *prompt, GError **error)
{
	UK_CLEANUP(terminal_close) struct terminal terminal = {.fd = -1};
	char answer[ANSWER_MAX];
	size_t len = 0;

	if (!terminal_open(&terminal, error) ||
	    !terminal_line(&terminal, prompt, answer, sizeof(answer), &len, error))
		return NULL;
	return g_strstrip(g_strndup(answer, len));
}
