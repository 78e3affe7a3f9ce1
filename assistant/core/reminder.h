/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which certificate's end is to be told now: 90, 60, 30, 7 and 1 days before it, each once. When
 * the computer was off over several of them only the last is told. A certificate that was renewed
 * on the same key, or has ended, is silent.
 */
#ifndef OUK_CORE_REMINDER_H
#define OUK_CORE_REMINDER_H

#include "assistant/core/memory.h"

#define OUK_REMINDERS 5 /* stages: 90, 60, 30, 7, 1 days */

typedef struct {
	char *id;       /* OukRemembered's; one notification each, under this name */
	guint stages;   /* hand this to ouk_memory_set_reminded when it was shown */
	int stage_days; /* 90, 60, 30, 7 or 1 */
	int days_left;
	char *title, *body; /* translated */
	OukPairView *pair;
} OukReminder;

void ouk_reminder_free(OukReminder *reminder);

/* days_left as in OukPairInfo; reminded: stages told already. 0: nothing is due. */
guint ouk_reminder_stages(int days_left, guint reminded);
/* Of OukReminder, at `now` (Unix time). Never NULL. */
GPtrArray *ouk_reminders_due(OukMemory *memory, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukReminder, ouk_reminder_free)

#endif
