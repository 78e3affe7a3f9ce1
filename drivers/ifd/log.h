/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines for pcscd's log.  Outside pcscd, where its log_msg does not exist, they are dropped. */
#ifndef IFD_LOG_H
#define IFD_LOG_H

/* Seen from outside this object: a hidden weak symbol would never find pcscd's function. */
#define PCSC_API __attribute__((visibility("default")))
#include <debuglog.h>

#pragma weak log_msg

#define ifd_error(...)                                                     \
	do {                                                               \
		if (log_msg != NULL)                                       \
			log_msg(PCSC_LOG_ERROR, "openukey: " __VA_ARGS__); \
	} while (0)

#endif
