/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One folder for each repair under /var/lib/openukey/undo: "record" with a line for each thing
 * changed, and copies "N.before", "N.after" of files (none: the file was not there).
 *
 *	file MODE PATH    copies of this number, counted from 0
 *	mode MODE PATH    only the permissions
 *	stop              the smart card service was not running
 *	restart           it has to read its lists anew
 */
#include "assistant/doctor-repair/action.h"

#include "common/defs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE      "/var/lib/openukey/undo"
#define PATH_SIZE  512
#define RECORD_MAX 8 /* things changed by one repair */

struct record {
	char folder[64];
	unsigned int number;
	size_t files;
	FILE *lines;
};

static void
text_free(char **text)
{
	free(*text);
}

/* ---- keeping ---- */

static unsigned int
newest_number(void)
{
	DIR *dir = opendir(STORE);
	const struct dirent *entry;
	unsigned int newest = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		unsigned long number = strtoul(entry->d_name, NULL, 10);

		if (number > newest && number < 999999)
			newest = (unsigned int)number;
	}
	if (dir != NULL)
		(void)closedir(dir);
	return newest;
}

static bool
folder_make(const char *path)
{
	return mkdir(path, 0755) == 0 || errno == EEXIST;
}

static void
path_of(const struct record *record, const char *name, char *out)
{
	(void)snprintf(out, PATH_SIZE, "%s/%s", record->folder, name);
}

static void
copy_path(const struct record *record, size_t index, const char *which, char *out)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "%zu.%s", index, which);
	path_of(record, name, out);
}

struct record *
record_begin(void)
{
	struct record *record = calloc(1, sizeof(*record));
	char path[PATH_SIZE];

	if (record == NULL || !folder_make("/var/lib/openukey") || !folder_make(STORE)) {
		free(record);
		return NULL;
	}
	record->number = newest_number() + 1;
	(void)snprintf(record->folder, sizeof(record->folder), STORE "/%06u", record->number);
	path_of(record, "record", path);
	if (folder_make(record->folder))
		record->lines = fopen(path, "wex");
	if (record->lines != NULL)
		return record;
	free(record);
	return NULL;
}

bool
record_file(struct record *record, const char *path, const char *after, size_t len)
{
	UK_CLEANUP(text_free) char *before = NULL;
	char before_path[PATH_SIZE], after_path[PATH_SIZE];
	size_t before_len = 0;
	struct stat st;

	copy_path(record, record->files, "before", before_path);
	copy_path(record, record->files, "after", after_path);
	if (lstat(path, &st) != 0) {
		st.st_mode = 0644;
		if (errno != ENOENT)
			return false;
	} else {
		before = file_load(path, &before_len);
		if (before == NULL || !file_store(before_path, before, before_len, 0644))
			return false;
	}
	record->files++;
	return (after == NULL || file_store(after_path, after, len, 0644)) &&
	       fprintf(record->lines, "file %o %s\n", st.st_mode & 07777U, path) > 0;
}

bool
record_mode(struct record *record, const char *path, mode_t mode)
{
	return fprintf(record->lines, "mode %o %s\n", mode & 07777U, path) > 0;
}

bool
record_service(struct record *record, const char *what)
{
	return fprintf(record->lines, "%s\n", what) > 0;
}

static void
record_forget(const struct record *record)
{
	char path[PATH_SIZE];

	for (size_t i = 0; i < RECORD_MAX; i++) {
		copy_path(record, i, "before", path);
		(void)unlink(path);
		copy_path(record, i, "after", path);
		(void)unlink(path);
	}
	path_of(record, "record", path);
	(void)unlink(path);
	(void)rmdir(record->folder);
}

int
record_end(struct record *record, bool made)
{
	bool kept = fclose(record->lines) == 0;

	if (made && kept)
		(void)printf("undo %06u\n", record->number);
	else
		record_forget(record);
	free(record);
	return made ? REPAIR_DONE : REPAIR_FAILED;
}

/* ---- taking back ---- */

/* Whether the file is as the repair left it. */
static bool
file_is_ours(const char *path, const char *after_path)
{
	UK_CLEANUP(text_free) char *now = NULL;
	UK_CLEANUP(text_free) char *after = NULL;
	size_t now_len = 0, after_len = 0;

	now = file_load(path, &now_len);
	after = file_load(after_path, &after_len);
	if (now == NULL || after == NULL)
		return now == NULL && after == NULL;
	return now_len == after_len && memcmp(now, after, now_len) == 0;
}

static int
undo_file(const struct record *record, size_t index, mode_t mode, const char *path, bool show)
{
	UK_CLEANUP(text_free) char *before = NULL;
	char before_path[PATH_SIZE], after_path[PATH_SIZE];
	size_t len = 0;

	copy_path(record, index, "before", before_path);
	copy_path(record, index, "after", after_path);
	if (!file_is_ours(path, after_path)) {
		(void)repair_fail("changed after the repair", path);
		return REPAIR_CHANGED;
	}
	before = file_load(before_path, &len);
	if (show) {
		(void)printf(before != NULL ? "%s: as before the repair (%zu bytes)\n"
					    : "%s: removed\n",
			     path, len);
		return REPAIR_DONE;
	}
	if (before == NULL)
		return unlink(path) == 0 || errno == ENOENT ? REPAIR_DONE
							    : repair_fail(path, strerror(errno));
	return file_store(path, before, len, mode) ? REPAIR_DONE
						   : repair_fail(path, strerror(errno));
}

static int
undo_mode(mode_t mode, const char *path, bool show)
{
	if (show) {
		(void)printf("chmod %o %s\n", mode, path);
		return REPAIR_DONE;
	}
	/* gone meanwhile: the service was restarted, and made it anew */
	return chmod(path, mode) == 0 || errno == ENOENT ? REPAIR_DONE
							 : repair_fail(path, strerror(errno));
}

static int
undo_service(bool show)
{
	if (show) {
		(void)puts("pcscd: stop");
		return REPAIR_DONE;
	}
	return service_end() ? REPAIR_DONE : repair_fail("pcscd", "does not end");
}

static int
undo_line(struct record *record, char *line, bool show)
{
	char kind[16] = "", octal[8] = "", path[PATH_SIZE] = "", *end = octal;
	unsigned int mode = 0;

	line[strcspn(line, "\n")] = '\0';
	if (strcmp(line, "stop") == 0)
		return undo_service(show);
	if (strcmp(line, "restart") == 0)
		return service_restart(NULL, show);
	if (sscanf(line, "%15s %7s %511s", kind, octal, path) == 3)
		mode = (unsigned int)strtoul(octal, &end, 8);
	if (end == octal || *end != '\0')
		return repair_fail("damaged record", line);
	if (strcmp(kind, "mode") == 0)
		return undo_mode(mode, path, show);
	return undo_file(record, record->files++, mode, path, show);
}

int
store_undo(char **words, bool show)
{
	struct record record = {0};
	char path[PATH_SIZE], line[PATH_SIZE + 32];
	int result = REPAIR_DONE;

	(void)snprintf(record.folder, sizeof(record.folder), STORE "/%s", words[0]);
	path_of(&record, "record", path);
	record.lines = fopen(path, "re");
	if (record.lines == NULL)
		return repair_fail(path, strerror(errno));
	while (result == REPAIR_DONE && fgets(line, sizeof(line), record.lines) != NULL)
		result = undo_line(&record, line, show);
	(void)fclose(record.lines);
	if (result == REPAIR_DONE && !show)
		record_forget(&record);
	return result;
}
