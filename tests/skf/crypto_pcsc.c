/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What needs winscard.h, whose ULONG is another one than the standard's. */
#include "tests/skf/crypto_pcsc.h"

#include "tests/p11/check.h"
#include "tests/rig/rig.h"

const char *
crypto_reader(const struct desk *desk, unsigned int reader)
{
	return rig_reader(desk->rig, reader);
}

void
crypto_reset(const struct desk *desk, unsigned int reader)
{
	SCARDCONTEXT context;
	SCARDHANDLE card;
	DWORD protocol;

	assert_int_equal(SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context), 0);
	assert_int_equal(SCardConnect(context, rig_reader(desk->rig, reader), SCARD_SHARE_SHARED,
				      SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &card, &protocol),
			 0);
	assert_int_equal(SCardDisconnect(card, SCARD_RESET_CARD), 0);
	assert_int_equal(SCardReleaseContext(context), 0);
}

void
crypto_plug_back(const struct desk *desk, unsigned int reader)
{
	assert_true(rig_await(desk->rig, reader, false, 60000));
	assert_true(rig_tell(desk->rig, reader, "plug"));
	assert_true(rig_await(desk->rig, reader, true, 60000));
}
