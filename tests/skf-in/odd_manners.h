/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the odd library behaves: badly from its first instruction on, and worse when ODD_SKF_ORDERS
 * names a file that says so: "KIND FUNCTION", once; the file is deleted as the order is carried
 *out.
 *
 *	crash hang exit       before the call; crash-after hang-after exit-after: when it is done
 *	dialog                starts programs, looks for the screen, goes to the network
 *	signals               blocks and ignores them all, sets an alarm, kills its parent
 *	long short negative   lies about the length or the counter that it gives back
 *	unended               fills the whole room with letters, no NUL in it
 *	noise leak            writes to stdout, keeps what it allocates
 *
 * What it managed to do is appended to the file that ODD_SKF_RECORD names.
 */
#ifndef TESTS_SKF_IN_ODD_MANNERS_H
#define TESTS_SKF_IN_ODD_MANNERS_H

/* What is ordered for this function, "" when nothing is; good until the next call. */
const char *order_for(const char *function);
/* Carries out what belongs before the call (after: "") or behind it ("-after"). */
void obey(const char *order, const char *after);
/* Changes a length or a counter that the library gives back. */
void lie(const char *order, unsigned long *value);
void crash(void);

#endif
