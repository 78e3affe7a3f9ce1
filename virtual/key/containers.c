/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers: a signing and an encryption pair, each with one certificate. */
#include "virtual/key/containers.h"

#include "virtual/key/handlers.h"
#include "virtual/key/ids.h"
#include "virtual/key/session_keys.h"

uint8_t
vk_container_type(const struct vk_container *container)
{
	for (size_t i = 0; i < 2; i++)
		if (container->keys[i].type != GM_CONTAINER_EMPTY)
			return container->keys[i].type;
	return GM_CONTAINER_EMPTY;
}

bool
vk_container_takes(const struct vk_container *container, uint8_t type)
{
	uint8_t has = vk_container_type(container);

	return has == GM_CONTAINER_EMPTY || has == type;
}

void
vk_signature_made(struct vk_call *call)
{
	const struct vk_card *card = call->card;

	if (card->model->right_once || card->options.right_once)
		call->card->session.apps[call->app_index].rights[GM_PIN_USER] = false;
}

static size_t
count_containers(const struct vk_app *app)
{
	size_t count = 0;

	for (size_t i = 0; i < VK_CONTAINERS_MAX; i++)
		count += app->containers[i].used;
	return count;
}

static struct vk_container *
find_free(struct vk_app *app, uint8_t *ret_index)
{
	for (uint8_t i = 0; i < VK_CONTAINERS_MAX; i++) {
		if (app->containers[i].used)
			continue;
		*ret_index = i;
		return &app->containers[i];
	}
	return NULL;
}

uint16_t
vk_create_container(struct vk_call *call)
{
	struct vk_app *app = call->app;
	struct vk_container *container;
	uint8_t index;
	uint16_t sw;

	if (vk_container_by_name(app, call->data, NULL) != NULL)
		return GM_SW_CONTAINER_EXISTS;
	container = find_free(app, &index);
	if (container == NULL || count_containers(app) >= app->max_containers ||
	    !vk_state_room(&call->card->state, 0))
		return GM_SW_NO_ROOM;
	if (!vk_name_set(&container->name, call->data) || container->name.len == 0)
		return GM_SW_WRONG_DATA;
	container->used = true;
	sw = vk_commit(call->card);
	if (sw != GM_SW_OK)
		return sw;
	call->card->session.apps[call->app_index].containers_open[index] = true;
	vk_put_container_id(call->out, index);
	return GM_SW_OK;
}

uint16_t
vk_open_container(struct vk_call *call)
{
	bool *open = call->card->session.apps[call->app_index].containers_open;
	uint8_t index;

	if (vk_container_by_name(call->app, call->data, &index) == NULL)
		return GM_SW_CONTAINER_NAME_MISSING;
	if (open[index] && call->card->options.reopen_error)
		return GM_SW_APP_ALREADY_OPEN;
	open[index] = true;
	vk_put_container_id(call->out, index);
	return GM_SW_OK;
}

uint16_t
vk_close_container(struct vk_call *call)
{
	call->card->session.apps[call->app_index].containers_open[call->container_index] = false;
	return GM_SW_OK;
}

uint16_t
vk_enum_container(struct vk_call *call)
{
	for (size_t i = 0; i < VK_CONTAINERS_MAX; i++)
		if (call->app->containers[i].used)
			vk_put_list_name(call->out, &call->app->containers[i].name);
	vk_put_list_end(call);
	return GM_SW_OK;
}

uint16_t
vk_delete_container(struct vk_call *call)
{
	uint8_t index;
	struct vk_container *container = vk_container_by_name(call->app, call->data, &index);

	if (container == NULL)
		return GM_SW_CONTAINER_NAME_MISSING;
	vk_container_clear(container);
	vk_session_keys_drop(&call->card->session, call->app_index, index);
	call->card->session.apps[call->app_index].containers_open[index] = false;
	return vk_commit(call->card);
}

uint16_t
vk_get_container_info(struct vk_call *call)
{
	const struct vk_container *container = vk_container_by_name(call->app, call->data, NULL);
	struct uk_writer *out = call->out;

	if (container == NULL)
		return GM_SW_CONTAINER_NAME_MISSING;
	uk_put_u8(out, vk_container_type(container));
	uk_put_u32(out, vk_order(call), container->keys[GM_PAIR_SIGN].bits);
	uk_put_u32(out, vk_order(call), container->keys[GM_PAIR_ENCRYPT].bits);
	uk_put_u8(out, container->certs[GM_PAIR_SIGN].len > 0);
	uk_put_u8(out, container->certs[GM_PAIR_ENCRYPT].len > 0);
	return GM_SW_OK;
}

static size_t
count_certs(const struct vk_app *app)
{
	size_t count = 0;

	for (size_t i = 0; i < VK_CONTAINERS_MAX; i++)
		for (size_t k = 0; k < 2; k++)
			count += app->containers[i].certs[k].len > 0;
	return count;
}

/* kind1 || len4 || DER; the key does not look inside. An empty one takes the old one away [ours].
 */
uint16_t
vk_import_certificate(struct vk_call *call)
{
	struct vk_blob *cert;
	uint32_t len;
	uint8_t kind;

	if (!uk_take_u8(&call->data, &kind) || !uk_take_u32(&call->data, vk_order(call), &len) ||
	    len != call->data.len)
		return GM_SW_WRONG_LENGTH;
	if (kind > GM_PAIR_SIGN)
		return GM_SW_WRONG_DATA;
	cert = &call->container->certs[kind];
	if (cert->len == 0 && count_certs(call->app) >= call->app->max_certs)
		return GM_SW_NO_ROOM;
	if (len > cert->len && !vk_state_room(&call->card->state, len - cert->len))
		return GM_SW_NO_ROOM;
	if (!vk_blob_set(cert, call->data))
		return GM_SW_MEMORY_FAILED;
	return vk_commit(call->card);
}

/* len4 || DER in as many parts as Le asks for; all but the last end with 6A9E. */
uint16_t
vk_export_certificate(struct vk_call *call)
{
	const struct vk_blob *cert = &call->container->certs[call->p1];
	uint8_t whole[4 + VK_DATA_MAX];
	struct uk_writer out = uk_writer_of(whole, sizeof(whole));
	struct vk_export *export = &call->card->session.export;
	uint32_t max = call->card->options.max_answer;
	size_t part;

	if (cert->len == 0)
		return GM_SW_NO_CERT;
	uk_put_u32(&out, vk_order(call), (uint32_t)cert->len);
	uk_put(&out, vk_blob_peek(cert));
	if (!export->active || export->p1 != call->p1 || export->app != call->app_index ||
	    export->container != call->container_index || export->offset >= out.len)
		*export = (struct vk_export){true, call->p1, call->app_index, call->container_index,
					     0};

	part = out.len - export->offset;
	if (part > call->room)
		part = call->room;
	if (max != 0 && part > max)
		part = max;
	uk_put(call->out, uk_span_of(whole + export->offset, part));
	export->offset += part;
	if (export->offset < out.len)
		return GM_SW_MORE_DATA;
	export->active = false;
	return GM_SW_OK;
}
