/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/approval/approval.h"

#include "service/base/signed.h"
#include "service/wire/json.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define SIGNATURE_MAX 512

void
cs_operators_free(struct cs_operators *operators)
{
	for (size_t i = 0; i < operators->len; i++)
		EVP_PKEY_free(operators->list[i].key);
	operators->len = 0;
}

static enum cs_status
operator_add(struct cs_operators *operators, const char *folder, const char *file)
{
	size_t len = strlen(file) - 4;
	char path[512];
	EVP_PKEY *key;

	if (operators->len == CS_OPERATORS_MAX || len == 0 || len >= CS_OPERATOR_TEXT)
		return CS_E_ARGUMENTS;
	(void)snprintf(path, sizeof(path), "%s/%s", folder, file);
	key = cs_public_key_read(path);
	if (key == NULL)
		return CS_E_ARGUMENTS;
	for (size_t i = 0; i < operators->len; i++)
		if (EVP_PKEY_eq(operators->list[i].key, key) == 1) {
			EVP_PKEY_free(key);
			return CS_E_ARGUMENTS;
		}
	memcpy(operators->list[operators->len].name, file, len);
	operators->list[operators->len].name[len] = '\0';
	operators->list[operators->len++].key = key;
	return CS_OK;
}

enum cs_status
cs_operators_read(const char *folder, struct cs_operators *ret)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	enum cs_status st = CS_OK;

	if (dir == NULL)
		return CS_E_UNAVAILABLE;
	while (st == CS_OK && (entry = readdir(dir)) != NULL) {
		const char *end = strrchr(entry->d_name, '.');

		if (entry->d_name[0] != '.' && end != NULL && strcmp(end, ".pem") == 0)
			st = operator_add(ret, folder, entry->d_name);
	}
	(void)closedir(dir);
	if (st != CS_OK)
		cs_operators_free(ret);
	return st;
}

/* Which operator it is whose signature this is; CS_E_PROOF: nobody's. */
static enum cs_status
one_approved(const struct cs_operators *operators, const json_t *approval, struct uk_span body,
	     size_t *ret_at)
{
	const char *name = cs_json_text(approval, "operator", CS_OPERATOR_TEXT);
	CS_BLOB signature = {NULL, 0};

	if (name == NULL || !cs_json_blob(approval, "signature", SIGNATURE_MAX, &signature))
		return CS_E_PROOF;
	for (size_t i = 0; i < operators->len; i++)
		if (strcmp(operators->list[i].name, name) == 0) {
			*ret_at = i;
			return cs_verify(operators->list[i].key, CS_PURPOSE_APPROVE, body,
					 cs_blob_span(&signature));
		}
	return CS_E_PROOF;
}

enum cs_status
cs_approved(const struct cs_operators *operators, const json_t *approvals, struct uk_span body,
	    size_t needed)
{
	bool signed_by[CS_OPERATORS_MAX] = {false};
	size_t count = 0, at;

	if (!json_is_array(approvals) || json_array_size(approvals) > CS_OPERATORS_MAX)
		return CS_E_PROOF;
	for (size_t i = 0; i < json_array_size(approvals); i++) {
		enum cs_status st =
			one_approved(operators, json_array_get(approvals, i), body, &at);

		if (st != CS_OK)
			return st;
		count += signed_by[at] ? 0 : 1;
		signed_by[at] = true;
	}
	return count >= needed ? CS_OK : CS_E_PROOF;
}
