/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-repair: the few changes of the doctor that need root. */
#include "assistant/doctor-repair/action.h"

#include "common/defs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS_MAX 2

/* ---- what an argument may be: so many of these characters, or one of a list ---- */

struct rule {
	const char *characters;
	size_t min, max;
	const char *const *list;
};

static const char *const packages[] = {"pcscd", "libccid", NULL};

static const struct rule rule_hex4 = {"0123456789abcdef", 4, 4, NULL};
static const struct rule rule_name = {"abcdefghijklmnopqrstuvwxyz0123456789-", 1, 32, NULL};
static const struct rule rule_path = {
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-", 8, 200, NULL};
static const struct rule rule_seconds = {"-0123456789", 1, 12, NULL};
static const struct rule rule_number = {"0123456789", 6, 6, NULL};
static const struct rule rule_package = {NULL, 0, 0, packages};

static const struct {
	const char *name;
	repair_action run;
	const struct rule *rules[WORDS_MAX + 1];
} actions[] = {
	{"service-start", service_start, {NULL}},
	{"service-restart", service_restart, {NULL}},
	{"socket-open", socket_open, {NULL}},
	{"install", package_install, {&rule_package}},
	{"driver-add", driver_add, {&rule_hex4, &rule_hex4}},
	{"library-add", library_add, {&rule_path}},
	{"profile-aside", profile_aside, {&rule_name}},
	{"clock-shift", clock_shift, {&rule_seconds}},
	{"clock-sync", clock_sync, {NULL}},
	{"undo", store_undo, {&rule_number}},
};

static bool
word_fits(const char *word, const struct rule *rule)
{
	if (rule->list != NULL) {
		for (const char *const *at = rule->list; *at != NULL; at++)
			if (strcmp(*at, word) == 0)
				return true;
		return false;
	}
	return strlen(word) >= rule->min && strlen(word) <= rule->max &&
	       word[strspn(word, rule->characters)] == '\0';
}

static bool
words_fit(char **words, const struct rule *const *rules)
{
	size_t i = 0;

	for (; rules[i] != NULL; i++)
		if (words[i] == NULL || !word_fits(words[i], rules[i]))
			return false;
	return words[i] == NULL;
}

int
repair_fail(const char *what, const char *detail)
{
	(void)fprintf(stderr, "%s%s%s\n", what, *detail != '\0' ? ": " : "", detail);
	return REPAIR_FAILED;
}

static int
usage(void)
{
	(void)fputs("Usage: openukey-repair [--show] ACTION [WORD...], see openukey-repair(8)\n",
		    stderr);
	return REPAIR_USAGE;
}

int
main(int argc, char **argv)
{
	bool show = argc > 1 && strcmp(argv[1], "--show") == 0;
	char **words = argv + 1 + (show ? 1 : 0);

	if (argc < 2 + (show ? 1 : 0))
		return usage();
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(actions[i].name, words[0]) != 0)
			continue;
		if (!words_fit(words + 1, actions[i].rules))
			return usage();
		if (!show && geteuid() != 0)
			return repair_fail("only root can do that", words[0]);
		/* files made by us are for all to read, whatever the caller's habits */
		(void)umask(022);
		return actions[i].run(words + 1, show);
	}
	return usage();
}
