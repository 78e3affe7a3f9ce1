/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the desktop tells while nobody looks at the window: a key came, a certificate ends. Keys
 * that come are remembered here too.
 */
#ifndef OUK_UI_NOTICES_H
#define OUK_UI_NOTICES_H

#include "assistant/ui/application.h"

typedef struct _OukNotices OukNotices;

OukNotices *ouk_notices_new(OukApplication *application);
void ouk_notices_free(OukNotices *notices);

#endif
