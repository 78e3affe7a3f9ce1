/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of operators as acts that officers signed, each naming the one before it. */
#include "service/approval/book.h"

#include "service/wire/json.h"

#include <fcntl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEY_MAX    1024
#define OFFICERS   2
#define PATH_ROOM  544
#define NUMBER_LEN 20

static const char *const act_words[CS_BOOK_ACTS] = {
	[CS_BOOK_BEGIN] = "begin",
	[CS_BOOK_ADD] = "add",
	[CS_BOOK_REMOVE] = "remove",
	[CS_BOOK_LOST] = "lost",
};

const char *
cs_book_act_word(enum cs_book_act act)
{
	return act_words[act];
}

bool
cs_book_act_read(const char *word, enum cs_book_act *ret)
{
	for (int i = 0; i < CS_BOOK_ACTS; i++)
		if (strcmp(act_words[i], word) == 0) {
			*ret = (enum cs_book_act)i;
			return true;
		}
	return false;
}

void
cs_book_body(const struct cs_book_entry *entry, char ret[CS_BOOK_BODY_MAX])
{
	char roles[CS_ROLES_TEXT];

	cs_roles_text(entry->roles, roles);
	(void)snprintf(ret, CS_BOOK_BODY_MAX,
		       "operators\nact=%s\nseq=%ld\nprev=%s\nat=%ld\nname=%s\nroles=%s\nkey=%s\n"
		       "from=%ld\nuntil=%ld\n",
		       act_words[entry->act], (long)entry->seq, entry->prev, (long)entry->at,
		       entry->name, roles[0] != '\0' ? roles : "-", entry->key, (long)entry->from,
		       (long)entry->until);
}

/* The value of the next line, which must have that name. */
static bool
line_take(const char **text, const char *name, char *ret, size_t room)
{
	size_t name_len = strlen(name), len;

	if (strncmp(*text, name, name_len) != 0 || (*text)[name_len] != '=')
		return false;
	*text += name_len + 1;
	len = strcspn(*text, "\n");
	if (len == 0 || len >= room || (*text)[len] != '\n')
		return false;
	memcpy(ret, *text, len);
	ret[len] = '\0';
	*text += len + 1;
	return true;
}

static bool
number_take(const char **text, const char *name, int64_t *ret)
{
	char digits[NUMBER_LEN];

	if (!line_take(text, name, digits, sizeof(digits)) ||
	    strspn(digits, "0123456789") != strlen(digits))
		return false;
	*ret = strtoll(digits, NULL, 10);
	return true;
}

static bool
name_good(const char *name)
{
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(name) &&
	       name[0] != '-' && name[0] != '.';
}

/* Only what cs_book_body() writes is read: the text made anew must be the same. */
static bool
entry_read(const char *body, struct cs_book_entry *ret)
{
	char word[16], roles[CS_ROLES_TEXT], again[CS_BOOK_BODY_MAX];
	const char *at = body;

	if (strncmp(at, "operators\n", 10) != 0)
		return false;
	at += 10;
	if (!line_take(&at, "act", word, sizeof(word)) || !cs_book_act_read(word, &ret->act) ||
	    !number_take(&at, "seq", &ret->seq) ||
	    !line_take(&at, "prev", ret->prev, sizeof(ret->prev)) ||
	    !number_take(&at, "at", &ret->at) ||
	    !line_take(&at, "name", ret->name, sizeof(ret->name)) ||
	    !line_take(&at, "roles", roles, sizeof(roles)) ||
	    !line_take(&at, "key", ret->key, sizeof(ret->key)) ||
	    !number_take(&at, "from", &ret->from) || !number_take(&at, "until", &ret->until))
		return false;
	if (strcmp(roles, "-") != 0 && !cs_roles_read(roles, &ret->roles))
		return false;
	cs_book_body(ret, again);
	return strcmp(again, body) == 0 && name_good(ret->name);
}

static void
key_drop(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

/* The public key beside the body, which must be the one that the body names. */
static EVP_PKEY *
key_read(const json_t *line, const struct cs_book_entry *entry)
{
	CS_BLOB der = {NULL, 0};
	uint8_t hash[CS_HASH_LEN];
	char text[CS_HASH_TEXT];
	const unsigned char *at;
	UK_CLEANUP(key_drop) EVP_PKEY *key = NULL;
	EVP_PKEY *ret;

	if (!cs_json_blob(line, "key", KEY_MAX, &der) || cs_hash(cs_blob_span(&der), hash) != CS_OK)
		return NULL;
	cs_hex(uk_span_of(hash, sizeof(hash)), text);
	at = der.ptr;
	if (strcmp(text, entry->key) != 0)
		return NULL;
	key = d2i_PUBKEY(NULL, &at, (long)der.len);
	if (key == NULL || at != der.ptr + der.len)
		return NULL;
	ret = key;
	key = NULL;
	return ret;
}

static size_t
officers_at(const struct cs_book *book, int64_t at)
{
	size_t count = 0;

	for (size_t i = 0; i < book->rows_len; i++)
		if (cs_book_row_holds(&book->rows[i], at) &&
		    (book->rows[i].roles & CS_ROLE_BIT(CS_ROLE_OFFICER)) != 0)
			count++;
	return count;
}

/* A name has one key at a time, and a key is one name's and never comes back once it has gone. */
static enum cs_status
row_put(struct cs_book *book, const struct cs_book_entry *entry, const json_t *line)
{
	struct cs_book_row *row = NULL;
	EVP_PKEY *key;

	if (entry->roles == 0 || (entry->until != 0 && entry->until < entry->from))
		return CS_E_ARGUMENTS;
	for (size_t i = 0; i < book->rows_len; i++) {
		bool same_name = strcmp(book->rows[i].name, entry->name) == 0;
		bool same_key = strcmp(book->rows[i].key_hash, entry->key) == 0;

		if (same_key && (!same_name || book->rows[i].gone))
			return CS_E_ARGUMENTS;
		if (same_key)
			row = &book->rows[i];
		else if (same_name && cs_book_row_holds(&book->rows[i], entry->at))
			return CS_E_ARGUMENTS;
	}
	if (row == NULL) {
		key = book->rows_len < CS_BOOK_ROWS ? key_read(line, entry) : NULL;
		if (key == NULL)
			return CS_E_ARGUMENTS;
		row = &book->rows[book->rows_len++];
		row->key = key;
		memcpy(row->name, entry->name, sizeof(row->name));
		memcpy(row->key_hash, entry->key, sizeof(row->key_hash));
	}
	row->roles = entry->roles;
	row->from = entry->from;
	row->until = entry->until;
	return CS_OK;
}

/* Nobody may be taken away by whom those that stay could not be added again. */
static enum cs_status
row_drop(struct cs_book *book, const struct cs_book_entry *entry)
{
	for (size_t i = 0; i < book->rows_len; i++) {
		struct cs_book_row *row = &book->rows[i];

		if (strcmp(row->name, entry->name) != 0 || row->gone ||
		    strcmp(row->key_hash, entry->key) != 0)
			continue;
		row->gone = true;
		return entry->act == CS_BOOK_LOST || officers_at(book, entry->at) >= OFFICERS
			       ? CS_OK
			       : CS_E_ARGUMENTS;
	}
	return CS_E_ARGUMENTS;
}

/* The founders vouch for each other: both of them sign both lines. */
static enum cs_status
founders_check(const struct cs_book *book, json_t *const *lines)
{
	for (size_t i = 0; i < CS_BOOK_FOUNDERS; i++) {
		const char *body = json_string_value(json_object_get(lines[i], "body"));
		enum cs_status st = cs_book_approved(book, json_object_get(lines[i], "approvals"),
						     uk_span_str(body), CS_BOOK_FOUNDERS, book->at);

		if (st != CS_OK)
			return st;
	}
	return officers_at(book, book->at) == CS_BOOK_FOUNDERS ? CS_OK : CS_E_ARGUMENTS;
}

static enum cs_status
entry_apply(struct cs_book *book, const struct cs_book_entry *entry, const json_t *line,
	    const char *body)
{
	size_t needed = entry->act == CS_BOOK_LOST ? 1 : OFFICERS;
	bool begins = entry->seq <= CS_BOOK_FOUNDERS;
	enum cs_status st = CS_OK;

	if (begins != (entry->act == CS_BOOK_BEGIN))
		return CS_E_ARGUMENTS;
	if (!begins)
		st = cs_book_approved(book, json_object_get(line, "approvals"), uk_span_str(body),
				      needed, entry->at);
	if (st != CS_OK)
		return st;
	return entry->act == CS_BOOK_BEGIN || entry->act == CS_BOOK_ADD ? row_put(book, entry, line)
									: row_drop(book, entry);
}

/* The hash of the text is the chain's: it names the key, and signatures can be made in any order.
 */
static enum cs_status
head_move(struct cs_book *book, const char *body)
{
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st = cs_hash(uk_span_str(body), hash);

	if (st == CS_OK)
		cs_hex(uk_span_of(hash, sizeof(hash)), book->head);
	return st;
}

static enum cs_status
line_apply(struct cs_book *book, const json_t *line)
{
	const char *body = cs_json_text(line, "body", CS_BOOK_BODY_MAX - 1);
	struct cs_book_entry entry = {.roles = 0};
	enum cs_status st;

	if (body == NULL || !entry_read(body, &entry) || entry.seq != book->seq + 1 ||
	    strcmp(entry.prev, book->head) != 0 || entry.at < book->at)
		return CS_E_ARGUMENTS;
	book->at = entry.at;
	st = entry_apply(book, &entry, line, body);
	if (st == CS_OK)
		st = head_move(book, body);
	book->seq = entry.seq;
	if (entry.seq == CS_BOOK_FOUNDERS)
		memcpy(book->begun, book->head, sizeof(book->begun));
	return st;
}

static enum cs_status
lines_apply(struct cs_book *book, json_t *const *lines, size_t lines_len)
{
	enum cs_status st = lines_len >= CS_BOOK_FOUNDERS ? CS_OK : CS_E_ARGUMENTS;

	memset(book->head, '0', CS_HASH_TEXT - 1);
	for (size_t i = 0; i < lines_len && st == CS_OK; i++) {
		st = line_apply(book, lines[i]);
		if (st == CS_OK && i + 1 == CS_BOOK_FOUNDERS)
			st = founders_check(book, lines);
	}
	return st;
}

struct lines {
	json_t *list[CS_BOOK_ROWS * 4];
	size_t len;
};

static void
lines_drop(struct lines *lines)
{
	for (size_t i = 0; i < lines->len; i++)
		json_decref(lines->list[i]);
}

#define LINES UK_CLEANUP(lines_drop) struct lines

static void
file_close(FILE **file)
{
	if (*file != NULL)
		(void)fclose(*file);
}

static enum cs_status
lines_read(const char *path, struct lines *ret)
{
	UK_CLEANUP(file_close) FILE *file = fopen(path, "re");
	char text[CS_BOOK_LINE];

	if (file == NULL)
		return CS_E_UNAVAILABLE;
	while (fgets(text, sizeof(text), file) != NULL) {
		size_t len = strlen(text);
		json_t *line = len > 0 && text[len - 1] == '\n'
				       ? cs_json_read(uk_span_of(text, len - 1))
				       : NULL;

		if (line == NULL || ret->len == ARRAY_SIZE(ret->list)) {
			json_decref(line);
			return CS_E_ARGUMENTS;
		}
		ret->list[ret->len++] = line;
	}
	return ferror(file) == 0 ? CS_OK : CS_E_UNAVAILABLE;
}

static enum cs_status
chain_apply(struct cs_book *ret, const struct lines *lines)
{
	enum cs_status st = lines_apply(ret, lines->list, lines->len);

	if (st == CS_OK)
		return st;
	cs_book_clear(ret);
	return CS_E_ARGUMENTS;
}

enum cs_status
cs_book_read(const char *path, struct cs_book *ret)
{
	LINES lines = {.len = 0};
	enum cs_status st = lines_read(path, &lines);

	return st == CS_OK ? chain_apply(ret, &lines) : st;
}

/* All of it beside the old one, and then in its place. */
static enum cs_status
lines_write(const char *path, const struct lines *lines)
{
	char fresh[PATH_ROOM];
	FILE *file;
	bool good = true;

	(void)snprintf(fresh, sizeof(fresh), "%s.new", path);
	file = fopen(fresh, "we");
	if (file == NULL)
		return CS_E_UNAVAILABLE;
	for (size_t i = 0; i < lines->len && good; i++)
		good = json_dumpf(lines->list[i], file, JSON_COMPACT | JSON_SORT_KEYS) == 0 &&
		       fputc('\n', file) == '\n';
	good = good && fflush(file) == 0 && fsync(fileno(file)) == 0;
	good = fclose(file) == 0 && good;
	if (good && rename(fresh, path) == 0)
		return CS_OK;
	(void)unlink(fresh);
	return CS_E_UNAVAILABLE;
}

static void
book_drop(struct cs_book **book)
{
	cs_book_clear(*book);
	free(*book);
}

enum cs_status
cs_book_append(const char *path, json_t *const *fresh, size_t fresh_len)
{
	UK_CLEANUP(book_drop) struct cs_book *book = calloc(1, sizeof(*book));
	LINES lines = {.len = 0};
	enum cs_status st = book != NULL ? lines_read(path, &lines) : CS_E_MEMORY;

	if (st == CS_E_UNAVAILABLE && access(path, F_OK) != 0)
		st = CS_OK;
	for (size_t i = 0; i < fresh_len && st == CS_OK; i++) {
		if (lines.len == ARRAY_SIZE(lines.list))
			return CS_E_TOO_LARGE;
		lines.list[lines.len++] = json_incref(fresh[i]);
	}
	if (st == CS_OK)
		st = chain_apply(book, &lines);
	return st == CS_OK ? lines_write(path, &lines) : st;
}
