/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One connection, from accept to the end: whose program is at the other end, TLS, how long it may
 * take over saying something, and which page it is. Inside listen/ only.
 */
#ifndef OUK_BRIDGE_DOOR_H
#define OUK_BRIDGE_DOOR_H

#include "assistant/bridge/listen/checks.h"
#include "assistant/bridge/listen/listen.h"
#include "assistant/bridge/listen/meter.h"

#include <libsoup/soup.h>

typedef struct _OukDoor OukDoor;
typedef struct _OukPort OukPort;

/* A socket that listens, and what answers there. */
struct _OukPort {
	OukListen *listen;
	OukDoorKind kind;
	guint16 port;
	SoupServer *server;
	GSocketService *service;      /* NULL: not open */
	GTlsCertificate *certificate; /* TLS only */
	GPtrArray *doors;             /* of OukDoor */
};

OukBridge *ouk_port_bridge(const OukPort *port);
/* Connections of all ports together. */
guint ouk_port_all_doors(const OukPort *port);

/* For port->doors. */
GPtrArray *ouk_doors_new(void);

/* Takes a new connection in, or closes it at once where there are too many. */
void ouk_door_open(OukPort *port, GSocketConnection *connection);
/* Ends it, whatever it is doing. */
void ouk_door_close(OukDoor *door);
/* The door through which a request came; NULL: it is closed. Borrowed. */
OukDoor *ouk_door_of(SoupServerMessage *message);

OukPort *ouk_door_port(const OukDoor *door);
const OukPeer *ouk_door_peer(const OukDoor *door);
/* NULL: the connection is over. */
OukMeter *ouk_door_meter(const OukDoor *door);
/* Seconds until it is closed unless this is called again; 0: it may take its time. */
void ouk_door_wait(OukDoor *door, guint seconds);
/* Told when the door closes; NULL: nobody. */
void ouk_door_set_closed(OukDoor *door, void (*closed)(gpointer data), gpointer data);

/* What answers there: serve.c. */
SoupServer *ouk_port_server(OukPort *port);

#endif
