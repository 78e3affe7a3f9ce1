/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stream that counts: libsoup bounds a single WebSocket frame, but neither a message that comes
 * in many nor what waits for a client that does not read.
 */
#ifndef OUK_BRIDGE_METER_H
#define OUK_BRIDGE_METER_H

#include <gio/gio.h>

#define OUK_TYPE_METER ouk_meter_get_type()
G_DECLARE_FINAL_TYPE(OukMeter, ouk_meter, OUK, METER, GIOStream)

/* Keeps base, which must be pollable. At most `most` bytes come in until the next reset. */
OukMeter *ouk_meter_new(GIOStream *base, guint64 most);
/* A message has been taken care of: the next one begins. Reading more than `most` fails. */
void ouk_meter_reset(OukMeter *meter);
/* Bytes that have gone out. */
guint64 ouk_meter_written(OukMeter *meter);

#endif
