/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/deliver/drivers.h"

#include "service/base/daemon.h"
#include "service/base/random.h"

#include <string.h>

#define PATH_MAX_LEN 512

enum cs_status
cs_drivers_read(const char *path, struct cs_drivers *ret)
{
	json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(json)) {
		json_decref(json);
		return CS_E_ARGUMENTS;
	}
	ret->json = json;
	return CS_OK;
}

void
cs_drivers_free(struct cs_drivers *drivers)
{
	json_decref(drivers->json);
	drivers->json = NULL;
}

const json_t *
cs_driver(const struct cs_drivers *drivers, const char *name, const char *way, const char *what)
{
	const json_t *row = json_object_get(drivers->json, name);

	if (way != NULL)
		row = json_object_get(row, way);
	return what != NULL ? json_object_get(row, what) : row;
}

enum cs_status
cs_driver_secret(const json_t *driver, struct uk_secret *ret)
{
	const char *path = cs_json_text(driver, "secret_file", PATH_MAX_LEN);

	return path != NULL ? cs_daemon_secret(path, ret) : CS_E_NOT_FOUND;
}

enum cs_status
cs_notice_mac(const struct uk_secret *secret, const char *timestamp, struct uk_span body,
	      uint8_t ret[32])
{
	CS_BLOB signed_bytes = {NULL, 0};
	struct uk_writer out;
	enum cs_status st = cs_blob_room(&signed_bytes, strlen(timestamp) + 1 + body.len);

	if (st != CS_OK)
		return st;
	out = uk_writer_of(signed_bytes.ptr, signed_bytes.len);
	uk_put(&out, uk_span_str(timestamp));
	uk_put_u8(&out, '\n');
	uk_put(&out, body);
	return cs_hmac(uk_secret_peek(secret), uk_writer_span(&out), ret);
}
