/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "skf/session_key.h"

#include "common/secret.h"

#include <stdlib.h>
#include <string.h>

bool
session_alg_known(ULONG alg)
{
	return alg == GM_ALG_SM4_ECB || alg == GM_ALG_SM4_CBC || alg == GM_ALG_SM4_MAC;
}

/* Without a login the key would refuse: it is remembered, and done when its room is wanted. */
static void
key_destroy(struct app *app, const struct token_session_key *key)
{
	enum uk_status st = UK_E_NOT_LOGGED_IN;

	if (app->logged_in[TOKEN_USER])
		st = app->token->ops->destroy_session_key(app->token, key);
	if (st == UK_E_NOT_LOGGED_IN && app->left_count < ARRAY_SIZE(app->left))
		app->left[app->left_count++] = *key;
}

bool
session_keys_make_room(struct gate *gate)
{
	struct app *app = gate->app;
	bool made = false;

	/* What a reset took away meanwhile is not found, and nothing is sent for it. */
	while (app->left_count > 0)
		made |= app->token->ops->destroy_session_key(
				app->token, &app->left[--app->left_count]) == UK_OK;
	return made;
}

static void
state_free(struct object *object, bool gone)
{
	struct session_key *state = object->state;

	if (!gone)
		key_destroy(object->app, &state->key);
	uk_wipe(state, sizeof(*state));
	free(state);
}

ULONG
session_key_new(struct gate *gate, const struct token_session_key *key, uint32_t alg, HANDLE *ret)
{
	struct session_key *state = calloc(1, sizeof(*state));
	struct object *object =
		state != NULL ? object_new(KIND_KEY, gate->device, gate->object) : NULL;

	if (object == NULL) {
		free(state);
		key_destroy(gate->app, key);
		return SAR_MEMORYERR;
	}
	state->key = *key;
	state->alg = alg;
	object->app = gate->app;
	memcpy(object->container, gate->object->container, sizeof(object->container));
	object->state = state;
	object->state_free = state_free;
	*ret = object->handle;
	return SAR_OK;
}
