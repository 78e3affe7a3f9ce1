/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows made from udev/keys.tsv, and how cards find theirs. */
#include "drivers/gm/model.h"
#include "drivers/gm/session.h"
#include "tests/unit/unit.h"

static const struct token_model *
find(const char *historical, const char *reader)
{
	uint8_t atr[33] = {0x3b, (uint8_t)(0x80 | strlen(historical)), 0x80, 0x01};

	memcpy(atr + 4, historical, strlen(historical));
	return gm_model_find(uk_span_of(atr, 4 + strlen(historical) + 1), reader);
}

static void
virtual_models_are_found_by_their_atr(void **state)
{
	const struct token_model *v0 = find("OUKEY-V0", "any reader");
	const struct token_model *vc = find("OUKEY-VC", "any reader");
	const struct token_model *v1 = find("OUKEY-V1", "any reader");

	(void)state;
	assert_non_null(v0);
	assert_non_null(vc);
	assert_non_null(v1);
	assert_true(v0->order == UK_BIG_ENDIAN && v0->name_len == 32 &&
		    v0->new_pin == GM_NEW_PIN_LEN_80 && v0->verify_block == GM_VERIFY_LEN_80);
	assert_int_equal(v0->info.flags, TOKEN_MODEL_VIRTUAL | TOKEN_MODEL_VERIFIED);
	assert_int_equal(vc->info.flags,
			 TOKEN_MODEL_VIRTUAL | TOKEN_MODEL_VERIFIED | TOKEN_MODEL_AUTH_EACH_USE);
	assert_true(v1->order == UK_LITTLE_ENDIAN && v1->name_len == 48 &&
		    v1->new_pin == GM_NEW_PIN_V1_ZERO && v1->verify_block == GM_VERIFY_PLAIN);
}

static void
foreign_cards_are_nobodys(void **state)
{
	(void)state;
	assert_null(find("OUKEY-V2", "x"));
	assert_null(find("OUKEY-V", "x"));
	assert_null(find("OUKEY-V00", "x"));
	assert_null(find("", "Some CCID reader 00 00"));
	assert_null(gm_model_find(uk_span_of(NULL, 0), "Some CCID reader"));
}

static void
damaged_atrs_are_refused(void **state)
{
	struct uk_span historical;

	(void)state;
	assert_true(gm_atr_historical(HEX("3b02aabb"), &historical));
	assert_bytes(historical, HEX("aabb"));
	/* T0 and TD1 announce TA1 TB1 TC1 TD1 and TA2 */
	assert_true(gm_atr_historical(HEX("3bf21122331044aabb"), &historical));
	assert_bytes(historical, HEX("aabb"));
	assert_false(gm_atr_historical(HEX("3b"), &historical));
	assert_false(gm_atr_historical(HEX("3b03aabb"), &historical));
	assert_false(gm_atr_historical(HEX("3b8880"), &historical));
	assert_false(gm_atr_historical(HEX("3b80808080808080"), &historical));
	assert_false(gm_atr_historical(HEX("3b00"), &historical));
}

static void
a_gm3000_is_driven_but_not_written_to(void **state)
{
	struct gm_token *token = calloc(1, sizeof(*token));
	const struct token_model *gm3000 =
		gm_model_find(uk_span_of(NULL, 0), "Longmai GM3000 00 00");

	(void)state;
	assert_non_null(token);
	assert_non_null(gm3000);
	assert_int_equal(gm3000->info.flags, 0);
	assert_int_equal(gm3000->info.pin_max, 13);
	assert_true(gm3000->sign_without_le);
	assert_string_equal(gm3000->application, "BJCA-Application");
	token->base.model = gm3000;
	assert_ok(gm_cmd_allowed(token, GM_INS_VERIFY_PIN));
	assert_ok(gm_cmd_allowed(token, GM_INS_ECC_SIGN_DATA));
	assert_int_equal(gm_cmd_allowed(token, GM_INS_CHANGE_PIN), UK_E_NOT_VERIFIED);
	assert_int_equal(gm_cmd_allowed(token, GM_INS_UNBLOCK_PIN), UK_E_NOT_VERIFIED);
	assert_int_equal(gm_cmd_allowed(token, GM_INS_CREATE_APPLICATION), UK_E_NOT_VERIFIED);
	assert_int_equal(gm_cmd_allowed(token, GM_INS_DELETE_CONTAINER), UK_E_NOT_VERIFIED);
	assert_int_equal(setenv("OPENUKEY_UNVERIFIED", "1", 1), 0);
	assert_ok(gm_cmd_allowed(token, GM_INS_CHANGE_PIN));
	assert_int_equal(setenv("OPENUKEY_UNVERIFIED", "yes", 1), 0);
	assert_int_equal(gm_cmd_allowed(token, GM_INS_CHANGE_PIN), UK_E_NOT_VERIFIED);
	assert_int_equal(unsetenv("OPENUKEY_UNVERIFIED"), 0);
	free(token);
}

static void
every_row_makes_sense(void **state)
{
	size_t count;
	const struct token_model *rows = gm_models(&count);

	(void)state;
	assert_true(count > 20);
	for (size_t i = 0; i < count; i++) {
		bool checked = (rows[i].info.flags & TOKEN_MODEL_VERIFIED) != 0;

		assert_true(strlen(rows[i].info.name) > 0);
		assert_true(rows[i].info.pin_min == 6 &&
			    rows[i].info.pin_max == (checked ? 16 : 13));
		assert_true(rows[i].name_len == 32 || rows[i].name_len == 48);
		assert_true((rows[i].match == GM_MATCH_NEVER) == (rows[i].match_len == 0));
		assert_true(strlen(rows[i].application) <= GM_APP_NAME_MAX);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(rows[i].info.name, rows[k].info.name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(virtual_models_are_found_by_their_atr),
		cmocka_unit_test(foreign_cards_are_nobodys),
		cmocka_unit_test(damaged_atrs_are_refused),
		cmocka_unit_test(a_gm3000_is_driven_but_not_written_to),
		cmocka_unit_test(every_row_makes_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
