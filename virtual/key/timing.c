/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/timing.h"

#include "common/gm.h"

#define FRAME_US       1000 /* full speed: one frame a millisecond */
#define FRAME_BYTES    64   /* one bulk packet in each */
#define MESSAGE_HEADER 10   /* of the CCID message around the APDU */
#define WRITE_US       4000 /* one page of the key's memory */
#define COMMAND_US     300  /* any command at all */

/*
 * Crypto times in milliseconds.  GM/T 0027 allows: RSA-2048 generation 15 s and signature 500 ms,
 * SM2 generation 5 s, signature and verification 500 ms.
 */
static const struct {
	uint8_t ins;
	uint16_t ms;
	uint16_t long_ms; /* for RSA-2048, where it is the length of the answer that tells */
} costs[] = {
	{GM_INS_VERIFY_PIN, 8, 8},
	{GM_INS_CHANGE_PIN, 10, 10},
	{GM_INS_UNBLOCK_PIN, 10, 10},
	{GM_INS_DEV_AUTH, 6, 6},
	{GM_INS_GEN_RANDOM, 1, 1},
	{GM_INS_GEN_RSA_KEY_PAIR, 1200, 4000},
	{GM_INS_IMPORT_RSA_KEY_PAIR, 350, 350},
	{GM_INS_RSA_SIGN_DATA, 45, 180},
	{GM_INS_RSA_VERIFY, 12, 12},
	{GM_INS_GEN_ECC_KEY_PAIR, 120, 120},
	{GM_INS_IMPORT_ECC_KEY_PAIR, 140, 140},
	{GM_INS_ECC_SIGN_DATA, 60, 60},
	{GM_INS_ECC_VERIFY, 90, 90},
	{GM_INS_EXT_ECC_ENCRYPT, 130, 130},
	{GM_INS_RSA_EXPORT_SESSION_KEY, 12, 12},
	{GM_INS_ECC_EXPORT_SESSION_KEY, 130, 130},
	{GM_INS_IMPORT_SESSION_KEY, 80, 80},
};

static uint64_t
transfer_us(size_t bytes)
{
	return (bytes + MESSAGE_HEADER + FRAME_BYTES - 1) / FRAME_BYTES * FRAME_US;
}

/* Only work that was done takes time; a refusal comes at once. */
static uint64_t
work_us(uint8_t ins, struct uk_span answer)
{
	if (answer.len < 2 || answer.ptr[answer.len - 2] != (GM_SW_OK >> 8))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(costs); i++)
		if (costs[i].ins == ins)
			return (uint64_t)1000 *
			       (answer.len > GM_RSA_MAX ? costs[i].long_ms : costs[i].ms);
	return 0;
}

uint64_t
vk_timing_us(struct uk_span command, struct uk_span answer, uint64_t writes)
{
	return transfer_us(command.len) + transfer_us(answer.len) + COMMAND_US +
	       work_us(command.len > 1 ? command.ptr[1] : 0, answer) + writes * WRITE_US;
}
