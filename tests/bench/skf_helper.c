/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the helper of drivers/skf adds to a call: the way there and back, with a request that needs
 * no key and for which the library is not called.  Goal: 100 microseconds.  Times are printed only.
 */
#include "drivers/skf/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CALLS 4000

static double
now_us(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool
measure(struct skf_link *link)
{
	static double took[CALLS];
	const double cpu = now_us(CLOCK_PROCESS_CPUTIME_ID);

	for (size_t i = 0; i < CALLS; i++) {
		struct uk_writer request = skf_link_request(link, SKF_OP_FORGET);
		const double start = now_us(CLOCK_MONOTONIC);
		struct skf_answer answer;

		if (skf_link_call(link, &request, &answer) != UK_OK || answer.sar != SAR_OK)
			return false;
		took[i] = now_us(CLOCK_MONOTONIC) - start;
	}
	qsort(took, CALLS, sizeof(took[0]), compare);
	(void)printf(
		"helper: %.1f us a call (median of %d; best tenth %.1f), %.1f us of them ours; "
		"goal 100\n",
		took[CALLS / 2], CALLS, took[CALLS / 10],
		(now_us(CLOCK_PROCESS_CPUTIME_ID) - cpu) / CALLS);
	return true;
}

static bool
configuration_write(const char *path)
{
	FILE *file = fopen(path, "we");

	if (file == NULL)
		return false;
	(void)fprintf(file, "library = %s\n", getenv("BENCH_LIBRARY"));
	return fclose(file) == 0;
}

int
main(void)
{
	char folder[] = "/tmp/openukey-bench-XXXXXX", path[64];
	struct skf_config config;
	struct skf_link link;
	bool good;

	if (mkdtemp(folder) == NULL || setenv("OPENUKEY_SKF_DIR", folder, 1) != 0)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/bench.conf", folder);
	good = configuration_write(path) && skf_config_read(path, &config) == UK_OK &&
	       skf_link_init(&link, &config) == UK_OK;
	if (good) {
		good = skf_link_connect(&link) == UK_OK && measure(&link);
		skf_link_end(&link);
	}
	(void)unlink(path);
	(void)rmdir(folder);
	return good ? 0 : 1;
}
