/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A profile that is not what its maker signed is set aside: kept for undoing, not used. */
#include "assistant/doctor-repair/action.h"

#include "common/defs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROFILES "/etc/openukey/profiles"

static const char *const suffixes[] = {".json", ".json.sig"};

int
profile_aside(char **words, bool show)
{
	char paths[ARRAY_SIZE(suffixes)][128];
	struct record *record;
	bool made = true;

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		(void)snprintf(paths[i], sizeof(paths[i]), PROFILES "/%s%s", words[0], suffixes[i]);
		if (show && access(paths[i], F_OK) == 0)
			(void)printf("rm %s\n", paths[i]);
	}
	if (show)
		return REPAIR_DONE;
	record = record_begin();
	if (record == NULL)
		return repair_fail("cannot keep what is needed to undo", "");
	for (size_t i = 0; i < ARRAY_SIZE(suffixes) && made; i++)
		made = access(paths[i], F_OK) != 0 ||
		       (record_file(record, paths[i], NULL, 0) && unlink(paths[i]) == 0);
	return record_end(record, made);
}
