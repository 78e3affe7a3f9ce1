/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/outbox.h"

#include "service/base/clock.h"
#include "service/store/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ids of letters begin with when they were due first: no letter is done before that. */
#define ID_TIME 12

static void
time_begins(int64_t at, int64_t ms, char ret[ID_TIME + 1])
{
	(void)snprintf(ret, ID_TIME + 1, "%012lx",
		       (unsigned long)(at > 0 ? at * 1000 + ms : ms) & 0xffffffffffffUL);
}

enum cs_status
cs_store_post(struct cs_store *store, const char *topic, const char *once, int64_t due,
	      struct uk_span payload)
{
	static const char sql[] = "INSERT INTO outbox (ca, id, topic, once, due, payload)"
				  " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
	char id[CS_ID_TEXT];
	char begins[ID_TIME + 1];
	enum cs_status st = cs_id_new(id);

	if (st != CS_OK)
		return st;
	/* within the second in the order in which they came */
	time_begins(due, cs_now_ms() % 1000, begins);
	memcpy(id, begins, ID_TIME);
	return CS_EXECUTE(store, sql, NULL, cs_text(store->ca), cs_text(id), cs_text(topic),
			  cs_text(once), cs_int(due), cs_bytes(payload));
}

static enum cs_status
letter_row(const struct cs_row *row, void *ctx)
{
	struct cs_letters *letters = ctx;
	struct cs_letter *letter = &letters->list[letters->len];

	if (letters->len == CS_LETTERS_MAX)
		return CS_E_INTERNAL;
	cs_row_text(row, 0, letter->id, sizeof(letter->id));
	cs_row_text(row, 1, letter->topic, sizeof(letter->topic));
	letter->tries = row->number(row->row, 2);
	letters->len++;
	return cs_row_blob(row, 3, &letter->payload);
}

/* Ids begin with the time. */
static int
letters_order(const void *a, const void *b)
{
	const struct cs_letter *x = a, *y = b;

	return strcmp(x->id, y->id);
}

/*
 * What decides is asked again of the row that is changed: a single statement may run where others
 * that came first are seen only then.
 */
enum cs_status
cs_store_letters_take(struct cs_store *store, const struct cs_lease *lease, size_t most,
		      struct cs_letters *ret)
{
	static const char sql[] =
		"UPDATE outbox SET lease_owner = $1, lease_until = $2, tries = tries + 1"
		" WHERE ca = $3 AND id IN (SELECT id FROM outbox WHERE ca = $4 AND done = 0"
		" AND due <= $5 AND lease_until <= $6 AND topic = $7 ORDER BY due LIMIT $8)"
		" AND done = 0 AND lease_until <= $9 RETURNING id, topic, tries, payload";
	struct cs_letters taken = {.len = 0};
	struct cs_statement ask = CS_STATEMENT(
		sql, letter_row, &taken, cs_text(lease->owner), cs_int(lease->until),
		cs_text(store->ca), cs_text(store->ca), cs_int(lease->now), cs_int(lease->now),
		cs_text(lease->topic),
		cs_int(most < CS_LETTERS_MAX ? (int64_t)most : CS_LETTERS_MAX), cs_int(lease->now));
	enum cs_status st = cs_run(store, &ask);

	if (st != CS_OK) {
		cs_letters_clear(&taken);
		return st;
	}
	qsort(taken.list, taken.len, sizeof(taken.list[0]), letters_order);
	*ret = taken;
	return CS_OK;
}

enum cs_status
cs_store_letter_take(struct cs_store *store, const struct cs_lease *lease, struct cs_letter *ret)
{
	struct cs_letters taken = {.len = 0};
	enum cs_status st = cs_store_letters_take(store, lease, 1, &taken);

	if (st == CS_OK && taken.len == 0)
		return CS_E_NOT_FOUND;
	if (st == CS_OK)
		*ret = taken.list[0];
	return st;
}

enum cs_status
cs_store_letters_done(struct cs_store *store, const struct cs_letters *letters, const char *owner,
		      int64_t now)
{
	static const char sql[] =
		"UPDATE outbox SET done = $1, payload = NULL WHERE ca = $2 AND lease_owner = $3"
		" AND done = 0 AND id IN ($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
		" $16, $17, $18, $19)";
	struct cs_arg args[3 + CS_LETTERS_MAX] = {cs_int(now), cs_text(store->ca), cs_text(owner)};

	if (letters->len == 0)
		return CS_OK;
	for (size_t i = 0; i < CS_LETTERS_MAX; i++)
		args[3 + i] = cs_text(i < letters->len ? letters->list[i].id : "");
	return cs_execute(store, sql, args, ARRAY_SIZE(args), NULL);
}

static enum cs_status
one_row(enum cs_status st, int64_t rows)
{
	return st == CS_OK && rows != 1 ? CS_E_CHANGED : st;
}

enum cs_status
cs_store_letter_done(struct cs_store *store, const char *id, const char *owner, int64_t now)
{
	static const char sql[] = "UPDATE outbox SET done = $1, payload = NULL"
				  " WHERE ca = $2 AND id = $3 AND lease_owner = $4 AND done = 0";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(store, sql, &rows, cs_int(now), cs_text(store->ca),
				       cs_text(id), cs_text(owner));

	return one_row(st, rows);
}

enum cs_status
cs_store_letter_again(struct cs_store *store, const char *id, const char *owner, int64_t due)
{
	static const char sql[] = "UPDATE outbox SET due = $1, lease_until = 0, lease_owner = ''"
				  " WHERE ca = $2 AND id = $3 AND lease_owner = $4 AND done = 0";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(store, sql, &rows, cs_int(due), cs_text(store->ca),
				       cs_text(id), cs_text(owner));

	return one_row(st, rows);
}

/* One statement, so that two who come at once are both counted. */
enum cs_status
cs_store_limit(struct cs_store *store, const struct cs_limit *limit, int64_t now)
{
	static const char sql[] =
		"INSERT INTO limits (ca, bucket, begins, used) VALUES ($1, $2, $3, 1)"
		" ON CONFLICT (ca, bucket) DO UPDATE SET"
		" used = CASE WHEN limits.begins <= $4 THEN 1 ELSE limits.used + 1 END,"
		" begins = CASE WHEN limits.begins <= $5 THEN excluded.begins ELSE limits.begins "
		"END"
		" WHERE limits.begins <= $6 OR limits.used < $7";
	int64_t over = now - limit->length, rows = 0;
	enum cs_status st = CS_EXECUTE(store, sql, &rows, cs_text(store->ca),
				       cs_text(limit->bucket), cs_int(now), cs_int(over),
				       cs_int(over), cs_int(over), cs_int(limit->most));

	return st == CS_OK && rows != 1 ? CS_E_LIMIT : st;
}

/* The key finds the old ones, as ids begin with their time. */
enum cs_status
cs_store_outbox_forget(struct cs_store *store, int64_t letters_before, int64_t limits_before)
{
	static const char letters[] =
		"DELETE FROM outbox WHERE ca = $1 AND id <= $2 AND done > 0 AND done < $3";
	static const char limits[] = "DELETE FROM limits WHERE ca = $1 AND begins < $2";
	char id[ID_TIME + 1];
	enum cs_status st;

	time_begins(letters_before, 0, id);
	st = CS_EXECUTE(store, letters, NULL, cs_text(store->ca), cs_text(id),
			cs_int(letters_before));
	if (st == CS_OK)
		st = CS_EXECUTE(store, limits, NULL, cs_text(store->ca), cs_int(limits_before));
	return st;
}
