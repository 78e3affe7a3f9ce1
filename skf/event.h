/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys coming and going, told one at a time and each to one waiter. */
#ifndef UK_SKF_EVENT_H
#define UK_SKF_EVENT_H

#include "drivers/token.h"

/* What the program has seen for itself: where events begin. Only the first call counts. */
void events_begin(const struct token_reader *rows, size_t count);

struct event {
	char name[TOKEN_READER_NAME_MAX];
	bool inserted; /* else removed */
};

/*
 * Waits for the next event, however long it takes; UK_E_CANCELLED. UK_E_DATA_LEN: its name and NUL
 * need more than `room` bytes; *ret is set, and the event is told again.
 */
UK_CHECKED enum uk_status event_wait(size_t room, struct event *ret);
/* Ends every wait under way. */
void events_cancel(void);

/* After a fork: what the parent has been told is not the child's. */
void events_forget(void);

#endif
