/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A CA's profile as the service needs it: terms, prices, texts to agree to. */
#include "service/orders/profile.h"

#include "service/store/papers.h"

#include <string.h>

#define TEXT_MAX ((size_t)64 * 1024)

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

/* The hash is of the very words: a text that was changed without one is noticed here. */
static bool
text_read(const json_t *json, struct cs_profile_text *ret)
{
	const char *id = cs_json_text(json, "id", sizeof(ret->id) - 1);
	const char *version = cs_json_text(json, "version", sizeof(ret->version) - 1);
	const char *only_if = cs_json_text_or_empty(json, "if", sizeof(ret->only_if) - 1);
	const char *words = cs_json_text(json, "text", TEXT_MAX);
	uint8_t hash[CS_HASH_LEN];

	if (id == NULL || version == NULL || only_if == NULL ||
	    !cs_json_hex(json, "sha256", ret->hash, sizeof(ret->hash)))
		return false;
	memcpy(ret->id, id, strlen(id) + 1);
	memcpy(ret->version, version, strlen(version) + 1);
	memcpy(ret->only_if, only_if, strlen(only_if) + 1);
	return words == NULL || (cs_hash(uk_span_str(words), hash) == CS_OK &&
				 memcmp(hash, ret->hash, sizeof(hash)) == 0);
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

/* Slots are names of ours: they go into file lists, answers and what operators sign. */
static bool
slot_good(const char *slot)
{
	return slot != NULL && slot[0] != '\0' &&
	       strspn(slot, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(slot);
}

static bool
documents_good(const json_t *json)
{
	const char *kind;
	json_t *list;

	json_object_foreach(
		json_object_get(json, "documents"), kind,
		list) for (size_t i = 0; i < json_array_size(list);
			   i++) if (!slot_good(cs_json_text(json_array_get(list, i), "slot",
							    CS_SLOT_TEXT - 1))) return false;
	return true;
}

static bool
first_pin_read(const json_t *json, char ret[CS_WORD_TEXT])
{
	static const char *const known[] = {"activate", "fixed", "sms", "memo"};
	const char *word = cs_json_text_or_empty(json, "first_pin", CS_WORD_TEXT - 1);

	for (size_t i = 0; word != NULL && i < ARRAY_SIZE(known); i++)
		if (strcmp(word[0] != '\0' ? word : known[0], known[i]) == 0) {
			memcpy(ret, known[i], strlen(known[i]) + 1);
			return true;
		}
	return false;
}

void
cs_profile_free(struct cs_profile *profile)
{
	json_decref(profile->json);
	profile->json = NULL;
}

const json_t *
cs_profile_documents(const struct cs_profile *profile, const char *kind)
{
	return json_object_get(json_object_get(profile->json, "documents"), kind);
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
	    !years_read(json, profile.terms.years) || !texts_read(json, &profile) ||
	    !documents_good(json) || !first_pin_read(json, profile.first_pin))
		return CS_E_ARGUMENTS;
	memcpy(profile.name, name, strlen(name) + 1);
	profile.terms.renew_before = (int)before;
	profile.terms.renew_after = (int)after;
	prices_read(json, profile.terms.price);
	profile.handler_code = json_is_true(json_object_get(json, "handler_code"));
	*ret = profile;
	ret->json = json_incref(json);
	return CS_OK;
}
