/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Readers, cards and bytes, by way of the smart card service.  Nothing here knows what a command
 * means.  Cards are shared with other programs, left as they are, and reset by pcsc_card_end_reset
 * only.
 */
#ifndef UK_DRIVERS_PCSC_H
#define UK_DRIVERS_PCSC_H

#include "common/bytes.h"
#include "common/status.h"

#define PCSC_NAME_MAX    128
#define PCSC_ATR_MAX     33
#define PCSC_READERS_MAX 32

/* ---- readers ---- */

struct pcsc_bus;

struct pcsc_reader {
	char name[PCSC_NAME_MAX];
	bool present;    /* a card is in it and answers */
	uint32_t events; /* pcscd's counter; changes whenever a card came or went */
	uint8_t atr[PCSC_ATR_MAX];
	size_t atr_len;
};

/* UK_E_NO_SERVICE when pcscd cannot be reached. */
UK_CHECKED enum uk_status pcsc_bus_open(struct pcsc_bus **ret);
/* NULL is legal. No pcsc_bus_wait may be under way. */
void pcsc_bus_close(struct pcsc_bus *bus);
/*
 * Lists the readers without touching a card; at most `cap` rows. Connects anew when pcscd had gone;
 * UK_E_NO_SERVICE while it is gone. Ends the effect of pcsc_bus_cancel.
 */
UK_CHECKED enum uk_status pcsc_bus_list(struct pcsc_bus *bus, struct pcsc_reader *out, size_t cap,
					size_t *ret_count);
/*
 * [any thread] Blocks until the list is no longer `seen` (of which name, present and events count),
 * pcsc_bus_cancel (UK_E_CANCELLED) or the time-out (UK_E_TIMEOUT; ms, -1 = none). While there is no
 * pcscd it looks for one every two seconds; its coming is a change.
 */
UK_CHECKED enum uk_status pcsc_bus_wait(struct pcsc_bus *bus, const struct pcsc_reader *seen,
					size_t count, int timeout_ms);
/* [any thread] Ends every pcsc_bus_wait under way, and those to come until pcsc_bus_list. */
void pcsc_bus_cancel(struct pcsc_bus *bus);

/* ---- cards ---- */

/*
 * Errors that all of these give:
 *   UK_E_REMOVED  the card or its reader is gone, or pcscd is: final, close the card
 *   UK_E_RESET    another program reset it; this call sent nothing, and the next one works
 *   UK_E_BUSY     another program holds it for itself
 *   UK_E_TIMEOUT  no answer although the card is there: whether the command was run is not known
 */
struct pcsc_card;

/* Connects, shared. Asks the reader once what command sizes it takes; sends the card nothing. */
UK_CHECKED enum uk_status pcsc_card_open(const char *reader, struct pcsc_card **ret);
/*
 * One more owner of the same connection, who closes it like the first; owners do not use it at
 * once. Transactions are the connection's.
 */
struct pcsc_card *pcsc_card_share(struct pcsc_card *card);
/*
 * How many resets by others this connection has met: UK_E_RESET is told to the one owner who
 * meets it, and the others look here.
 */
unsigned int pcsc_card_resets(const struct pcsc_card *card);
/* The last owner: lets go of the card and of a transaction on it. NULL is legal. */
void pcsc_card_close(struct pcsc_card *card);
/* Whether the reader takes commands in the extended-length form. */
bool pcsc_card_extended(const struct pcsc_card *card);

/*
 * Keeps other programs off until pcsc_card_end; waits while one of them has it. Not counted: one
 * end ends it.
 */
UK_CHECKED enum uk_status pcsc_card_begin(struct pcsc_card *card);
void pcsc_card_end(struct pcsc_card *card);
/*
 * A transaction that lasts over pcsc_card_end, and is taken again after a reset, until
 * pcsc_card_let_go.
 */
UK_CHECKED enum uk_status pcsc_card_hold(struct pcsc_card *card);
void pcsc_card_let_go(struct pcsc_card *card);
/* The same with a reset of the card: what it granted, it grants to nobody any more. */
void pcsc_card_end_reset(struct pcsc_card *card);

/*
 * One command and its answer (with the status word), which is written to `out` (room for `cap`
 * bytes). Alone it needs no transaction: pcscd lets no other program in between.
 */
UK_CHECKED enum uk_status pcsc_card_transmit(struct pcsc_card *card, struct uk_span command,
					     uint8_t *out, size_t cap, size_t *ret_len);

#endif
