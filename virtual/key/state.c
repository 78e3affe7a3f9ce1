/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/state.h"

#include "common/secret.h"
#include "virtual/key/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORDER       UK_BIG_ENDIAN /* of the file, whatever the model speaks */
#define FACTORY_KEY "1234567812345678"

bool
vk_name_set(struct vk_name *name, struct uk_span bytes)
{
	while (bytes.len > 0 && bytes.ptr[bytes.len - 1] == 0)
		bytes.len--;
	if (bytes.len > sizeof(name->bytes))
		return false;
	memset(name, 0, sizeof(*name));
	if (bytes.len > 0)
		memcpy(name->bytes, bytes.ptr, bytes.len);
	name->len = (uint8_t)bytes.len;
	return true;
}

bool
vk_name_is(const struct vk_name *name, struct uk_span bytes)
{
	struct vk_name other;

	return vk_name_set(&other, bytes) &&
	       uk_span_equal(vk_name_peek(name), vk_name_peek(&other));
}

void
vk_blob_clear(struct vk_blob *blob)
{
	if (blob->ptr != NULL)
		uk_wipe(blob->ptr, blob->len);
	free(blob->ptr);
	*blob = (struct vk_blob){0};
}

bool
vk_blob_set(struct vk_blob *blob, struct uk_span bytes)
{
	uint8_t *copy = malloc(bytes.len + 1);

	if (copy == NULL)
		return false;
	if (bytes.len > 0)
		memcpy(copy, bytes.ptr, bytes.len);
	vk_blob_clear(blob);
	*blob = (struct vk_blob){copy, bytes.len};
	return true;
}

void
vk_key_clear(struct vk_key *key)
{
	vk_blob_clear(&key->secret);
	*key = (struct vk_key){0};
}

void
vk_container_clear(struct vk_container *container)
{
	for (size_t i = 0; i < 2; i++) {
		vk_key_clear(&container->keys[i]);
		vk_blob_clear(&container->certs[i]);
	}
	memset(container, 0, sizeof(*container));
}

void
vk_file_clear(struct vk_file *file)
{
	vk_blob_clear(&file->data);
	memset(file, 0, sizeof(*file));
}

void
vk_app_clear(struct vk_app *app)
{
	for (size_t i = 0; i < VK_CONTAINERS_MAX; i++)
		vk_container_clear(&app->containers[i]);
	for (size_t i = 0; i < VK_FILES_MAX; i++)
		vk_file_clear(&app->files[i]);
	uk_wipe(app, sizeof(*app));
}

void
vk_state_clear(struct vk_state *state)
{
	for (size_t i = 0; i < VK_APPS_MAX; i++)
		vk_app_clear(&state->apps[i]);
	uk_wipe(state, sizeof(*state));
}

/* "VK" and ten hexadecimal digits */
static bool
set_random_serial(struct vk_name *serial)
{
	uint8_t random[5];
	char text[13];

	if (!vk_random(random, sizeof(random)))
		return false;
	(void)snprintf(text, sizeof(text), "VK%02X%02X%02X%02X%02X", random[0], random[1],
		       random[2], random[3], random[4]);
	return vk_name_set(serial, uk_span_str(text));
}

bool
vk_state_blank(struct vk_state *state, const char *model, const char *serial, const char *label)
{
	vk_state_clear(state);
	memcpy(state->device_key, FACTORY_KEY, sizeof(state->device_key));
	state->device_tries = VK_TRIES_DEFAULT;
	state->space = VK_SPACE_DEFAULT;
	if (serial == NULL && !set_random_serial(&state->serial))
		return false;
	if (serial != NULL &&
	    (strlen(serial) > 32 || !vk_name_set(&state->serial, uk_span_str(serial))))
		return false;
	if (label == NULL)
		label = "VIRTUAL OpenUKey";
	return vk_name_set(&state->model, uk_span_str(model)) && strlen(label) <= GM_LABEL_MAX &&
	       vk_name_set(&state->label, uk_span_str(label));
}

static uint32_t
container_used(const struct vk_container *container)
{
	uint32_t used = vk_space_of(0);

	for (size_t i = 0; i < 2; i++) {
		if (container->keys[i].type != GM_CONTAINER_EMPTY)
			used += vk_space_of(container->keys[i].secret.len);
		if (container->certs[i].len > 0)
			used += vk_space_of(container->certs[i].len);
	}
	return used;
}

uint32_t
vk_state_used(const struct vk_state *state)
{
	uint32_t used = 0;

	for (size_t a = 0; a < VK_APPS_MAX; a++) {
		const struct vk_app *app = &state->apps[a];

		if (!app->used)
			continue;
		used += vk_space_of(0);
		for (size_t i = 0; i < VK_CONTAINERS_MAX; i++)
			if (app->containers[i].used)
				used += container_used(&app->containers[i]);
		for (size_t i = 0; i < VK_FILES_MAX; i++)
			if (app->files[i].used)
				used += vk_space_of(app->files[i].data.len);
	}
	return used;
}

bool
vk_state_room(const struct vk_state *state, size_t bytes)
{
	uint32_t used = vk_state_used(state);

	return used <= state->space && bytes <= VK_SPACE_MAX &&
	       vk_space_of(bytes) <= state->space - used;
}

static void
put_bytes(struct uk_writer *out, struct uk_span bytes)
{
	uk_put_u32(out, ORDER, (uint32_t)bytes.len);
	uk_put(out, bytes);
}

static bool
take_bytes(struct uk_span *in, struct uk_span *out)
{
	uint32_t len;

	return uk_take_u32(in, ORDER, &len) && uk_take(in, len, out);
}

static bool
take_name(struct uk_span *in, struct vk_name *name)
{
	struct uk_span bytes;

	return take_bytes(in, &bytes) && vk_name_set(name, bytes);
}

static bool
take_blob(struct uk_span *in, struct vk_blob *blob)
{
	struct uk_span bytes;

	return take_bytes(in, &bytes) && vk_blob_set(blob, bytes);
}

static bool
take_flag(struct uk_span *in, bool *flag)
{
	uint8_t byte;

	if (!uk_take_u8(in, &byte) || byte > 1)
		return false;
	*flag = byte == 1;
	return true;
}

static void
put_container(const struct vk_container *container, struct uk_writer *out)
{
	uk_put_u8(out, container->used);
	if (!container->used)
		return;
	put_bytes(out, vk_name_peek(&container->name));
	for (size_t i = 0; i < 2; i++) {
		uk_put_u8(out, container->keys[i].type);
		uk_put_u16(out, ORDER, container->keys[i].bits);
		put_bytes(out, vk_blob_peek(&container->keys[i].secret));
		put_bytes(out, vk_blob_peek(&container->certs[i]));
	}
}

static bool
take_container(struct vk_container *container, struct uk_span *in)
{
	if (!take_flag(in, &container->used))
		return false;
	if (!container->used)
		return true;
	if (!take_name(in, &container->name))
		return false;
	for (size_t i = 0; i < 2; i++)
		if (!uk_take_u8(in, &container->keys[i].type) ||
		    !uk_take_u16(in, ORDER, &container->keys[i].bits) ||
		    !take_blob(in, &container->keys[i].secret) ||
		    !take_blob(in, &container->certs[i]))
			return false;
	return true;
}

static void
put_file(const struct vk_file *file, struct uk_writer *out)
{
	uk_put_u8(out, file->used);
	if (!file->used)
		return;
	put_bytes(out, vk_name_peek(&file->name));
	uk_put_u32(out, ORDER, file->read_rights);
	uk_put_u32(out, ORDER, file->write_rights);
	put_bytes(out, vk_blob_peek(&file->data));
}

static bool
take_file(struct vk_file *file, struct uk_span *in)
{
	if (!take_flag(in, &file->used))
		return false;
	if (!file->used)
		return true;
	return take_name(in, &file->name) && uk_take_u32(in, ORDER, &file->read_rights) &&
	       uk_take_u32(in, ORDER, &file->write_rights) && take_blob(in, &file->data);
}

static bool
take_pin(struct vk_pin *pin, struct uk_span *in)
{
	struct uk_span key;

	if (!uk_take(in, sizeof(pin->key), &key) || !uk_take_u8(in, &pin->max) ||
	    !uk_take_u8(in, &pin->left) || !take_flag(in, &pin->is_default))
		return false;
	memcpy(pin->key, key.ptr, key.len);
	return pin->max <= VK_TRIES_MAX && pin->left <= pin->max;
}

static void
put_app(const struct vk_app *app, struct uk_writer *out)
{
	uk_put_u8(out, app->used);
	if (!app->used)
		return;
	put_bytes(out, vk_name_peek(&app->name));
	uk_put_u32(out, ORDER, app->create_rights);
	uk_put_u8(out, app->max_containers);
	uk_put_u8(out, app->max_certs);
	uk_put_u16(out, ORDER, app->max_files);
	for (size_t i = 0; i < 2; i++) {
		uk_put(out, uk_span_of(app->pins[i].key, sizeof(app->pins[i].key)));
		uk_put_u8(out, app->pins[i].max);
		uk_put_u8(out, app->pins[i].left);
		uk_put_u8(out, app->pins[i].is_default);
	}
	for (size_t i = 0; i < VK_CONTAINERS_MAX; i++)
		put_container(&app->containers[i], out);
	for (size_t i = 0; i < VK_FILES_MAX; i++)
		put_file(&app->files[i], out);
}

static bool
take_app(struct vk_app *app, struct uk_span *in)
{
	if (!take_flag(in, &app->used))
		return false;
	if (!app->used)
		return true;
	if (!take_name(in, &app->name) || !uk_take_u32(in, ORDER, &app->create_rights) ||
	    !uk_take_u8(in, &app->max_containers) || !uk_take_u8(in, &app->max_certs) ||
	    !uk_take_u16(in, ORDER, &app->max_files) || !take_pin(&app->pins[0], in) ||
	    !take_pin(&app->pins[1], in))
		return false;
	for (size_t i = 0; i < VK_CONTAINERS_MAX; i++)
		if (!take_container(&app->containers[i], in))
			return false;
	for (size_t i = 0; i < VK_FILES_MAX; i++)
		if (!take_file(&app->files[i], in))
			return false;
	return true;
}

void
vk_state_put(const struct vk_state *state, struct uk_writer *out)
{
	put_bytes(out, vk_name_peek(&state->model));
	put_bytes(out, vk_name_peek(&state->serial));
	put_bytes(out, vk_name_peek(&state->label));
	uk_put(out, uk_span_of(state->device_key, sizeof(state->device_key)));
	uk_put_u8(out, state->device_tries);
	uk_put_u32(out, ORDER, state->space);
	for (size_t i = 0; i < VK_APPS_MAX; i++)
		put_app(&state->apps[i], out);
}

static bool
take_state(struct vk_state *state, struct uk_span in)
{
	struct uk_span key;

	if (!take_name(&in, &state->model) || !take_name(&in, &state->serial) ||
	    !take_name(&in, &state->label) || !uk_take(&in, sizeof(state->device_key), &key) ||
	    !uk_take_u8(&in, &state->device_tries) || !uk_take_u32(&in, ORDER, &state->space))
		return false;
	memcpy(state->device_key, key.ptr, key.len);
	for (size_t i = 0; i < VK_APPS_MAX; i++)
		if (!take_app(&state->apps[i], &in))
			return false;
	return in.len == 0 && state->space <= VK_SPACE_MAX;
}

bool
vk_state_take(struct vk_state *state, struct uk_span in)
{
	if (take_state(state, in))
		return true;
	vk_state_clear(state);
	return false;
}
