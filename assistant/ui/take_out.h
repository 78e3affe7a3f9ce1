/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reminds once to take the key out: when the screen is locked, the computer goes to sleep, or a
 * hall's session ends, and a key is still plugged in. Said again only after it was out.
 */
#ifndef OUK_UI_TAKE_OUT_H
#define OUK_UI_TAKE_OUT_H

#include "assistant/ui/application.h"

typedef struct _OukTakeOut OukTakeOut;

OukTakeOut *ouk_take_out_new(OukApplication *application);
void ouk_take_out_free(OukTakeOut *self);

/* A hall's session with a key is over. */
void ouk_take_out_session_ended(OukTakeOut *self);

#endif
