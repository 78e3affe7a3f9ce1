/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands on keys ask about the container they work in. */
#ifndef VK_CONTAINERS_H
#define VK_CONTAINERS_H

#include "virtual/key/card.h"

/* enum gm_container_type: one kind of keys per container */
uint8_t vk_container_type(const struct vk_container *container);
bool vk_container_takes(const struct vk_container *container, uint8_t type);

/* A private key was used: where the user right is good for one use, it ends. */
void vk_signature_made(struct vk_call *call);

#endif
