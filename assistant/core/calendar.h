/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a certificate as a calendar file (RFC 5545), with alarms before it. */
#ifndef OUK_CORE_CALENDAR_H
#define OUK_CORE_CALENDAR_H

#include "assistant/core/view.h"

/*
 * One event at the pair's notAfter (UTC, to the second), alarms 30, 7 and 1 days before. now: Unix
 * time of writing (DTSTAMP). NULL for a pair without certificate. The caller frees.
 */
char *ouk_calendar_text(const OukPairInfo *pair, gint64 now);
/* A name for the file: "UNIT-2027-01-31.ics". The caller frees. */
char *ouk_calendar_file_name(const OukPairInfo *pair);

#endif
