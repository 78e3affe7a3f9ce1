/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of an application, each with its own rights. */
#include "virtual/key/handlers.h"
#include "virtual/key/ids.h"

#include <stdlib.h>
#include <string.h>

static size_t
count_files(const struct vk_app *app)
{
	size_t count = 0;

	for (size_t i = 0; i < VK_FILES_MAX; i++)
		count += app->files[i].used;
	return count;
}

static struct vk_file *
find_free(struct vk_app *app)
{
	for (size_t i = 0; i < VK_FILES_MAX; i++)
		if (!app->files[i].used)
			return &app->files[i];
	return NULL;
}

/* size4 || readRights4 || writeRights4, after the name */
static bool
fill_file(struct vk_file *file, struct uk_span in, enum uk_order order, uint32_t size)
{
	uint32_t again;
	uint8_t *zeros = calloc(1, (size_t)size + 1);
	bool filled = zeros != NULL && uk_take_u32(&in, order, &again) &&
		      uk_take_u32(&in, order, &file->read_rights) &&
		      uk_take_u32(&in, order, &file->write_rights) &&
		      vk_blob_set(&file->data, uk_span_of(zeros, size));

	free(zeros);
	return filled;
}

uint16_t
vk_create_file(struct vk_call *call)
{
	struct vk_app *app = call->app;
	struct vk_file *file = find_free(app);
	struct uk_span name, peek;
	uint32_t size;

	if (call->data.len != call->card->model->name_len + 12 ||
	    !uk_take(&call->data, call->card->model->name_len, &name))
		return GM_SW_WRONG_LENGTH;
	peek = call->data;
	if (!uk_take_u32(&peek, vk_order(call), &size))
		return GM_SW_WRONG_LENGTH;
	if (vk_file_by_name(app, name) != NULL)
		return GM_SW_FILE_EXISTS;
	if (file == NULL || count_files(app) >= app->max_files ||
	    !vk_state_room(&call->card->state, size))
		return GM_SW_NO_ROOM;
	if (!vk_name_set(&file->name, name) || file->name.len == 0 ||
	    !fill_file(file, call->data, vk_order(call), size)) {
		vk_file_clear(file);
		return GM_SW_WRONG_DATA;
	}
	file->used = true;
	return vk_commit(call->card);
}

uint16_t
vk_delete_file(struct vk_call *call)
{
	struct vk_file *file = vk_file_by_name(call->app, call->data);

	if (file == NULL)
		return GM_SW_FILE_MISSING;
	vk_file_clear(file);
	return vk_commit(call->card);
}

uint16_t
vk_enum_files(struct vk_call *call)
{
	for (size_t i = 0; i < VK_FILES_MAX; i++)
		if (call->app->files[i].used)
			vk_put_list_name(call->out, &call->app->files[i].name);
	vk_put_list_end(call);
	return GM_SW_OK;
}

uint16_t
vk_get_file_info(struct vk_call *call)
{
	const struct vk_file *file = vk_file_by_name(call->app, call->data);

	if (file == NULL)
		return GM_SW_FILE_MISSING;
	uk_put_u32(call->out, vk_order(call), (uint32_t)file->data.len);
	uk_put_u32(call->out, vk_order(call), file->read_rights);
	uk_put_u32(call->out, vk_order(call), file->write_rights);
	return GM_SW_OK;
}

/* offset2 || nameLen2 || name; GM_SW_OK and the file, or what is wrong */
static uint16_t
take_place(struct vk_call *call, uint16_t *ret_offset, struct vk_file **ret_file)
{
	enum uk_order order = vk_order(call);
	struct uk_span name;
	uint16_t name_len;

	if (!uk_take_u16(&call->data, order, ret_offset) ||
	    !uk_take_u16(&call->data, order, &name_len) || !uk_take(&call->data, name_len, &name))
		return GM_SW_WRONG_LENGTH;
	*ret_file = vk_file_by_name(call->app, name);
	return *ret_file == NULL ? GM_SW_FILE_MISSING : GM_SW_OK;
}

uint16_t
vk_read_file(struct vk_call *call)
{
	struct vk_file *file;
	uint16_t offset, sw;
	size_t left;

	sw = take_place(call, &offset, &file);
	if (sw != GM_SW_OK)
		return sw;
	if (call->data.len != 0)
		return GM_SW_WRONG_LENGTH;
	if (!vk_rights_held(call, file->read_rights))
		return GM_SW_SECURITY;
	if (offset > file->data.len)
		return GM_SW_OFFSET;
	left = file->data.len - offset;
	uk_put(call->out,
	       uk_span_of(file->data.ptr + offset, left < call->room ? left : call->room));
	return GM_SW_OK;
}

uint16_t
vk_write_file(struct vk_call *call)
{
	struct vk_file *file;
	uint16_t offset, len, sw;

	sw = take_place(call, &offset, &file);
	if (sw != GM_SW_OK)
		return sw;
	if (!uk_take_u16(&call->data, vk_order(call), &len) || call->data.len != len)
		return GM_SW_WRONG_LENGTH;
	if (!vk_rights_held(call, file->write_rights))
		return GM_SW_SECURITY;
	if (offset > file->data.len || len > file->data.len - offset)
		return GM_SW_OFFSET;
	if (len > 0)
		memcpy(file->data.ptr + offset, call->data.ptr, len);
	return vk_commit(call->card);
}
