/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader drivers that the smart card service would load, and the USB numbers in their lists. */
#ifndef OUK_CORE_DOCTOR_DRIVERS_H
#define OUK_CORE_DOCTOR_DRIVERS_H

#include <glib.h>

/* Whether some driver's list has these USB numbers. */
gboolean drivers_know(guint16 vendor, guint16 product);
/* Whether there is a driver for the standard kind of reader (CCID). */
gboolean drivers_have_ccid(void);

#endif
