/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CKA_UNIQUE_ID: what a host may note down to find an object again. */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"

#include <string.h>

static struct desk desk;

static const struct desk_key sm2_key = {.alg = "sm2", .model = "V0"};

static int
desk_up(void **state)
{
	desk_start(&desk, 1);
	return 0;
}

static int
desk_down(void **state)
{
	desk_stop(&desk);
	return 0;
}

static CK_RV
create_note(CK_SESSION_HANDLE session)
{
	CK_OBJECT_CLASS class_ = CKO_DATA;
	CK_BBOOL no = CK_FALSE;
	char note[] = "note";
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class_, sizeof(class_)},
		{CKA_LABEL, note, 4},
		{CKA_VALUE, note, 4},
		{CKA_PRIVATE, &no, sizeof(no)},
	};
	CK_OBJECT_HANDLE object;

	return desk.f->C_CreateObject(session, template, ARRAY_SIZE(template), &object);
}

/* A session object. */
static void
unwrap(CK_SESSION_HANDLE session)
{
	static const unsigned char sm4_key[16] = "0123456789abcdef";
	CK_MECHANISM mechanism = {CKM_VENDOR_SM2_DER, NULL, 0};
	unsigned char wrapped[512];
	CK_ULONG len = oracle_wrap("sm2", true, sm4_key, wrapped, sizeof(wrapped));
	CK_OBJECT_HANDLE key;

	assert_rv(desk.f->C_UnwrapKey(session, &mechanism,
				      desk_find(&desk, session, CKO_PRIVATE_KEY, 1), wrapped, len,
				      NULL, 0, &key),
		  CKR_OK);
}

#define OBJECTS_MAX 64

struct names {
	char all[OBJECTS_MAX][48];
	CK_OBJECT_HANDLE handles[OBJECTS_MAX];
	CK_ULONG count;
};

/* The unique name of everything there is, mechanisms too. */
static void
names_read(CK_SESSION_HANDLE session, struct names *ret)
{
	CK_OBJECT_CLASS class_ = CKO_MECHANISM;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class_, sizeof(class_)}};
	CK_ULONG more;

	memset(ret, 0, sizeof(*ret));
	assert_rv(desk.f->C_FindObjectsInit(session, NULL, 0), CKR_OK);
	assert_rv(desk.f->C_FindObjects(session, ret->handles, OBJECTS_MAX, &ret->count), CKR_OK);
	assert_rv(desk.f->C_FindObjectsFinal(session), CKR_OK);
	assert_rv(desk.f->C_FindObjectsInit(session, template, 1), CKR_OK);
	assert_rv(desk.f->C_FindObjects(session, ret->handles + ret->count,
					OBJECTS_MAX - ret->count, &more),
		  CKR_OK);
	assert_rv(desk.f->C_FindObjectsFinal(session), CKR_OK);
	ret->count += more;
	assert_true(ret->count < OBJECTS_MAX);
	for (CK_ULONG i = 0; i < ret->count; i++)
		assert_true(desk_attribute(&desk, session, ret->handles[i], CKA_UNIQUE_ID,
					   ret->all[i], sizeof(ret->all[i]) - 1) > 0);
}

static bool
named(const struct names *names, const char *name)
{
	CK_ULONG found = 0;

	for (CK_ULONG i = 0; i < names->count; i++)
		found += strcmp(names->all[i], name) == 0;
	assert_true(found <= 1);
	return found == 1;
}

static void
search_by_name(CK_SESSION_HANDLE session, char *name, CK_OBJECT_HANDLE wanted)
{
	CK_ATTRIBUTE template[] = {{CKA_UNIQUE_ID, name, strlen(name)}};
	CK_OBJECT_HANDLE found[2] = {0};
	CK_ULONG count;

	assert_rv(desk.f->C_FindObjectsInit(session, template, 1), CKR_OK);
	assert_rv(desk.f->C_FindObjects(session, found, 2, &count), CKR_OK);
	assert_rv(desk.f->C_FindObjectsFinal(session), CKR_OK);
	assert_int_equal(count, 1);
	assert_int_equal(found[0], wanted);
}

/* A host that starts anew finds each object of the key under the name that it noted down. */
static void
an_object_of_the_key_keeps_its_unique_name(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &sm2_key);
	struct names before, after;
	CK_ULONG of_the_key = 0;

	assert_rv(create_note(session), CKR_OK);
	unwrap(session);
	names_read(session, &before);
	for (CK_ULONG i = 0; i < before.count; i++)
		assert_true(named(&before, before.all[i]));
	search_by_name(session, before.all[0], before.handles[0]);

	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	assert_rv(desk.f->C_Initialize(NULL), CKR_OK);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	/* Data alone, as a host might ask, before anything else was read. */
	assert_int_equal(desk_count(&desk, session, CKO_DATA), 1);
	names_read(session, &after);
	assert_int_equal(after.count, before.count - 1);
	for (CK_ULONG i = 0; i < before.count; i++)
		of_the_key += named(&after, before.all[i]);
	assert_int_equal(of_the_key, after.count);
	desk_pull(&desk, 0);
}

static void
another_key_or_another_certificate_has_another_name(void **state)
{
	static const struct desk_key no_certs = {
		.alg = "sm2", .model = "V0", .no_enc_pair = true, .no_certs = true};
	CK_SESSION_HANDLE session = desk_user(&desk, &no_certs);
	unsigned char der[4096];
	char names[2][48] = {0};

	for (size_t i = 0; i < 2; i++) {
		CK_ULONG len = desk_issue(&desk, session, "sm2", der, sizeof(der));

		/* Nobody checks its signature here, and it is another certificate. */
		der[len - 1] ^= (unsigned char)i;
		assert_rv(desk_import(&desk, session, der, len), CKR_OK);
		(void)desk_attribute(&desk, session, desk_find(&desk, session, CKO_CERTIFICATE, 0),
				     CKA_UNIQUE_ID, names[i], sizeof(names[i]) - 1);
	}
	assert_string_not_equal(names[0], names[1]);
	(void)desk_attribute(&desk, session, desk_find(&desk, session, CKO_PRIVATE_KEY, 0),
			     CKA_UNIQUE_ID, names[0], sizeof(names[0]) - 1);
	assert_rv(desk.f->C_DestroyObject(session, desk_find(&desk, session, CKO_PRIVATE_KEY, 0)),
		  CKR_OK);
	assert_rv(desk_generate(&desk, session, "sm2", DESK_CONTAINER), CKR_OK);
	(void)desk_attribute(&desk, session, desk_find(&desk, session, CKO_PRIVATE_KEY, 0),
			     CKA_UNIQUE_ID, names[1], sizeof(names[1]) - 1);
	assert_string_not_equal(names[0], names[1]);
	desk_pull(&desk, 0);
}

static void
nobody_gives_a_unique_name(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &sm2_key);
	CK_OBJECT_CLASS class_ = CKO_DATA;
	char name[] = "mine";
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class_, sizeof(class_)},
		{CKA_LABEL, name, 4},
		{CKA_VALUE, name, 4},
		{CKA_UNIQUE_ID, name, 4},
	};
	CK_OBJECT_HANDLE object;

	assert_rv(desk.f->C_CreateObject(session, template, 4, &object), CKR_ATTRIBUTE_READ_ONLY);
	assert_rv(desk.f->C_CreateObject(session, template, 3, &object), CKR_OK);
	assert_rv(desk.f->C_SetAttributeValue(session, object, template + 3, 1),
		  CKR_ATTRIBUTE_READ_ONLY);
	desk_pull(&desk, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_of_the_key_keeps_its_unique_name),
		cmocka_unit_test(another_key_or_another_certificate_has_another_name),
		cmocka_unit_test(nobody_gives_a_unique_name),
	};

	return cmocka_run_group_tests_name("unique", tests, desk_up, desk_down);
}
