/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log and the sealed data: what cannot be changed, and what can be forgotten. */
#include "service/audit/audit.h"
#include "service/audit/chain.h"
#include "service/base/signed.h"
#include "service/store/engine.h"
#include "service/vault/vault.h"
#include "tests/service/engines.h"

#include <sys/stat.h>

#define PHONE "13800138000"

static EVP_PKEY *
key_new(const char *type)
{
	EVP_PKEY *key = strcmp(type, "EC") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
						: EVP_PKEY_Q_keygen(NULL, NULL, type);

	assert_non_null(key);
	return key;
}

static void
log_one(struct cs_store *store, const char *chain, const char *event)
{
	const struct cs_audit_pair pairs[] = {{"event", event}, {"order", "20250101A000001"}};

	assert_cs_ok(cs_audit_log(store, chain, 1000, pairs, ARRAY_SIZE(pairs)));
}

static struct cs_store *
logged(EVP_PKEY *key)
{
	static const char *const events[] = {"submit", "pay", "approve", "issue", "confirm"};
	struct cs_store *store = engine_open(CS_SCHEMA_ORDERS);

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		log_one(store, "node1", events[i]);
		log_one(store, "node2", events[i]);
		assert_cs_ok(cs_audit_sign(store, key, 1000 + (int64_t)i));
	}
	log_one(store, "node1", "after-the-last-head");
	return store;
}

static const struct uk_span nothing = {NULL, 0};

static void
an_untouched_log_verifies(void **state)
{
	static const char *const types[] = {"EC", "SM2"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		EVP_PKEY *key = key_new(types[i]);
		struct cs_store *store;
		struct cs_audit_fault fault;

		if (i > 0) {
			assert_int_equal(engine_teardown(NULL), 0);
			assert_int_equal(engine_setup(NULL), 0);
		}
		store = logged(key);
		assert_cs_ok(cs_audit_verify(store, key, nothing, &fault));
		assert_int_equal(fault.entries, 11);
		assert_int_equal(fault.heads, 5);
		cs_store_close(store);
		EVP_PKEY_free(key);
	}
}

static const char *const tampering[] = {
	/* an entry changed, its time, its place; left out; cut off; moved to another chain */
	"UPDATE audit_entries SET body = (SELECT body FROM audit_entries WHERE chain = 'node1'"
	" AND seq = 1) WHERE chain = 'node1' AND seq = 3",
	"UPDATE audit_entries SET at = 1001 WHERE chain = 'node2' AND seq = 5",
	"DELETE FROM audit_entries WHERE chain = 'node1' AND seq = 2",
	"DELETE FROM audit_entries WHERE chain = 'node1' AND seq = 6",
	"DELETE FROM audit_entries WHERE chain = 'node2'",
	"DELETE FROM audit_entries",
	"UPDATE audit_entries SET chain = 'node3' WHERE chain = 'node2'",
	"UPDATE audit_heads SET seq = 4 WHERE chain = 'node2'",
	"UPDATE audit_signed SET signature = (SELECT signature FROM audit_signed WHERE at = 1001)"
	" WHERE at = 1002",
	"UPDATE audit_signed SET body = (SELECT body FROM audit_signed WHERE at = 1001)"
	" WHERE at = 1002",
};

static void
every_way_of_changing_the_log_is_found(void **state)
{
	EVP_PKEY *key = key_new("EC");
	struct cs_audit_fault fault;

	for (size_t i = 0; i < ARRAY_SIZE(tampering); i++) {
		struct cs_store *store;

		if (i > 0) {
			assert_int_equal(engine_teardown(NULL), 0);
			assert_int_equal(engine_setup(NULL), 0);
		}
		store = logged(key);
		assert_cs_ok(store->engine->script(store->db, tampering[i]));
		assert_cs(cs_audit_verify(store, key, nothing, &fault), CS_E_CORRUPT);
		assert_true(strlen(fault.text) > 0);
		cs_store_close(store);
	}
	EVP_PKEY_free(key);
}

/* Somebody with the whole database, but without the key, writes all of it anew. */
static void
a_log_written_anew_is_found_against_an_old_head(void **state)
{
	EVP_PKEY *key = key_new("EC"), *foreign = key_new("EC");
	struct cs_store *store = logged(key);
	struct cs_audit_fault fault;
	CS_BLOB kept = {NULL, 0};

	assert_cs_ok(cs_audit_export(store, &kept));
	assert_cs_ok(cs_audit_verify(store, key, cs_blob_span(&kept), &fault));
	assert_cs_ok(store->engine->script(store->db, "DELETE FROM audit_entries"));
	assert_cs_ok(store->engine->script(store->db, "DELETE FROM audit_heads"));
	assert_cs_ok(store->engine->script(store->db, "DELETE FROM audit_signed"));
	for (int i = 0; i < 8; i++) {
		log_one(store, "node1", "invented");
		log_one(store, "node2", "invented");
	}
	assert_cs_ok(cs_audit_verify(store, key, nothing, &fault)); /* by itself it is consistent */
	assert_cs(cs_audit_verify(store, key, cs_blob_span(&kept), &fault), CS_E_CORRUPT);
	assert_cs_ok(cs_audit_sign(store, foreign, 2000));
	assert_cs(cs_audit_verify(store, key, nothing, &fault), CS_E_CORRUPT);
	cs_store_close(store);
	EVP_PKEY_free(key);
	EVP_PKEY_free(foreign);
}

static int
write_log(int number)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);

	engine_line_up();
	for (int i = 0; i < 15; i++)
		log_one(store, number % 2 == 0 ? "even" : "odd", "event");
	return 0;
}

static void
writers_on_one_chain_keep_it_whole(void **state)
{
	EVP_PKEY *key = key_new("EC");
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	struct cs_audit_fault fault;

	engine_race(4, write_log);
	assert_cs_ok(cs_audit_verify(store, key, nothing, &fault));
	assert_int_equal(fault.entries, 60);
	EVP_PKEY_free(key);
}

static void
free_text_does_not_get_into_the_log(void **state)
{
	static const char *const values[] = {"张三", "a b", "x\ny=z", "a=b", "'", "\x01"};
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		const struct cs_audit_pair pair = {"who", values[i]};

		assert_cs(cs_audit_log(store, "node1", 1, &pair, 1), CS_E_ARGUMENTS);
	}
}

static struct cs_vault
vault_new(void)
{
	struct cs_vault vault;

	assert_cs_ok(cs_vault_make(engine_path("vault.key")));
	assert_cs_ok(cs_vault_open(engine_path("vault.key"), &vault));
	return vault;
}

static void
a_vault_key_others_can_read_is_refused(void **state)
{
	struct cs_vault vault = vault_new();

	assert_cs(cs_vault_make(engine_path("vault.key")), CS_E_EXISTS);
	assert_int_equal(chmod(engine_path("vault.key"), 0440), 0);
	assert_cs(cs_vault_open(engine_path("vault.key"), &vault), CS_E_DENIED);
	assert_cs(cs_vault_open(engine_path("none"), &vault), CS_E_UNAVAILABLE);
}

static void
sealed_data_opens_in_its_place_only(void **state)
{
	struct cs_vault vault = vault_new();
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	CS_PERSON zhang = {.id = ""}, li = {.id = ""}, again = {.id = ""};
	CS_BLOB sealed = {NULL, 0}, plain = {NULL, 0};

	assert_cs_ok(cs_person_new(&vault, store, 1, &zhang));
	assert_cs_ok(cs_person_new(&vault, store, 1, &li));
	assert_cs_ok(cs_seal(&zhang, "order1/phone", str(PHONE), &sealed));
	assert_null(memmem(sealed.ptr, sealed.len, PHONE, 5));
	assert_cs_ok(cs_person_load(&vault, store, zhang.id, &again));
	assert_cs_ok(cs_unseal(&again, "order1/phone", cs_blob_span(&sealed), &plain));
	assert_bytes(cs_blob_span(&plain), str(PHONE));
	assert_cs(cs_unseal(&zhang, "order2/phone", cs_blob_span(&sealed), &plain), CS_E_CORRUPT);
	assert_cs(cs_unseal(&li, "order1/phone", cs_blob_span(&sealed), &plain), CS_E_CORRUPT);
	for (size_t i = 0; i < sealed.len; i++) {
		sealed.ptr[i] ^= 1;
		assert_cs(cs_unseal(&zhang, "order1/phone", cs_blob_span(&sealed), &plain),
			  CS_E_CORRUPT);
		sealed.ptr[i] ^= 1;
		assert_cs(cs_unseal(&zhang, "order1/phone", uk_span_of(sealed.ptr, i), &plain),
			  CS_E_CORRUPT);
	}
}

/* A data key that somebody puts beside another person's name does not open. */
static void
a_persons_key_cannot_be_moved_to_another(void **state)
{
	struct cs_vault vault = vault_new();
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	CS_PERSON zhang = {.id = ""}, li = {.id = ""};

	assert_cs_ok(cs_person_new(&vault, store, 1, &zhang));
	assert_cs_ok(cs_person_new(&vault, store, 2, &li));
	assert_cs_ok(store->engine->script(
		store->db, "UPDATE persons SET sealed_key ="
			   " (SELECT sealed_key FROM persons WHERE made = 2) WHERE made = 1"));
	assert_cs(cs_person_load(&vault, store, zhang.id, &li), CS_E_CORRUPT);
}

static void
a_person_erased_is_gone_and_the_log_stays_valid(void **state)
{
	struct cs_vault vault = vault_new();
	EVP_PKEY *key = key_new("EC");
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	CS_PERSON zhang = {.id = ""}, fresh = {.id = ""};
	char mark[CS_MARK_TEXT], later[CS_MARK_TEXT];
	struct cs_audit_pair pair = {"phone", mark};
	struct cs_audit_fault fault;

	assert_cs_ok(cs_person_new(&vault, store, 1, &zhang));
	assert_cs_ok(cs_pseudonym(&zhang, PHONE, mark));
	assert_cs_ok(cs_audit_log(store, "node1", 1, &pair, 1));
	assert_cs_ok(cs_audit_sign(store, key, 5));
	assert_cs_ok(cs_store_person_erase(store, zhang.id));
	assert_cs(cs_store_person_erase(store, zhang.id), CS_E_NOT_FOUND);
	assert_cs(cs_person_load(&vault, store, zhang.id, &fresh), CS_E_NOT_FOUND);
	assert_cs_ok(cs_audit_verify(store, key, nothing, &fault));
	/* Nobody who knows the number finds it in the log any more. */
	assert_cs_ok(cs_person_new(&vault, store, 9, &fresh));
	assert_cs_ok(cs_pseudonym(&fresh, PHONE, later));
	assert_string_not_equal(mark, later);
	EVP_PKEY_free(key);
}

static void
a_signature_for_one_purpose_is_none_for_another(void **state)
{
	EVP_PKEY *key = key_new("SM2"), *other = key_new("SM2");
	CS_BLOB signature = {NULL, 0};

	assert_cs_ok(cs_sign(key, CS_PURPOSE_RENEW, str("body"), &signature));
	assert_cs_ok(cs_verify(key, CS_PURPOSE_RENEW, str("body"), cs_blob_span(&signature)));
	assert_cs(cs_verify(key, CS_PURPOSE_CONFIRM, str("body"), cs_blob_span(&signature)),
		  CS_E_PROOF);
	assert_cs(cs_verify(key, CS_PURPOSE_RENEW, str("bodY"), cs_blob_span(&signature)),
		  CS_E_PROOF);
	assert_cs(cs_verify(other, CS_PURPOSE_RENEW, str("body"), cs_blob_span(&signature)),
		  CS_E_PROOF);
	assert_cs(cs_verify(key, CS_PURPOSE_RENEW, str("body"), nothing), CS_E_PROOF);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		ENGINE_TEST(an_untouched_log_verifies),
		ENGINE_TEST(every_way_of_changing_the_log_is_found),
		ENGINE_TEST(a_log_written_anew_is_found_against_an_old_head),
		ENGINE_TEST(writers_on_one_chain_keep_it_whole),
		ENGINE_TEST(free_text_does_not_get_into_the_log),
		ENGINE_TEST(a_vault_key_others_can_read_is_refused),
		ENGINE_TEST(sealed_data_opens_in_its_place_only),
		ENGINE_TEST(a_persons_key_cannot_be_moved_to_another),
		ENGINE_TEST(a_person_erased_is_gone_and_the_log_stays_valid),
		ENGINE_TEST(a_signature_for_one_purpose_is_none_for_another),
	};

	return engines_run("the log", tests, ARRAY_SIZE(tests));
}
