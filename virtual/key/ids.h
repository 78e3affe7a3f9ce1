/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AppID and ContainerID: two opaque bytes each, given out by Open and Create, valid while open. */
#ifndef VK_IDS_H
#define VK_IDS_H

#include "virtual/key/card.h"

#define VK_ID_LEN 2

/* Finds what an id names and puts it into the call; false when that is not open. */
UK_CHECKED bool vk_app_by_id(struct vk_call *call, struct uk_span id);
UK_CHECKED bool vk_container_by_id(struct vk_call *call, struct uk_span id);

void vk_put_app_id(struct uk_writer *out, uint8_t index);
void vk_put_container_id(struct uk_writer *out, uint8_t index);

/* NULL when there is none; *ret_index (may be NULL) is its place. */
struct vk_app *vk_app_by_name(struct vk_state *state, struct uk_span name, uint8_t *ret_index);
struct vk_container *vk_container_by_name(struct vk_app *app, struct uk_span name,
					  uint8_t *ret_index);
struct vk_file *vk_file_by_name(struct vk_app *app, struct uk_span name);

/* A name of a list answer, and the end of the list (gm-keys 2.2, 22 34 46). */
void vk_put_list_name(struct uk_writer *out, const struct vk_name *name);
void vk_put_list_end(const struct vk_call *call);

#endif
