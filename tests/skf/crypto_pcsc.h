/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Readers and resets, for files that cannot include winscard.h beside skf/skf.h. */
#ifndef TESTS_SKF_CRYPTO_PCSC_H
#define TESTS_SKF_CRYPTO_PCSC_H

#include "tests/p11/desk.h"

/* A reader's name. Borrowed. */
const char *crypto_reader(const struct desk *desk, unsigned int reader);
/* Resets the key as an inconsiderate program does. */
void crypto_reset(const struct desk *desk, unsigned int reader);
/* A key that a fault pulled (and not the test) comes back. */
void crypto_plug_back(const struct desk *desk, unsigned int reader);

#endif
