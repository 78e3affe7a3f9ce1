/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/policy.h"

#include "common/defs.h"
#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLICY_FILE   "/etc/openukey/policy.conf"
#define MIN_TRIES_MAX 15

static struct policy policy;

static bool
set_min_tries(const char *value)
{
	char *end;
	unsigned long number = strtoul(value, &end, 10);

	if (end == value || *end != '\0' || number > MIN_TRIES_MAX)
		return false;
	policy.min_tries = (unsigned int)number;
	return true;
}

static bool
set_force_pin_change(const char *value)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return false;
	policy.force_pin_change = strcmp(value, "yes") == 0;
	return true;
}

static const struct {
	const char *name;
	bool (*set)(const char *value);
} settings[] = {
	{"min-tries", set_min_tries},
	{"force-pin-change", set_force_pin_change},
};

static bool
setting_apply(const char *name, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (strcmp(settings[i].name, name) == 0)
			return settings[i].set(value);
	return false;
}

static void
line_apply(char *line, unsigned int number)
{
	char name[32], value[32], rest;

	line[strcspn(line, "#\n")] = '\0';
	if (line[strspn(line, " \t\r")] == '\0')
		return;
	if (sscanf(line, " %31[a-z-] = %31[a-z0-9] %c", name, value, &rest) != 2 ||
	    !setting_apply(name, value))
		uk_warning("api", "policy line %u is not understood and has no effect", number);
}

static void
file_close(FILE **file)
{
	if (*file != NULL)
		(void)fclose(*file);
}

void
policy_load(void)
{
	const char *path = secure_getenv("OPENUKEY_POLICY");
	UK_CLEANUP(file_close) FILE *file = NULL;
	char line[256];

	policy = (struct policy){0};
	file = fopen(path != NULL ? path : POLICY_FILE, "re");
	if (file == NULL)
		return;
	for (unsigned int number = 1; fgets(line, sizeof(line), file) != NULL; number++)
		line_apply(line, number);
}

const struct policy *
policy_get(void)
{
	return &policy;
}
