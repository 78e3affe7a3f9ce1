/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Giving up what a process does not need. */
#ifndef CS_PAPERS_CONFINE_H
#define CS_PAPERS_CONFINE_H

#include "common/defs.h"
#include "service/base/status.h"

#include <stdbool.h>

/*
 * From here on: memory, time and the three files that are open; with fonts also reading of files
 * and threads.  Everything else fails, for good.
 */
UK_CHECKED enum cs_status cs_confine(bool fonts);
/* Tries what must not work; the name of the first thing that does, or NULL. */
const char *cs_confine_hole(bool fonts);

#endif
