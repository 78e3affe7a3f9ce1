/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command APDUs of ISO 7816-4, in the short and the extended length form. */
#ifndef UK_COMMON_APDU_H
#define UK_COMMON_APDU_H

#include "common/bytes.h"
#include "common/status.h"

/* Longest command data we send: a certificate of a chain with its header, with room to spare. */
#define UK_APDU_DATA_MAX 8192
/* CLA INS P1 P2, 3 bytes Lc, data, 2 bytes Le */
#define UK_APDU_MAX (4 + 3 + UK_APDU_DATA_MAX + 2)
/* Longest answer to one command: 65536 bytes and the status word. */
#define UK_REPLY_MAX (65536 + 2)

#define UK_LE_NONE 0
/* "As much as there is": Le 00 short, 0000 extended. */
#define UK_LE_MAX 65536

enum uk_apdu_form { UK_APDU_EXTENDED, UK_APDU_SHORT };

struct uk_apdu {
	uint8_t cla, ins, p1, p2;
	uint32_t le; /* UK_LE_NONE, 1..65536 */
	uint16_t lc; /* bytes of data used */
	uint8_t data[UK_APDU_DATA_MAX];
};

/* A writer over the command's data field; uk_apdu_seal takes what it wrote. */
struct uk_writer uk_apdu_writer(struct uk_apdu *cmd);

/* Takes over what the writer put into the data field. UK_E_DATA_LEN when it overflowed. */
UK_CHECKED enum uk_status uk_apdu_seal(struct uk_apdu *cmd, const struct uk_writer *out);

/*
 * Writes the bytes for the wire. UK_E_DATA_LEN when data or Le do not fit the form: the short one
 * takes 255 bytes of data and an Le of 256 (UK_LE_MAX counts as 256), or when out is too small.
 */
UK_CHECKED enum uk_status uk_apdu_encode(const struct uk_apdu *cmd, enum uk_apdu_form form,
					 struct uk_writer *out);

/* Wipes the data field that was used. */
void uk_apdu_wipe(struct uk_apdu *cmd);

/*
 * Splits an answer into data and status word; UK_E_REPLY when it is shorter than two bytes.
 */
UK_CHECKED enum uk_status uk_reply_split(struct uk_span reply, struct uk_span *ret_data,
					 uint16_t *ret_sw);

#endif
