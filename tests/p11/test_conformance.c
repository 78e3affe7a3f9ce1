/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every function of the 3.2 list in the states where it must say no, and in those where it need
 * not: conformance.def has what each answers.
 */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"

#include <dlfcn.h>
#include <string.h>

#define ARGUMENTS_MAX 11
#define ROOM          256

static struct desk desk;
static CK_FUNCTION_LIST_3_2 *list;

static const struct desk_key sm2_key = {.alg = "sm2", .model = "V0"};
static const unsigned char sm4_key[16] = "conformance key";

/* Any C_ function: those with fewer arguments do not look at the rest. */
typedef CK_RV (*any_function)(CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG,
			      CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG);

enum need { NOTHING, LIBRARY, SLOT, SESSION, SESSION_RW, USER, USER_RW, SO_RW };

#define FN(name, need) {#name, need, offsetof(CK_FUNCTION_LIST_3_2, name)},
static const struct {
	const char *name;
	enum need need;
	size_t offset;
} functions[] = {
#include "pkcs11/functions.def"
};
#undef FN

enum state { NULLS, PUBLIC, READ_ONLY, BUSY, STATES };

static const char *const state_names[STATES] = {"null pointers", "nobody logged in",
						"read-only session", "operations active"};

#define CASE(name, arguments, nulls, public, read_only, busy) \
	{#name, arguments, {CKR_##nulls, CKR_##public, CKR_##read_only, CKR_##busy}},
#define SAME(name, arguments, answer) CASE(name, arguments, answer, answer, answer, answer)
static const struct {
	const char *name, *arguments;
	CK_RV expected[STATES];
} cases[] = {
#include "tests/p11/conformance.def"
};
#undef SAME
#undef CASE

/* What the letters of conformance.def stand for. */
struct supplies {
	CK_ULONG slot, session, public_key, private_key, unwrapping_key, secret_key, number, room,
		class_, wrapped_len;
	CK_ATTRIBUTE attribute;
	CK_MECHANISM digest, sign, cipher, generate, unwrap;
	CK_UTF8CHAR pin[sizeof(DESK_PIN)];
	CK_BYTE wrapped[ROOM];
	CK_ULONG buffer[ROOM];
};

static CK_ULONG
address(const void *pointer)
{
	return (CK_ULONG)(uintptr_t)pointer;
}

static CK_ULONG
supply(struct supplies *s, char letter)
{
	const struct {
		char letter;
		CK_ULONG value;
	} rows[] = {
		{'s', s->session},
		{'S', s->slot},
		{'b', address(s->buffer)},
		{'r', address(s->buffer)},
		{'l', 16},
		{'L', address(&s->room)},
		{'h', address(&s->number)},
		{'H', address(s->buffer)},
		{'k', s->private_key},
		{'K', s->public_key},
		{'x', s->secret_key},
		{'U', address(&s->unwrap)},
		{'e', s->unwrapping_key},
		{'w', address(s->wrapped)},
		{'W', s->wrapped_len},
		{'t', address(&s->attribute)},
		{'1', 1},
		{'D', address(&s->digest)},
		{'M', address(&s->sign)},
		{'E', address(&s->cipher)},
		{'G', address(&s->generate)},
		{'m', CKM_SHA256},
		{'p', address(s->pin)},
		{'q', sizeof(s->pin) - 1},
		{'u', CKU_USER},
		{'f', CKF_SERIAL_SESSION},
		{'a', CKF_FIND_OBJECTS | CKF_SIGN | CKF_DIGEST},
		{'n', CKF_DONT_BLOCK},
		{'0', 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].letter == letter)
			return rows[i].value;
	fail_msg("no letter %c", letter);
	return 0;
}

static CK_RV
call(size_t row, const CK_ULONG a[ARGUMENTS_MAX])
{
	any_function function;

	memcpy(&function, (const char *)list + functions[row].offset, sizeof(function));
	assert_non_null(function);
	return function(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10]);
}

static CK_RV
call_first(size_t row, CK_ULONG first)
{
	const CK_ULONG arguments[ARGUMENTS_MAX] = {first};

	return call(row, arguments);
}

/* Only what names a slot or session, or keeps the call from waiting, is not NULL among nulls. */
static CK_RV
call_case(size_t row, struct supplies *s, enum state state)
{
	CK_ULONG arguments[ARGUMENTS_MAX] = {0};
	const char *letters = cases[row].arguments;

	assert_true(strlen(letters) <= ARGUMENTS_MAX);
	for (size_t i = 0; letters[i] != '\0'; i++)
		if (state != NULLS || strchr("sSnr", letters[i]) != NULL)
			arguments[i] = supply(s, letters[i]);
	return call(row, arguments);
}

static void
all_say(enum need least_need, CK_ULONG first, CK_RV expected)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		CK_RV rv;

		if (functions[i].need < least_need || strcmp(functions[i].name, "C_Finalize") == 0)
			continue;
		rv = call_first(i, first);
		if (rv != expected)
			fail_msg("%s gave 0x%lx, not 0x%lx", functions[i].name, rv, expected);
	}
}

static int
desk_up(void **state)
{
	CK_UTF8CHAR name[] = "PKCS 11";
	CK_C_GetInterface get_interface;
	CK_INTERFACE *itf = NULL;

	desk_start(&desk, 1);
	*(void **)&get_interface = dlsym(desk.module, "C_GetInterface");
	assert_rv(get_interface(name, NULL, &itf, 0), CKR_OK);
	list = itf->pFunctionList;
	return 0;
}

static int
desk_down(void **state)
{
	desk_stop(&desk);
	return 0;
}

static void
nothing_works_before_c_initialize_and_after_c_finalize(void **state)
{
	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	all_say(LIBRARY, 0, CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_rv(desk.f->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_rv(desk.f->C_Initialize(NULL), CKR_OK);
	assert_rv(desk.f->C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
}

static void
a_session_that_does_not_exist_is_told_as_such(void **state)
{
	static const CK_ULONG handles[] = {0, 1, 0xffffff, (1UL << 24) | 77, ~0UL};

	desk_plug(&desk, 0, &sm2_key);
	for (size_t h = 0; h < ARRAY_SIZE(handles); h++)
		all_say(SESSION, handles[h], CKR_SESSION_HANDLE_INVALID);
	desk_pull(&desk, 0);
}

static void
a_slot_that_does_not_exist_is_told_as_such(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (functions[i].need == SLOT && call_first(i, 4711) != CKR_SLOT_ID_INVALID)
			fail_msg("%s", functions[i].name);
}

static void
operations_start(struct supplies *s)
{
	assert_rv(list->C_UnwrapKey(s->session, &s->unwrap, s->unwrapping_key, s->wrapped,
				    s->wrapped_len, NULL, 0, &s->secret_key),
		  CKR_OK);
	assert_rv(list->C_EncryptInit(s->session, &s->cipher, s->secret_key), CKR_OK);
	assert_rv(list->C_DecryptInit(s->session, &s->cipher, s->secret_key), CKR_OK);
	assert_rv(list->C_FindObjectsInit(s->session, NULL, 0), CKR_OK);
	assert_rv(list->C_DigestInit(s->session, &s->digest), CKR_OK);
	assert_rv(list->C_SignInit(s->session, &s->sign, s->private_key), CKR_OK);
	assert_rv(list->C_VerifyInit(s->session, &s->sign, s->public_key), CKR_OK);
}

/* A session in the wanted state, and all that a call could want. */
static void
supplies_make(struct supplies *s, enum state state)
{
	CK_FLAGS flags = CKF_SERIAL_SESSION | (state == READ_ONLY ? 0 : CKF_RW_SESSION);

	memset(s, 0, sizeof(*s));
	s->slot = desk_slot(&desk, 0);
	s->room = ROOM;
	s->class_ = CKO_CERTIFICATE;
	s->attribute = (CK_ATTRIBUTE){CKA_CLASS, &s->class_, sizeof(s->class_)};
	s->digest.mechanism = CKM_SHA256;
	s->sign.mechanism = CKM_VENDOR_SM3_SM2_DER;
	s->cipher.mechanism = CKM_VENDOR_SM4_ECB;
	s->unwrap.mechanism = CKM_VENDOR_SM2_DER;
	s->wrapped_len = oracle_wrap("sm2", true, sm4_key, s->wrapped, sizeof(s->wrapped));
	s->generate.mechanism = CKM_VENDOR_SM2_KEY_PAIR_GEN;
	memcpy(s->pin, DESK_PIN, sizeof(s->pin));
	assert_rv(list->C_OpenSession(s->slot, flags, NULL, NULL, &s->session), CKR_OK);
	if (state == READ_ONLY || state == BUSY)
		assert_rv(desk_login(&desk, s->session, CKU_USER, DESK_PIN), CKR_OK);
	s->public_key = desk_find(&desk, s->session, CKO_PUBLIC_KEY, 0);
	s->private_key = desk_find(&desk, s->session, CKO_PRIVATE_KEY, 0);
	s->unwrapping_key = desk_find(&desk, s->session, CKO_PRIVATE_KEY, 1);
	if (state == BUSY)
		operations_start(s);
}

static void
all_answer_as_the_table_says(enum state state)
{
	size_t wrong = 0;

	desk_plug(&desk, 0, &sm2_key);
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		struct supplies s;
		CK_RV rv;

		assert_string_equal(functions[i].name, cases[i].name);
		supplies_make(&s, state);
		rv = call_case(i, &s, state);
		if (rv != cases[i].expected[state]) {
			print_error("%s: %s gave 0x%lx, not 0x%lx\n", state_names[state],
				    cases[i].name, rv, cases[i].expected[state]);
			wrong++;
		}
		assert_rv(list->C_CloseAllSessions(s.slot), CKR_OK);
	}
	desk_pull(&desk, 0);
	assert_int_equal(wrong, 0);
}

static void
null_pointers_are_refused(void **state)
{
	all_answer_as_the_table_says(NULLS);
}

static void
nobody_logged_in_and_nothing_started(void **state)
{
	all_answer_as_the_table_says(PUBLIC);
}

static void
a_read_only_session_changes_nothing(void **state)
{
	all_answer_as_the_table_says(READ_ONLY);
}

static void
operations_are_started_once(void **state)
{
	all_answer_as_the_table_says(BUSY);
}

/* Each function with an output: asked for its size, one too few, just enough. */
static void
outputs_want_their_room(void **state)
{
	static const char *const sized[] = {
		"C_GetSlotList", "C_GetMechanismList", "C_Encrypt",          "C_EncryptUpdate",
		"C_Decrypt",     "C_DecryptUpdate",    "C_Digest",           "C_DigestFinal",
		"C_Sign",        "C_SignFinal",        "C_GetInterfaceList",
	};

	desk_plug(&desk, 0, &sm2_key);
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		const char *letters = cases[i].arguments;
		size_t at = strlen(letters) - 1;
		CK_ULONG arguments[ARGUMENTS_MAX] = {0}, needed = 0;
		struct supplies s;
		bool wanted = false;

		for (size_t k = 0; k < ARRAY_SIZE(sized); k++)
			wanted = wanted || strcmp(sized[k], functions[i].name) == 0;
		if (!wanted)
			continue;
		supplies_make(&s, BUSY);
		for (size_t k = 0; k <= at; k++)
			arguments[k] = supply(&s, letters[k]);
		arguments[at] = address(&needed);
		arguments[at - 1] = 0;
		assert_rv(call(i, arguments), CKR_OK);
		if (needed == 0)
			fail_msg("%s says no size", functions[i].name);
		arguments[at - 1] = address(s.buffer);
		arguments[at] = address(&s.number);
		s.number = needed - 1;
		if (call(i, arguments) != CKR_BUFFER_TOO_SMALL || s.number != needed)
			fail_msg("%s does not say that %lu is not enough", functions[i].name,
				 needed - 1);
		if (call(i, arguments) != CKR_OK)
			fail_msg("%s does not work after a buffer that was too small",
				 functions[i].name);
		assert_rv(list->C_CloseAllSessions(s.slot), CKR_OK);
	}
	desk_pull(&desk, 0);
}

static void
an_attribute_wants_its_room(void **state)
{
	CK_ATTRIBUTE attribute = {CKA_CLASS, NULL, 0};
	struct supplies s;

	desk_plug(&desk, 0, &sm2_key);
	supplies_make(&s, PUBLIC);
	assert_rv(list->C_GetAttributeValue(s.session, s.public_key, &attribute, 1), CKR_OK);
	assert_int_equal(attribute.ulValueLen, sizeof(CK_ULONG));
	attribute = (CK_ATTRIBUTE){CKA_CLASS, s.buffer, sizeof(CK_ULONG) - 1};
	assert_rv(list->C_GetAttributeValue(s.session, s.public_key, &attribute, 1),
		  CKR_BUFFER_TOO_SMALL);
	assert_int_equal(attribute.ulValueLen, CK_UNAVAILABLE_INFORMATION);
	assert_rv(list->C_CloseAllSessions(s.slot), CKR_OK);
	desk_pull(&desk, 0);
}

static void
mechanisms_are_listed_once_and_known(void **state)
{
	CK_MECHANISM_TYPE types[64];
	CK_ULONG count = ARRAY_SIZE(types);
	CK_SLOT_ID slot;

	desk_plug(&desk, 0, &sm2_key);
	slot = desk_slot(&desk, 0);
	assert_rv(list->C_GetMechanismList(slot, types, &count), CKR_OK);
	for (CK_ULONG i = 0; i < count; i++) {
		CK_MECHANISM_INFO info;

		assert_rv(list->C_GetMechanismInfo(slot, types[i], &info), CKR_OK);
		for (CK_ULONG k = 0; k < i; k++)
			assert_int_not_equal(types[i], types[k]);
	}
	desk_pull(&desk, 0);
}

static void
logins_are_refused_where_they_cannot_be(void **state)
{
	struct supplies s;

	desk_plug(&desk, 0, &sm2_key);
	supplies_make(&s, READ_ONLY);
	assert_rv(desk_login(&desk, s.session, CKU_USER, DESK_PIN), CKR_USER_ALREADY_LOGGED_IN);
	assert_rv(desk_login(&desk, s.session, CKU_SO, DESK_ADMIN_PIN),
		  CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
	assert_rv(desk_login(&desk, s.session, 9, DESK_PIN), CKR_USER_TYPE_INVALID);
	assert_rv(list->C_Logout(s.session), CKR_OK);
	assert_rv(desk_login(&desk, s.session, CKU_SO, DESK_ADMIN_PIN),
		  CKR_SESSION_READ_ONLY_EXISTS);
	assert_rv(list->C_CloseAllSessions(s.slot), CKR_OK);
	desk_pull(&desk, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_works_before_c_initialize_and_after_c_finalize),
		cmocka_unit_test(a_session_that_does_not_exist_is_told_as_such),
		cmocka_unit_test(a_slot_that_does_not_exist_is_told_as_such),
		cmocka_unit_test(null_pointers_are_refused),
		cmocka_unit_test(nobody_logged_in_and_nothing_started),
		cmocka_unit_test(a_read_only_session_changes_nothing),
		cmocka_unit_test(operations_are_started_once),
		cmocka_unit_test(outputs_want_their_room),
		cmocka_unit_test(an_attribute_wants_its_room),
		cmocka_unit_test(mechanisms_are_listed_once_and_known),
		cmocka_unit_test(logins_are_refused_where_they_cannot_be),
	};

	_Static_assert(ARRAY_SIZE(cases) == ARRAY_SIZE(functions), "a row for each function");
	return cmocka_run_group_tests_name("conformance", tests, desk_up, desk_down);
}
