/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/gm/session.h"

#include "common/log.h"

#include <stdatomic.h>
#include <string.h>

/* ---- loss ---- */

void
gm_ids_forget(struct gm_token *token)
{
	token->app_open = false;
	token->container_count = 0;
	token->container_next = 0;
}

void
gm_rights_lost(struct gm_token *token)
{
	token->rights = 0;
	token->base.login_lost = true;
	vault_clear(&token->vault);
}

void
gm_epoch_begin(struct gm_token *token)
{
	static atomic_uint epochs;

	token->epoch = atomic_fetch_add(&epochs, 1) + 1;
}

void
gm_session_lost(struct gm_token *token)
{
	gm_epoch_begin(token);
	gm_ids_forget(token);
	gm_rights_lost(token);
	token->in_transaction = false;
	token->once.active = false;
}

/* ---- application ---- */

static enum uk_status
app_open_named(struct gm_token *token, struct uk_span name)
{
	struct uk_writer out = gm_cmd_begin(token, GM_INS_OPEN_APPLICATION, 0, 0);
	char kept[TOKEN_NAME_MAX];
	struct uk_span reply;
	enum uk_status st;

	if (name.len == 0 || name.len >= sizeof(kept))
		return UK_E_ARGUMENTS;
	memcpy(kept, name.ptr, name.len); /* it may lie in the reply buffer */
	kept[name.len] = '\0';
	uk_put(&out, name);
	st = gm_cmd_send(token, &out, GM_OPEN_REPLY_LEN, &reply);
	if (st == UK_OK)
		st = gm_read_application(token->base.model, reply, &token->app);
	if (st != UK_OK)
		return st;
	memcpy(token->app_name, kept, sizeof(kept));
	token->app_open = true;
	return UK_OK;
}

static enum uk_status
app_open_first(struct gm_token *token)
{
	struct uk_writer out = gm_cmd_begin(token, GM_INS_ENUM_APPLICATION, 0, 0);
	struct uk_span list;
	struct uk_span name;
	enum uk_status st = gm_cmd_send(token, &out, UK_LE_MAX, &list);

	if (st != UK_OK)
		return st;
	if (!gm_take_list_name(&list, &name, &st))
		return st != UK_OK ? st : UK_E_NO_APPLICATION;
	return app_open_named(token, name);
}

enum uk_status
gm_app_open(struct gm_token *token)
{
	/* After a reset the one we had, else the one that this model's keys come with. */
	const char *wanted =
		token->app_name[0] != '\0' ? token->app_name : token->base.model->application;
	enum uk_status st = UK_E_NO_APPLICATION;

	if (token->app_open)
		return UK_OK;
	if (wanted[0] != '\0')
		st = app_open_named(token, uk_span_str(wanted));
	if (token->app_fixed)
		return st == UK_E_NOT_FOUND ? UK_E_NO_APPLICATION : st;
	if (st == UK_E_NO_APPLICATION || st == UK_E_NOT_FOUND) {
		token->app_name[0] = '\0';
		st = app_open_first(token);
	}
	return st;
}

enum uk_status
gm_cmd_begin_app(struct gm_token *token, enum gm_ins ins, uint8_t p2, struct uk_writer *ret)
{
	enum uk_status st = gm_app_open(token);

	if (st != UK_OK)
		return st;
	*ret = gm_cmd_begin(token, ins, 0, p2);
	uk_put(ret, uk_span_of(token->app.id, GM_ID_LEN));
	return UK_OK;
}

/* ---- containers ---- */

static struct gm_container *
container_find(struct gm_token *token, struct uk_span name)
{
	for (size_t i = 0; i < token->container_count; i++) {
		struct gm_container *row = &token->containers[i];

		if (uk_span_equal(uk_span_of(row->name, row->name_len), name))
			return row;
	}
	return NULL;
}

void
gm_container_forget(struct gm_token *token, struct uk_span name)
{
	struct gm_container *row = container_find(token, name);

	/* No container has an empty name. */
	if (row != NULL)
		row->name_len = 0;
}

enum uk_status
gm_container_keep(struct gm_token *token, struct uk_span name, const uint8_t *id)
{
	struct gm_container *row = container_find(token, name);

	if (name.len == 0 || name.len >= sizeof(row->name))
		return UK_E_ARGUMENTS;
	if (row == NULL && token->container_count < GM_CONTAINERS_KEPT)
		row = &token->containers[token->container_count++];
	if (row == NULL)
		row = &token->containers[token->container_next++ % GM_CONTAINERS_KEPT];
	memcpy(row->name, name.ptr, name.len);
	row->name_len = name.len;
	memcpy(row->id, id, GM_ID_LEN);
	return UK_OK;
}

static enum uk_status
container_open(struct gm_token *token, struct uk_span name)
{
	uint8_t id[GM_ID_LEN];
	struct uk_writer out;
	struct uk_span reply;
	enum uk_status st;

	if (name.len == 0 || name.len >= TOKEN_NAME_MAX)
		return UK_E_NOT_FOUND;
	st = gm_cmd_begin_app(token, GM_INS_OPEN_CONTAINER, 0, &out);
	if (st != UK_OK)
		return st;
	uk_put(&out, name);
	st = gm_cmd_send(token, &out, GM_ID_LEN, &reply);
	if (st == UK_OK)
		st = gm_read_id(reply, id);
	if (st == UK_OK)
		st = gm_container_keep(token, name, id);
	return st;
}

enum uk_status
gm_cmd_begin_container(struct gm_token *token, struct uk_span name, enum gm_ins ins, uint8_t p1,
		       struct uk_writer *ret)
{
	enum uk_status st = gm_app_open(token);

	if (st == UK_OK && container_find(token, name) == NULL)
		st = container_open(token, name);
	if (st != UK_OK)
		return st;
	const struct gm_container *row = container_find(token, name);
	if (row == NULL)
		return UK_E_INTERNAL;
	*ret = gm_cmd_begin(token, ins, p1, 0);
	uk_put(ret, uk_span_of(token->app.id, GM_ID_LEN));
	uk_put(ret, uk_span_of(row->id, GM_ID_LEN));
	return UK_OK;
}
