/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* common/pkcs11.h says the same as other people's copies of the standard, and as 3.2 itself. */
#include "common/defs.h"
#include "common/pkcs11.h"
#include "tests/p11/check.h"
#include "tests/p11/header_copy.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* What must at least be compared: a list that shrinks compares nothing. */
#define P11KIT_LEAST 950
#define NSS_LEAST    1900

/* Where the other copy leaves the standard. */
static const char *const theirs_alone[] = {
	/* p11-kit 0.24 numbers these five otherwise (3.0, 5.1 and the OASIS header: 0x1b5 to 0x1b9)
	 */
	"CKR_EXCEEDED_MAX_ITERATIONS",
	"CKR_FIPS_SELF_TEST_FAILED",
	"CKR_LIBRARY_LOAD_FAILED",
	"CKR_PIN_TOO_WEAK",
	"CKR_PUBLIC_KEY_INVALID",
	/* NSS has a member LibraryParameters before pReserved */
	"sizeof CK_C_INITIALIZE_ARGS",
	"CK_C_INITIALIZE_ARGS.pReserved",
};

static bool
excused(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(theirs_alone); i++)
		if (strcmp(theirs_alone[i], name) == 0)
			return true;
	return false;
}

static void
same(const struct header_row *ours, const struct header_row *theirs, size_t least)
{
	size_t count = 0, wrong = 0;

	for (; ours[count].name != NULL; count++) {
		assert_string_equal(ours[count].name, theirs[count].name);
		if (ours[count].value == theirs[count].value || excused(ours[count].name))
			continue;
		print_error("%s: ours 0x%lx, theirs 0x%lx\n", ours[count].name, ours[count].value,
			    theirs[count].value);
		wrong++;
	}
	assert_null(theirs[count].name);
	print_message("%zu numbers, sizes and offsets compared\n", count);
	assert_int_equal(wrong, 0);
	if (count < least)
		fail_msg("only %zu compared, not %zu", count, least);
}

static void
p11_kit_says_the_same(void **state)
{
	same(ours_of_p11kit, theirs_p11kit, P11KIT_LEAST);
}

static void
nss_says_the_same(void **state)
{
	same(ours_of_nss, theirs_nss, NSS_LEAST);
}

/* Behind the 92 functions of 3.0 (PKCS#11 3.2, 5.3), in the order of the standard's header. */
static void
what_3_2_added_is_where_the_standard_has_it(void **state)
{
	static const struct {
		const char *name;
		size_t offset;
	} added[] = {
#define AT(name) {#name, offsetof(CK_FUNCTION_LIST_3_2, name)}
		AT(C_EncapsulateKey),
		AT(C_DecapsulateKey),
		AT(C_VerifySignatureInit),
		AT(C_VerifySignature),
		AT(C_VerifySignatureUpdate),
		AT(C_VerifySignatureFinal),
		AT(C_GetSessionValidationFlags),
		AT(C_AsyncComplete),
		AT(C_AsyncGetID),
		AT(C_AsyncJoin),
		AT(C_WrapKeyAuthenticated),
		AT(C_UnwrapKeyAuthenticated),
#undef AT
	};
	const size_t word = sizeof(void *);

	assert_int_equal(sizeof(CK_FUNCTION_LIST_3_0), (1 + 92) * word);
	assert_int_equal(sizeof(CK_FUNCTION_LIST_3_2), (1 + 92 + ARRAY_SIZE(added)) * word);
	for (size_t i = 0; i < ARRAY_SIZE(added); i++)
		if (added[i].offset != (1 + 92 + i) * word)
			fail_msg("%s", added[i].name);
	assert_int_equal(sizeof(CK_ASYNC_DATA), 5 * sizeof(CK_ULONG));
	assert_int_equal(offsetof(CK_ASYNC_DATA, hAdditionalObject), 4 * sizeof(CK_ULONG));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p11_kit_says_the_same),
		cmocka_unit_test(nss_says_the_same),
		cmocka_unit_test(what_3_2_added_is_where_the_standard_has_it),
	};

	return cmocka_run_group_tests_name("header", tests, NULL, NULL);
}
