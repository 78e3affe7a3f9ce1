/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/pcsc/system.h"

#include "common/log.h"
#include "drivers/pcsc/queue.h"

#include <reader.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BUSY_RETRIES  10
#define BUSY_PAUSE_MS 50
#define SETTLE_MS     10
/* pcscd looks at each reader every 400 ms; a card that is gone is known to be after that. */
#define REMOVAL_NOTICE_MS 900

struct pcsc_card {
	SCARDCONTEXT context; /* its own: a blocked call holds nobody else up */
	SCARDHANDLE handle;
	DWORD protocol;
	bool extended;
	bool in_transaction;
	bool held;           /* pcsc_card_hold */
	unsigned int owners; /* besides the first */
	unsigned int resets;
	struct queue queue; /* our turn: as long as a transaction, else as long as a command */
	char reader[PCSC_NAME_MAX];
};

static void
pause_ms(long ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000};

	(void)nanosleep(&time, NULL);
}

/* ---- what the reader takes (PC/SC part 10, 2.2 and 2.6.14) ---- */

/* The number behind `tag` in a list of tag, length, 4-byte big-endian control code. */
static DWORD
feature_find(struct uk_span list, uint8_t wanted)
{
	uint8_t tag;
	uint8_t len;
	uint32_t code;

	while (uk_take_u8(&list, &tag) && uk_take_u8(&list, &len) && len == sizeof(code) &&
	       uk_take_u32(&list, UK_BIG_ENDIAN, &code))
		if (tag == wanted)
			return code;
	return 0;
}

/* dwMaxAPDUDataSize: 0 = short commands only; a reader that does not say is taken at its best. */
static bool
properties_allow_extended(struct uk_span list)
{
	uint8_t tag;
	uint8_t len;
	struct uk_span value;
	uint32_t size;

	while (uk_take_u8(&list, &tag) && uk_take_u8(&list, &len) && uk_take(&list, len, &value))
		if (tag == PCSCv2_PART10_PROPERTY_dwMaxAPDUDataSize &&
		    uk_take_u32(&value, UK_LITTLE_ENDIAN, &size))
			return size > 256;
	return true;
}

static bool
reader_takes_extended(SCARDHANDLE handle)
{
	uint8_t bytes[256];
	DWORD len = 0;
	DWORD code;

	if (SCardControl(handle, CM_IOCTL_GET_FEATURE_REQUEST, NULL, 0, bytes, sizeof(bytes),
			 &len) != SCARD_S_SUCCESS ||
	    len > sizeof(bytes))
		return true;
	code = feature_find(uk_span_of(bytes, len), FEATURE_GET_TLV_PROPERTIES);
	if (code == 0)
		return true;
	if (SCardControl(handle, code, NULL, 0, bytes, sizeof(bytes), &len) != SCARD_S_SUCCESS ||
	    len > sizeof(bytes))
		return true;
	return properties_allow_extended(uk_span_of(bytes, len));
}

/* ---- open and close ---- */

/* Connecting fails while another program has the card for itself; it may be about to let go. */
static LONG
connect_patiently(struct pcsc_card *card)
{
	LONG rv = SCARD_E_SHARING_VIOLATION;

	for (int i = 0; i < BUSY_RETRIES; i++) {
		rv = SCardConnect(card->context, card->reader, SCARD_SHARE_SHARED,
				  SCARD_PROTOCOL_T1 | SCARD_PROTOCOL_T0, &card->handle,
				  &card->protocol);
		if (rv != SCARD_E_SHARING_VIOLATION)
			return rv;
		pause_ms(BUSY_PAUSE_MS);
	}
	return rv;
}

enum uk_status
pcsc_card_open(const char *reader, struct pcsc_card **ret)
{
	struct pcsc_card *card;
	size_t len = strlen(reader);
	LONG rv;

	if (len >= PCSC_NAME_MAX)
		return UK_E_ARGUMENTS;
	card = calloc(1, sizeof(*card));
	if (card == NULL)
		return UK_E_MEMORY;
	memcpy(card->reader, reader, len + 1);
	rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &card->context);
	if (rv == SCARD_S_SUCCESS) {
		rv = connect_patiently(card);
		if (rv != SCARD_S_SUCCESS)
			(void)SCardReleaseContext(card->context);
	}
	if (rv != SCARD_S_SUCCESS) {
		free(card);
		return pcsc_status(rv);
	}
	card->extended = reader_takes_extended(card->handle);
	queue_open(&card->queue, card->reader);
	uk_debug("card", "connected to \"%s\", T=%d, %s commands", card->reader,
		 card->protocol == SCARD_PROTOCOL_T0 ? 0 : 1,
		 card->extended ? "extended" : "short");
	*ret = card;
	return UK_OK;
}

void
pcsc_card_close(struct pcsc_card *card)
{
	if (card == NULL)
		return;
	if (card->owners > 0) {
		card->owners--;
		return;
	}
	pcsc_card_let_go(card);
	queue_close(&card->queue);
	(void)SCardDisconnect(card->handle, SCARD_LEAVE_CARD);
	(void)SCardReleaseContext(card->context);
	free(card);
}

struct pcsc_card *
pcsc_card_share(struct pcsc_card *card)
{
	card->owners++;
	return card;
}

unsigned int
pcsc_card_resets(const struct pcsc_card *card)
{
	return card->resets;
}

bool
pcsc_card_extended(const struct pcsc_card *card)
{
	return card->extended;
}

/* ---- trouble ---- */

static void
transaction_over(struct pcsc_card *card)
{
	card->in_transaction = false;
	queue_give(&card->queue);
}

/* As pcscd sees it this very moment. */
static bool
card_is_there(const struct pcsc_card *card)
{
	SCARD_READERSTATE state = {.szReader = card->reader, .dwCurrentState = SCARD_STATE_UNAWARE};

	return SCardGetStatusChange(card->context, 0, &state, 1) == SCARD_S_SUCCESS &&
	       (state.dwEventState & SCARD_STATE_PRESENT) != 0;
}

/* What a card says, or does not, while pcscd is resetting it. */
static bool
is_passing(const struct pcsc_card *card, LONG rv)
{
	switch (rv) {
	case SCARD_E_SHARING_VIOLATION:
		return true;
	case SCARD_E_NO_SMARTCARD:
	case SCARD_E_PROTO_MISMATCH:
	case SCARD_W_RESET_CARD:
	case SCARD_W_UNPOWERED_CARD:
	case SCARD_W_UNRESPONSIVE_CARD:
		return card_is_there(card);
	default:
		return false;
	}
}

/*
 * pcscd tells of a reset before it makes it, and forgets the protocol in between: whoever connects
 * anew too early is reset once more.  True when it is over.
 */
static bool
reset_is_over(const struct pcsc_card *card)
{
	DWORD state = 0;
	DWORD protocol = SCARD_PROTOCOL_UNDEFINED;

	pause_ms(SETTLE_MS);
	return SCardStatus(card->handle, NULL, NULL, &state, &protocol, NULL, NULL) ==
		       SCARD_S_SUCCESS &&
	       (protocol == SCARD_PROTOCOL_T0 || protocol == SCARD_PROTOCOL_T1);
}

/*
 * Takes note of a reset, so that the next call works.  A reset that came in the middle of our
 * transaction has not ended it: pcscd would keep everybody else out for as long as we live.
 */
static enum uk_status
accept_reset(struct pcsc_card *card)
{
	LONG rv = SCARD_E_SHARING_VIOLATION;

	for (int i = 0; i < BUSY_RETRIES && is_passing(card, rv); i++) {
		if (i > 0)
			pause_ms(BUSY_PAUSE_MS);
		rv = SCardReconnect(card->handle, SCARD_SHARE_SHARED,
				    SCARD_PROTOCOL_T1 | SCARD_PROTOCOL_T0, SCARD_LEAVE_CARD,
				    &card->protocol);
		if (rv == SCARD_S_SUCCESS && !reset_is_over(card))
			rv = SCARD_W_RESET_CARD;
	}
	if (card->in_transaction)
		(void)SCardEndTransaction(card->handle, SCARD_LEAVE_CARD);
	transaction_over(card);
	card->resets++;
	if (rv == SCARD_S_SUCCESS)
		return UK_E_RESET;
	/* It was one of ours a moment ago: it is being pulled. */
	return pcsc_status(rv) == UK_E_BUSY ? UK_E_BUSY : UK_E_REMOVED;
}

/* Whether the card goes away within the time pcscd needs to notice. */
static bool
card_is_going(const struct pcsc_card *card)
{
	SCARD_READERSTATE state = {.szReader = card->reader, .dwCurrentState = SCARD_STATE_PRESENT};
	DWORD wait = REMOVAL_NOTICE_MS;

	/* Other changes (in use, exclusive) end the wait too: go on with what is left of it. */
	for (int i = 0; i < 4; i++, wait /= 2) {
		LONG rv = SCardGetStatusChange(card->context, wait, &state, 1);

		if (rv == SCARD_E_TIMEOUT)
			return false;
		if (rv != SCARD_S_SUCCESS)
			return true;
		if ((state.dwEventState & SCARD_STATE_PRESENT) == 0)
			return true;
		state.dwCurrentState = state.dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
	}
	return false;
}

/*
 * Gives up a turn that was taken for one call, though not before a reset has been taken note of:
 * whoever connects anew needs a moment in which nobody else is at the card, and libpcsclite, too,
 * only looks every 100 ms.
 */
static enum uk_status
trouble(struct pcsc_card *card, LONG rv)
{
	enum uk_status st = pcsc_status(rv);

	/* Of a card that is being reset pcscd forgets the protocol, even after telling of it, and
	 * may say that there is none. */
	if (st == UK_E_RESET || rv == SCARD_E_PROTO_MISMATCH ||
	    (rv == SCARD_E_NO_SMARTCARD && card_is_there(card)))
		st = accept_reset(card);
	if (!card->in_transaction)
		queue_give(&card->queue);
	if (st == UK_E_TIMEOUT && card_is_going(card))
		st = UK_E_REMOVED;
	if (st == UK_E_NO_SERVICE)
		st = UK_E_REMOVED; /* whatever pcscd comes back with, it is not this connection */
	if (st == UK_E_REMOVED)
		transaction_over(card);
	uk_debug("card", "PC/SC code %08lx: %s", (unsigned long)rv, uk_status_text(st));
	return st;
}

/* ---- use ---- */

enum uk_status
pcsc_card_begin(struct pcsc_card *card)
{
	LONG rv;

	if (card->held && card->in_transaction)
		return UK_OK;
	queue_take(&card->queue);
	rv = SCardBeginTransaction(card->handle);
	if (rv != SCARD_S_SUCCESS)
		return trouble(card, rv);
	card->in_transaction = true;
	return UK_OK;
}

static void
end(struct pcsc_card *card, DWORD disposition)
{
	if (card->in_transaction)
		(void)SCardEndTransaction(card->handle, disposition);
	transaction_over(card);
}

void
pcsc_card_end(struct pcsc_card *card)
{
	if (!card->held)
		end(card, SCARD_LEAVE_CARD);
}

enum uk_status
pcsc_card_hold(struct pcsc_card *card)
{
	enum uk_status st = pcsc_card_begin(card);

	card->held = st == UK_OK;
	return st;
}

void
pcsc_card_let_go(struct pcsc_card *card)
{
	card->held = false;
	pcsc_card_end(card);
}

void
pcsc_card_end_reset(struct pcsc_card *card)
{
	end(card, SCARD_RESET_CARD);
}

enum uk_status
pcsc_card_transmit(struct pcsc_card *card, struct uk_span command, uint8_t *out, size_t cap,
		   size_t *ret_len)
{
	const SCARD_IO_REQUEST *pci =
		card->protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
	DWORD len = (DWORD)cap;
	LONG rv;

	if (card->held && !card->in_transaction) {
		/* A reset has ended it. */
		enum uk_status st = pcsc_card_begin(card);

		if (st != UK_OK)
			return st;
	}
	if (!card->in_transaction)
		queue_take(&card->queue);
	rv = SCardTransmit(card->handle, pci, command.ptr, (DWORD)command.len, NULL, out, &len);
	if (rv != SCARD_S_SUCCESS)
		return trouble(card, rv);
	if (!card->in_transaction)
		queue_give(&card->queue);
	if (len > cap)
		return UK_E_REPLY;
	*ret_len = len;
	return UK_OK;
}
