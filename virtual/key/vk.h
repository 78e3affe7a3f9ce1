/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The virtual key as a library: a card that answers APDUs.  The program's socket link uses it,
 * and so can any other way to plug it in (a USB device, for one).  One thread per card.
 *
 *	card = vk_card_open(&options, &error);
 *	vk_card_power(card, VK_POWER_ON), vk_card_atr(card)
 *	vk_card_apdu(card, command, &reply, &delay_us)
 *
 * A front end asks vk_card_plugging() after each call: an even number means pulled, and another
 * number than before means that the key was out in between.
 */
#ifndef VK_H
#define VK_H

#include "common/apdu.h"
#include "common/bytes.h"

struct vk_card;

enum vk_power { VK_POWER_OFF, VK_POWER_ON, VK_POWER_RESET };

enum vk_result {
	VK_ANSWERED,
	VK_PULLED, /* no answer: power went, or the key was pulled */
};

enum vk_timing { VK_TIMING_NONE, VK_TIMING_FULL_SPEED };

struct vk_options {
	const char *state;   /* path of the state file; made when missing */
	const char *model;   /* NULL: the state's own, V0 for a new one */
	const char *serial;  /* of a new key; NULL: random */
	const char *label;   /* of a new key; NULL: "VIRTUAL OpenUKey" */
	const char *log;     /* path of the log of commands, appended to; NULL: none */
	uint32_t space;      /* of a new key, bytes; 0: 65536 */
	uint32_t max_answer; /* longest part of an exported certificate; 0: as long as Le says */
	enum vk_timing timing;
	bool reopen_error; /* opening an application or container twice answers 6A8A */
	bool right_once;   /* like model VC: the user right ends with each signature */
};

/* Why a card could not be opened; also the program's exit codes from 3 on. */
enum vk_open_error { VK_OPEN_OK, VK_OPEN_OPTIONS = 2, VK_OPEN_STATE, VK_OPEN_LOG };

/*
 * Opens the state file, which stays locked, and plugs the key in.  NULL on failure, with the kind
 * and a sentence (a constant) in *ret_error and *ret_text.
 */
struct vk_card *vk_card_open(const struct vk_options *options, enum vk_open_error *ret_error,
			     const char **ret_text);
void vk_card_close(struct vk_card *card);

/* Odd while plugged in; one more for each plug and each pull. */
unsigned int vk_card_plugging(const struct vk_card *card);
static inline bool
vk_card_plugged(const struct vk_card *card)
{
	return (vk_card_plugging(card) & 1) != 0;
}

/* Plugging in a key whose state file is damaged fails: it stays out. */
bool vk_card_plug(struct vk_card *card);
void vk_card_pull(struct vk_card *card);

/* Each forgets everything volatile: rights, open applications, the random. */
void vk_card_power(struct vk_card *card, enum vk_power power);
struct uk_span vk_card_atr(const struct vk_card *card);

/*
 * One command APDU in, one answer out (data and status word; UK_REPLY_MAX always fits).
 * *ret_delay_us is how much later than now a key of the chosen timing would answer; the front end
 * waits.  Nothing is written when the result is VK_PULLED.
 */
enum vk_result vk_card_apdu(struct vk_card *card, struct uk_span command, struct uk_writer *reply,
			    uint64_t *ret_delay_us);

/*
 * One line of the control language (openukey-virtual-key.1): pull, plug, status, fault ... .
 * Writes one line of answer without newline; false when it begins with "error".
 */
bool vk_card_control(struct vk_card *card, const char *line, struct uk_writer *answer);

#endif
