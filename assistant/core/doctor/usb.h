/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and readers in the USB ports, as the kernel lists them; nothing is sent to them. */
#ifndef OUK_CORE_DOCTOR_USB_H
#define OUK_CORE_DOCTOR_USB_H

#include <glib.h>

/* Of OukUsbDevice: devices of udev/keys.tsv, and all with a smart card interface. */
GPtrArray *usb_devices(gboolean *ret_has_usb);

#endif
