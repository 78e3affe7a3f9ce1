/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A USB number for the standard driver: a line at the end of each of its three lists. */
#include "assistant/doctor-repair/action.h"

#include "common/defs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PLIST        "/usr/lib/pcsc/drivers/ifd-ccid.bundle/Contents/Info.plist"
#define LINE_MAX_LEN 96
#define LISTS        3

static const char *const lists[LISTS] = {"<key>ifdVendorID</key>", "<key>ifdProductID</key>",
					 "<key>ifdFriendlyName</key>"};

static void
text_free(char **text)
{
	free(*text);
}

/* Where the list's last line ends; NULL when the file is not what we think it is. */
static const char *
list_end(const char *plist, const char *list)
{
	const char *start = strstr(plist, list), *end;

	end = start != NULL ? strstr(start, "</array>") : NULL;
	/* back to the start of that line */
	while (end != NULL && end > start && end[-1] != '\n')
		end--;
	return end != NULL && end > start ? end : NULL;
}

static void
make_lines(char **words, char lines[LISTS][LINE_MAX_LEN])
{
	(void)snprintf(lines[0], LINE_MAX_LEN, "\t\t<string>0x%s</string>\n", words[0]);
	(void)snprintf(lines[1], LINE_MAX_LEN, "\t\t<string>0x%s</string>\n", words[1]);
	(void)snprintf(lines[2], LINE_MAX_LEN, "\t\t<string>USB key %s:%s</string>\n", words[0],
		       words[1]);
}

/* The file with the lines in it; NULL when the lists are not there in this order. */
static char *
add_lines(const char *plist, size_t len, char lines[LISTS][LINE_MAX_LEN])
{
	size_t size = len + LISTS * LINE_MAX_LEN + 1, used = 0;
	char *out = calloc(1, size);
	const char *at = plist;

	for (size_t i = 0; out != NULL && i < LISTS; i++) {
		const char *end = list_end(plist, lists[i]);

		if (end == NULL || end < at) {
			free(out);
			return NULL;
		}
		memcpy(out + used, at, (size_t)(end - at));
		used += (size_t)(end - at);
		memcpy(out + used, lines[i], strlen(lines[i]));
		used += strlen(lines[i]);
		at = end;
	}
	if (out != NULL)
		memcpy(out + used, at, len - (size_t)(at - plist));
	return out;
}

static void
show_lines(const char *path, const char *plist, char lines[LISTS][LINE_MAX_LEN])
{
	(void)printf("--- %s\n+++ %s\n", path, path);
	for (size_t i = 0; i < LISTS; i++) {
		const char *end = list_end(plist, lists[i]);
		unsigned int number = 1;

		for (const char *p = plist; p < end; p++)
			number += *p == '\n' ? 1 : 0;
		(void)printf("@@ %u @@\n+%s", number, lines[i]);
	}
}

static int
add_to_file(const char *path, const char *after, size_t len)
{
	struct record *record = record_begin();
	struct stat st;
	bool made;

	if (record == NULL)
		return repair_fail("cannot keep what is needed to undo", "");
	made = stat(path, &st) == 0 && record_file(record, path, after, len) &&
	       record_service(record, "restart") && file_store(path, after, len, st.st_mode & 0777);
	if (made)
		(void)service_restart(NULL, false); /* it reads its lists when it starts */
	return record_end(record, made);
}

int
driver_add(char **words, bool show)
{
	UK_CLEANUP(text_free) char *before = NULL;
	UK_CLEANUP(text_free) char *after = NULL;
	char path[PATH_MAX], lines[LISTS][LINE_MAX_LEN];
	size_t len = 0;

	if (realpath(PLIST, path) == NULL)
		return repair_fail(PLIST, strerror(errno));
	before = file_load(path, &len);
	make_lines(words, lines);
	after = before != NULL && strlen(before) == len ? add_lines(before, len, lines) : NULL;
	if (after == NULL)
		return repair_fail("not a driver's list", path);
	if (!show)
		return add_to_file(path, after, strlen(after));
	show_lines(path, before, lines);
	(void)service_restart(NULL, true);
	return REPAIR_DONE;
}
