/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-certd work: what is not done while somebody waits for an answer. */
#include "service/certd/certd.h"

#include "service/deliver/letter.h"
#include "service/store/outbox.h"
#include "service/store/payments.h"

#include <stdio.h>
#include <string.h>

#define LEASE_S    30
#define TEXT_ROOM  320
#define PHONE_ROOM 32
#define CODE_ROOM  9
#define WEEK       (7 * CS_DAY)
#define MONTH      (30 * CS_DAY)

/* What a change of an order is told with; the number of the order stands for %s. */
static const struct {
	const char *words, *text;
} notices[] = {
	{"paid", "订单%s已收到付款，正在审核。"},
	{"approved", "订单%s已通过审核。"},
	{"correct", "订单%s的资料需要修改，请登录后重新上传。"},
	{"refused", "订单%s未通过审核。"},
	{"cancelled", "订单%s已取消。"},
	{"expired", "订单%s已过期。"},
	{"paper", "订单%s转为线下邮寄办理，请按清单寄送材料。"},
	{"installed", "订单%s的证书已写入密钥。"},
	{"collect", "订单%s的密钥可以领取，请带好身份证件。"},
	{"posted", "订单%s的密钥已寄出。"},
	{"received", "订单%s的密钥已领取。"},
	{"unlocked", "订单%s：密钥已解锁。如非本人办理，请立即挂失。"},
	{"counter", "订单%s：该密钥需到柜台办理。"},
	{"suspended", "订单%s：密钥已挂失，证书已暂停使用。"},
	{"released", "订单%s：挂失已解除。"},
	{"revoked", "订单%s：证书已吊销。"},
	{"refunding", "订单%s正在退款。"},
	{"refunded", "订单%s已退款。"},
	{"dead", "订单%s的授权码多次输错，订单已关闭。"},
};

struct working {
	struct cs_desk *desk;
	const char *spool;
	int64_t now;
};

/* The handler's phone in the order's form. */
static enum cs_status
handler_phone(struct cs_desk *desk, const char *order_id, char ret[PHONE_ROOM],
	      struct cs_order_row *ret_row)
{
	CS_BLOB form = {NULL, 0};
	CS_JSON *json = NULL;
	const char *phone;
	enum cs_status st = cs_order_read(&desk->orders, order_id, ret_row, &form);

	if (st != CS_OK)
		return st;
	json = cs_json_read(cs_blob_span(&form));
	phone = cs_json_text(json, "handler_phone", PHONE_ROOM - 1);
	if (phone == NULL || phone[0] == '\0')
		return CS_E_NOT_FOUND;
	memcpy(ret, phone, strlen(phone) + 1);
	return CS_OK;
}

/* Puts a sealed message into the outbox. */
static enum cs_status
sms_post(const struct working *working, const struct cs_order_row *row, const char *phone,
	 const char *once, const char *text)
{
	struct cs_orders *orders = &working->desk->orders;
	CS_PERSON person = {.id = ""};
	CS_BLOB payload = {NULL, 0};
	CS_JSON *letter = json_pack("{s:s, s:s, s:s}", "once", once, "to", phone, "text", text);
	enum cs_status st = cs_person_load(orders->vault, orders->store, row->person, &person);

	if (st == CS_OK)
		st = cs_letter_seal(&person, "sms", letter, &payload);
	return st == CS_OK ? cs_store_post(orders->store, "sms", once, working->now,
					   cs_blob_span(&payload))
			   : st;
}

/* "order=ID", "words=NAME" */
static enum cs_status
notice_work(const struct working *working, const struct cs_letter *letter)
{
	CS_ORDER_ROW row = {.ver = 0};
	char id[CS_ID_TEXT], words[CS_WORD_TEXT], phone[PHONE_ROOM], text[TEXT_ROOM];
	enum cs_status st;

	if (sscanf((const char *)letter->payload.ptr, "order=%32s words=%23s", id, words) != 2)
		return CS_E_CORRUPT;
	st = handler_phone(working->desk, id, phone, &row);
	for (size_t i = 0; i < ARRAY_SIZE(notices) && st == CS_OK; i++)
		if (strcmp(notices[i].words, words) == 0) {
			/* The texts are the table's own. */
			const char *at = strstr(notices[i].text, "%s");

			(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - notices[i].text),
				       notices[i].text, row.number, at + 2);
			st = sms_post(working, &row, phone, letter->id, text);
		}
	return st;
}

static enum cs_status
newest(const struct cs_order_row *row, void *ctx)
{
	char *id = ctx;

	if (id[0] == '\0')
		memcpy(id, row->id, CS_ID_TEXT);
	return CS_OK;
}

/* A unit that has orders gets a code to its handler; one that has none gets nothing. */
static enum cs_status
query_work(const struct working *working, const struct cs_letter *letter)
{
	struct cs_orders *orders = &working->desk->orders;
	struct cs_grant grant = {.tries = 0};
	CS_ORDER_ROW row = {.ver = 0};
	char id[CS_ID_TEXT] = "", phone[PHONE_ROOM], code[CODE_ROOM], text[TEXT_ROOM];
	uint8_t hash[CS_HASH_LEN];
	uint32_t number = 0;
	enum cs_status st = CS_E_CORRUPT;

	if (cs_hex_read((const char *)letter->payload.ptr, hash, sizeof(hash)))
		st = cs_store_grant_get(orders->store, hash, &grant);
	if (st == CS_OK)
		st = cs_store_orders_of_unit(orders->store, grant.unit_mark, newest, id);
	if (st == CS_OK)
		st = handler_phone(working->desk, id, phone, &row);
	if (st == CS_OK)
		st = cs_random_below(100000000, &number);
	(void)snprintf(code, sizeof(code), "%08u", number % 100000000);
	if (st == CS_OK)
		st = cs_query_code_mac(orders->vault, grant.hash, code, grant.code_hash);
	if (st == CS_OK)
		st = cs_store_grant_put(orders->store, &grant);
	(void)snprintf(text, sizeof(text), "订单查询验证码%s，10分钟内有效。", code);
	return st == CS_OK ? sms_post(working, &row, phone, letter->id, text) : st;
}

typedef enum cs_status (*work_fn)(const struct working *working, const struct cs_letter *letter);

/* Somebody who cannot be reached, or has been erased, is no reason to try for ever. */
static enum cs_status
topic_work(const struct working *working, const char *topic, work_fn work)
{
	struct cs_store *store = working->desk->orders.store;
	const char *owner = working->desk->chain;
	const struct cs_lease lease = {topic, owner, working->now, working->now + LEASE_S};
	enum cs_status st = CS_OK;

	while (st == CS_OK || st == CS_E_CHANGED) {
		struct cs_letter letter = {.tries = 0};

		st = cs_store_letter_take(store, &lease, &letter);
		if (st == CS_OK) {
			st = work(working, &letter);
			if (st == CS_OK || st == CS_E_NOT_FOUND || st == CS_E_CORRUPT)
				st = cs_store_letter_done(store, letter.id, owner, working->now);
			else
				st = cs_store_letter_again(store, letter.id, owner,
							   working->now + LEASE_S);
		}
		cs_blob_free(&letter.payload);
	}
	return st == CS_E_NOT_FOUND ? CS_OK : st;
}

/* Once a minute is enough for what nobody waits for. */
static enum cs_status
forget(struct cs_store *store, int64_t now)
{
	enum cs_status st = CS_OK;

	if (now % CS_MINUTE != 0)
		return st;
	st = cs_store_grants_forget(store, now - CS_DAY);
	if (st == CS_OK)
		st = cs_store_idempotency_forget(store, now - WEEK);
	return st == CS_OK ? cs_store_outbox_forget(store, now - MONTH, now - 2 * CS_DAY) : st;
}

enum cs_status
cs_work_round(struct cs_desk *desk, const char *spool, int64_t now)
{
	const struct working working = {desk, spool, now};
	const struct cs_spool sms = {desk->orders.store, desk->orders.vault, spool, desk->chain};
	int count;
	enum cs_status st = cs_orders_tick(&desk->orders, now, &count);

	if (st == CS_OK)
		st = topic_work(&working, "query", query_work);
	if (st == CS_OK)
		st = topic_work(&working, "notice", notice_work);
	if (st == CS_OK)
		st = cs_spool_run(&sms, "sms", now);
	return st == CS_OK ? forget(desk->orders.store, now) : st;
}
