/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How keys that are no CCID devices carry APDUs over USB (gm-keys 2.6).  Bytes in, bytes out: no
 * I/O, so that it can be tested and fuzzed by itself.
 *
 * Either way an APDU lies in `12 || len16 || APDU`, an answer in `tag || len16 || data || SW`, both
 * lengths big-endian.  HID keys of the GM3000 kind put 20 bytes before that and cut it into
 * reports; mass-storage keys have it fetched and brought by two vendor commands of the bulk-only
 * transport.
 */
#ifndef IFD_FRAME_H
#define IFD_FRAME_H

#include "common/bytes.h"
#include "common/status.h"

/* Longest APDU or answer: what len16 can say. */
#define FRAME_APDU_MAX 65535
#define FRAME_HEADER   3

/* `12 || len16 || APDU`; overflows the writer when the APDU is empty or too long. */
void frame_put_apdu(struct uk_writer *out, struct uk_span apdu);
/*
 * Takes `tag || len16 || answer` off the front; what follows is padding.  The length is taken from
 * len16, as the outer one is three too long on a GM3000.  UK_E_REPLY: cut short, or no answer at
 * all.
 */
UK_CHECKED enum uk_status frame_take_answer(struct uk_span in, struct uk_span *ret);

/* ---- HID reports ---- */

#define HID_REPORT      64
#define HID_REPORT_DATA 63 /* a report's first byte is its tag */
#define HID_HEAD        20
#define HID_STREAM_MAX  (HID_HEAD + FRAME_HEADER + FRAME_APDU_MAX)

/* The stream of a command; seq: counts commands, the answer has it too. */
void hid_put_command(struct uk_writer *out, uint8_t seq, struct uk_span apdu);

/* A stream being cut into reports. */
struct hid_command {
	struct uk_span stream; /* what is left of it */
	bool begun;
};

/* The next report, zeros behind; false when there is none left. */
UK_CHECKED bool hid_take_report(struct hid_command *command, uint8_t ret_report[HID_REPORT]);

/* A stream being put together from the key's reports. */
struct hid_answer {
	struct uk_writer stream; /* room of the caller's */
	bool begun, done;
};

/* UK_E_REPLY: not a report, not the one that had to follow, or no room: the stream is lost. */
UK_CHECKED enum uk_status hid_add_report(struct hid_answer *answer, struct uk_span report);
/*
 * The answer in a stream that is done.  UK_E_REPLY: not one; UK_E_NOT_FOUND: a good one to another
 * command than number seq, which was given up.
 */
UK_CHECKED enum uk_status hid_take_answer(const struct hid_answer *answer, uint8_t seq,
					  struct uk_span *ret);

/* ---- mass storage, bulk-only transport ---- */

#define STORAGE_CBW_LEN 31
#define STORAGE_CSW_LEN 13

enum storage_command { STORAGE_SEND, STORAGE_RECEIVE };

/* The wrapper of a command: tag counts them, len bytes of data follow or are asked for. */
void storage_put_command(struct uk_writer *out, uint32_t tag, enum storage_command command,
			 uint32_t len);

/* What the device says of a command. */
enum storage_status { STORAGE_PASSED, STORAGE_FAILED, STORAGE_PHASE_ERROR };

/*
 * UK_E_REPLY: not a status, not this command's, or a residue that cannot be: only a reset helps.
 * residue: bytes of data that were not sent, at most len.
 */
UK_CHECKED enum uk_status storage_take_status(struct uk_span in, uint32_t tag, uint32_t len,
					      enum storage_status *ret, uint32_t *ret_residue);

#endif
