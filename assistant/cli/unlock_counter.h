/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key that somebody has brought to the counter, unlocked with an operator's signature. */
#ifndef UKEY_UNLOCK_COUNTER_H
#define UKEY_UNLOCK_COUNTER_H

#include "assistant/cli/order.h"

typedef struct {
	const char *number;        /* of the order that two operators have approved */
	const char *operator_name; /* who is at the station; NULL: OUK_E_USAGE */
	char *operator_key;        /* their key, as --token names one; NULL: the only other one */
} CliUnlockCounter;

/* Again after a cut or a lost answer: it goes on. */
gboolean cli_unlock_counter_run(const CliUnlockCounter *how, GError **error);

#endif
