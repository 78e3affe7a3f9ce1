/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The virtual key's own process, seen from a GLib main loop.  Frames are those of the reader
 * driver's socket link: two bytes of length (big-endian) and as many bytes; one byte is a control.
 */
#ifndef VIRTUAL_USB_KEY_SOCKET_H
#define VIRTUAL_USB_KEY_SOCKET_H

#include "common/bytes.h"

enum key_control { KEY_OFF = 0, KEY_ON = 1, KEY_SEND_ATR = 4 };

struct key_watcher {
	void (*came)(void *data);
	void (*went)(void *data);
	void (*answered)(void *data, struct uk_span frame);
};

struct key_socket;

/* Looks for a key that listens at the path, again and again; tells when one comes and goes. */
struct key_socket *key_socket_new(const char *path, const struct key_watcher *watcher, void *data);
void key_socket_free(struct key_socket *key);

/*
 * A connection anew: what the key still had to answer on the old one never comes. To the key it is
 * a loss of power.
 */
void key_socket_renew(struct key_socket *key);

/* A key that cannot take a frame goes. */
void key_socket_send(struct key_socket *key, struct uk_span frame);
void key_socket_control(struct key_socket *key, enum key_control control);

#endif
