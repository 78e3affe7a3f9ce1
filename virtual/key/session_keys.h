/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session keys: SM4 keys in the key's volatile memory, each of one container. */
#ifndef VK_SESSION_KEYS_H
#define VK_SESSION_KEYS_H

#include "virtual/key/card.h"

/* Takes a KeyID off the data: the container's session key, or NULL and what to answer. */
UK_CHECKED struct vk_session_key *vk_session_key_take(struct vk_call *call, uint16_t *ret_sw);

/* Wipes the session keys of a container. */
void vk_session_keys_drop(struct vk_session *session, size_t app, size_t container);
size_t vk_session_keys_count(const struct vk_session *session);

#endif
