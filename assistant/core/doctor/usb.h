/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and readers in the USB ports, as the kernel lists them; nothing is sent to them. */
#ifndef OUK_CORE_DOCTOR_USB_H
#define OUK_CORE_DOCTOR_USB_H

#include <glib.h>

/* Of OukUsbDevice: devices of udev/keys.tsv, and all with a smart card interface. */
GPtrArray *usb_devices(gboolean *ret_has_usb);

/* Devices that may be keys ("1-2"): of the list, of a vendor in it, or with a smart card interface;
 * or those of one number, whatever they are. */
GPtrArray *usb_candidates(guint16 vendor, guint16 product);
/* Where the kernel shows a device or an interface ("1-2:1.0"). The caller frees. */
char *usb_folder(const char *name);
/* One of its texts as UTF-8, or NULL. The caller frees. */
char *usb_attribute(const char *name, const char *attribute);
/* A device's interfaces, in their order. */
GPtrArray *usb_interfaces(const char *device);
/* Its name in our list, or NULL. */
const char *usb_model_name(const char *device);

#endif
