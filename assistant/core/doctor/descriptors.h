/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* USB descriptors, as the kernel shows them of any device; the bytes may be anything. */
#ifndef OUK_CORE_DOCTOR_DESCRIPTORS_H
#define OUK_CORE_DOCTOR_DESCRIPTORS_H

#include <json-glib/json-glib.h>

/*
 * Adds an array to the builder, one object for each descriptor in its order (USB 2.0, 9.5 and 9.6),
 * unknown ones in hexadecimal; ends at what is none. No texts are in them, nor serial numbers.
 */
void usb_descriptors_add(JsonBuilder *json, const guint8 *bytes, gsize len);

#endif
