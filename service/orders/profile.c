/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A CA's profile as the service needs it: terms, prices, texts to agree to. */
#include "service/orders/profile.h"

#include "service/wire/json.h"

#include <string.h>

static bool
years_read(const json_t *json, int years[CS_TERMS_MAX])
{
	const json_t *list = json_object_get(json, "years");
	size_t len = json_array_size(list);

	if (len == 0 || len > CS_TERMS_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		json_int_t value = json_integer_value(json_array_get(list, i));

		if (value < 1 || value > 10)
			return false;
		years[i] = (int)value;
	}
	return true;
}

static void
prices_read(const json_t *json, int64_t price[CS_KIND_COUNT])
{
	const json_t *prices = json_object_get(json, "prices");

	for (enum cs_kind kind = 0; kind < CS_KIND_COUNT; kind++)
		(void)!cs_json_number(prices, cs_kind_word(kind), &price[kind]);
}

static bool
text_read(const json_t *json, struct cs_profile_text *ret)
{
	const char *id = cs_json_text(json, "id", sizeof(ret->id) - 1);
	const char *version = cs_json_text(json, "version", sizeof(ret->version) - 1);

	if (id == NULL || version == NULL ||
	    !cs_json_hex(json, "sha256", ret->hash, sizeof(ret->hash)))
		return false;
	memcpy(ret->id, id, strlen(id) + 1);
	memcpy(ret->version, version, strlen(version) + 1);
	return true;
}

static bool
texts_read(const json_t *json, struct cs_profile *ret)
{
	const json_t *texts = json_object_get(json, "texts");
	size_t len = json_array_size(texts);

	if (len == 0 || len > CS_TEXTS_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!text_read(json_array_get(texts, i), &ret->texts[i]))
			return false;
	ret->texts_len = len;
	return true;
}

enum cs_status
cs_profile_read(const char *path, struct cs_profile *ret)
{
	CS_JSON *json = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	const char *name = cs_json_text(json, "name", sizeof(ret->name) - 1);
	struct cs_profile profile = {.texts_len = 0};
	int64_t before, after;

	if (json == NULL)
		return CS_E_UNAVAILABLE;
	if (name == NULL || !cs_json_number(json, "offset", &profile.terms.offset) ||
	    !cs_json_number(json, "renew_before", &before) || before < 0 || before > 3660 ||
	    !cs_json_number(json, "renew_after", &after) || after < 0 || after > 3660 ||
	    !years_read(json, profile.terms.years) || !texts_read(json, &profile))
		return CS_E_ARGUMENTS;
	memcpy(profile.name, name, strlen(name) + 1);
	profile.terms.renew_before = (int)before;
	profile.terms.renew_after = (int)after;
	prices_read(json, profile.terms.price);
	*ret = profile;
	return CS_OK;
}
