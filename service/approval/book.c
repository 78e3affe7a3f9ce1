/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names, keys and signatures; the chain of acts that a list is made of is in chain.c. */
#include "service/approval/book.h"

#include "service/base/signed.h"
#include "service/wire/json.h"

#include <dirent.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define SIGNATURE_MAX 512
#define EVERY_ROLE    (CS_ROLE_BIT(CS_ROLE_COUNT) - 1)

void
cs_book_clear(struct cs_book *book)
{
	for (size_t i = 0; i < book->rows_len; i++)
		EVP_PKEY_free(book->rows[i].key);
	*book = (struct cs_book){.rows_len = 0};
}

bool
cs_book_row_holds(const struct cs_book_row *row, int64_t at)
{
	return !row->gone && at >= row->from && (row->until == 0 || at <= row->until);
}

const struct cs_book_row *
cs_book_find(const struct cs_book *book, const char *name, int64_t at)
{
	for (size_t i = 0; i < book->rows_len; i++)
		if (strcmp(book->rows[i].name, name) == 0 && cs_book_row_holds(&book->rows[i], at))
			return &book->rows[i];
	return NULL;
}

static enum cs_status
pem_add(struct cs_book *book, const char *folder, const char *file)
{
	size_t len = strlen(file) - 4;
	struct cs_book_row *row = &book->rows[book->rows_len];
	char path[512];
	EVP_PKEY *key;

	if (book->rows_len == CS_OPERATORS_MAX || len == 0 || len >= CS_OPERATOR_TEXT)
		return CS_E_ARGUMENTS;
	(void)snprintf(path, sizeof(path), "%s/%s", folder, file);
	key = cs_public_key_read(path);
	if (key == NULL)
		return CS_E_ARGUMENTS;
	for (size_t i = 0; i < book->rows_len; i++)
		if (EVP_PKEY_eq(book->rows[i].key, key) == 1) {
			EVP_PKEY_free(key);
			return CS_E_ARGUMENTS;
		}
	*row = (struct cs_book_row){.key = key, .roles = EVERY_ROLE};
	memcpy(row->name, file, len);
	book->rows_len++;
	return CS_OK;
}

enum cs_status
cs_book_read_folder(const char *path, struct cs_book *ret)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	enum cs_status st = CS_OK;

	if (dir == NULL)
		return CS_E_UNAVAILABLE;
	while (st == CS_OK && (entry = readdir(dir)) != NULL) {
		const char *end = strrchr(entry->d_name, '.');

		if (entry->d_name[0] != '.' && end != NULL && strcmp(end, ".pem") == 0)
			st = pem_add(ret, path, entry->d_name);
	}
	(void)closedir(dir);
	if (st != CS_OK)
		cs_book_clear(ret);
	return st;
}

enum cs_status
cs_book_signed(const struct cs_book *book, const json_t *approval, struct uk_span body, int64_t at,
	       const struct cs_book_row **ret)
{
	const char *name = cs_json_text(approval, "operator", CS_OPERATOR_TEXT - 1);
	const struct cs_book_row *row = name != NULL ? cs_book_find(book, name, at) : NULL;
	CS_BLOB signature = {NULL, 0};

	if (row == NULL || !cs_json_blob(approval, "signature", SIGNATURE_MAX, &signature))
		return CS_E_PROOF;
	*ret = row;
	return cs_verify(row->key, CS_PURPOSE_APPROVE, body, cs_blob_span(&signature));
}

enum cs_status
cs_book_approved(const struct cs_book *book, const json_t *approvals, struct uk_span body,
		 size_t needed, int64_t at)
{
	const struct cs_act act = cs_act_of(body);
	bool signed_by[CS_BOOK_ROWS] = {false};
	const struct cs_book_row *row;
	size_t count = 0;

	if (!json_is_array(approvals) || json_array_size(approvals) > CS_OPERATORS_MAX)
		return CS_E_PROOF;
	for (size_t i = 0; i < json_array_size(approvals); i++) {
		enum cs_status st =
			cs_book_signed(book, json_array_get(approvals, i), body, at, &row);

		if (st == CS_OK && (row->roles & act.roles) == 0)
			st = CS_E_PROOF;
		if (st != CS_OK)
			return st;
		count += signed_by[row - book->rows] ? 0 : 1;
		signed_by[row - book->rows] = true;
	}
	return count >= needed && count >= act.people ? CS_OK : CS_E_PROOF;
}
