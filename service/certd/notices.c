/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What people are told, and the codes they asked for. */
#include "service/certd/contacts.h"
#include "service/certd/work.h"

#include "service/deliver/letter.h"
#include "service/store/deliveries.h"

#include <stdio.h>
#include <string.h>

#define TEXT_ROOM     320
#define ONCE_ROOM     64
#define NOTICES_A_DAY 30
#define CODES_A_DAY   5

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

/* The same words by text message and, where there is an address, by e-mail. */
static enum cs_status
told(const struct cs_working *working, const struct cs_order_row *row,
     const struct cs_contact *contact, const char *once, const char *text)
{
	const struct cs_message messages[] = {{"sms", contact->phone, once, text},
					      {"email", contact->email, once, text}};
	enum cs_status st = CS_OK;

	for (size_t i = 0; i < ARRAY_SIZE(messages) && st == CS_OK; i++)
		if (messages[i].to[0] != '\0')
			st = cs_message_post(working->desk, row->person, &messages[i],
					     working->now);
	return st;
}

enum cs_status
cs_notice_work(const struct cs_working *working, const struct cs_letter *letter)
{
	CS_CONTACT contact = {.codes_from = 0};
	CS_ORDER_ROW row = {.ver = 0};
	char id[CS_ID_TEXT], words[CS_WORD_TEXT], text[TEXT_ROOM];
	enum cs_status st;

	if (sscanf((const char *)letter->payload.ptr, "order=%32s words=%23s", id, words) != 2)
		return CS_E_CORRUPT;
	st = cs_handler_of(working->desk, id, &contact, &row);
	if (st == CS_OK)
		st = cs_phone_limit(working->desk, "notice", contact.mark, NOTICES_A_DAY,
				    working->now);
	for (size_t i = 0; i < ARRAY_SIZE(notices) && st == CS_OK; i++)
		if (strcmp(notices[i].words, words) == 0) {
			/* The texts are the table's own. */
			const char *at = strstr(notices[i].text, "%s");

			(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - notices[i].text),
				       notices[i].text, row.number, at + 2);
			st = told(working, &row, &contact, letter->id, text);
		}
	return st == CS_E_LIMIT ? CS_E_DENIED : st;
}

/* Keeps the code's hash with the grant and sends the code. */
static enum cs_status
grant_code(const struct cs_working *working, struct cs_grant *grant, const char *person,
	   const struct cs_message *message)
{
	struct cs_orders *orders = &working->desk->orders;
	struct cs_message filled = *message;
	char code[CS_CODE_TEXT], text[TEXT_ROOM];
	const char *at = strstr(message->text, "%s");
	enum cs_status st = cs_code_new(code);

	if (st == CS_OK)
		st = cs_grant_code_mac(orders->vault, grant->hash, code, grant->code_hash);
	if (st == CS_OK)
		st = cs_store_grant_put(orders->store, grant);
	(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - message->text), message->text,
		       code, at + 2);
	filled.text = text;
	if (st == CS_OK)
		st = cs_message_post(working->desk, person, &filled, working->now);
	uk_wipe(code, sizeof(code));
	uk_wipe(text, sizeof(text));
	return st;
}

static enum cs_status
grant_of(const struct cs_working *working, const struct cs_letter *letter, struct cs_grant *ret)
{
	uint8_t hash[CS_HASH_LEN];

	if (!cs_hex_read((const char *)letter->payload.ptr, hash, sizeof(hash)))
		return CS_E_CORRUPT;
	return cs_store_grant_get(working->desk->orders.store, hash, ret);
}

/* A unit that has orders gets a code to its handler; one that has none gets nothing. */
enum cs_status
cs_query_work(const struct cs_working *working, const struct cs_letter *letter)
{
	CS_GRANT grant = {.tries = 0};
	CS_CONTACT contact = {.codes_from = 0};
	CS_ORDER_ROW row = {.ver = 0};
	const struct cs_message message = {"sms", contact.phone, letter->id,
					   "订单查询验证码%s，10分钟内有效。"};
	char id[CS_ID_TEXT];
	enum cs_status st = grant_of(working, letter, &grant);

	if (st == CS_OK)
		st = cs_unit_newest(working->desk, grant.unit_mark, grant.contact_mark, id);
	if (st == CS_OK)
		st = cs_handler_of(working->desk, id, &contact, &row);
	if (st == CS_OK && contact.codes_from > working->now)
		st = CS_E_DENIED;
	if (st == CS_OK)
		st = cs_phone_limit(working->desk, "code", contact.mark, CODES_A_DAY, working->now);
	memcpy(grant.contact_mark, contact.mark, sizeof(grant.contact_mark));
	if (st == CS_OK)
		st = grant_code(working, &grant, row.person, &message);
	return st == CS_E_LIMIT ? CS_E_DENIED : st;
}

/* To whom the provider knows, never to whom the form of this request names. */
enum cs_status
cs_handler_work(const struct cs_working *working, const struct cs_letter *letter)
{
	struct cs_desk *desk = working->desk;
	CS_GRANT grant = {.tries = 0};
	CS_ORDER_ROW row = {.ver = 0};
	char id[CS_ID_TEXT], phone[CS_PHONE_TEXT], mark[CS_HASH_TEXT];
	const struct cs_message message = {"sms", phone, letter->id,
					   "您单位申请变更数字证书业务经办人，验证码%"
					   "s，10分钟内有效。如非本人同意，请勿告诉他人。"};
	enum cs_status st = grant_of(working, letter, &grant);

	if (st == CS_OK)
		st = cs_unit_newest(desk, grant.unit_mark, "", id);
	if (st == CS_OK)
		st = cs_order_read(&desk->orders, id, &row, NULL);
	if (st == CS_OK)
		st = cs_form_member(desk, id, "legal_phone", sizeof(phone), phone);
	if (st == CS_OK && phone[0] == '\0')
		st = CS_E_NOT_FOUND;
	if (st == CS_OK)
		st = cs_vault_mark(desk->orders.vault, "phone", phone, mark);
	if (st == CS_OK)
		st = cs_phone_limit(desk, "code", mark, CODES_A_DAY, working->now);
	if (st == CS_OK)
		st = grant_code(working, &grant, row.person, &message);
	uk_wipe(phone, sizeof(phone));
	return st == CS_E_LIMIT ? CS_E_DENIED : st;
}

/* The invoice's fields in the clear, with the order's number and amount. */
static enum cs_status
invoice_values(const struct cs_working *working, const struct cs_order_row *row,
	       const struct cs_delivery *delivery, json_t **ret)
{
	struct cs_orders *orders = &working->desk->orders;
	struct cs_payment payment = {.amount = 0};
	CS_PERSON person = {.id = ""};
	CS_BLOB fields = {NULL, 0};
	char amount[24];
	enum cs_status st = cs_store_payment_of_order(orders->store, row->id, &payment);

	if (st == CS_OK)
		st = cs_person_load(orders->vault, orders->store, row->person, &person);
	if (st == CS_OK)
		st = cs_unseal(&person, "invoice", cs_blob_span(&delivery->body), &fields);
	if (st != CS_OK)
		return st;
	if (strcmp(payment.state, "paid") != 0)
		return CS_E_DENIED; /* given back meanwhile */
	(void)snprintf(amount, sizeof(amount), "%ld", (long)payment.amount);
	*ret = cs_json_read(cs_blob_span(&fields));
	if (*ret == NULL || json_object_set_new(*ret, "number", json_string(row->number)) != 0 ||
	    json_object_set_new(*ret, "once", json_string(row->id)) != 0 ||
	    json_object_set_new(*ret, "amount", json_string(amount)) != 0)
		return CS_E_MEMORY;
	return CS_OK;
}

/* Without a driver the file is the invoice, and its number the order's. */
static enum cs_status
invoice_ask(const struct cs_working *working, const struct cs_order_row *row, const json_t *values,
	    struct cs_delivery *delivery)
{
	const json_t *driver = cs_driver(&working->desk->certd->drivers, "invoice", NULL, NULL);
	CS_JSON *answer = NULL;
	char name[ONCE_ROOM], *text;
	const char *number = row->number;
	enum cs_status st = CS_E_MEMORY;

	(void)snprintf(name, sizeof(name), "invoice-%s", row->id);
	if (driver != NULL) {
		st = cs_driver_ask(driver, values, row->id, &answer);
		number = cs_json_text_or_empty(answer, "number", CS_TRACKING_TEXT - 1);
	} else {
		text = json_dumps(values, JSON_COMPACT);
		if (text != NULL)
			st = cs_spool_file(working->spool, name, uk_span_str(text));
		if (text != NULL)
			uk_wipe(text, strlen(text));
		free(text);
	}
	if (st == CS_OK)
		(void)snprintf(delivery->invoice_number, sizeof(delivery->invoice_number), "%s",
			       number != NULL ? number : "");
	return st;
}

enum cs_status
cs_invoice_work(const struct cs_working *working, const struct cs_letter *letter)
{
	struct cs_store *store = working->desk->orders.store;
	const char *id = (const char *)letter->payload.ptr;
	CS_ORDER_ROW row = {.ver = 0};
	CS_DELIVERY delivery = {.key_sn = ""};
	CS_JSON *values = NULL;
	enum cs_status st = cs_store_order_get(store, id, &row);

	if (st == CS_OK)
		st = cs_store_delivery_get(store, id, &delivery);
	if (st == CS_OK && strcmp(delivery.invoice, "issued") == 0)
		return CS_OK;
	if (st == CS_OK)
		st = invoice_values(working, &row, &delivery, &values);
	if (st == CS_OK)
		st = invoice_ask(working, &row, values, &delivery);
	if (st != CS_OK && st != CS_E_DENIED)
		return st;
	(void)snprintf(delivery.invoice, sizeof(delivery.invoice), "%s",
		       st == CS_OK ? "issued" : "failed");
	return cs_store_delivery_put(store, id, &delivery, working->now);
}
