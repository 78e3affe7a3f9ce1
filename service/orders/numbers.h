/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* S13: order numbers, yyyymmdd + letter + 6 digits. They authorise nothing and may have gaps. */
#ifndef CS_ORDERS_NUMBERS_H
#define CS_ORDERS_NUMBERS_H

#include "service/store/orders.h"

/* A process's share of a day's numbers: it asks the database once for many. Zeroed to begin with.
 */
struct cs_numbers {
	char day[9];
	char letter;
	int64_t next, end;
};

#define CS_NUMBERS_BLOCK  100
#define CS_NUMBERS_LETTER 999999 /* the highest number of a letter */

/*
 * A number of the local day at `now` that nobody else has got or will get. CS_E_LIMIT when all 26
 * letters of the day are used up. Not inside a transaction.
 */
UK_CHECKED enum cs_status cs_number_next(struct cs_numbers *numbers, struct cs_store *store,
					 int64_t now, int64_t offset, char ret[CS_NUMBER_TEXT]);

#endif
