/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/usb/faults.h"

#include <errno.h>
#include <glib.h>

static const struct {
	const char *name;
	enum usb_fault_action action;
	int status;
} rows[] = {
	{"babble", USB_FAULT_STATUS, -EOVERFLOW},
	{"cancel", USB_FAULT_STATUS, -ENOENT}, /* the kernel's own doing, before it sleeps */
	{"checksum", USB_FAULT_STATUS, -EILSEQ},
	{"drip", USB_FAULT_DRIP, 0},
	{"flip", USB_FAULT_FLIP, 0},
	{"hang", USB_FAULT_HANG, 0},
	{"lose", USB_FAULT_LOSE, 0},
	{"noise", USB_FAULT_NOISE, 0},
	{"none", USB_FAULT_NONE, 0},
	{"protocol", USB_FAULT_STATUS, -EPROTO},
	{"short", USB_FAULT_SHORT, 0},
	{"stall", USB_FAULT_HALT, -EPIPE},
	{"unplug", USB_FAULT_UNPLUG, 0},
};

bool
usb_faults_arm(struct usb_faults *faults, const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, " ", 3);
	guint64 at, argument = 0;

	if (words[0] == NULL || words[1] == NULL ||
	    !g_ascii_string_to_unsigned(words[0], 10, 0, G_MAXUINT32, &at, NULL) ||
	    (words[2] != NULL &&
	     !g_ascii_string_to_unsigned(words[2], 10, 0, G_MAXUINT32, &argument, NULL)))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!g_str_equal(rows[i].name, words[1]))
			continue;
		*faults = (struct usb_faults){
			.at = at,
			.action = rows[i].action,
			.status = rows[i].status,
			.argument = argument,
		};
		return true;
	}
	return false;
}

enum usb_fault_action
usb_faults_next(struct usb_faults *faults, bool answer)
{
	faults->transfers++;
	faults->answers += answer ? 1 : 0;
	if (faults->action == USB_FAULT_NOISE)
		return answer && faults->answers == faults->at ? USB_FAULT_NOISE : USB_FAULT_NONE;
	return faults->transfers == faults->at ? faults->action : USB_FAULT_NONE;
}

size_t
usb_faults_spoil(const struct usb_faults *faults, uint8_t *bytes, size_t len)
{
	if (faults->action == USB_FAULT_FLIP && faults->argument < len)
		bytes[faults->argument] ^= 0xff;
	if (faults->action == USB_FAULT_SHORT && faults->argument < len)
		return faults->argument;
	return len;
}

/* xorshift: the same everywhere, so that a seed can be named. */
static uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Half of the seeds change a few bytes and perhaps cut the rest off, half make it all up. */
size_t
usb_faults_noise(const struct usb_faults *faults, uint8_t *bytes, size_t len, size_t room)
{
	uint32_t state = (uint32_t)faults->argument * 2654435761u + 1;
	uint32_t changes = next_random(&state) % 8;

	if (changes < 4 && len > 0) {
		for (uint32_t i = 0; i <= changes; i++)
			bytes[next_random(&state) % len] = (uint8_t)next_random(&state);
		return changes == 0 ? next_random(&state) % len : len;
	}
	len = next_random(&state) % (room + 1);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)next_random(&state);
	return len;
}
