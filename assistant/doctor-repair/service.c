/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The smart card service, with systemd or without. */
#include "assistant/doctor-repair/action.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RUN_FOLDER "/run/pcscd"
#define SOCKET     RUN_FOLDER "/pcscd.comm"
#define PID_FILE   RUN_FOLDER "/pcscd.pid"
#define DAEMON     "/usr/sbin/pcscd"
#define WAIT_STEPS 100 /* of 50 ms */

static const char *const start_systemd[] = {"/usr/bin/systemctl", "enable", "--now", "pcscd.socket",
					    NULL};
static const char *const stop_systemd[] = {"/usr/bin/systemctl", "disable",       "--now",
					   "pcscd.socket",       "pcscd.service", NULL};
static const char *const restart_systemd[] = {"/usr/bin/systemctl", "restart", "pcscd.socket",
					      "pcscd.service", NULL};
static const char *const start_plain[] = {DAEMON, NULL};

static void
pause_a_little(void)
{
	static const struct timespec step = {0, 50L * 1000 * 1000};

	(void)nanosleep(&step, NULL);
}

/* ---- without systemd ---- */

/* The process that the service noted, if it is the service. */
static pid_t
daemon_pid(void)
{
	char text[32] = "", exe[64], target[256] = "";
	const char *name;
	FILE *file = fopen(PID_FILE, "re");
	long pid = 0;

	if (file == NULL)
		return 0;
	if (fgets(text, sizeof(text), file) != NULL)
		pid = strtol(text, NULL, 10);
	(void)fclose(file);
	(void)snprintf(exe, sizeof(exe), "/proc/%ld/exe", pid);
	if (pid <= 1 || readlink(exe, target, sizeof(target) - 1) < 0)
		return 0;
	name = strrchr(target, '/');
	return name != NULL && strcmp(name, "/pcscd") == 0 ? (pid_t)pid : 0;
}

static bool
end_plain(void)
{
	pid_t pid = daemon_pid();

	if (pid == 0)
		return true;
	if (kill(pid, SIGTERM) != 0)
		return errno == ESRCH;
	for (int i = 0; i < WAIT_STEPS && kill(pid, 0) == 0; i++)
		pause_a_little();
	return kill(pid, 0) != 0;
}

static bool
start_and_wait(void)
{
	struct stat st;

	if (!program_run(start_plain))
		return false;
	for (int i = 0; i < WAIT_STEPS && stat(SOCKET, &st) != 0; i++)
		pause_a_little();
	return stat(SOCKET, &st) == 0;
}

bool
service_end(void)
{
	return has_systemd() ? program_run(stop_systemd) : end_plain();
}

/* ---- actions ---- */

int
service_start(char **words, bool show)
{
	struct record *record;

	if (show) {
		program_show(has_systemd() ? start_systemd : start_plain);
		return REPAIR_DONE;
	}
	record = record_begin();
	if (record == NULL || !record_service(record, "stop"))
		return repair_fail("cannot keep what is needed to undo", "");
	return record_end(record, has_systemd() ? program_run(start_systemd) : start_and_wait());
}

int
service_restart(char **words, bool show)
{
	if (show)
		program_show(has_systemd() ? restart_systemd : start_plain);
	else if (has_systemd() ? !program_run(restart_systemd) : !end_plain() || !start_and_wait())
		return repair_fail("the service does not start", "");
	return REPAIR_DONE;
}

/* What everybody may do with them, as the service itself makes them. */
static const struct {
	const char *path;
	mode_t type, mode;
} opened[] = {
	{RUN_FOLDER, S_IFDIR, 0755},
	{SOCKET, S_IFSOCK, 0666},
};

/* By descriptor, so that no link is followed. */
static bool
mode_set(const char *path, mode_t type, mode_t mode, struct record *record)
{
	char name[64];
	struct stat st;
	bool good = false;
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return false;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type)
		good = record_mode(record, path, st.st_mode) && chmod(name, mode) == 0;
	(void)close(fd);
	return good;
}

int
socket_open(char **words, bool show)
{
	struct record *record;
	bool made = true;

	for (size_t i = 0; show && i < sizeof(opened) / sizeof(opened[0]); i++)
		(void)printf("chmod %o %s\n", opened[i].mode, opened[i].path);
	if (show)
		return REPAIR_DONE;
	record = record_begin();
	if (record == NULL)
		return repair_fail("cannot keep what is needed to undo", "");
	for (size_t i = 0; made && i < sizeof(opened) / sizeof(opened[0]); i++)
		made = mode_set(opened[i].path, opened[i].type, opened[i].mode, record);
	return record_end(record, made);
}

int
package_install(char **words, bool show)
{
	const char *const debian[] = {"/usr/bin/apt-get",        "install", "--yes",
				      "--no-install-recommends", words[0],  NULL};

	if (access(debian[0], X_OK) != 0)
		return repair_fail("this system's packages are not known here", words[0]);
	if (show)
		program_show(debian);
	else if (!program_run(debian))
		return repair_fail("the package cannot be installed", words[0]);
	return REPAIR_DONE;
}
