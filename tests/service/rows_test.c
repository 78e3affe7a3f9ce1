/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What belongs to an order in the database, on every engine: written, found again, forgotten. */
#include "service/store/audit.h"
#include "service/store/contacts.h"
#include "service/store/deliveries.h"
#include "service/store/papers.h"
#include "service/store/payments.h"
#include "tests/service/engines.h"

static const uint8_t hash[CS_HASH_LEN] = {0x00, 0xff, 0x27};
static const char hostile[] = "'; DROP TABLE orders; --";

static struct cs_order_row
order_in(struct cs_store *store, const char *number, const char *state, const char *key_sn)
{
	struct cs_order_row row = {.kind = "renewal", .created = 1000, .checked = 7, .paper = 8};

	assert_cs_ok(cs_id_new(row.id));
	(void)snprintf(row.number, sizeof(row.number), "%s", number);
	(void)snprintf(row.state, sizeof(row.state), "%s", state);
	(void)snprintf(row.key_sn, sizeof(row.key_sn), "%s", key_sn);
	(void)snprintf(row.unit_mark, sizeof(row.unit_mark), "unit");
	assert_cs_ok(cs_id_new(row.person));
	assert_cs_ok(cs_store_person_add(store, row.person, str("sealed"), 1000));
	assert_cs_ok(cs_blob_set(&row.body, str("body")));
	assert_cs_ok(cs_store_order_add(store, &row));
	return row;
}

static enum cs_status
count_document(const struct cs_document *document, void *ctx)
{
	assert_string_equal(document->state, "rejected");
	++*(int *)ctx;
	return CS_OK;
}

static void
documents_take_each_others_place(void **state)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	CS_ORDER_ROW row = order_in(store, "20250101A000001", "docs", "K1");
	struct cs_document document = {.slot = "licence", .type = "png", .size = 1, .state = "new"};
	struct cs_document got = {.size = 0};
	int count = 0;

	memcpy(document.hash, hash, sizeof(hash));
	assert_cs(cs_store_document_get(store, row.id, "licence", &got), CS_E_NOT_FOUND);
	assert_cs_ok(cs_store_document_put(store, row.id, &document));
	(void)snprintf(document.state, sizeof(document.state), "rejected");
	(void)snprintf(document.reason, sizeof(document.reason), "%s", hostile);
	document.size = INT64_C(1) << 40;
	assert_cs_ok(cs_store_document_put(store, row.id, &document));
	assert_cs_ok(cs_store_document_get(store, row.id, "licence", &got));
	assert_string_equal(got.reason, hostile);
	assert_int_equal(got.size, document.size);
	assert_memory_equal(got.hash, hash, sizeof(hash));
	assert_cs_ok(cs_store_documents(store, row.id, count_document, &count));
	assert_int_equal(count, 1);
	assert_cs_ok(cs_store_documents(store, "none", count_document, &count));
}

static void
deliveries_and_codes_come_back(void **state)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	CS_DELIVERY delivery = {.key_sn = "NEW-1", .pin = "sms", .invoice = "wanted"};
	CS_DELIVERY got = {.key_sn = ""};
	struct cs_order_code code = {.tries = 1, .until = 2, .passed = 3}, found = {.tries = 0};

	assert_cs(cs_store_delivery_get(store, "o", &got), CS_E_NOT_FOUND);
	assert_cs_ok(cs_store_delivery_put(store, "o", &delivery, 1));
	assert_cs_ok(cs_blob_set(&delivery.body, str("sealed")));
	(void)snprintf(delivery.tracking, sizeof(delivery.tracking), "%s", hostile);
	assert_cs_ok(cs_store_delivery_put(store, "o", &delivery, 2));
	assert_cs_ok(cs_store_delivery_get(store, "o", &got));
	assert_string_equal(got.tracking, hostile);
	assert_bytes(cs_blob_span(&got.body), str("sealed"));

	memcpy(code.code_hash, hash, sizeof(hash));
	assert_cs_ok(cs_store_code_put(store, "o", "consent", &code));
	code.tries = 2;
	assert_cs_ok(cs_store_code_put(store, "o", "consent", &code));
	assert_cs_ok(cs_store_code_get(store, "o", "consent", &found));
	assert_int_equal(found.tries + found.until + found.passed, 7);
	assert_cs(cs_store_code_get(store, "o", "other", &found), CS_E_NOT_FOUND);
}

static void
handlers_and_challenges(void **state)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	CS_HANDLER handler = {.person = "p", .since = 5}, got = {.since = 0};

	assert_cs_ok(cs_blob_set(&handler.body, str("one")));
	assert_cs_ok(cs_store_handler_put(store, "unit", &handler));
	assert_cs_ok(cs_blob_set(&handler.body, str("two")));
	assert_cs_ok(cs_store_handler_put(store, "unit", &handler));
	assert_cs_ok(cs_store_handler_get(store, "unit", &got));
	assert_bytes(cs_blob_span(&got.body), str("two"));
	assert_cs(cs_store_handler_get(store, "none", &got), CS_E_NOT_FOUND);

	assert_cs_ok(cs_store_challenge_use(store, "c", 10));
	assert_cs(cs_store_challenge_use(store, "c", 11), CS_E_EXISTS);
	assert_cs_ok(cs_store_challenges_forget(store, 11));
	assert_cs_ok(cs_store_challenge_use(store, "c", 12));
}

static enum cs_status
forget_body(struct cs_store *store, void *ctx)
{
	return cs_store_grants_forget(store, 100);
}

static void
grants_go_with_who_never_became_a_handler(void **state)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	CS_GRANT unused = {.unit_mark = "u", .until = 50, .person = "p1"};
	CS_GRANT used = {.unit_mark = "u", .until = 50, .person = "p2"};
	CS_GRANT got = {.tries = 0};
	CS_BLOB key = {NULL, 0};

	used.hash[0] = 1;
	assert_cs_ok(cs_store_person_add(store, "p1", str("k"), 1));
	assert_cs_ok(cs_store_person_add(store, "p2", str("k"), 1));
	assert_cs_ok(cs_blob_set(&unused.body, str("sealed")));
	assert_cs_ok(cs_store_grant_add(store, &unused));
	assert_cs_ok(cs_store_grant_add(store, &used));
	used.passed = 40;
	(void)snprintf(used.contact_mark, sizeof(used.contact_mark), "mark");
	assert_cs_ok(cs_store_grant_put(store, &used));
	assert_cs_ok(cs_store_grant_get(store, used.hash, &got));
	assert_string_equal(got.contact_mark, "mark");
	assert_cs_ok(cs_store_grant_get(store, unused.hash, &got));
	assert_bytes(cs_blob_span(&got.body), str("sealed"));
	assert_cs_ok(cs_store_tx(store, forget_body, NULL));
	assert_cs(cs_store_grant_get(store, used.hash, &got), CS_E_NOT_FOUND);
	assert_cs(cs_store_person_get(store, "p1", &key), CS_E_NOT_FOUND);
	assert_cs_ok(cs_store_person_get(store, "p2", &key));
}

static void
a_payment_moves_one_way(void **state)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	CS_ORDER_ROW row = order_in(store, "20250101A000001", "confirmed", "K1");
	struct cs_payment payment = {.provider = "sandbox", .amount = 5, .state = "waiting"};
	struct cs_payment got = {.amount = 0};

	memcpy(payment.order_id, row.id, sizeof(row.id));
	(void)snprintf(payment.reference, sizeof(payment.reference), "ref");
	assert_cs_ok(cs_store_payment_add(store, &payment, 1));
	assert_cs(cs_store_payment_add(store, &payment, 1), CS_E_EXISTS);
	assert_cs_ok(cs_store_payment_qr(store, row.id, hostile));
	assert_cs_ok(cs_store_payment_of_key(store, "unit", "K1", &got));
	assert_string_equal(got.qr, hostile);
	assert_cs(cs_store_payment_of_key(store, "unit", "K2", &got), CS_E_NOT_FOUND);
	(void)snprintf(payment.way, sizeof(payment.way), "wechat");
	assert_cs_ok(cs_store_payment_way(store, &payment, 2));
	assert_cs_ok(cs_store_payment_move(store, row.id, "waiting", "paid", 3));
	assert_cs(cs_store_payment_move(store, row.id, "waiting", "paid", 3), CS_E_CHANGED);
	assert_cs(cs_store_payment_way(store, &payment, 4), CS_E_CHANGED);
	assert_cs_ok(cs_store_payment_by_reference(store, "sandbox", "ref", &got));
	assert_string_equal(got.state, "paid");
	assert_string_equal(got.way, "wechat");
}

static void
an_order_is_forgotten_when_its_time_has_come(void **state)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	CS_ORDER_ROW old = order_in(store, "20250101A000001", "cancelled", "K1");
	CS_ORDER_ROW kept = order_in(store, "20250101A000002", "cancelled", "K2");
	CS_ORDER_ROW got = {.ver = 0};
	CS_BLOB key = {NULL, 0};
	struct cs_document document = {.slot = "licence", .state = "new"};
	char id[CS_ID_TEXT];

	old.retain = 100;
	kept.retain = 50;
	assert_cs_ok(cs_store_order_put(store, &old));
	assert_cs_ok(cs_store_order_put(store, &kept));
	assert_cs_ok(cs_store_order_unretain(store, &kept)); /* money came late */
	assert_cs_ok(cs_store_document_put(store, old.id, &document));
	assert_cs(cs_store_order_stale(store, 99, id), CS_E_NOT_FOUND);
	assert_cs_ok(cs_store_order_stale(store, 100, id));
	assert_string_equal(id, old.id);
	assert_cs_ok(cs_store_order_forget(store, &old));
	assert_cs(cs_store_order_stale(store, 100, id), CS_E_NOT_FOUND);
	assert_cs(cs_store_order_get(store, old.id, &got), CS_E_NOT_FOUND);
	assert_cs(cs_store_document_get(store, old.id, "licence", &document), CS_E_NOT_FOUND);
	assert_cs(cs_store_person_get(store, old.person, &key), CS_E_NOT_FOUND);
	assert_cs_ok(cs_store_order_get(store, kept.id, &got));
	assert_int_equal(got.checked + got.paper, 15);
	assert_cs_ok(cs_store_person_get(store, kept.person, &key));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		ENGINE_TEST(documents_take_each_others_place),
		ENGINE_TEST(deliveries_and_codes_come_back),
		ENGINE_TEST(handlers_and_challenges),
		ENGINE_TEST(grants_go_with_who_never_became_a_handler),
		ENGINE_TEST(a_payment_moves_one_way),
		ENGINE_TEST(an_order_is_forgotten_when_its_time_has_come),
	};

	return engines_run("rows of orders", tests, ARRAY_SIZE(tests));
}
