/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A new key's device authentication key, from the one it was bought with to one that is derived
 * from the master.  As with the administrator PIN (keys.c): only before the key is in the
 * inventory, and for two operators' signatures.
 */
#include "service/unlock/cryptogram.h"
#include "service/unlock/inside.h"
#include "service/unlock/secrets.h"

#include <stdio.h>
#include <string.h>

#define STAGE_TEXT 8

struct device {
	const char *model, *sn;
	bool proof; /* that it has the derived key; else the change */
	int64_t master;
	uint8_t random[GM_RANDOM_LEN];
	struct uk_secret old;
};

static void
device_wipe(struct device *device)
{
	uk_secret_wipe(&device->old);
}

static bool
device_read(const json_t *request, struct device *ret)
{
	const char *stage = cs_json_text(request, "stage", STAGE_TEXT);

	ret->model = cs_json_text(request, "model", CS_MODEL_TEXT - 1);
	ret->sn = cs_unlock_id(request, "sn");
	if (stage == NULL || ret->model == NULL || ret->sn == NULL ||
	    !cs_json_number(request, "master", &ret->master) ||
	    !cs_json_hex(request, "random", ret->random, sizeof(ret->random)))
		return false;
	ret->proof = strcmp(stage, "proof") == 0;
	ret->old.len = GM_BLOCK_LEN;
	return ret->proof || (strcmp(stage, "change") == 0 &&
			      cs_json_hex(request, "old", ret->old.bytes, GM_BLOCK_LEN));
}

/* A key that is in the inventory gets no more of these. */
static enum cs_status
not_enrolled(struct cs_store *store, const char *sn)
{
	CS_KEY_ROW key = {.ver = 0};
	enum cs_status st = cs_store_key_get(store, sn, &key);

	if (st == CS_E_NOT_FOUND)
		return CS_OK;
	return st == CS_OK ? CS_E_EXISTS : st;
}

static enum cs_status
data_put(const struct cs_unlock_work *work, const struct device *device)
{
	uint8_t data[CS_DEVICE_KEY_LEN];
	size_t len = device->proof ? GM_BLOCK_LEN : CS_DEVICE_KEY_LEN;
	UK_SECRET fresh = {.len = 0};
	enum cs_status st = cs_device_key(work->unlockd->hsm, device->master, device->sn, &fresh);

	if (st == CS_OK && device->proof)
		st = cs_device_proof(&fresh, device->random, data);
	else if (st == CS_OK)
		st = cs_device_key_block(&device->old, &fresh, device->random, data);
	if (st == CS_OK && !cs_json_put_hex(work->answer, "data", uk_span_of(data, len)))
		st = CS_E_MEMORY;
	return st;
}

static enum cs_status
device_body(struct cs_store *store, void *ctx)
{
	const struct cs_unlock_work *work = ctx;
	UK_CLEANUP(device_wipe) struct device device = {.model = NULL};
	char what[32 + CS_MODEL_TEXT];
	enum cs_status st;

	if (!device_read(work->request, &device))
		return CS_E_ARGUMENTS;
	if (cs_key_rules_find(device.model) == NULL)
		return CS_E_COUNTER;
	(void)snprintf(what, sizeof(what), "device %s", device.model);
	st = cs_unlock_approved(work, what, device.master);
	if (st == CS_OK)
		st = not_enrolled(store, device.sn);
	if (st == CS_OK)
		st = data_put(work, &device);
	return st == CS_OK
		       ? cs_unlock_log(work->unlockd, device.proof ? "device-proof" : "device-key",
				       "-", device.sn)
		       : st;
}

enum cs_status
cs_op_device_key(void *ctx, const json_t *request, json_t *answer)
{
	struct cs_unlockd *unlockd = ctx;
	struct cs_unlock_work work = {unlockd, request, answer, unlockd->clock()};

	return cs_store_tx(unlockd->store, device_body, &work);
}
