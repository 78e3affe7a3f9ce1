/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that keeps the first key it finds to itself until it is ended. */
#include <stdio.h>
#include <unistd.h>
#include <winscard.h>

int
main(void)
{
	SCARDCONTEXT context;
	SCARDHANDLE card;
	DWORD protocol, size;
	char readers[2048] = "";

	size = sizeof(readers);
	if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) != SCARD_S_SUCCESS ||
	    SCardListReaders(context, NULL, readers, &size) != SCARD_S_SUCCESS ||
	    SCardConnect(context, readers, SCARD_SHARE_EXCLUSIVE,
			 SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &card,
			 &protocol) != SCARD_S_SUCCESS)
		return 1;
	(void)puts("held");
	(void)fflush(stdout);
	for (;;)
		(void)pause();
}
