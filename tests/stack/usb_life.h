/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a key in a USB port lives through, whatever drives it: shared by the tests of all kinds. */
#ifndef TESTS_STACK_USB_LIFE_H
#define TESTS_STACK_USB_LIFE_H

#include "tests/rig/rig.h"

/* pcscd shows a reader within a second on an idle machine. */
#define USB_LIFE_SEEN_MS 30000

/* The state file of the key in that port. Borrowed until the next call. */
const char *usb_life_path(const struct rig *rig, unsigned int port);

unsigned int usb_life_readers(const struct rig *rig);

/* Plugged and pulled several times; name: part of the reader's name. */
void usb_life_comes_and_goes(struct rig *rig, const char *name);
void usb_life_two_keys(struct rig *rig);
void usb_life_pulled_at_a_command(struct rig *rig);
/* A key that takes so long for a command. */
void usb_life_slow_key(struct rig *rig, unsigned int ms);

/* Until the reader answers again: a key that was pulled may come as a new one. */
bool usb_life_works_again(struct rig *rig, unsigned int port);

/* The serial number of the key in the port, as it says itself; 32 bytes. */
void usb_life_serial(struct rig *rig, unsigned int port, char ret[33]);

#endif
