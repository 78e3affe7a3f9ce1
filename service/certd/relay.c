/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking the processes that hold keys; here the orders keep up with what they say. */
#include "service/certd/api.h"

#include "service/wire/client.h"

#define ASK_MS 5000

enum cs_status
cs_api_pass_on(const char *socket, const struct cs_http_request *request,
	       const struct cs_order_row *row, const char *op, const char *const *members,
	       json_t *answer)
{
	json_t *ask = json_pack("{s:s, s:s, s:s, s:s}", "op", op, "order", row->id, "sn",
				row->key_sn, "kind", row->kind);
	json_t *got = NULL;
	enum cs_status st;

	for (; ask != NULL && *members != NULL; members++) {
		json_t *member = json_object_get(request->json, *members);

		if (member != NULL)
			(void)json_object_set(ask, *members, member);
	}
	st = cs_ask(socket, ask, ASK_MS, &got);
	if (st == CS_OK) {
		st = json_object_update(answer, got) == 0 ? CS_OK : CS_E_MEMORY;
		json_decref(got);
	}
	return st;
}

enum cs_status
cs_api_follow(struct cs_desk *desk, const char *id, enum cs_event event, const char *by,
	      int64_t not_after)
{
	const struct cs_happening what = {.id = id,
					  .event = event,
					  .actor = CS_ACTOR_SYSTEM,
					  .now = cs_now(),
					  .not_after = not_after,
					  .by = by};
	enum cs_status st = cs_order_happens(&desk->orders, &what, NULL);

	return st == CS_E_STATE ? CS_OK : st;
}
