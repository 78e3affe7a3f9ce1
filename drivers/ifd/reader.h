/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The readers pcscd opened, by its logical unit numbers. */
#ifndef IFD_READER_H
#define IFD_READER_H

#include "drivers/ifd/link.h"

/* As many as pcscd 1.9 can hold. */
#define IFD_READERS_MAX 16

struct ifd_reader {
	bool used;
	unsigned long lun;
	const struct ifd_link *link;
	void *conn;
	int stop_fd; /* an eventfd: makes link->wait return */
	uint8_t atr[IFD_ATR_MAX];
	size_t atr_len; /* 0 while switched off */
};

/*
 * Opens the link that the device name asks for.  UK_E_NOT_SUPPORTED: no link has that prefix;
 * UK_E_ROOM: all places are taken; UK_E_EXISTS: the number is in use.
 */
UK_CHECKED enum uk_status ifd_reader_open(unsigned long lun, const char *device_name);

/* The reader with this number, or NULL.  pcscd closes a reader only when its thread has ended. */
struct ifd_reader *ifd_reader_find(unsigned long lun);

void ifd_reader_close(struct ifd_reader *reader);

/* Switches the key on, off or resets it, and remembers the ATR. */
UK_CHECKED enum uk_status ifd_reader_power(struct ifd_reader *reader, enum ifd_power action);

/* [polling thread] */
void ifd_reader_wait(struct ifd_reader *reader, int timeout_ms);
/* [any thread] Ends the wait under way, or the next one. */
void ifd_reader_stop_wait(const struct ifd_reader *reader);

#endif
