/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the smart card service shows, seen as any program sees it. No command is sent to a key: that
 * is the module's business. libpcsclite is opened only here, so that its absence can be told.
 */
#ifndef OUK_CORE_DOCTOR_PCSC_H
#define OUK_CORE_DOCTOR_PCSC_H

#include <glib.h>

typedef enum {
	OUK_PCSC_NO_LIBRARY,
	OUK_PCSC_NO_SOCKET, /* nobody listens */
	OUK_PCSC_DENIED,    /* the socket's permissions */
	OUK_PCSC_POLICY,    /* polkit said no */
	OUK_PCSC_SILENT,    /* listens but does not talk */
	OUK_PCSC_READY,
} OukPcscState;

typedef struct {
	char *name;
	gboolean present, mute, exclusive, in_use;
	char *atr; /* hexadecimal, "" without a key */
} OukPcscReader;

typedef struct {
	gboolean looked;
	OukPcscState state;
	GPtrArray *readers; /* of OukPcscReader */
} OukPcsc;

/* Looks once; waits some seconds for so many readers to be there. */
void pcsc_look(OukPcsc *pcsc, guint expected);
/* Whether any reader has a key in it. */
gboolean pcsc_has_key(const OukPcsc *pcsc);
void pcsc_clear(OukPcsc *pcsc);
/* The service's socket that programs of this user use. */
const char *pcsc_socket(void);
/* A practice service, not the computer's own. */
gboolean pcsc_is_private(void);

#endif
