/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hints of unlock.h, as files: one for each key, without secrets. */
#ifndef OUK_CORE_UNLOCK_HINT_H
#define OUK_CORE_UNLOCK_HINT_H

#include "assistant/core/unlock.h"

/* What is still to be done for the key. */
typedef enum {
	UNLOCK_HINT_NONE,
	UNLOCK_HINT_COMMANDED, /* its PIN may be one that nobody knows */
	UNLOCK_HINT_DONE,      /* the service does not know that it is done */
	UNLOCK_HINT_FOREIGN,   /* nor that the key has refused it */
} UnlockHintState;

/* By a serial number, or by its end as C_GetTokenInfo has it. *ret_hint (may be NULL): frees. */
UnlockHintState unlock_hint_read(const char *sn, OukUnlockHint **ret_hint);
/* On the disk when it returns. A hint that cannot be kept hinders nobody: it is logged only. */
void unlock_hint_write(const char *sn, const char *order, const char *profile,
		       UnlockHintState state);

#endif
