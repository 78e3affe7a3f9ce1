/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The least a signature can cost: SCardTransmit of the same bytes and nothing around it. */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <stdbool.h>
#include <stddef.h>

struct bare;

/*
 * Connects (shared) to the first virtual reader with a key and opens its first application and the
 * container. The key must be logged in already: its login is shared by all who talk to it.
 */
struct bare *bare_open(const char *container, bool rsa, const unsigned char *input,
		       size_t input_len);
/* The same for the key 9A of a PIV card (piv_card.c), RSA of 2048 bits. */
struct bare *bare_open_piv(void);
/* One exchange. False unless it ends with 9000. */
bool bare_sign(struct bare *link);
void bare_close(struct bare *link);

#endif
