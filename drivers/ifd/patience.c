/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/ifd/patience.h"

#include <stdlib.h>

#define PATIENCE_MS 60000

int
ifd_patience_ms(void)
{
	const char *text = secure_getenv("OPENUKEY_IFD_TIMEOUT_MS");
	long value = text == NULL ? 0 : strtol(text, NULL, 10);

	return value > 0 && value < PATIENCE_MS ? (int)value : PATIENCE_MS;
}
