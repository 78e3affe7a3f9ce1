/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/clock.h"

#include <stdio.h>
#include <time.h>

/* A 400-year cycle of the calendar, counted from 1 March so that the leap day comes last. */
#define CYCLE_DAYS  146097
#define CYCLE_YEARS 400
/* 1970-01-01 counted from 0000-03-01 */
#define EPOCH_DAYS 719468

int64_t
cs_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
cs_now(void)
{
	return cs_now_ms() / 1000;
}

/* Rounds towards minus infinity, so that instants before 1970 fall into the right day. */
static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

struct cs_date
cs_date_at(int64_t instant, int64_t offset)
{
	int64_t days = floor_div(instant + offset, CS_DAY) + EPOCH_DAYS;
	int64_t cycle = floor_div(days, CYCLE_DAYS);
	int64_t in_cycle = days - cycle * CYCLE_DAYS;
	int64_t year = (in_cycle - in_cycle / 1460 + in_cycle / 36524 - in_cycle / 146096) / 365;
	int64_t in_year = in_cycle - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * in_year + 2) / 153; /* 0 = March */
	struct cs_date date;

	date.day = (int)(in_year - (153 * month + 2) / 5 + 1);
	date.month = (int)(month < 10 ? month + 3 : month - 9);
	date.year = (int)(year + cycle * CYCLE_YEARS + (date.month <= 2 ? 1 : 0));
	return date;
}

int64_t
cs_date_start(struct cs_date date, int64_t offset)
{
	int64_t year = date.year - (date.month <= 2 ? 1 : 0);
	int64_t cycle = floor_div(year, CYCLE_YEARS);
	int64_t of_cycle = year - cycle * CYCLE_YEARS;
	int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
	int64_t in_year = (153 * month + 2) / 5 + date.day - 1;
	int64_t in_cycle = of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + in_year;

	return (cycle * CYCLE_DAYS + in_cycle - EPOCH_DAYS) * CS_DAY - offset;
}

bool
cs_leap_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

struct cs_date
cs_date_add_years(struct cs_date date, int years)
{
	date.year += years;
	if (date.month == 2 && date.day == 29 && !cs_leap_year(date.year))
		date.day = 28;
	return date;
}

void
cs_time_text(int64_t instant, char ret[CS_TIME_TEXT])
{
	struct cs_date date = cs_date_at(instant, 0);
	int64_t rest = instant - cs_date_start(date, 0);

	(void)snprintf(ret, CS_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02uZ",
		       (unsigned int)date.year % 10000, (unsigned int)date.month % 100,
		       (unsigned int)date.day % 100, (unsigned int)(rest / CS_HOUR) % 100,
		       (unsigned int)(rest / CS_MINUTE) % 60, (unsigned int)rest % 60);
}
