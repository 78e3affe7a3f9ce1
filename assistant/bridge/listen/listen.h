/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ports of this computer that hall pages' scripts know: pages come in through them, if the
 * browser lets them. Loopback only. Main context only.
 */
#ifndef OUK_BRIDGE_LISTEN_H
#define OUK_BRIDGE_LISTEN_H

#include "assistant/bridge/bridge.h"

typedef struct _OukListen OukListen;

typedef enum {
	OUK_DOOR_BJCA,      /* 21051: http and ws */
	OUK_DOOR_BJCA_TLS,  /* 21061: https and wss */
	OUK_DOOR_HEBCA,     /* 17212: ws, certificate work */
	OUK_DOOR_CONNECTOR, /* 17215: ws, the same */
	OUK_DOORS
} OukDoorKind;

/* 0: that one is left out. */
typedef struct {
	guint16 ports[OUK_DOORS];
} OukListenPorts;

/*
 * "21051,21061,17212,17215", in the order above; NULL: just these. FALSE: cannot be understood,
 * ret untouched.
 */
gboolean ouk_listen_ports_read(const char *text, OukListenPorts *ret);

/*
 * Opens what can be opened; a port that another program has is tried again every minute. Never
 * NULL: how each port fares is for ouk_listen_state.
 */
OukListen *ouk_listen_new(OukBridge *bridge, const OukListenPorts *ports);
/* Closes the ports and all pages that came through them. NULL is legal. */
void ouk_listen_free(OukListen *listen);

typedef struct {
	OukDoorKind kind;
	guint16 port; /* 0: left out */
	gboolean open;
	char *holder; /* not open: the program that has the port, or why else; NULL: not known */
	guint connections;
} OukListenState;

/* Of OukListenState, one for each kind; the caller's. */
GPtrArray *ouk_listen_state(OukListen *listen);
/* "bjca", "bjca-tls", "hebca", "hebca-connector": for scripts. */
const char *ouk_door_name(OukDoorKind kind);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukListen, ouk_listen_free)

#endif
