/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What certificates and services send is made safe before anybody reads it. */
#include "assistant/core/cert.h"
#include "assistant/core/errors.h"
#include "assistant/core/text.h"
#include "assistant/service-client/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define UNIT "示例果业有限公司"

static void
nothing_unseen_stands_in_a_name(void **state)
{
	/* direction, breaks, no width, fillers, tags, escape sequences */
	/* NOLINTBEGIN(misc-misleading-bidirectional): they are what is tested */
	static const char *const marks[] = {"\u200e", "\u200f", "\u061c",     "\u202e", "\u2066",
					    "\u2028", "\u2029", "\u200b",     "\u2060", "\ufeff",
					    "\u00ad", "\u3164", "\U000e0041", "\n",     "\x1b[2J"};
	/* NOLINTEND(misc-misleading-bidirectional) */

	for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
		g_autofree char *evil = g_strconcat(UNIT, marks[i], UNIT, NULL);
		g_autofree char *text = ouk_text_of(evil, strlen(evil));
		gunichar first = g_utf8_get_char(marks[i]);

		if (g_utf8_strchr(text, -1, first) != NULL)
			fail_msg("U+%04X is still there", first);
		assert_true(g_str_has_prefix(text, UNIT " "));
		assert_true(g_str_has_suffix(text, UNIT));
	}
}

static void
joiners_that_scripts_need_stay(void **state)
{
	g_autofree char *text = ouk_text_of("\u0645\u200c\u0645\u200d", 10);

	assert_string_equal(text, "\u0645\u200c\u0645\u200d");
}

static void
lines_stay_where_there_are_several(void **state)
{
	static const char words[] = "1.\tone\n2.\x1b[31m\u202etwo\n";
	g_autofree char *text = ouk_text_lines_of(words, strlen(words));

	assert_string_equal(text, "1.\tone\n2. [31m   two\n");
}

/* The hash is of what came, so that the service knows what was agreed to. */
static void
a_text_to_agree_to_is_safe_to_show(void **state)
{
	static const char json[] = "{\"texts\":[{\"id\":\"risk\",\"version\":\"1\",\"title\":"
				   "\"Risk\",\"text\":\"a\\u202eb\\u001b[2Jc\\n\"}]}";
	static const char raw[] = "a\u202eb\x1b[2Jc\n";
	g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, raw, -1);
	g_autoptr(GBytes) body = g_bytes_new_static(json, strlen(json));
	g_autoptr(GError) error = NULL;
	g_autoptr(OukReply) reply = answer_read(body, NULL, &error);
	g_autoptr(GPtrArray) list = reply != NULL ? ouk_reply_agreements(reply) : NULL;
	const OukAgreement *text;

	assert_non_null(list);
	if (list == NULL)
		return;
	assert_int_equal(list->len, 1);
	text = list->pdata[0];
	assert_string_equal(text->text, "a   b [2Jc\n");
	assert_string_equal(text->sha256, hash);
}

static void
numbers_of_a_hostile_service_are_bounded(void **state)
{
	static const char json[] =
		"{\"order\":\"a1\",\"number\":\"2026A1\",\"state\":\"docs\",\"kind\":\"renewal\","
		"\"payment\":{\"amount\":-9223372036854775807},\"transfer\":{\"amount\":"
		"9223372036854775807,\"account\":\"1\\u202e2\"},"
		"\"handler_code\":{\"until\":9223372036854775807,\"left\":4294967297}}";
	g_autoptr(GBytes) body = g_bytes_new_static(json, strlen(json));
	g_autoptr(OukReply) reply = answer_read(body, NULL, NULL);
	const OukOrderInfo *info;

	assert_non_null(reply);
	info = ouk_order_info(ouk_reply_order(reply));
	assert_int_equal(info->amount, 0);
	assert_int_equal(info->transfer_amount, 0);
	assert_string_equal(info->transfer_account, "1   2");
	assert_true(info->handler_code);
	assert_int_equal(info->handler_code_until, 0);
	assert_in_range(info->handler_code_left, 0, 100);
}

static void
nobody_is_called_so_long(void **state)
{
	g_autofree char *name = g_strnfill(5000, 'x');
	X509_NAME *subject = X509_NAME_new();
	X509 *x509 = X509_new();
	g_autofree char *unit = NULL;
	X509_NAME_ENTRY *entry;

	/* OpenSSL would refuse to make it; whoever is hostile does not ask it */
	entry = X509_NAME_ENTRY_create_by_NID(NULL, NID_organizationName, V_ASN1_UTF8STRING,
					      (const unsigned char *)"x", 1);
	assert_int_equal(ASN1_STRING_set(X509_NAME_ENTRY_get_data(entry), name, 5000), 1);
	assert_int_equal(X509_NAME_add_entry(subject, entry, -1, 0), 1);
	assert_int_equal(X509_set_subject_name(x509, subject), 1);
	unit = ouk_x509_unit(x509);
	assert_in_range(g_utf8_strlen(unit, -1), 1, 300);
	X509_NAME_ENTRY_free(entry);
	X509_NAME_free(subject);
	X509_free(x509);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_unseen_stands_in_a_name),
		cmocka_unit_test(joiners_that_scripts_need_stay),
		cmocka_unit_test(lines_stay_where_there_are_several),
		cmocka_unit_test(a_text_to_agree_to_is_safe_to_show),
		cmocka_unit_test(numbers_of_a_hostile_service_are_bounded),
		cmocka_unit_test(nobody_is_called_so_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
