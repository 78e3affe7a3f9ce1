/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/rig/rig.h"
#include "tests/rig/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_LEN   108 /* what a Unix socket's address holds */
#define NAMES_LEN  4096
#define LOG_LEN    (1 << 20)
#define START_MS   10000
#define PRESENT_MS 5000
/* How long to trust the service to tell of a change. */
#define STEP_MS      100
#define PROVISION_MS 60000

struct log_file {
	char path[PATH_LEN];
};

struct rig {
	unsigned int readers;
	const char *usb; /* what openukey-rehearsal calls this kind of port, or NULL */
	pid_t pcscd;
	struct log_file pcscd_log;
	SCARDCONTEXT context;
	char mark[RIG_READERS_MAX][48]; /* in the reader's name and in no other */
	char reader[RIG_READERS_MAX][MAX_READERNAME];
	char socket[RIG_READERS_MAX][PATH_LEN];
	char control[RIG_READERS_MAX][PATH_LEN];
	struct log_file key_log[RIG_READERS_MAX];
	pid_t key[RIG_READERS_MAX];   /* 0: none of ours */
	int key_out[RIG_READERS_MAX]; /* its stdout, kept open lest it dies of writing */
};

/* The folder stays the same for all rigs of the process. */
static char rig_folder[64];
static pid_t rig_owner;
static struct rig *rig_current;

static bool
complain(const char *what)
{
	(void)fprintf(stderr, "rig: %s\n", what);
	return false;
}

static const char *
program(const char *variable, const char *built)
{
	const char *chosen = getenv(variable);

	return chosen != NULL && chosen[0] != '\0' ? chosen : built;
}

static const char *
virtual_key(void)
{
	return program("OPENUKEY_VIRTUAL_KEY", RIG_VIRTUAL_KEY);
}

UK_PRINTF(3, 4)
static void
path_in_folder(char *out, size_t size, const char *format, ...)
{
	int len = snprintf(out, size, "%s/", rig_folder);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(out + len, size - (size_t)len, format, args);
	va_end(args);
}

/* ---- folder ---- */

static int
remove_entry(const char *path, const struct stat *info, int type, struct FTW *place)
{
	(void)remove(path);
	return 0;
}

/* At the end of the process; not in children that a test forked. */
static void
rig_at_exit(void)
{
	if (getpid() == rig_owner)
		rig_stop(rig_current);
}

static bool
make_folder(void)
{
	if (rig_folder[0] != '\0')
		return mkdir(rig_folder, 0700) == 0 || errno == EEXIST;
	(void)snprintf(rig_folder, sizeof(rig_folder), "/tmp/openukey-rig-XXXXXX");
	if (mkdtemp(rig_folder) == NULL)
		return complain("cannot make a folder");
	rig_owner = getpid();
	return atexit(rig_at_exit) == 0;
}

static char *
read_file(const char *path)
{
	char *text = calloc(1, LOG_LEN);
	FILE *file = fopen(path, "re");

	if (text != NULL && file != NULL)
		text[fread(text, 1, LOG_LEN - 1, file)] = '\0';
	if (file != NULL)
		(void)fclose(file);
	return text;
}

static void
show_log(const struct log_file *log)
{
	char *text = read_file(log->path);

	(void)fprintf(stderr, "--- %s\n%s---\n", log->path, text == NULL ? "" : text);
	free(text);
}

static int
open_log(const struct log_file *log)
{
	return open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* ---- pcscd ---- */

static bool
start_pcscd(struct rig *rig)
{
	const char *rehearsal = program("OPENUKEY_REHEARSAL", RIG_REHEARSAL);
	char readers[8], socket_path[PATH_LEN];
	const char *argv[] = {rehearsal, "serve", rig_folder, readers, "--die-with-parent", NULL};
	int log_fd = open_log(&rig->pcscd_log);

	if (rig->usb != NULL)
		argv[3] = rig->usb;
	(void)snprintf(readers, sizeof(readers), "%u", rig->readers);
	path_in_folder(socket_path, sizeof(socket_path), "run/pcscd.comm");
	setenv("PCSCLITE_CSOCK_NAME", socket_path, 1);
	rig->pcscd = process_start(argv, log_fd, log_fd);
	close(log_fd);
	return rig->pcscd > 0;
}

/* Looks up PC/SC's name of a reader. */
static bool
find_reader(struct rig *rig, unsigned int reader)
{
	char names[NAMES_LEN];
	DWORD len = sizeof(names);

	if (SCardListReaders(rig->context, NULL, names, &len) != SCARD_S_SUCCESS)
		return false;
	for (const char *name = names; *name != '\0'; name += strlen(name) + 1) {
		if (strstr(name, rig->mark[reader]) == NULL)
			continue;
		(void)snprintf(rig->reader[reader], MAX_READERNAME, "%.*s", MAX_READERNAME - 1,
			       name);
		return true;
	}
	return false;
}

/* The daemon opens its readers one by one: wait until it shows them all. USB ports are none. */
static bool
find_readers(struct rig *rig)
{
	for (unsigned int i = 0; rig->usb == NULL && i < rig->readers; i++)
		if (!find_reader(rig, i))
			return false;
	return true;
}

static bool
await_pcscd(struct rig *rig)
{
	long deadline = process_clock_ms() + START_MS;

	while (process_clock_ms() < deadline) {
		if (rig->context == 0 && SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL,
							       &rig->context) != SCARD_S_SUCCESS)
			rig->context = 0;
		if (rig->context != 0 && find_readers(rig))
			return true;
		if (waitpid(rig->pcscd, NULL, WNOHANG) != 0) {
			rig->pcscd = 0;
			break;
		}
		process_sleep_ms(5);
	}
	show_log(&rig->pcscd_log);
	return complain("pcscd did not start");
}

static void
name_paths(struct rig *rig)
{
	path_in_folder(rig->pcscd_log.path, PATH_LEN, "pcscd.log");
	for (unsigned int i = 0; i < rig->readers; i++) {
		path_in_folder(rig->socket[i], PATH_LEN, "run/%02u.sock", i);
		path_in_folder(rig->control[i], PATH_LEN, "run/%02u.ctl", i);
		path_in_folder(rig->key_log[i].path, PATH_LEN, "key-%02u.log", i);
		if (rig->usb != NULL)
			(void)snprintf(rig->mark[i], sizeof(rig->mark[i]), "(VIRTUAL%02u)", i);
		else
			(void)snprintf(rig->mark[i], sizeof(rig->mark[i]),
				       "OpenUKey Virtual Reader %02u ", i);
	}
}

static struct rig *
start(unsigned int readers, const char *usb)
{
	struct rig *rig;

	if (rig_current != NULL || readers == 0 || readers > RIG_READERS_MAX || !make_folder())
		return NULL;
	rig = calloc(1, sizeof(*rig));
	if (rig == NULL)
		return NULL;
	rig_current = rig;
	rig->readers = readers;
	rig->usb = usb;
	name_paths(rig);
	if (start_pcscd(rig) && await_pcscd(rig))
		return rig;
	rig_stop(rig);
	return NULL;
}

struct rig *
rig_start(unsigned int readers)
{
	return start(readers, NULL);
}

struct rig *
rig_start_usb(bool short_apdus)
{
	return start(RIG_PORTS, short_apdus ? "usb-short" : "usb");
}

struct rig *
rig_start_port(const char *kind)
{
	return start(RIG_PORTS, kind);
}

void
rig_stop(struct rig *rig)
{
	if (rig == NULL)
		return;
	for (unsigned int i = 0; i < rig->readers; i++)
		rig_kill(rig, i);
	rig_freeze(rig, false);
	rig_end(rig);
	(void)nftw(rig_folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	rig_current = NULL;
	free(rig);
}

void
rig_end(struct rig *rig)
{
	if (rig->context != 0)
		(void)SCardReleaseContext(rig->context);
	rig->context = 0;
	if (rig->pcscd > 0)
		process_end(rig->pcscd);
	rig->pcscd = 0;
}

bool
rig_begin(struct rig *rig)
{
	return start_pcscd(rig) && await_pcscd(rig);
}

bool
rig_reconnect(struct rig *rig)
{
	if (rig->context != 0)
		(void)SCardReleaseContext(rig->context);
	rig->context = 0;
	return await_pcscd(rig);
}

static bool
thread_stopped(const char *folder, const char *thread)
{
	char path[PATH_MAX], line[512] = "";
	const char *state;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s/stat", folder, thread);
	file = fopen(path, "re");
	if (file == NULL)
		return true; /* it has ended */
	if (fgets(line, sizeof(line), file) == NULL)
		line[0] = '\0';
	(void)fclose(file);
	state = strrchr(line, ')');
	return state != NULL && state[1] == ' ' && state[2] == 'T';
}

static bool
all_stopped(pid_t pid)
{
	char folder[64];
	struct dirent *entry;
	bool stopped = true;
	DIR *threads;

	(void)snprintf(folder, sizeof(folder), "/proc/%d/task", (int)pid);
	threads = opendir(folder);
	while (threads != NULL && (entry = readdir(threads)) != NULL)
		if (entry->d_name[0] != '.' && !thread_stopped(folder, entry->d_name))
			stopped = false;
	if (threads != NULL)
		(void)closedir(threads);
	return stopped;
}

void
rig_freeze(const struct rig *rig, bool frozen)
{
	if (rig->pcscd <= 0)
		return;
	(void)kill(rig->pcscd, frozen ? SIGSTOP : SIGCONT);
	/* The signal is on its way to threads that run on other processors. */
	for (int tries = 0; frozen && tries < 500 && !all_stopped(rig->pcscd); tries++)
		process_sleep_ms(2);
}

const char *
rig_dir(const struct rig *rig)
{
	return rig_folder;
}

const char *
rig_reader(const struct rig *rig, unsigned int reader)
{
	return rig->reader[reader];
}

const char *
rig_socket(const struct rig *rig, unsigned int reader)
{
	return rig->socket[reader];
}

SCARDCONTEXT
rig_context(const struct rig *rig)
{
	return rig->context;
}

/* Shows its log when it has died: in a sanitizer build that says where. */
bool
rig_alive(struct rig *rig)
{
	if (rig->pcscd > 0 && waitpid(rig->pcscd, NULL, WNOHANG) == 0)
		return true;
	if (rig->pcscd > 0)
		show_log(&rig->pcscd_log);
	rig->pcscd = 0; /* the number may be somebody else's by now */
	return complain("pcscd has died");
}

bool
rig_logged(const struct rig *rig, const char *text)
{
	char *log = read_file(rig->pcscd_log.path);
	bool found = log != NULL && strstr(log, text) != NULL;
	free(log);
	return found;
}

/* ---- keys ---- */

/* With an ATR: a key that has not been read yet is no use to anybody. */
static bool
key_in(struct rig *rig, unsigned int reader, SCARD_READERSTATE *row)
{
	row->szReader = rig->reader[reader];
	row->dwCurrentState = SCARD_STATE_UNAWARE;
	return find_reader(rig, reader) &&
	       SCardGetStatusChange(rig->context, 0, row, 1) == SCARD_S_SUCCESS &&
	       (row->dwEventState & SCARD_STATE_PRESENT) != 0 && row->cbAtr > 0;
}

bool
rig_await(struct rig *rig, unsigned int reader, bool present, long timeout_ms)
{
	long deadline = process_clock_ms() + timeout_ms;

	for (;;) {
		SCARD_READERSTATE row = {0};
		long left;

		if (key_in(rig, reader, &row) == present)
			return true;
		left = deadline - process_clock_ms();
		if (left <= 0 || !rig_alive(rig))
			return complain(present ? "no key is seen" : "the key is still seen");
		row.dwCurrentState = row.dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
		if (row.dwCurrentState == 0) /* no such reader now */
			process_sleep_ms(10);
		else
			(void)SCardGetStatusChange(rig->context,
						   left < STEP_MS ? (DWORD)left : STEP_MS, &row, 1);
	}
}

/* Until the key says that it listens. */
static bool
await_ready(int fd)
{
	long deadline = process_clock_ms() + START_MS;
	char text[64];
	size_t len = 0;

	while (len < sizeof(text) - 1) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		long left = deadline - process_clock_ms();
		ssize_t count;

		if (left <= 0 || poll(&poll_fd, 1, (int)left) <= 0)
			return false;
		count = read(fd, text + len, sizeof(text) - 1 - len);
		if (count <= 0)
			return false;
		len += (size_t)count;
		text[len] = '\0';
		if (strstr(text, "ready\n") != NULL)
			return true;
	}
	return false;
}

#define KEY_OPTIONS_MAX 24

static void
forget_key(struct rig *rig, unsigned int reader)
{
	close(rig->key_out[reader]);
	rig->key[reader] = 0;
}

static bool
start_key(struct rig *rig, unsigned int reader, const char *state, const char *const *options)
{
	const char *argv[KEY_OPTIONS_MAX + 9] = {
		virtual_key(),       "run",       "--state",           state, "--socket",
		rig->socket[reader], "--control", rig->control[reader]};
	int log_fd = open_log(&rig->key_log[reader]), out[2];

	for (size_t i = 0; options != NULL && options[i] != NULL && i < KEY_OPTIONS_MAX; i++)
		argv[8 + i] = options[i];
	if (pipe2(out, O_CLOEXEC) != 0)
		return false;
	rig->key[reader] = process_start(argv, out[1], log_fd);
	close(log_fd);
	close(out[1]);
	rig->key_out[reader] = out[0];
	if (rig->key[reader] > 0)
		return await_ready(out[0]);
	forget_key(rig, reader);
	return false;
}

bool
rig_plug(struct rig *rig, unsigned int reader, const char *state, const char *const *options)
{
	if (rig->key[reader] > 0)
		return complain("there is a key in that reader");
	if (start_key(rig, reader, state, options) && rig_await(rig, reader, true, PRESENT_MS))
		return true;
	rig_kill(rig, reader);
	show_log(&rig->key_log[reader]);
	show_log(&rig->pcscd_log);
	return complain("the key did not start");
}

bool
rig_insert(struct rig *rig, unsigned int reader, const char *state)
{
	return rig->key[reader] <= 0 && start_key(rig, reader, state, NULL);
}

bool
rig_pull(struct rig *rig, unsigned int reader)
{
	if (rig->key[reader] > 0) {
		process_end(rig->key[reader]);
		forget_key(rig, reader);
	}
	return rig_await(rig, reader, false, PRESENT_MS);
}

void
rig_kill(struct rig *rig, unsigned int reader)
{
	if (rig->key[reader] <= 0)
		return;
	kill(rig->key[reader], SIGKILL);
	waitpid(rig->key[reader], NULL, 0);
	forget_key(rig, reader);
}

bool
rig_ask(struct rig *rig, unsigned int reader, const char *line, char *answer, size_t size)
{
	const char *argv[] = {virtual_key(), "ctl", rig->control[reader], line, NULL};

	return rig_run(argv, answer, size, PRESENT_MS) == 0;
}

bool
rig_tell(struct rig *rig, unsigned int reader, const char *line)
{
	char answer[256];

	if (rig_ask(rig, reader, line, answer, sizeof(answer)))
		return true;
	(void)fprintf(stderr, "rig: key %u, \"%s\": %s\n", reader, line, answer);
	return false;
}

bool
rig_provision(const char *const *options)
{
	const char *argv[64] = {virtual_key(), "provision"};

	for (size_t i = 0; options[i] != NULL && i < ARRAY_SIZE(argv) - 3; i++)
		argv[2 + i] = options[i];
	return rig_run(argv, NULL, 0, PROVISION_MS) == 0 || complain("provision failed");
}
