/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/daemon.h"

#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile int stop;

static void
on_signal(int number)
{
	stop = 1;
}

const volatile int *
cs_daemon_stop(void)
{
	const struct sigaction action = {.sa_handler = on_signal};

	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	return &stop;
}

void
cs_daemon_harden(void)
{
	const struct rlimit none = {0, 0};
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)sigaction(SIGPIPE, &ignore, NULL);
}

enum cs_status
cs_daemon_say(const char *name, const char *what, enum cs_status status)
{
	if (status != CS_OK)
		(void)fprintf(stderr, "openukey-%s: %s: %s\n", name, what, cs_status_text(status));
	return status;
}

static const struct cs_option *
option_find(const char *word, const struct cs_option *options, size_t options_len)
{
	for (size_t i = 0; i < options_len; i++)
		if (strcmp(word, options[i].name) == 0)
			return &options[i];
	return NULL;
}

const char *
cs_daemon_options(int argc, char **argv, const struct cs_option *options, size_t options_len)
{
	const char *command = NULL;

	for (int i = 1; i < argc; i++) {
		const struct cs_option *option;

		if (strncmp(argv[i], "--", 2) != 0) {
			if (command != NULL)
				return NULL;
			command = argv[i];
			continue;
		}
		option = option_find(argv[i] + 2, options, options_len);
		if (option == NULL || i + 1 == argc) {
			(void)fprintf(stderr, "%s: what is %s?\n", argv[0], argv[i]);
			return NULL;
		}
		*option->value = argv[++i];
	}
	for (size_t i = 0; i < options_len; i++)
		if (options[i].required && *options[i].value == NULL) {
			(void)fprintf(stderr, "%s: --%s is missing\n", argv[0], options[i].name);
			return NULL;
		}
	return command;
}

static void
fd_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

enum cs_status
cs_daemon_secret(const char *path, struct uk_secret *ret)
{
	UK_CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	UK_SECRET line = {.len = 0};
	struct stat info;
	ssize_t got;

	if (fd < 0 || fstat(fd, &info) != 0)
		return CS_E_UNAVAILABLE;
	if ((info.st_mode & 077) != 0)
		return CS_E_DENIED;
	got = read(fd, line.bytes, sizeof(line.bytes));
	if (got <= 0)
		return CS_E_UNAVAILABLE;
	while (line.len < (size_t)got && line.bytes[line.len] != '\n')
		line.len++;
	return uk_secret_set(ret, uk_secret_peek(&line)) == UK_OK ? CS_OK : CS_E_TOO_LARGE;
}

/* A number or a name; false when there is no such user. */
static bool
user_find(const char *text, uid_t *ret)
{
	const struct passwd *row;
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (end != text && *end == '\0') {
		*ret = (uid_t)number;
		return true;
	}
	row = getpwnam(text);
	if (row == NULL)
		return false;
	*ret = row->pw_uid;
	return true;
}

size_t
cs_daemon_users(const char *text, uid_t *ret, size_t room)
{
	char word[NAME_MAX + 1];
	size_t len = 0;

	ret[len++] = geteuid();
	while (*text != '\0' && len < room) {
		size_t part = strcspn(text, ",");

		if (part > 0 && part < sizeof(word)) {
			memcpy(word, text, part);
			word[part] = '\0';
			if (user_find(word, &ret[len]))
				len++;
			else
				(void)fprintf(stderr, "--peers: there is no user %s\n", word);
		}
		text += part + (text[part] == ',');
	}
	return len;
}
