/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Authorization codes: drawn, sent, guessed. */
#include "service/unlock/inside.h"

#include "service/base/clock.h"
#include "service/store/outbox.h"
#include "service/unlock/secrets.h"

#include <stdio.h>
#include <string.h>

#define SMS_LIFE      (10 * CS_MINUTE)
#define MEMO_LIFE     (72 * CS_HOUR)
#define GRANT_LIFE    (24 * CS_HOUR)
#define CONTACT_DELAY (24 * CS_HOUR)
#define ORDERS_A_DAY  3
#define CODES_A_DAY   5
#define BUCKET_ROOM   96
#define TEXT_ROOM     256
#define GRANT_LEN     32
#define STATION_ROOM  256
#define STATION_FRESH (10 * CS_MINUTE) /* clocks of stations differ */

static enum cs_status
limit(struct cs_store *store, const char *what, const char *who, int64_t most, int64_t now)
{
	char bucket[BUCKET_ROOM];
	const struct cs_limit limit = {bucket, most, CS_DAY};

	(void)snprintf(bucket, sizeof(bucket), "%s/%s", what, who);
	return cs_store_limit(store, &limit, now);
}

/* A key that cannot be helped from afar is told so before anybody is asked for anything. */
static enum cs_status
begin_body(struct cs_store *store, void *ctx)
{
	const struct cs_unlock_work *work = ctx;
	const char *order = cs_unlock_id(work->request, "order");
	const char *sn = cs_unlock_id(work->request, "sn");
	const char *method = cs_json_text(work->request, "method", 8);
	CS_KEY_ROW key = {.ver = 0};
	struct cs_unlock_row row = {.state = "open", .changed = work->now};
	enum cs_status st;

	if (order == NULL || sn == NULL || method == NULL ||
	    (strcmp(method, "sms") != 0 && strcmp(method, "memo") != 0))
		return CS_E_ARGUMENTS;
	st = cs_store_key_get(store, sn, &key);
	if (st == CS_E_NOT_FOUND || (st == CS_OK && strcmp(key.state, "counter") == 0))
		return CS_E_COUNTER;
	if (st == CS_OK && strcmp(key.state, "active") != 0)
		return CS_E_REVOKED;
	if (st == CS_OK)
		st = limit(store, "orders", sn, ORDERS_A_DAY, work->now);
	if (st != CS_OK)
		return st;
	memcpy(row.order_id, order, strlen(order) + 1);
	memcpy(row.key_sn, sn, strlen(sn) + 1);
	memcpy(row.method, method, strlen(method) + 1);
	st = cs_store_unlock_add(store, &row);
	return st == CS_OK ? cs_unlock_log(work->unlockd, "begin", order, sn) : st;
}

static bool
state_is(const struct cs_unlock_row *row, const char *const *states, size_t states_len)
{
	for (size_t i = 0; i < states_len; i++)
		if (strcmp(row->state, states[i]) == 0)
			return true;
	return false;
}

static void
state_set(struct cs_unlock_row *row, const char *state, int64_t now)
{
	(void)snprintf(row->state, sizeof(row->state), "%s", state);
	row->changed = now;
}

/* The order and its key; CS_E_REVOKED for a key that was reported lost in the meantime. */
static enum cs_status
load(const struct cs_unlock_work *work, struct cs_unlock_row *row, struct cs_key_row *key)
{
	const char *order = cs_unlock_id(work->request, "order");
	enum cs_status st;

	if (order == NULL)
		return CS_E_ARGUMENTS;
	st = cs_store_unlock_get(work->unlockd->store, order, row);
	if (st == CS_OK)
		st = cs_store_key_get(work->unlockd->store, row->key_sn, key);
	if (st == CS_OK && strcmp(key->state, "lost") == 0)
		return CS_E_REVOKED;
	if (st == CS_OK && strcmp(key->state, "active") != 0)
		return CS_E_COUNTER;
	return st;
}

static enum cs_status
code_post(const struct cs_unlock_work *work, const struct cs_unlock_row *row,
	  const struct cs_key_row *key, const char *code)
{
	bool memo = strcmp(row->method, "memo") == 0;
	size_t len = strlen(key->key_sn);
	char text[TEXT_ROOM], once[BUCKET_ROOM];
	enum cs_status st;

	(void)snprintf(once, sizeof(once), "code/%s/%ld", row->order_id, (long)row->sent);
	(void)snprintf(text, sizeof(text),
		       memo ? "密钥%s解锁授权码%s，72小时内有效"
			    : "您正在为尾号%s的密钥办理解锁，授权码%s，10分钟内有效。"
			      "工作人员不会向您索要授权码。",
		       key->key_sn + (len > 4 ? len - 4 : 0), code);
	st = cs_unlock_tell(work->unlockd, key, memo ? CS_TO_ACCOUNT : CS_TO_PHONE, once, text);
	uk_wipe(text, sizeof(text));
	return st;
}

/* By address, not by key: a unit's keys share a phone. */
static enum cs_status
address_limit(const struct cs_unlock_work *work, const struct cs_key_row *key, enum cs_addressee to)
{
	char address[CS_ADDRESS_TEXT], mark[CS_HASH_TEXT];
	enum cs_status st = cs_unlock_address(work->unlockd, key, to, address);

	if (st == CS_OK)
		st = cs_vault_mark(work->unlockd->vault, "address", address, mark);
	uk_wipe(address, sizeof(address));
	if (st != CS_OK)
		return st;
	return limit(work->unlockd->store, "codes", mark, CODES_A_DAY, work->now);
}

static enum cs_status
send_body(struct cs_store *store, void *ctx)
{
	static const char *const from[] = {"open", "sent"};
	const struct cs_unlock_work *work = ctx;
	struct cs_unlock_row row = {.ver = 0};
	CS_KEY_ROW key = {.ver = 0};
	char code[CS_CODE_TEXT];
	bool memo;
	enum cs_status st = load(work, &row, &key);

	if (st != CS_OK)
		return st;
	if (!state_is(&row, from, ARRAY_SIZE(from)))
		return CS_E_STATE;
	if (key.contact_since > 0 && work->now < key.contact_since + CONTACT_DELAY)
		return CS_E_DELAY;
	if (row.sent >= CS_UNLOCK_SENDS)
		return CS_E_LIMIT;
	memo = strcmp(row.method, "memo") == 0;
	st = address_limit(work, &key, memo ? CS_TO_ACCOUNT : CS_TO_PHONE);
	if (st == CS_OK)
		st = cs_code_new(code);
	if (st == CS_OK)
		st = cs_code_mac(work->unlockd->hsm, row.order_id, code, row.code_mac);
	row.code_until = work->now + (memo ? MEMO_LIFE : SMS_LIFE);
	row.sent++;
	state_set(&row, "sent", work->now);
	if (st == CS_OK)
		st = code_post(work, &row, &key, code);
	uk_wipe(code, sizeof(code));
	if (st == CS_OK)
		st = cs_store_unlock_put(store, &row);
	return st == CS_OK ? cs_unlock_log(work->unlockd, "send", row.order_id, row.key_sn) : st;
}

/* The guess is counted, and the count is on the disk, before anything is compared. */
static enum cs_status
count_body(struct cs_store *store, void *ctx)
{
	static const char *const from[] = {"sent", "granted", "commanded"};
	const struct cs_unlock_work *work = ctx;
	struct cs_unlock_row row = {.ver = 0};
	CS_KEY_ROW key = {.ver = 0};
	int64_t until;
	enum cs_status st = load(work, &row, &key);

	if (st != CS_OK)
		return st;
	if (strcmp(row.state, "dead") == 0 || row.guesses >= CS_UNLOCK_GUESSES)
		return CS_E_CODE_DEAD;
	if (!state_is(&row, from, ARRAY_SIZE(from)))
		return CS_E_STATE;
	/* Once it was right, the code stays the proof for this order until its end. */
	until = row.until > 0 ? row.until : row.code_until;
	if (work->now > until)
		return CS_E_EXPIRED;
	row.guesses++;
	st = cs_store_unlock_put(store, &row);
	return st == CS_OK ? cs_unlock_log(work->unlockd, "guess", row.order_id, row.key_sn) : st;
}

enum cs_status
cs_unlock_grant(const struct cs_unlockd *unlockd, struct cs_unlock_row *row, int64_t now,
		json_t *answer)
{
	uint8_t grant[GRANT_LEN];
	enum cs_status st = cs_random(grant, sizeof(grant));

	if (st == CS_OK)
		st = cs_hash(uk_span_of(grant, sizeof(grant)), row->grant_hash);
	if (st == CS_OK && !cs_json_put_hex(answer, "grant", uk_span_of(grant, sizeof(grant))))
		st = CS_E_MEMORY;
	uk_wipe(grant, sizeof(grant));
	if (row->until == 0)
		row->until = now + GRANT_LIFE;
	if (strcmp(row->state, "commanded") != 0)
		state_set(row, "granted", now);
	return st == CS_OK ? cs_store_unlock_put(unlockd->store, row) : st;
}

static enum cs_status
compare_body(struct cs_store *store, void *ctx)
{
	const struct cs_unlock_work *work = ctx;
	const char *code = cs_json_text(work->request, "code", CS_CODE_DIGITS);
	struct cs_unlock_row row = {.ver = 0};
	CS_KEY_ROW key = {.ver = 0};
	uint8_t mac[CS_HASH_LEN];
	bool right;
	enum cs_status st = load(work, &row, &key);

	if (st == CS_OK)
		st = cs_code_mac(work->unlockd->hsm, row.order_id, code, mac);
	if (st != CS_OK)
		return st;
	right = cs_equal_secret(uk_span_of(mac, sizeof(mac)),
				uk_span_of(row.code_mac, sizeof(row.code_mac)));
	if (right) {
		row.guesses--;
		st = cs_unlock_grant(work->unlockd, &row, work->now, work->answer);
	} else if (row.guesses >= CS_UNLOCK_GUESSES) {
		state_set(&row, "dead", work->now);
		st = cs_store_unlock_put(store, &row);
	}
	return st == CS_OK ? cs_unlock_log(work->unlockd, right ? "code-right" : "code-wrong",
					   row.order_id, row.key_sn)
			   : st;
}

static struct cs_unlock_work
work_of(void *ctx, const json_t *request, json_t *answer)
{
	struct cs_unlockd *unlockd = ctx;

	return (struct cs_unlock_work){unlockd, request, answer, unlockd->clock()};
}

enum cs_status
cs_op_begin(void *ctx, const json_t *request, json_t *answer)
{
	struct cs_unlock_work work = work_of(ctx, request, answer);

	return cs_store_tx(work.unlockd->store, begin_body, &work);
}

enum cs_status
cs_op_send(void *ctx, const json_t *request, json_t *answer)
{
	struct cs_unlock_work work = work_of(ctx, request, answer);

	return cs_store_tx(work.unlockd->store, send_body, &work);
}

enum cs_status
cs_op_check(void *ctx, const json_t *request, json_t *answer)
{
	struct cs_unlock_work work = work_of(ctx, request, answer);
	const char *code = cs_json_text(request, "code", CS_CODE_DIGITS);
	struct cs_unlock_row row = {.ver = 0};
	enum cs_status st;

	if (code == NULL || strspn(code, "0123456789") != CS_CODE_DIGITS)
		return CS_E_ARGUMENTS; /* a slip of the finger costs no guess */
	st = cs_store_tx(work.unlockd->store, count_body, &work);
	if (st == CS_OK)
		st = cs_store_tx(work.unlockd->store, compare_body, &work);
	if (st != CS_OK || json_object_get(answer, "grant") != NULL)
		return st;
	st = cs_store_unlock_get(work.unlockd->store, cs_unlock_id(request, "order"), &row);
	if (st != CS_OK)
		return st;
	return strcmp(row.state, "dead") == 0 ? CS_E_CODE_DEAD : CS_E_CODE_WRONG;
}

/*
 * Whoever is at the station signs for this key and this moment; each signature gives one grant.
 * Without that there is none, however many have approved.
 */
static enum cs_status
station_check(const struct cs_unlock_work *work, const struct cs_unlock_row *row)
{
	const json_t *station = json_object_get(work->request, "station");
	const char *number = cs_unlock_id(work->request, "number");
	const char *once = cs_unlock_id(work->request, "once");
	char body[STATION_ROOM];
	int64_t at = 0;
	enum cs_status st;

	if (number == NULL || once == NULL || !cs_json_number(work->request, "at", &at))
		return CS_E_ARGUMENTS;
	(void)snprintf(body, sizeof(body), "station\nnumber=%s\nsn=%s\nat=%ld\nonce=%s\n", number,
		       row->key_sn, (long)at, once);
	st = cs_approval_check(work->unlockd->operators, station, uk_span_str(body));
	if (st == CS_OK && (at > work->now + STATION_FRESH || at < work->now - STATION_FRESH))
		st = CS_E_EXPIRED;
	if (st != CS_OK)
		return st;
	st = limit(work->unlockd->store, "station", once, 1, work->now);
	return st == CS_E_LIMIT ? CS_E_PROOF : st;
}

/* Approved, and good for a day: a station may come. */
static enum cs_status
approved_put(const struct cs_unlock_work *work, struct cs_unlock_row *row)
{
	if (row->until == 0)
		row->until = work->now + GRANT_LIFE;
	if (strcmp(row->state, "commanded") != 0)
		state_set(row, "granted", work->now);
	return cs_store_unlock_put(work->unlockd->store, row);
}

/* The unit hears of it before anything happens to its key. */
static enum cs_status
station_grant(const struct cs_unlock_work *work, struct cs_unlock_row *row,
	      const struct cs_key_row *key)
{
	char once[BUCKET_ROOM];
	enum cs_status st = station_check(work, row);

	(void)snprintf(once, sizeof(once), "station/%s", row->order_id);
	if (st == CS_OK)
		st = cs_unlock_tell(work->unlockd, key, CS_TO_NOTIFY, once,
				    "您单位的密钥正在柜台办理解锁。如非本人办理，请立即挂失。");
	if (st == CS_E_COUNTER)
		st = CS_OK; /* nobody is named to be told */
	return st == CS_OK ? cs_unlock_grant(work->unlockd, row, work->now, work->answer) : st;
}

/*
 * At the counter two operators' signatures stand for the code.  They come with every question, so
 * that what is kept here can be no substitute for them.
 */
static enum cs_status
counter_body(struct cs_store *store, void *ctx)
{
	static const char *const from[] = {"open", "sent", "granted", "commanded"};
	const struct cs_unlock_work *work = ctx;
	struct cs_unlock_row row = {.ver = 0};
	CS_KEY_ROW key = {.ver = 0};
	char body[BUCKET_ROOM + CS_SN_TEXT];
	bool station = json_object_get(work->request, "station") != NULL;
	enum cs_status st = load(work, &row, &key);

	if (st != CS_OK)
		return st;
	if (!state_is(&row, from, ARRAY_SIZE(from)))
		return CS_E_STATE;
	if (row.until > 0 && work->now > row.until)
		return CS_E_EXPIRED;
	(void)snprintf(body, sizeof(body), "unlock\norder=%s\nsn=%s\n", row.order_id, row.key_sn);
	st = cs_approved(work->unlockd->operators, json_object_get(work->request, "approvals"),
			 uk_span_str(body), 2);
	if (st == CS_OK)
		st = station ? station_grant(work, &row, &key) : approved_put(work, &row);
	return st == CS_OK ? cs_unlock_log(work->unlockd, station ? "station" : "counter",
					   row.order_id, row.key_sn)
			   : st;
}

enum cs_status
cs_op_counter(void *ctx, const json_t *request, json_t *answer)
{
	struct cs_unlock_work work = work_of(ctx, request, answer);

	return cs_store_tx(work.unlockd->store, counter_body, &work);
}
