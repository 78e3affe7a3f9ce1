/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/certd/api.h"

#include <stdio.h>

struct cs_desk *
cs_desk_open(const struct cs_certd *certd, const char *name)
{
	struct cs_desk *desk = calloc(1, sizeof(*desk));
	struct cs_store *store = NULL;

	if (desk == NULL ||
	    cs_store_open(certd->store, CS_SCHEMA_ORDERS, certd->ca, &store) != CS_OK) {
		free(desk);
		return NULL;
	}
	(void)snprintf(desk->chain, sizeof(desk->chain), "%s", name);
	desk->certd = certd;
	desk->orders = (struct cs_orders){.store = store,
					  .vault = &certd->vault,
					  .terms = &certd->profile.terms,
					  .chain = desk->chain};
	return desk;
}

void
cs_desk_close(struct cs_desk *desk)
{
	if (desk == NULL)
		return;
	cs_store_close(desk->orders.store);
	free(desk);
}

enum cs_status
cs_api_health(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	const struct cs_desk *desk = ctx;

	return json_object_set_new(answer, "store",
				   json_string(cs_store_engine(desk->orders.store))) == 0
		       ? CS_OK
		       : CS_E_MEMORY;
}
