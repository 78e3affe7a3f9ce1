/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clock: by what a server said, or by the system's own time service. */
#include "assistant/doctor-repair/action.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A year before which nothing of this was written, and one that none of it will see. */
#define EARLIEST 1700000000LL
#define LATEST   4000000000LL

static const char *const sync_words[] = {"/usr/bin/timedatectl", "set-ntp", "true", NULL};

static void
show_time(time_t at)
{
	char text[64] = "?";
	struct tm parts;

	if (localtime_r(&at, &parts) != NULL)
		(void)strftime(text, sizeof(text), "%F %T %z", &parts);
	(void)printf("%s\n", text);
}

/* A distance, not a time: between showing it and making it a person thinks. */
int
clock_shift(char **words, bool show)
{
	struct timespec now;
	char *end;
	long long seconds = strtoll(words[0], &end, 10), then;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return repair_fail("clock", strerror(errno));
	then = (long long)now.tv_sec + seconds;
	if (end == words[0] || *end != '\0' || then < EARLIEST || then > LATEST)
		return repair_fail("that is no time to set", words[0]);
	if (show) {
		(void)fputs("- ", stdout);
		show_time(now.tv_sec);
		(void)fputs("+ ", stdout);
		show_time((time_t)then);
		return REPAIR_DONE;
	}
	now.tv_sec = (time_t)then;
	return clock_settime(CLOCK_REALTIME, &now) == 0 ? REPAIR_DONE
							: repair_fail("clock", strerror(errno));
}

int
clock_sync(char **words, bool show)
{
	if (!has_systemd())
		return repair_fail("there is no time service", "");
	if (show)
		program_show(sync_words);
	else if (!program_run(sync_words))
		return repair_fail("the time service does not start", "");
	return REPAIR_DONE;
}
