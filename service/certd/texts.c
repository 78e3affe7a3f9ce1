/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts to agree to, and having agreed. */
#include "service/certd/api.h"

#include "service/certd/contacts.h"

#include <string.h>

enum cs_status
cs_api_texts(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	const struct cs_desk *desk = ctx;
	json_t *texts = json_deep_copy(json_object_get(desk->certd->profile.json, "texts"));

	return texts != NULL && json_object_set_new(answer, "texts", texts) == 0 ? CS_OK
										 : CS_E_MEMORY;
}

/* The profile's text that is meant, when id, version and the words' hash are all right. */
static const struct cs_profile_text *
text_find(const struct cs_profile *profile, const json_t *agreed)
{
	const char *id = cs_json_text(agreed, "id", CS_WORD_TEXT - 1);
	const char *version = cs_json_text(agreed, "version", CS_WORD_TEXT - 1);
	uint8_t hash[CS_HASH_LEN];

	if (id == NULL || version == NULL || !cs_json_hex(agreed, "sha256", hash, sizeof(hash)))
		return NULL;
	for (size_t i = 0; i < profile->texts_len; i++)
		if (strcmp(profile->texts[i].id, id) == 0 &&
		    strcmp(profile->texts[i].version, version) == 0 &&
		    memcmp(profile->texts[i].hash, hash, sizeof(hash)) == 0)
			return &profile->texts[i];
	return NULL;
}

/* A text about something that the form does not have need not be agreed to. */
static bool
text_needed(const struct cs_profile_text *text, const json_t *form)
{
	const char *value = json_string_value(json_object_get(form, text->only_if));

	return text->only_if[0] == '\0' || (value != NULL && value[0] != '\0');
}

static bool
all_agreed(const struct cs_profile *profile, const json_t *form, const struct cs_consent *consents,
	   size_t len)
{
	for (size_t i = 0; i < profile->texts_len; i++) {
		bool agreed = !text_needed(&profile->texts[i], form);

		for (size_t at = 0; at < len && !agreed; at++)
			agreed = consents[at].text_id == profile->texts[i].id;
		if (!agreed)
			return false;
	}
	return true;
}

static enum cs_status
consents_read(const struct cs_profile *profile, const json_t *agreed,
	      struct cs_consent consents[CS_TEXTS_MAX])
{
	size_t len = json_array_size(agreed);

	if (len == 0 || len > CS_TEXTS_MAX)
		return CS_E_ARGUMENTS;
	for (size_t i = 0; i < len; i++) {
		const struct cs_profile_text *text = text_find(profile, json_array_get(agreed, i));

		if (text == NULL)
			return CS_E_ARGUMENTS;
		consents[i] = (struct cs_consent){.text_id = text->id, .version = text->version};
		memcpy(consents[i].text_hash, text->hash, CS_HASH_LEN);
	}
	return CS_OK;
}

/* S4: the handler confirms by a text message. */
enum cs_status
cs_api_consent_code(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_api_own(desk, http, &row);

	if (st == CS_OK && strcmp(row.state, "docs") != 0)
		st = CS_E_STATE;
	return st == CS_OK ? cs_code_send(desk, &row, CS_CODE_CONSENT) : st;
}

enum cs_status
cs_api_consent(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	const struct cs_profile *profile = &desk->certd->profile;
	const json_t *agreed = json_object_get(http->json, "texts");
	struct cs_consent consents[CS_TEXTS_MAX];
	CS_ORDER_ROW row = {.ver = 0};
	CS_BLOB form = {NULL, 0};
	CS_JSON *json = NULL;
	enum cs_status st = cs_api_own(desk, http, &row);

	if (st == CS_OK)
		st = consents_read(profile, agreed, consents);
	if (st == CS_OK)
		st = cs_order_read(&desk->orders, row.id, &row, &form);
	if (st != CS_OK)
		return st;
	json = cs_json_read(cs_blob_span(&form));
	if (!all_agreed(profile, json, consents, json_array_size(agreed)))
		return CS_E_STATE;
	st = cs_documents_complete(desk, &row);
	if (st == CS_OK && profile->handler_code)
		st = cs_code_check(desk, row.id, CS_CODE_CONSENT,
				   cs_json_text(http->json, "code", 8));
	if (st == CS_OK)
		st = cs_order_consent(&desk->orders, row.id, consents, json_array_size(agreed),
				      cs_now());
	return st == CS_OK ? cs_api_show(desk, row.id, answer) : st;
}
