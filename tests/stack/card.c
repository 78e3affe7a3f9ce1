/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stack/card.h"

#include <reader.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const BYTE card_get_dev_info[4 + 3] = {0x80, 0x04, 0x00, 0x00};

static const char manufacturer[] = "OpenUKey (virtual)";

SCARDHANDLE
card_connect(struct rig *rig, unsigned int reader)
{
	SCARDHANDLE card;
	DWORD protocol;

	assert_int_equal(SCardConnect(rig_context(rig), rig_reader(rig, reader), SCARD_SHARE_SHARED,
				      SCARD_PROTOCOL_T1, &card, &protocol),
			 SCARD_S_SUCCESS);
	assert_int_equal(protocol, SCARD_PROTOCOL_T1);
	return card;
}

void
card_disconnect(SCARDHANDLE card)
{
	(void)SCardDisconnect(card, SCARD_LEAVE_CARD);
}

long
card_send(SCARDHANDLE card, const BYTE *command, DWORD len, BYTE *reply, size_t size)
{
	DWORD reply_len = size;
	LONG rv = SCardTransmit(card, SCARD_PCI_T1, command, len, NULL, reply, &reply_len);

	return rv == SCARD_S_SUCCESS ? (long)reply_len : -(rv & 0x7fffffff);
}

void
card_assert_virtual(struct rig *rig, unsigned int reader)
{
	SCARDHANDLE card = card_connect(rig, reader);
	BYTE reply[512];
	/* short: Le 00, which every kind of reader takes; GET RESPONSE brings the rest */
	static const BYTE command[] = {0x80, 0x04, 0x00, 0x00, 0x00};
	long len = card_send(card, command, sizeof(command), reply, sizeof(reply));

	assert_true(len > 64);
	assert_non_null(memmem(reply, (size_t)len, manufacturer, strlen(manufacturer)));
	card_disconnect(card);
}

void
card_assert_random(SCARDHANDLE card, size_t len)
{
	const BYTE command[] = {0x80, 0x50, 0, 0, 0, (BYTE)(len >> 8), (BYTE)len};
	BYTE *reply = calloc(1, CARD_REPLY_MAX);

	assert_non_null(reply);
	assert_int_equal(card_send(card, command, sizeof(command), reply, CARD_REPLY_MAX), len + 2);
	assert_memory_equal(reply + len, "\x90\x00", 2);
	free(reply);
}

static uint32_t
number(const BYTE *bytes, unsigned int len)
{
	uint32_t value = 0;

	while (len-- > 0)
		value = value << 8 | bytes[len];
	return value;
}

DWORD
card_properties_code(SCARDHANDLE card)
{
	BYTE features[256];
	DWORD len;

	assert_int_equal(SCardControl(card, CM_IOCTL_GET_FEATURE_REQUEST, NULL, 0, features,
				      sizeof(features), &len),
			 SCARD_S_SUCCESS);
	assert_int_equal(len % 6, 0);
	for (DWORD at = 0; at + 6 <= len; at += 6)
		if (features[at] == FEATURE_GET_TLV_PROPERTIES)
			return (DWORD)features[at + 2] << 24 | (DWORD)features[at + 3] << 16 |
			       (DWORD)features[at + 4] << 8 | features[at + 5];
	fail_msg("the reader tells no properties");
	return 0;
}

uint32_t
card_property(SCARDHANDLE card, BYTE tag)
{
	BYTE properties[256];
	DWORD len, code = card_properties_code(card);

	assert_int_equal(SCardControl(card, code, NULL, 0, properties, sizeof(properties), &len),
			 SCARD_S_SUCCESS);
	for (DWORD at = 0; at + 2 <= len; at += 2u + properties[at + 1])
		if (properties[at] == tag)
			return number(properties + at + 2, properties[at + 1]);
	fail_msg("the reader does not tell its property %u", tag);
	return 0;
}

uint32_t
card_max_apdu_data(SCARDHANDLE card)
{
	return card_property(card, PCSCv2_PART10_PROPERTY_dwMaxAPDUDataSize);
}
