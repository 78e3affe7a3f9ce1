/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One copy of the PKCS#11 headers as a table.  Compiled once per copy: HEADER and ROWS are the
 * files, TABLE the name of what comes out.
 */
#include HEADER

#include "tests/p11/header_copy.h"

#include <stddef.h>

#define ROW(name, value) {name, (unsigned long)(value)},
const struct header_row TABLE[] = {
#include ROWS
	{NULL, 0},
};
