/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One function per command; each returns the status word and writes data only with 9000. */
#ifndef VK_HANDLERS_H
#define VK_HANDLERS_H

#include "virtual/key/card.h"

#define HANDLER(name, function, cla, p1, p2, ids, shortest, longest) \
	uint16_t function(struct vk_call *call);
#include "virtual/key/handlers.def"
#undef HANDLER

#endif
