/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PKCS#11 2.40 and 3.0, and the functions of 3.2, written from the OASIS Base Specification: names,
 * numbers and layouts are the standard's.  tests/p11/test_header.c compares them with two other
 * headers, and what only 3.2 has with the standard's own tables.
 * Pointers are written T * in prototypes; the standard's T_PTR names exist beside them.
 */
#ifndef UK_COMMON_PKCS11_H
#define UK_COMMON_PKCS11_H

#include "common/pkcs11/attributes.h"
#include "common/pkcs11/ciphers.h"
#include "common/pkcs11/derivation.h"
#include "common/pkcs11/functions.h"
#include "common/pkcs11/mechanisms.h"
#include "common/pkcs11/objects.h"
#include "common/pkcs11/parameters.h"
#include "common/pkcs11/returns.h"
#include "common/pkcs11/types.h"

#endif
