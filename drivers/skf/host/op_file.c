/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of the application. */
#include "drivers/skf/host/serve.h"

#include <string.h>

#define FILE_MOST    65535
#define NAME_IN_INFO 32

/* The application and the file's name out of a request. */
static uint32_t
file_begin(struct client *client, struct uk_span *in, char *name, struct app **ret)
{
	struct uk_span text;

	if (!skf_take_bytes(in, &text))
		return SAR_HOST_REQUEST;
	if (!name_copy(name, NAME_ROOM, text) || text.len > GM_FILE_NAME_MAX)
		return SAR_NAMELENERR;
	return client_app(client, ret);
}

uint32_t
op_files(struct client *client, struct uk_span in, struct uk_writer *out)
{
	char list[SKF_NAMES_MAX];
	struct uk_span names;
	struct app *app;
	uint32_t sar = client_app(client, &app);

	(void)in;
	if (sar == SAR_OK)
		sar = names_list(ENTRY_EnumFiles, app->handle, list, sizeof(list), &names);
	if (sar == SAR_OK)
		skf_put_bytes(out, names);
	return sar;
}

uint32_t
op_file_info(struct client *client, struct uk_span in, struct uk_writer *out)
{
	uint8_t room[256] = {0};
	struct abi_reader info = {library_config(), uk_span_of(room, sizeof(room)), 0, false};
	char name[NAME_ROOM];
	struct app *app;
	uint32_t sar = file_begin(client, &in, name, &app);

	if (sar == SAR_OK)
		sar = CALL(GetFileInfo, app->handle, (uintptr_t)name, (uintptr_t)room);
	if (sar != SAR_OK)
		return sar;
	(void)abi_take(&info, NAME_IN_INFO);
	for (int i = 0; i < 3; i++) /* size, read rights, write rights */
		skf_put_u32(out, abi_take_ulong(&info));
	return info.bad ? SAR_HOST_DAMAGED : SAR_OK;
}

uint32_t
op_read_file(struct client *client, struct uk_span in, struct uk_writer *out)
{
	static uint8_t room[FILE_MOST + 1];
	const struct skf_config *config = library_config();
	struct abi_cell got = {0};
	char name[NAME_ROOM];
	struct app *app;
	uint32_t offset, len, sar = file_begin(client, &in, name, &app);

	if (sar != SAR_OK)
		return sar;
	if (!skf_take_u32(&in, &offset) || !skf_take_u32(&in, &len) || len > FILE_MOST)
		return SAR_HOST_REQUEST;
	got = abi_cell_of(config, len);
	sar = CALL(ReadFile, app->handle, (uintptr_t)name, offset, len, (uintptr_t)room,
		   abi_cell_at(&got));
	if (sar == SAR_OK && abi_cell_value(config, &got) > len)
		sar = SAR_HOST_DAMAGED;
	if (sar == SAR_OK)
		skf_put_bytes(out, uk_span_of(room, abi_cell_value(config, &got)));
	uk_wipe(room, sizeof(room));
	return sar;
}

uint32_t
op_create_file(struct client *client, struct uk_span in, struct uk_writer *out)
{
	uint32_t size, read_rights, write_rights;
	char name[NAME_ROOM];
	struct app *app;
	uint32_t sar = file_begin(client, &in, name, &app);

	(void)out;
	if (sar != SAR_OK)
		return sar;
	if (!skf_take_u32(&in, &size) || !skf_take_u32(&in, &read_rights) ||
	    !skf_take_u32(&in, &write_rights))
		return SAR_HOST_REQUEST;
	return CALL(CreateFile, app->handle, (uintptr_t)name, size, read_rights, write_rights);
}

uint32_t
op_write_file(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct uk_span data;
	char name[NAME_ROOM];
	struct app *app;
	uint32_t offset, sar = file_begin(client, &in, name, &app);

	(void)out;
	if (sar != SAR_OK)
		return sar;
	if (!skf_take_u32(&in, &offset) || !skf_take_bytes(&in, &data))
		return SAR_HOST_REQUEST;
	return CALL(WriteFile, app->handle, (uintptr_t)name, offset, (uintptr_t)data.ptr, data.len);
}

uint32_t
op_delete_file(struct client *client, struct uk_span in, struct uk_writer *out)
{
	char name[NAME_ROOM];
	struct app *app;
	uint32_t sar = file_begin(client, &in, name, &app);

	(void)out;
	return sar != SAR_OK ? sar : CALL(DeleteFile, app->handle, (uintptr_t)name);
}
