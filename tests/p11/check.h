/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmocka, and an assertion that shows return values as PKCS#11 people read them. */
#ifndef TESTS_P11_CHECK_H
#define TESTS_P11_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define assert_rv(call, expected)                                                        \
	do {                                                                             \
		unsigned long rv_ = (call);                                              \
		if (rv_ != (unsigned long)(expected))                                    \
			fail_msg("%s gave 0x%lx, not %s (0x%lx)", #call, rv_, #expected, \
				 (unsigned long)(expected));                             \
	} while (0)

#endif
