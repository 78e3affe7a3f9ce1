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

static void
key_destroy(struct token *token, const struct token_session_key *key)
{
	/* What a reset took away, or a login that is gone now protects, is not ours to end. */
	(void)!token->ops->destroy_session_key(token, key);
}

static void
state_free(struct object *object, bool gone)
{
	struct session_key *state = object->state;

	if (!gone)
		key_destroy(object->app->token, &state->key);
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
		key_destroy(gate->token, key);
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
