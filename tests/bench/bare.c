/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/bare.h"

#include "common/apdu.h"
#include "common/gm.h"

#include <stdlib.h>
#include <string.h>
#include <winscard.h>

struct bare {
	SCARDCONTEXT context;
	SCARDHANDLE card;
	uint8_t command[512];
	size_t command_len;
	uint8_t reply[UK_REPLY_MAX];
	DWORD reply_len;
};

/* Sends what is in link->command; the answer's length without its status word, -1 on failure. */
static long
transmit(struct bare *link)
{
	const uint8_t *sw;

	link->reply_len = sizeof(link->reply);
	if (SCardTransmit(link->card, SCARD_PCI_T1, link->command, link->command_len, NULL,
			  link->reply, &link->reply_len) != SCARD_S_SUCCESS ||
	    link->reply_len < 2)
		return -1;
	sw = link->reply + link->reply_len - 2;
	return sw[0] == 0x90 && sw[1] == 0 ? (long)link->reply_len - 2 : -1;
}

static void
compose(struct bare *link, uint8_t ins, uint8_t p1, uint32_t le, struct uk_span id,
	struct uk_span data)
{
	struct uk_apdu command = {.cla = GM_CLA_PLAIN, .ins = ins, .p1 = p1, .le = le};
	struct uk_writer body = uk_apdu_writer(&command);
	struct uk_writer out = uk_writer_of(link->command, sizeof(link->command));

	uk_put(&body, id);
	uk_put(&body, data);
	link->command_len = 0;
	if (uk_apdu_seal(&command, &body) == UK_OK &&
	    uk_apdu_encode(&command, UK_APDU_EXTENDED, &out) == UK_OK)
		link->command_len = out.len;
}

static bool
reader_connect(struct bare *link)
{
	char readers[2048];
	DWORD len = sizeof(readers), protocol;

	if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &link->context) !=
		    SCARD_S_SUCCESS ||
	    SCardListReaders(link->context, NULL, readers, &len) != SCARD_S_SUCCESS)
		return false;
	for (const char *name = readers; *name != '\0'; name += strlen(name) + 1)
		if (SCardConnect(link->context, name, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1,
				 &link->card, &protocol) == SCARD_S_SUCCESS)
			return true;
	return false;
}

/* Opens the first application and the container; ids are the same for all who talk to the key. */
static bool
open_container(struct bare *link, const char *container, uint8_t ret_ids[4])
{
	const struct uk_span none = {0};
	char name[256];
	long len;

	compose(link, GM_INS_ENUM_APPLICATION, 0, UK_LE_MAX, none, none);
	len = transmit(link);
	if (len <= 0 || (size_t)len >= sizeof(name))
		return false;
	memcpy(name, link->reply, (size_t)len);
	name[len] = '\0';
	compose(link, GM_INS_OPEN_APPLICATION, 0, 10, uk_span_str(name), none);
	len = transmit(link);
	if (len < 10)
		return false;
	memcpy(ret_ids, link->reply + 8, 2);
	compose(link, GM_INS_OPEN_CONTAINER, 0, 2, uk_span_of(ret_ids, 2), uk_span_str(container));
	if (transmit(link) != 2)
		return false;
	memcpy(ret_ids + 2, link->reply, 2);
	return true;
}

struct bare *
bare_open(const char *container, bool rsa, const unsigned char *input, size_t input_len)
{
	struct bare *link = calloc(1, sizeof(*link));
	uint8_t ids[4];

	if (link == NULL)
		return NULL;
	if (!reader_connect(link) || !open_container(link, container, ids)) {
		bare_close(link);
		return NULL;
	}
	compose(link, rsa ? GM_INS_RSA_SIGN_DATA : GM_INS_ECC_SIGN_DATA, 2, UK_LE_MAX,
		uk_span_of(ids, sizeof(ids)), uk_span_of(input, input_len));
	return link;
}

struct bare *
bare_open_piv(void)
{
	static const uint8_t select[] = {0x00, 0xa4, 0x04, 0x00, 0x05, 0xa0,
					 0x00, 0x00, 0x03, 0x08, 0x00};
	/* SP 800-73-4, GENERAL AUTHENTICATE: 7C { 82 empty, 81 challenge } */
	static const uint8_t head[] = {0x00, 0x87, 0x07, 0x9a, 0x00, 0x01, 0x0a, 0x7c, 0x82, 0x01,
				       0x06, 0x82, 0x00, 0x81, 0x82, 0x01, 0x00, 0x00, 0x01};
	struct bare *link = calloc(1, sizeof(*link));

	if (link == NULL)
		return NULL;
	memcpy(link->command, select, sizeof(select));
	link->command_len = sizeof(select);
	if (!reader_connect(link) || transmit(link) < 0) {
		bare_close(link);
		return NULL;
	}
	memset(link->command, 0xff, sizeof(link->command));
	memcpy(link->command, head, sizeof(head));
	link->command_len = 7 + 10 + 256 + 2;
	memset(link->command + link->command_len - 2, 0, 2); /* Le */
	return link;
}

bool
bare_sign(struct bare *link)
{
	return transmit(link) > 0;
}

void
bare_close(struct bare *link)
{
	if (link->card != 0)
		(void)SCardDisconnect(link->card, SCARD_LEAVE_CARD);
	if (link->context != 0)
		(void)SCardReleaseContext(link->context);
	free(link);
}
