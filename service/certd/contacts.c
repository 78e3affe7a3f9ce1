/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/certd/contacts.h"

#include "service/deliver/letter.h"
#include "service/store/contacts.h"
#include "service/store/outbox.h"

#include <stdio.h>
#include <string.h>

#define CODE_LIFE    (10 * CS_MINUTE)
#define CODES_A_DAY  5
#define TEXT_ROOM    320
#define BUCKET_ROOM  112
#define ABOUT_ROOM   96
#define UNIT_ORDERS  100
#define HANDLER_WAIT CS_DAY

static void
member_copy(const json_t *json, const char *name, size_t room, char *ret)
{
	const char *value = cs_json_text_or_empty(json, name, room - 1);

	ret[0] = '\0';
	if (value != NULL)
		memcpy(ret, value, strlen(value) + 1);
}

/* Somebody who was set after the order was made takes the place of who the form names. */
static enum cs_status
handler_later(struct cs_desk *desk, const struct cs_order_row *row, struct cs_contact *contact)
{
	CS_HANDLER handler = {.since = 0};
	CS_PERSON person = {.id = ""};
	CS_BLOB body = {NULL, 0};
	CS_JSON *json = NULL;
	enum cs_status st = cs_store_handler_get(desk->orders.store, row->unit_mark, &handler);

	if (st == CS_E_NOT_FOUND || (st == CS_OK && handler.since < row->created))
		return CS_OK;
	if (st == CS_OK)
		st = cs_person_load(desk->orders.vault, desk->orders.store, handler.person,
				    &person);
	if (st == CS_OK)
		st = cs_unseal(&person, "handler", cs_blob_span(&handler.body), &body);
	if (st != CS_OK)
		return st;
	json = cs_json_read(cs_blob_span(&body));
	member_copy(json, "phone", sizeof(contact->phone), contact->phone);
	member_copy(json, "email", sizeof(contact->email), contact->email);
	contact->codes_from = handler.since + HANDLER_WAIT;
	return CS_OK;
}

enum cs_status
cs_handler_of(struct cs_desk *desk, const char *order_id, struct cs_contact *ret,
	      struct cs_order_row *ret_row)
{
	CS_CONTACT contact = {.codes_from = 0};
	CS_BLOB form = {NULL, 0};
	CS_JSON *json = NULL;
	enum cs_status st = cs_order_read(&desk->orders, order_id, ret_row, &form);

	if (st != CS_OK)
		return st;
	json = cs_json_read(cs_blob_span(&form));
	member_copy(json, "handler_phone", sizeof(contact.phone), contact.phone);
	member_copy(json, "handler_email", sizeof(contact.email), contact.email);
	st = handler_later(desk, ret_row, &contact);
	if (st == CS_OK && contact.phone[0] == '\0')
		st = CS_E_NOT_FOUND;
	if (st == CS_OK)
		st = cs_vault_mark(desk->orders.vault, "phone", contact.phone, contact.mark);
	if (st == CS_OK)
		*ret = contact;
	return st;
}

enum cs_status
cs_form_member(struct cs_desk *desk, const char *order_id, const char *name, size_t room, char *ret)
{
	CS_ORDER_ROW row = {.ver = 0};
	CS_BLOB form = {NULL, 0};
	CS_JSON *json = NULL;
	enum cs_status st = cs_order_read(&desk->orders, order_id, &row, &form);

	if (st != CS_OK)
		return st;
	json = cs_json_read(cs_blob_span(&form));
	member_copy(json, name, room, ret);
	return CS_OK;
}

struct newest {
	char ids[UNIT_ORDERS][CS_ID_TEXT];
	size_t len;
};

static enum cs_status
checked_one(const struct cs_order_row *row, void *ctx)
{
	struct newest *newest = ctx;

	if (row->checked != 0 && newest->len < UNIT_ORDERS)
		memcpy(newest->ids[newest->len++], row->id, CS_ID_TEXT);
	return CS_OK;
}

enum cs_status
cs_unit_newest(struct cs_desk *desk, const char *unit_mark, const char *phone_mark,
	       char ret_id[CS_ID_TEXT])
{
	struct newest newest = {.len = 0};
	enum cs_status st =
		cs_store_orders_of_unit(desk->orders.store, unit_mark, checked_one, &newest);

	for (size_t i = 0; st == CS_OK && i < newest.len; i++) {
		CS_CONTACT contact = {.codes_from = 0};
		CS_ORDER_ROW row = {.ver = 0};
		enum cs_status found = cs_handler_of(desk, newest.ids[i], &contact, &row);

		if (found == CS_OK &&
		    (phone_mark[0] == '\0' || strcmp(contact.mark, phone_mark) == 0)) {
			memcpy(ret_id, newest.ids[i], CS_ID_TEXT);
			return CS_OK;
		}
	}
	return st == CS_OK ? CS_E_NOT_FOUND : st;
}

enum cs_status
cs_message_post(struct cs_desk *desk, const char *person_id, const struct cs_message *message,
		int64_t now)
{
	struct cs_orders *orders = &desk->orders;
	CS_PERSON person = {.id = ""};
	CS_BLOB payload = {NULL, 0};
	CS_JSON *letter = json_pack("{s:s, s:s, s:s}", "once", message->once, "to", message->to,
				    "text", message->text);
	enum cs_status st = cs_person_load(orders->vault, orders->store, person_id, &person);

	if (st == CS_OK)
		st = cs_letter_seal(&person, message->topic, letter, &payload);
	return st == CS_OK ? cs_store_post(orders->store, message->topic, message->once, now,
					   cs_blob_span(&payload))
			   : st;
}

enum cs_status
cs_phone_limit(struct cs_desk *desk, const char *what, const char *phone_mark, int64_t most,
	       int64_t now)
{
	char bucket[BUCKET_ROOM];
	const struct cs_limit limit = {bucket, most, CS_DAY};

	(void)snprintf(bucket, sizeof(bucket), "%s/%s", what, phone_mark);
	return cs_store_limit(desk->orders.store, &limit, now);
}

enum cs_status
cs_code_new(char ret[CS_CODE_TEXT])
{
	uint32_t number = 0;
	enum cs_status st = cs_random_below(100000000, &number);

	(void)snprintf(ret, CS_CODE_TEXT, "%08u", number % 100000000);
	return st;
}

enum cs_status
cs_code_mac(const struct cs_vault *vault, const char *about, const char *code,
	    uint8_t ret[CS_HASH_LEN])
{
	char text[ABOUT_ROOM + CS_CODE_TEXT], mark[CS_HASH_TEXT];
	enum cs_status st;

	(void)snprintf(text, sizeof(text), "%s/%s", about, code);
	st = cs_vault_mark(vault, "code", text, mark);
	uk_wipe(text, sizeof(text));
	return st == CS_OK && !cs_hex_read(mark, ret, CS_HASH_LEN) ? CS_E_INTERNAL : st;
}

static void
about_make(const char *order_id, const char *purpose, char ret[ABOUT_ROOM])
{
	(void)snprintf(ret, ABOUT_ROOM, "%s/%s", order_id, purpose);
}

struct sending {
	struct cs_desk *desk;
	const char *order_id, *purpose;
	int64_t now;
};

static enum cs_status
send_body(struct cs_store *store, void *ctx)
{
	const struct sending *sending = ctx;
	struct cs_desk *desk = sending->desk;
	struct cs_order_code code = {.until = sending->now + CODE_LIFE};
	CS_CONTACT contact = {.codes_from = 0};
	CS_ORDER_ROW row = {.ver = 0};
	char about[ABOUT_ROOM], digits[CS_CODE_TEXT], text[TEXT_ROOM], once[ABOUT_ROOM + 24];
	const struct cs_message message = {"sms", contact.phone, once, text};
	enum cs_status st = cs_handler_of(desk, sending->order_id, &contact, &row);

	if (st == CS_OK && (row.checked == 0 || contact.codes_from > sending->now))
		return CS_OK;
	if (st == CS_OK)
		st = cs_phone_limit(desk, "code", contact.mark, CODES_A_DAY, sending->now);
	if (st == CS_OK)
		st = cs_code_new(digits);
	about_make(row.id, sending->purpose, about);
	if (st == CS_OK)
		st = cs_code_mac(desk->orders.vault, about, digits, code.code_hash);
	if (st == CS_OK)
		st = cs_store_code_put(store, row.id, sending->purpose, &code);
	(void)snprintf(text, sizeof(text), "订单%s的确认码%s，10分钟内有效。请勿告诉他人。",
		       row.number, digits);
	(void)snprintf(once, sizeof(once), "%s/%ld", about, (long)sending->now);
	if (st == CS_OK)
		st = cs_message_post(desk, row.person, &message, sending->now);
	uk_wipe(digits, sizeof(digits));
	uk_wipe(text, sizeof(text));
	return st;
}

enum cs_status
cs_code_send(struct cs_desk *desk, const struct cs_order_row *row, const char *purpose)
{
	struct sending sending = {desk, row->id, purpose, cs_now()};
	enum cs_status st = cs_store_tx(desk->orders.store, send_body, &sending);

	return st == CS_E_NOT_FOUND || st == CS_E_LIMIT ? CS_OK : st;
}

struct guessing {
	const char *order_id, *purpose;
	struct cs_order_code code; /* out */
};

static enum cs_status
guess_body(struct cs_store *store, void *ctx)
{
	struct guessing *guessing = ctx;
	enum cs_status st =
		cs_store_code_get(store, guessing->order_id, guessing->purpose, &guessing->code);

	if (st != CS_OK)
		return st == CS_E_NOT_FOUND ? CS_E_CODE_WRONG : st;
	if (guessing->code.tries >= CS_GUESSES)
		return CS_E_CODE_DEAD;
	if (cs_now() > guessing->code.until)
		return CS_E_EXPIRED;
	guessing->code.tries++;
	return cs_store_code_put(store, guessing->order_id, guessing->purpose, &guessing->code);
}

enum cs_status
cs_code_check(struct cs_desk *desk, const char *order_id, const char *purpose, const char *code)
{
	struct guessing guessing = {.order_id = order_id, .purpose = purpose};
	char about[ABOUT_ROOM];
	uint8_t mac[CS_HASH_LEN];
	enum cs_status st = code != NULL ? CS_OK : CS_E_CODE_WRONG;

	about_make(order_id, purpose, about);
	if (st == CS_OK)
		st = cs_store_tx(desk->orders.store, guess_body, &guessing);
	if (st == CS_OK)
		st = cs_code_mac(desk->orders.vault, about, code, mac);
	if (st == CS_OK && !cs_equal_secret(uk_span_of(mac, sizeof(mac)),
					    uk_span_of(guessing.code.code_hash, CS_HASH_LEN)))
		st = CS_E_CODE_WRONG;
	if (st != CS_OK)
		return st;
	guessing.code.passed = cs_now();
	guessing.code.tries = CS_GUESSES; /* good once */
	return cs_store_code_put(desk->orders.store, order_id, purpose, &guessing.code);
}
