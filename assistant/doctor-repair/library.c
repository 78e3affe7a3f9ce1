/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A maker's library for keys is entered: a file of its own in /etc/openukey/skf.d. */
#include "assistant/doctor-repair/action.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/etc/openukey/skf.d"

/* "/etc/openukey/skf.d/NAME.conf" for "/opt/maker/lib/libskf_maker.so.1"; false: it has no name. */
static bool
conf_path(const char *library, char path[PATH_MAX])
{
	const char *name = strrchr(library, '/') + 1;
	size_t len = strcspn(name, ".");

	if (len == 0 || len > 64)
		return false;
	(void)snprintf(path, PATH_MAX, FOLDER "/%.*s.conf", (int)len, name);
	return true;
}

/* As openukey-pkcs11(7) wants it: nobody but root could have put it there. */
static bool
is_trusted(const char *library)
{
	char real[PATH_MAX];
	struct stat st;

	return realpath(library, real) != NULL && stat(real, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool
folder_make(void)
{
	return (mkdir("/etc/openukey", 0755) == 0 || errno == EEXIST) &&
	       (mkdir(FOLDER, 0755) == 0 || errno == EEXIST);
}

/*
 * What the helper says of file and library before any code of it runs. Without a helper nothing is
 * loaded either; it looks again before it loads.
 */
static bool
check(const char *conf)
{
	const char *const words[] = {SKF_HOST, "--check", conf, NULL};

	return access(SKF_HOST, X_OK) != 0 || program_run(words);
}

static int
enter(const char *conf, const char *text)
{
	struct record *record = record_begin();
	bool made;

	if (record == NULL)
		return repair_fail("cannot keep what is needed to undo", "");
	made = folder_make() && record_file(record, conf, text, strlen(text)) &&
	       file_store(conf, text, strlen(text), 0644);
	if (made && !check(conf)) {
		(void)unlink(conf);
		made = false;
	}
	return record_end(record, made);
}

int
library_add(char **words, bool show)
{
	char conf[PATH_MAX], text[PATH_MAX + 32];

	if (words[0][0] != '/' || strstr(words[0], "..") != NULL || !conf_path(words[0], conf))
		return REPAIR_USAGE;
	if (!is_trusted(words[0]))
		return repair_fail("not a library that only root can change", words[0]);
	if (access(conf, F_OK) == 0)
		return repair_fail("entered already", conf);
	(void)snprintf(text, sizeof(text), "library = %s\n", words[0]);
	if (!show)
		return enter(conf, text);
	(void)printf("--- /dev/null\n+++ %s\n@@ 1 @@\n+%s", conf, text);
	return REPAIR_DONE;
}
