/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A description of a key for whoever wants to have its model supported: what the kernel, the smart
 * card service and, of keys that are known, our module say of it. Nothing is written to a key, no
 * unknown one is spoken to, no PIN, certificate or file is read, and nothing is ever sent from
 * here.
 */
#ifndef OUK_CORE_DOCTOR_KEY_REPORT_H
#define OUK_CORE_DOCTOR_KEY_REPORT_H

#include <glib.h>

typedef struct {
	const char *module;      /* path of our PKCS #11 module; NULL: where it is installed */
	guint16 vendor, product; /* of the device; 0: whatever may be a key */
	gboolean serial;         /* serial numbers in full */
} OukKeyReportSetup;

/* As JSON. OUK_E_NO_KEY when there is no such device. Some seconds of I/O. The caller frees. */
char *ouk_key_report(const OukKeyReportSetup *setup, GError **error);
/* The same for people, a line for each value, from that JSON. */
char *ouk_key_report_text(const char *json);

#endif
