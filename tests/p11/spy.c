/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/p11/spy.h"

#include "common/defs.h"

#include <dlfcn.h>
#include <string.h>
#include <winscard.h>

struct spy_exchange spy_exchanges[SPY_MAX];
size_t spy_count;

static size_t
keep(unsigned char *out, size_t size, const unsigned char *bytes, size_t len)
{
	size_t kept = len < size ? len : size;

	memcpy(out, bytes, kept);
	return kept;
}

UK_EXPORT LONG
SCardTransmit(SCARDHANDLE card, const SCARD_IO_REQUEST *send_pci, const BYTE *command, DWORD len,
	      SCARD_IO_REQUEST *receive_pci, BYTE *reply, DWORD *reply_len)
{
	static LONG (*next)(SCARDHANDLE, const SCARD_IO_REQUEST *, const BYTE *, DWORD,
			    SCARD_IO_REQUEST *, BYTE *, DWORD *);
	struct spy_exchange *row = spy_count < SPY_MAX ? &spy_exchanges[spy_count++] : NULL;
	LONG rv;

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "SCardTransmit");
	if (row != NULL)
		row->command_len = keep(row->command, sizeof(row->command), command, len);
	rv = next(card, send_pci, command, len, receive_pci, reply, reply_len);
	if (row != NULL && rv == SCARD_S_SUCCESS)
		row->reply_len = keep(row->reply, sizeof(row->reply), reply, *reply_len);
	return rv;
}
