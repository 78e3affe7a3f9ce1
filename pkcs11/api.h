/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of entry points share. */
#ifndef UK_PKCS11_API_H
#define UK_PKCS11_API_H

#include "common/pkcs11.h"

struct openukey_functions;
extern struct openukey_functions vendor_functions;

#endif
