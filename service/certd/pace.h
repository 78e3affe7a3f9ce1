/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* So many a second from one address: token buckets in a table of fixed size. */
#ifndef CS_CERTD_PACE_H
#define CS_CERTD_PACE_H

#include <stdbool.h>

struct cs_pace;

/* NULL: out of memory. per_second 0: no limit. */
struct cs_pace *cs_pace_new(unsigned int per_second, unsigned int burst);
void cs_pace_free(struct cs_pace *pace);
/* May be called from any thread. */
bool cs_pace_allows(struct cs_pace *pace, const char *address);

#endif
