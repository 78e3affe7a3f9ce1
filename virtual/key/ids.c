/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/ids.h"

#define APP_ID_HIGH       0x10
#define CONTAINER_ID_HIGH 0x30

bool
vk_app_by_id(struct vk_call *call, struct uk_span id)
{
	if (id.ptr[0] != APP_ID_HIGH || id.ptr[1] >= VK_APPS_MAX ||
	    !call->card->session.apps[id.ptr[1]].open)
		return false;
	call->app_index = id.ptr[1];
	call->app = &call->card->state.apps[call->app_index];
	return true;
}

bool
vk_container_by_id(struct vk_call *call, struct uk_span id)
{
	if (id.ptr[0] != CONTAINER_ID_HIGH || id.ptr[1] == 0 || id.ptr[1] > VK_CONTAINERS_MAX ||
	    !call->card->session.apps[call->app_index].containers_open[id.ptr[1] - 1])
		return false;
	call->container_index = (uint8_t)(id.ptr[1] - 1);
	call->container = &call->app->containers[call->container_index];
	return true;
}

void
vk_put_app_id(struct uk_writer *out, uint8_t index)
{
	uk_put_u8(out, APP_ID_HIGH);
	uk_put_u8(out, index);
}

void
vk_put_container_id(struct uk_writer *out, uint8_t index)
{
	uk_put_u8(out, CONTAINER_ID_HIGH);
	uk_put_u8(out, (uint8_t)(index + 1)); /* 30 00 would be nobody's */
}

struct vk_app *
vk_app_by_name(struct vk_state *state, struct uk_span name, uint8_t *ret_index)
{
	for (uint8_t i = 0; i < VK_APPS_MAX; i++) {
		if (!state->apps[i].used || !vk_name_is(&state->apps[i].name, name))
			continue;
		if (ret_index != NULL)
			*ret_index = i;
		return &state->apps[i];
	}
	return NULL;
}

struct vk_container *
vk_container_by_name(struct vk_app *app, struct uk_span name, uint8_t *ret_index)
{
	for (uint8_t i = 0; i < VK_CONTAINERS_MAX; i++) {
		if (!app->containers[i].used || !vk_name_is(&app->containers[i].name, name))
			continue;
		if (ret_index != NULL)
			*ret_index = i;
		return &app->containers[i];
	}
	return NULL;
}

struct vk_file *
vk_file_by_name(struct vk_app *app, struct uk_span name)
{
	for (size_t i = 0; i < VK_FILES_MAX; i++)
		if (app->files[i].used && vk_name_is(&app->files[i].name, name))
			return &app->files[i];
	return NULL;
}

void
vk_put_list_name(struct uk_writer *out, const struct vk_name *name)
{
	uk_put(out, vk_name_peek(name));
	uk_put_u8(out, 0);
}

void
vk_put_list_end(const struct vk_call *call)
{
	if (call->out->len > 0 && call->card->model->list_end)
		uk_put_u8(call->out, 0);
}
