/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Instants are seconds since 1970 UTC in an int64_t; days and years are counted in the service's
 * own local time, a fixed offset (China has no summer time), never in the machine's time zone.
 */
#ifndef CS_BASE_CLOCK_H
#define CS_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CS_MINUTE INT64_C(60)
#define CS_HOUR   (60 * CS_MINUTE)
#define CS_DAY    (24 * CS_HOUR)
/* Offset of China's time from UTC, seconds. */
#define CS_CHINA_OFFSET (8 * CS_HOUR)

/* A day of the Gregorian calendar. */
struct cs_date {
	int year, month, day;
};

/* The wall clock. */
int64_t cs_now(void);
/* The same in milliseconds. */
int64_t cs_now_ms(void);

/* The local date at an instant; offset: of local time from UTC, seconds. */
struct cs_date cs_date_at(int64_t instant, int64_t offset);
/* The instant at which that local date begins. */
int64_t cs_date_start(struct cs_date date, int64_t offset);
bool cs_leap_year(int year);
/* The same day `years` later; 29 February becomes 28 February where there is none. */
struct cs_date cs_date_add_years(struct cs_date date, int years);

/* "yyyy-mm-ddThh:mm:ssZ" into room of at least 21 bytes. */
#define CS_TIME_TEXT 24
void cs_time_text(int64_t instant, char ret[CS_TIME_TEXT]);

#endif
