/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The few PC/SC calls that these tests make of a key; a failure fails the test. */
#ifndef TESTS_STACK_CARD_H
#define TESTS_STACK_CARD_H

#include "tests/rig/rig.h"

#include <stdint.h>

#define CARD_REPLY_MAX (65536 + 2)

/* GM/T 0017 commands that need no right */
extern const BYTE card_get_dev_info[4 + 3]; /* extended, Le = all */

SCARDHANDLE card_connect(struct rig *rig, unsigned int reader);
void card_disconnect(SCARDHANDLE card);

/* Sends a command; the reply's length, or a negative PC/SC error. */
long card_send(SCARDHANDLE card, const BYTE *command, DWORD len, BYTE *reply, size_t size);

/* GetDevInfo says that the key in the reader is a virtual one. */
void card_assert_virtual(struct rig *rig, unsigned int reader);

/* GenRandom with an extended Le. */
void card_assert_random(SCARDHANDLE card, size_t len);

/* The control code of FEATURE_GET_TLV_PROPERTIES (PC/SC part 10, 2.2), and one of these. */
DWORD card_properties_code(SCARDHANDLE card);
uint32_t card_property(SCARDHANDLE card, BYTE tag);
/* What the reader says of its APDUs (PC/SC part 10, dwMaxAPDUDataSize). */
uint32_t card_max_apdu_data(SCARDHANDLE card);

#endif
