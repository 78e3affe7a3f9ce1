/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "token-share/policy.h"

#include "common/defs.h"
#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POLICY_FILE   "/etc/openukey/policy.conf"
#define MIN_TRIES_MAX 15

static struct policy policy;

/* The two passes over the file: for all programs, then for this one. */
enum part { PART_ALL, PART_PROGRAM };

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
set_switch(const char *value, bool *ret)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return false;
	*ret = strcmp(value, "yes") == 0;
	return true;
}

static bool
set_force_pin_change(const char *value)
{
	return set_switch(value, &policy.force_pin_change);
}

static bool
set_protected_path(const char *value)
{
	return set_switch(value, &policy.protected_path);
}

static bool
set_all_applications(const char *value)
{
	return set_switch(value, &policy.all_applications);
}

static bool
set_raw_commands(const char *value)
{
	return set_switch(value, &policy.raw_commands);
}

static const struct {
	const char *name;
	bool (*set)(const char *value);
} settings[] = {
	{"min-tries", set_min_tries},
	{"force-pin-change", set_force_pin_change},
	{"protected-authentication-path", set_protected_path},
	{"all-applications", set_all_applications},
	{"raw-commands", set_raw_commands},
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
setting_line(char *line, unsigned int number)
{
	char name[32], value[32], rest;

	if (sscanf(line, " %31[a-z-] = %31[a-z0-9] %c", name, value, &rest) != 2 ||
	    !setting_apply(name, value))
		uk_warning("api", "policy line %u is not understood and has no effect", number);
}

/* Whether a line [/path] names this program; false when it is no such line. */
static bool
section_line(const char *line, const char *program, bool *ret_ours)
{
	const char *end = strchr(line, ']');

	if (line[0] != '[' || end == NULL)
		return false;
	*ret_ours = strlen(program) == (size_t)(end - line - 1) &&
		    strncmp(line + 1, program, strlen(program)) == 0;
	return true;
}

static void
file_apply(FILE *file, enum part part, const char *program)
{
	bool in_section = false, ours = false;
	char line[4096 + 64];

	rewind(file);
	for (unsigned int number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
		char *text = line + strspn(line, " \t\r");

		text[strcspn(text, "#\n")] = '\0';
		if (text[0] == '\0')
			continue;
		if (section_line(text, program, &ours))
			in_section = true;
		else if (part == PART_ALL ? !in_section : in_section && ours)
			setting_line(text, number);
	}
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
	char program[4096];
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);

	program[len < 0 ? 0 : len] = '\0';
	policy = (struct policy){0};
	file = fopen(path != NULL ? path : POLICY_FILE, "re");
	if (file == NULL)
		return;
	file_apply(file, PART_ALL, program);
	file_apply(file, PART_PROGRAM, program);
}

const struct policy *
policy_get(void)
{
	return &policy;
}
