/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From an APDU to the function that does it: length forms, chaining, rows, access. */
#ifndef VK_DISPATCH_H
#define VK_DISPATCH_H

#include "virtual/key/card.h"

/* Does one command APDU and writes data and status word. */
void vk_dispatch(struct vk_card *card, struct uk_span command, struct uk_writer *reply);

#endif
