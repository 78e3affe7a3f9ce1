/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of operators: papers to be signed, and lines that have been. */
#include "service/admin/admin.h"
#include "service/approval/book.h"
#include "service/base/clock.h"
#include "service/base/signed.h"
#include "service/wire/json.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define PAPER_MAX   131072
#define PATH_ROOM   512
#define DAYS_MAX    3660
#define ITEMS_MAX   CS_BOOK_FOUNDERS
#define ANSWERS_MAX 8

static void
book_drop(struct cs_book **book)
{
	if (*book != NULL)
		cs_book_clear(*book);
	free(*book);
}

#define BOOK UK_CLEANUP(book_drop) struct cs_book

static void
key_drop(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

/* The list as it is; an empty one when there is no such file yet. */
static struct cs_book *
book_open(const char *path)
{
	struct cs_book *book = calloc(1, sizeof(*book));
	FILE *file = fopen(path, "re");
	enum cs_status st = book != NULL ? CS_OK : CS_E_MEMORY;

	if (st == CS_OK && file != NULL)
		st = cs_book_read(path, book);
	if (file != NULL)
		(void)fclose(file);
	if (admin_report(st, path) == CS_OK)
		return book;
	book_drop(&book);
	return NULL;
}

/* The line's key, in DER. */
static enum cs_status
key_read(const char *path, struct cs_book_entry *entry, struct cs_blob *ret)
{
	UK_CLEANUP(key_drop) EVP_PKEY *key = cs_public_key_read(path);
	unsigned char *der = NULL;
	uint8_t hash[CS_HASH_LEN];
	int len = key != NULL ? i2d_PUBKEY(key, &der) : 0;
	enum cs_status st =
		len > 0 ? cs_blob_set(ret, uk_span_of(der, (size_t)len)) : CS_E_ARGUMENTS;

	OPENSSL_free(der);
	if (st == CS_OK)
		st = cs_hash(cs_blob_span(ret), hash);
	if (st == CS_OK)
		cs_hex(uk_span_of(hash, sizeof(hash)), entry->key);
	return st;
}

/* "NAME=FILE", or for an act that takes somebody away, NAME. */
static enum cs_status
person_read(const struct cs_book *book, const char *argument, struct cs_book_entry *entry,
	    struct cs_blob *ret_key)
{
	const char *is = strchr(argument, '=');
	size_t len = is != NULL ? (size_t)(is - argument) : strlen(argument);
	const struct cs_book_row *row;

	if (len == 0 || len >= sizeof(entry->name))
		return CS_E_ARGUMENTS;
	memcpy(entry->name, argument, len);
	if (is != NULL)
		return key_read(is + 1, entry, ret_key);
	row = cs_book_find(book, entry->name, entry->at);
	if (row == NULL)
		return CS_E_NOT_FOUND;
	memcpy(entry->key, row->key_hash, sizeof(entry->key));
	return CS_OK;
}

/* Adds a line's text, and its key, to the paper. */
static enum cs_status
item_add(json_t *items, const struct cs_book_entry *entry, const struct cs_blob *key)
{
	char body[CS_BOOK_BODY_MAX];
	json_t *item;

	cs_book_body(entry, body);
	item = json_pack("{s:s}", "body", body);
	if (item == NULL || (key->len > 0 && !cs_json_put_hex(item, "key", cs_blob_span(key))) ||
	    json_array_append_new(items, item) != 0)
		return CS_E_MEMORY;
	return CS_OK;
}

static enum cs_status
paper_write(const char *path, json_t *items)
{
	CS_JSON *paper = json_pack("{s:i, s:O}", "openukey-approval", 1, "items", items);

	return paper != NULL && json_dump_file(paper, path, JSON_INDENT(1)) == 0 ? CS_OK
										 : CS_E_UNAVAILABLE;
}

static bool
days_read(const char *text, int64_t from, int64_t *ret_until)
{
	char *end;
	long days = strtol(text, &end, 10);

	if (end == text || *end != '\0' || days < 0 || days > DAYS_MAX)
		return false;
	*ret_until = days > 0 ? from + days * CS_DAY : 0;
	return true;
}

/* The text about one person, and its key. */
static enum cs_status
person_add(const struct cs_book *book, const struct options *options, const char *person,
	   struct cs_book_entry *entry, json_t *items)
{
	bool takes = entry->act == CS_BOOK_REMOVE || entry->act == CS_BOOK_LOST;
	CS_BLOB key = {NULL, 0};
	char body[CS_BOOK_BODY_MAX];
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st;

	memset(entry->name, 0, sizeof(entry->name));
	st = person_read(book, person, entry, &key);
	if (st == CS_OK && takes != (key.len == 0))
		st = CS_E_ARGUMENTS;
	if (st == CS_OK && !takes &&
	    (options->roles == NULL || !cs_roles_read(options->roles, &entry->roles) ||
	     options->days == NULL || !days_read(options->days, entry->at, &entry->until)))
		st = CS_E_ARGUMENTS;
	entry->from = takes ? 0 : entry->at;
	entry->seq++;
	if (st == CS_OK)
		st = item_add(items, entry, &key);
	cs_book_body(entry, body);
	if (st == CS_OK)
		st = cs_hash(uk_span_str(body), hash);
	cs_hex(uk_span_of(hash, sizeof(hash)), entry->prev);
	return st;
}

static enum cs_status
paper_make(const struct options *options, enum cs_book_act act)
{
	BOOK *book = book_open(options->list);
	struct cs_book_entry entry = {.act = act, .at = cs_now()};
	CS_JSON *items = json_array();
	int people = act == CS_BOOK_BEGIN ? CS_BOOK_FOUNDERS : 1;
	enum cs_status st = book != NULL ? CS_OK : CS_E_UNAVAILABLE;

	if (st == CS_OK && (options->paper == NULL || options->arguments_len != 1 + people))
		st = admin_report(CS_E_ARGUMENTS, "--paper and who it is about");
	if (st != CS_OK)
		return st;
	memset(entry.prev, '0', CS_HASH_TEXT - 1);
	if (book->seq > 0)
		memcpy(entry.prev, book->head, sizeof(entry.prev));
	entry.seq = book->seq;
	for (int i = 1; i <= people && st == CS_OK; i++)
		st = admin_report(person_add(book, options, options->arguments[i], &entry, items),
				  options->arguments[i]);
	return st == CS_OK ? admin_report(paper_write(options->paper, items), options->paper) : st;
}

/* ---- what was signed ---- */

struct answers {
	json_t *list[ANSWERS_MAX];
	size_t len;
};

static void
answers_drop(struct answers *answers)
{
	for (size_t i = 0; i < answers->len; i++)
		json_decref(answers->list[i]);
}

static enum cs_status
answers_read(const char *paths, struct answers *ret)
{
	while (*paths != '\0' && ret->len < ANSWERS_MAX) {
		size_t len = strcspn(paths, ",");
		char path[PATH_ROOM];

		(void)snprintf(path, sizeof(path), "%.*s", (int)len, paths);
		ret->list[ret->len] = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
		if (ret->list[ret->len] == NULL)
			return admin_report(CS_E_ARGUMENTS, path);
		ret->len++;
		paths += len + (paths[len] == ',' ? 1 : 0);
	}
	return ret->len > 0 && *paths == '\0' ? CS_OK : CS_E_ARGUMENTS;
}

/* The signatures over one text in all answers, as approvals. */
static json_t *
approvals_for(const struct answers *answers, const char *body)
{
	json_t *approvals = json_array();
	uint8_t hash[CS_HASH_LEN], told[CS_HASH_LEN];

	if (cs_hash(uk_span_str(body), hash) != CS_OK)
		return approvals;
	for (size_t i = 0; i < answers->len; i++) {
		const json_t *rows = json_object_get(answers->list[i], "signatures");

		for (size_t at = 0; at < json_array_size(rows); at++) {
			const json_t *row = json_array_get(rows, at);

			if (cs_json_hex(row, "body", told, sizeof(told)) &&
			    memcmp(told, hash, sizeof(hash)) == 0)
				(void)json_array_append_new(
					approvals,
					json_pack("{s:O?, s:O?}", "operator",
						  json_object_get(answers->list[i], "operator"),
						  "signature", json_object_get(row, "signature")));
		}
	}
	return approvals;
}

static enum cs_status
take(const struct options *options)
{
	UK_CLEANUP(answers_drop) struct answers answers = {.len = 0};
	CS_JSON *paper = options->paper != NULL
				 ? json_load_file(options->paper, JSON_REJECT_DUPLICATES, NULL)
				 : NULL;
	const json_t *items = json_object_get(paper, "items");
	json_t *lines[ITEMS_MAX];
	size_t len = json_array_size(items), made = 0;
	enum cs_status st = len > 0 && len <= ITEMS_MAX && options->answers != NULL
				    ? answers_read(options->answers, &answers)
				    : admin_report(CS_E_ARGUMENTS, "--paper and --answers");

	for (; made < len && st == CS_OK; made++) {
		const json_t *item = json_array_get(items, made);
		const char *body = cs_json_text_or_empty(item, "body", CS_BOOK_BODY_MAX);
		json_t *key = json_object_get(item, "key");

		lines[made] = json_pack("{s:s, s:o}", "body", body != NULL ? body : "", "approvals",
					approvals_for(&answers, body != NULL ? body : ""));
		if (lines[made] == NULL ||
		    (key != NULL && json_object_set(lines[made], "key", key) != 0))
			st = CS_E_MEMORY;
	}
	if (st == CS_OK)
		st = admin_report(cs_book_append(options->list, lines, len), options->list);
	for (size_t i = 0; i < made; i++)
		json_decref(lines[i]);
	return st;
}

static enum cs_status
list_show(const struct options *options)
{
	BOOK *book = book_open(options->list);
	int64_t now = cs_now();

	if (book == NULL)
		return CS_E_UNAVAILABLE;
	for (size_t i = 0; i < book->rows_len; i++) {
		const struct cs_book_row *row = &book->rows[i];
		char roles[CS_ROLES_TEXT], until[CS_TIME_TEXT] = "-";

		cs_roles_text(row->roles, roles);
		if (row->until > 0)
			cs_time_text(row->until, until);
		(void)printf("%-20s %-8s until %-20s %-40s key %s\n", row->name,
			     row->gone                     ? "gone"
			     : cs_book_row_holds(row, now) ? "valid"
							   : "expired",
			     until, roles, row->key_hash);
	}
	(void)printf("entries %ld\nbegun %s\nhead %s\n", (long)book->seq, book->begun, book->head);
	return CS_OK;
}

int
admin_operators(const char *command, const struct options *options)
{
	enum cs_book_act act;
	enum cs_status st;

	if (strcmp(command, "operators") != 0)
		return -1;
	if (options->argument == NULL || options->list == NULL)
		return 2;
	if (strcmp(options->argument, "list") == 0)
		st = list_show(options);
	else if (strcmp(options->argument, "take") == 0)
		st = take(options);
	else if (cs_book_act_read(options->argument, &act))
		st = paper_make(options, act);
	else
		return 2;
	return st == CS_OK ? 0 : 1;
}
