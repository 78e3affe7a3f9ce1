/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Applications: made with the device right, opened by anybody. */
#include "virtual/key/handlers.h"
#include "virtual/key/ids.h"
#include "virtual/key/protect.h"

/* PIN16 (padded with zeros) || retry4 */
static bool
take_first_pin(struct uk_span *in, enum uk_order order, struct vk_pin *pin)
{
	struct uk_span field;
	uint32_t tries;
	size_t len = 0;

	if (!uk_take(in, GM_PIN_MAX, &field) || !uk_take_u32(in, order, &tries))
		return false;
	while (len < field.len && field.ptr[len] != 0)
		len++;
	for (size_t i = len; i < field.len; i++)
		if (field.ptr[i] != 0)
			return false;
	if (tries < 1 || tries > VK_TRIES_MAX || !vk_pin_key(uk_span_of(field.ptr, len), pin->key))
		return false;
	pin->max = pin->left = (uint8_t)tries;
	pin->is_default = true;
	return true;
}

/* The rest of CreateApplication's data, after the name. */
static bool
take_settings(struct uk_span in, enum uk_order order, struct vk_app *app)
{
	return take_first_pin(&in, order, &app->pins[GM_PIN_ADMIN]) &&
	       take_first_pin(&in, order, &app->pins[GM_PIN_USER]) &&
	       uk_take_u32(&in, order, &app->create_rights) &&
	       uk_take_u8(&in, &app->max_containers) && uk_take_u8(&in, &app->max_certs) &&
	       uk_take_u16(&in, order, &app->max_files) && in.len == 0;
}

static struct vk_app *
find_free(struct vk_card *card, uint8_t *ret_index)
{
	for (uint8_t i = 0; i < VK_APPS_MAX; i++) {
		if (card->state.apps[i].used)
			continue;
		*ret_index = i;
		return &card->state.apps[i];
	}
	return NULL;
}

uint16_t
vk_create_application(struct vk_call *call)
{
	struct vk_card *card = call->card;
	size_t settings_len = 2 * (GM_PIN_MAX + 4) + 4 + 1 + 1 + 2;
	struct uk_span name;
	struct vk_app *app;
	uint8_t index;

	if (call->data.len != card->model->name_len + settings_len ||
	    !uk_take(&call->data, card->model->name_len, &name))
		return GM_SW_WRONG_LENGTH;
	if (vk_app_by_name(&card->state, name, NULL) != NULL)
		return GM_SW_APP_EXISTS;
	app = find_free(card, &index);
	if (app == NULL || !vk_state_room(&card->state, 0))
		return GM_SW_NO_ROOM;
	if (!vk_name_set(&app->name, name) || app->name.len == 0 ||
	    !take_settings(call->data, vk_order(call), app)) {
		vk_app_clear(app);
		return GM_SW_WRONG_DATA;
	}
	app->used = true;
	vk_session_drop_app(&card->session, index);
	return vk_commit(card);
}

uint16_t
vk_enum_application(struct vk_call *call)
{
	for (size_t i = 0; i < VK_APPS_MAX; i++)
		if (call->card->state.apps[i].used)
			vk_put_list_name(call->out, &call->card->state.apps[i].name);
	vk_put_list_end(call);
	return GM_SW_OK;
}

uint16_t
vk_delete_application(struct vk_call *call)
{
	struct vk_card *card = call->card;
	uint8_t index;
	struct vk_app *app = vk_app_by_name(&card->state, call->data, &index);

	if (app == NULL)
		return GM_SW_APP_MISSING;
	vk_app_clear(app);
	vk_session_drop_app(&card->session, index);
	return vk_commit(card);
}

uint16_t
vk_open_application(struct vk_call *call)
{
	struct vk_card *card = call->card;
	uint8_t index;
	struct vk_app *app = vk_app_by_name(&card->state, call->data, &index);

	if (app == NULL)
		return GM_SW_APP_MISSING;
	if (card->session.apps[index].open && card->options.reopen_error)
		return GM_SW_APP_ALREADY_OPEN;
	card->session.apps[index].open = true;
	uk_put_u32(call->out, vk_order(call), app->create_rights);
	uk_put_u8(call->out, app->max_containers);
	uk_put_u8(call->out, app->max_certs);
	uk_put_u16(call->out, vk_order(call), app->max_files);
	vk_put_app_id(call->out, index);
	return GM_SW_OK;
}

/* Rights stay (SKF_CloseApplication); the ids of the application's containers end. */
uint16_t
vk_close_application(struct vk_call *call)
{
	struct vk_session *session = &call->card->session;

	session->apps[call->app_index].open = false;
	memset(session->apps[call->app_index].containers_open, 0,
	       sizeof(session->apps[call->app_index].containers_open));
	return GM_SW_OK;
}
