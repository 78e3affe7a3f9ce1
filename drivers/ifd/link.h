/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one kind of connection to a key can do; reader.c has one row for each. */
#ifndef IFD_LINK_H
#define IFD_LINK_H

#include "common/bytes.h"
#include "common/status.h"

#include <stdbool.h>

/* Longest ATR, ISO 7816-3 */
#define IFD_ATR_MAX 33

enum ifd_power { IFD_COLD_START, IFD_WARM_START, IFD_OFF };

/* For PC/SC part 10. */
struct ifd_description {
	uint16_t vendor, product; /* 0: no USB device */
	uint32_t max_data;        /* longest data field of a command or an answer, bytes */
};

/*
 * A link's own state is the `conn` that open made.  pcscd runs open, power, transmit, present and
 * close of one reader one after the other; wait runs beside them in a thread of its own.
 */
struct ifd_link {
	/* How pcscd's device name begins; open gets the rest. */
	const char *prefix;

	/* Connects when a key is there already; an absent key is no error. */
	enum uk_status (*open)(const char *address, void **ret_conn);
	void (*close)(void *conn);

	/* Writes the ATR (at most IFD_ATR_MAX bytes) unless switching off. */
	enum uk_status (*power)(void *conn, enum ifd_power action, struct uk_writer *atr);

	/*
	 * One command, one reply.  UK_E_DATA_LEN: the reply is whole but longer than the room.
	 * After UK_E_REMOVED, UK_E_REPLY and UK_E_TIMEOUT the key counts as pulled.
	 */
	enum uk_status (*transmit)(void *conn, struct uk_span command, struct uk_writer *reply);

	/*
	 * Once false, it stays false until wait has run, so that no pull goes unseen between two
	 * looks.
	 */
	bool (*present)(void *conn);

	/* Until a key came or went, stop_fd became readable, or the time was over. */
	void (*wait)(void *conn, int timeout_ms, int stop_fd);

	/*
	 * wait, called with cancellation off, may be ended by pthread_cancel: it switches it on
	 * where it sleeps and holds nothing.
	 */
	bool cancellable;

	void (*describe)(void *conn, struct ifd_description *ret);
};

/* A key on a Unix stream socket: the virtual key (link_socket.c). */
extern const struct ifd_link ifd_link_socket;
/* A HID or mass-storage key on the USB bus (link_usb.c). */
extern const struct ifd_link ifd_link_usb;

#endif
