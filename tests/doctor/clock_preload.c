/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A wrong clock for the programs it is preloaded into: the file that OPENUKEY_TEST_CLOCK names
 * holds how many seconds the clock is off. Setting the clock writes that file, and nothing else.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

static long
offset_read(void)
{
	const char *path = getenv("OPENUKEY_TEST_CLOCK");
	FILE *file = path != NULL ? fopen(path, "re") : NULL;
	long offset = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%ld", &offset) != 1)
		offset = 0;
	(void)fclose(file);
	return offset;
}

static int
real_gettime(clockid_t clock, struct timespec *ret)
{
	int (*real)(clockid_t, struct timespec *);

	*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	return real(clock, ret);
}

EXPORT int
clock_gettime(clockid_t clock, struct timespec *ret)
{
	int result = real_gettime(clock, ret);

	if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		ret->tv_sec += offset_read();
	return result;
}

EXPORT time_t
time(time_t *ret)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (ret != NULL)
		*ret = now.tv_sec;
	return now.tv_sec;
}

EXPORT int
gettimeofday(struct timeval *ret, void *zone)
{
	struct timespec now = {0};
	int result = clock_gettime(CLOCK_REALTIME, &now);

	ret->tv_sec = now.tv_sec;
	ret->tv_usec = now.tv_nsec / 1000;
	return result;
}

EXPORT int
clock_settime(clockid_t clock, const struct timespec *to)
{
	struct timespec now;
	FILE *file;

	if (clock != CLOCK_REALTIME || real_gettime(clock, &now) != 0) {
		errno = EINVAL;
		return -1;
	}
	file = fopen(getenv("OPENUKEY_TEST_CLOCK"), "we");
	if (file == NULL)
		return -1;
	(void)fprintf(file, "%ld\n", (long)(to->tv_sec - now.tv_sec));
	return fclose(file);
}
