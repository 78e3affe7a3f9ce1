/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const level_names[] = {"error", "warning", "info", "debug"};

static pthread_once_t settings_once = PTHREAD_ONCE_INIT;
static int log_level = -1;       /* nothing */
static char log_categories[128]; /* ",apdu,card,"; empty = all */

static void
settings_read(void)
{
	const char *text = secure_getenv("OPENUKEY_LOG");
	size_t len;

	if (text == NULL)
		return;
	len = strcspn(text, ":");
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++)
		if (len == strlen(level_names[i]) && strncmp(text, level_names[i], len) == 0)
			log_level = (int)i;
	if (text[len] == ':')
		(void)snprintf(log_categories, sizeof(log_categories), ",%s,", text + len + 1);
}

static bool
category_on(const char *category)
{
	char word[40];

	if (log_categories[0] == '\0')
		return true;
	(void)snprintf(word, sizeof(word), ",%s,", category);
	return strstr(log_categories, word) != NULL;
}

bool
uk_log_on(enum uk_log_level level, const char *category)
{
	(void)pthread_once(&settings_once, settings_read);
	return (int)level <= log_level && category_on(category);
}

void
uk_log(enum uk_log_level level, const char *category, const char *format, ...)
{
	char line[1024];
	va_list args;
	int head;

	if (!uk_log_on(level, category))
		return;
	head = snprintf(line, sizeof(line), "openukey[%d] %s %s: ", (int)getpid(),
			level_names[level], category);
	if (head < 0 || (size_t)head >= sizeof(line))
		return;
	va_start(args, format);
	(void)vsnprintf(line + head, sizeof(line) - (size_t)head, format, args);
	va_end(args);
	(void)fprintf(stderr, "%s\n", line);
}
