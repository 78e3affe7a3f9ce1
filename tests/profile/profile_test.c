/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CA profiles: which are used, which are refused and with which error, whose certificate it is.
 * Arguments: the folder of the profiles, the program that signs them.
 */
#include "assistant/core/cert.h"
#include "assistant/core/errors.h"
#include "assistant/core/profile.h"
#include "tests/profile/certs.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *source, *signer;
static const char *const ids[] = {"bjca", "hebca", "rehearsal", "xjca"};

struct box {
	char *dir, *admin; /* the system's folder and the administrator's */
};

static char *
slurp(const char *dir, const char *name, gsize *ret_len)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	char *text = NULL;

	assert_true(g_file_get_contents(path, &text, ret_len, NULL));
	return text;
}

static void
spill(const char *dir, const char *name, const char *text, gssize len)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	assert_true(g_file_set_contents(path, text, len, NULL));
}

static void
copy(const char *to, const char *from_name, const char *to_name)
{
	gsize len = 0;
	g_autofree char *text = slurp(source, from_name, &len);

	spill(to, to_name, text, (gssize)len);
}

static void
run(const char *const *argv)
{
	g_autoptr(GSubprocess) process =
		g_subprocess_newv(argv, G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL);

	assert_non_null(process);
	assert_true(g_subprocess_wait_check(process, NULL, NULL));
}

static void
sign(const char *dir, const char *name, const char *key)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	const char *const argv[] = {signer, path, key != NULL ? "--key" : NULL, key, NULL};

	run(argv);
}

static int
box_open(void **state)
{
	struct box *box = g_new0(struct box, 1);

	box->dir = g_dir_make_tmp("profile-XXXXXX", NULL);
	box->admin = g_build_filename(box->dir, "admin", NULL);
	assert_int_equal(g_mkdir(box->admin, 0700), 0);
	for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
		g_autofree char *json = g_strconcat(ids[i], ".json", NULL);
		g_autofree char *sig = g_strconcat(json, ".sig", NULL);

		copy(box->dir, json, json);
		copy(box->dir, sig, sig);
	}
	*state = box;
	return 0;
}

static void
folder_remove(const char *dir)
{
	GDir *folder = g_dir_open(dir, 0, NULL);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *path = g_build_filename(dir, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			folder_remove(path);
		else
			(void)g_unlink(path);
	}
	if (folder != NULL)
		g_dir_close(folder);
	(void)g_rmdir(dir);
}

static int
box_close(void **state)
{
	struct box *box = *state;

	folder_remove(box->dir);
	g_free(box->dir);
	g_free(box->admin);
	g_free(box);
	return 0;
}

static OukProfiles *
load(const struct box *box)
{
	const char *const dirs[] = {box->dir, box->admin, NULL};

	return ouk_profiles_load(dirs);
}

/* Just this error, and all profiles but `missing` are there. */
static void
assert_refused(const struct box *box, OukErrorCode code, const char *missing)
{
	g_autoptr(OukProfiles) profiles = load(box);
	const GPtrArray *problems = ouk_profiles_problems(profiles);
	const GError *error;

	assert_int_equal(problems->len, 1);
	error = g_ptr_array_index(problems, 0);
	if (!g_error_matches(error, OUK_ERROR, (int)code))
		fail_msg("%s", error->message);
	for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
		assert_true((ouk_profiles_find(profiles, ids[i]) == NULL) ==
			    (g_strcmp0(ids[i], missing) == 0));
}

/* Writes bjca.json with `from` replaced by `to` into a folder and signs it. */
static void
edit(const char *dir, const char *from, const char *to)
{
	g_autofree char *text = slurp(source, "bjca.json", NULL);
	g_auto(GStrv) parts = g_strsplit(text, from, 2);
	g_autofree char *edited = NULL;

	assert_non_null(parts[1]);
	edited = g_strjoinv(to, parts);
	spill(dir, "bjca.json", edited, -1);
	sign(dir, "bjca.json", NULL);
}

/* ---- the shipped ones ---- */

static void
all_shipped_profiles_are_used(void **state)
{
	const struct box *box = *state;
	g_autoptr(OukProfiles) profiles = load(box);
	g_autoptr(OukProfiles) same = ouk_profiles_ref(profiles);
	const OukProfile *bjca = ouk_profiles_find(profiles, "bjca");
	const OukProfile *xjca = ouk_profiles_find(profiles, "xjca");

	for (guint i = 0; i < ouk_profiles_problems(profiles)->len; i++)
		print_error(
			"%s\n",
			((GError *)g_ptr_array_index(ouk_profiles_problems(profiles), i))->message);
	assert_int_equal(ouk_profiles_problems(profiles)->len, 0);
	assert_int_equal(ouk_profiles_list(profiles)->len, G_N_ELEMENTS(ids));
	assert_int_equal(bjca->tries, 10);
	assert_int_equal(bjca->pin.min, 6);
	assert_int_equal(bjca->pin.max, 16);
	assert_int_equal(bjca->first_pin.kind, OUK_FIRST_PIN_SMS);
	assert_null(bjca->first_pin.value);
	assert_int_equal(bjca->renewal.days_before, 90);
	assert_int_equal(bjca->renewal.days_after, -1);
	assert_int_equal(bjca->unlock.modes, OUK_UNLOCK_WEB | OUK_UNLOCK_COUNTER);
	assert_string_equal(ouk_profile_hotline(bjca), "400-919-7888");
	assert_string_equal(xjca->first_pin.value, "123456");
	assert_string_equal(xjca->pin.hall_password, "88888888");
	assert_int_equal(xjca->renewal.lifetime_years, 6);
	assert_int_equal(xjca->unlock.modes, OUK_UNLOCK_COUNTER);
	assert_string_equal(xjca->first_pin.origin.checked, "2026-11-22");
	assert_non_null(xjca->first_pin.origin.source.zh_CN);
	assert_true(ouk_profiles_find(profiles, "rehearsal")->rehearsal);
	assert_int_equal(bjca->renewal.modes, OUK_UNLOCK_WEB | OUK_UNLOCK_COUNTER);
	assert_int_equal(bjca->renewal.utc_offset, 28800);
	assert_null(bjca->service.url);
	assert_int_equal(bjca->service.kinds->len, 0);
	assert_null(ouk_profiles_find(profiles, "nobody"));
	assert_string_equal(ouk_words(&xjca->short_name), "XJCA");
	assert_ptr_equal(same, profiles);
}

static void
no_folder_is_no_problem(void **state)
{
	static const char *const dirs[] = {"/nowhere/at/all", NULL};
	g_autoptr(OukProfiles) profiles = ouk_profiles_load(dirs);

	assert_int_equal(ouk_profiles_list(profiles)->len, 0);
	assert_int_equal(ouk_profiles_problems(profiles)->len, 0);
}

/* ---- refused ---- */

static void
a_changed_profile_is_refused(void **state)
{
	const struct box *box = *state;
	gsize len = 0;
	g_autofree char *text = slurp(source, "xjca.json", &len);

	/* each byte's change would do; a hotline's digit is what an attacker wants */
	*strstr(text, "0991-2819290") = '1';
	spill(box->dir, "xjca.json", text, (gssize)len);
	assert_refused(box, OUK_E_PROFILE_TAMPERED, "xjca");
}

static void
a_longer_profile_is_refused(void **state)
{
	const struct box *box = *state;
	g_autofree char *text = slurp(source, "xjca.json", NULL);
	g_autofree char *more = g_strconcat(text, " ", NULL);

	spill(box->dir, "xjca.json", more, -1);
	assert_refused(box, OUK_E_PROFILE_TAMPERED, "xjca");
}

static void
a_cut_profile_is_refused(void **state)
{
	const struct box *box = *state;
	gsize len = 0;
	g_autofree char *text = slurp(source, "xjca.json", &len);

	spill(box->dir, "xjca.json", text, (gssize)len / 2);
	assert_refused(box, OUK_E_PROFILE_TRUNCATED, "xjca");
	spill(box->dir, "xjca.json", "", 0);
	assert_refused(box, OUK_E_PROFILE_TRUNCATED, "xjca");
}

static void
an_endless_profile_is_not_read(void **state)
{
	const struct box *box = *state;
	g_autofree char *text = g_strnfill(300 * 1024, ' ');

	spill(box->dir, "xjca.json", text, -1);
	assert_refused(box, OUK_E_PROFILE_TOO_BIG, "xjca");
}

static void
a_profile_without_a_good_signature_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"openukey-profile-signature 1\n",
		"openukey-profile-signature 2\nkey 0\nsize 1\nsignature AAAA\n",
		"-----BEGIN PGP SIGNATURE-----\n",
	};
	const struct box *box = *state;
	g_autofree char *sig = slurp(source, "xjca.json.sig", NULL);
	g_autofree char *more = g_strconcat(sig, "\n", NULL);
	g_autofree char *path = g_build_filename(box->dir, "xjca.json.sig", NULL);
	char *at;

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		spill(box->dir, "xjca.json.sig", texts[i], -1);
		assert_refused(box, OUK_E_PROFILE_UNSIGNED, "xjca");
	}
	spill(box->dir, "xjca.json.sig", more, -1);
	assert_refused(box, OUK_E_PROFILE_UNSIGNED, "xjca");
	(void)g_unlink(path);
	assert_refused(box, OUK_E_PROFILE_UNSIGNED, "xjca");
	/* one letter of the signature itself */
	at = strstr(sig, "\nsignature ") + strlen("\nsignature 12345678");
	*at = *at == 'A' ? 'B' : 'A';
	spill(box->dir, "xjca.json.sig", sig, -1);
	assert_refused(box, OUK_E_PROFILE_TAMPERED, "xjca");
}

static void
a_stranger_may_not_sign(void **state)
{
	const struct box *box = *state;
	g_autofree char *key = g_build_filename(box->dir, "stranger.pem", NULL);
	const char *const argv[] = {"openssl", "genpkey", "-algorithm", "ed25519",
				    "-out",    key,       NULL};

	run(argv);
	sign(box->dir, "xjca.json", key);
	assert_refused(box, OUK_E_PROFILE_FOREIGN, "xjca");
}

static void
one_ca_cannot_stand_in_for_another(void **state)
{
	const struct box *box = *state;

	copy(box->dir, "hebca.json", "xjca.json");
	copy(box->dir, "hebca.json.sig", "xjca.json.sig");
	assert_refused(box, OUK_E_PROFILE_TAMPERED, "xjca");
}

/* ---- two folders ---- */

static void
the_newer_of_two_is_used(void **state)
{
	const struct box *box = *state;
	g_autoptr(OukProfiles) profiles = NULL;

	edit(box->admin, "\"serial\": ", "\"serial\": 7");
	profiles = load(box);
	assert_int_equal(ouk_profiles_problems(profiles)->len, 0);
	assert_true(ouk_profiles_find(profiles, "bjca")->serial >= 70);
	assert_true(g_str_has_prefix(ouk_profiles_find(profiles, "bjca")->path, box->admin));
	assert_int_equal(ouk_profiles_list(profiles)->len, G_N_ELEMENTS(ids));
}

static void
an_older_one_never_replaces_a_newer(void **state)
{
	const struct box *box = *state;

	copy(box->admin, "bjca.json", "bjca.json");
	copy(box->admin, "bjca.json.sig", "bjca.json.sig");
	edit(box->dir, "\"serial\": ", "\"serial\": 7");
	assert_refused(box, OUK_E_PROFILE_OLD, NULL);
}

static void
a_refused_newer_one_leaves_the_older_in_use(void **state)
{
	const struct box *box = *state;

	edit(box->admin, "\"serial\": ", "\"serial\": 7");
	spill(box->admin, "bjca.json", "{}", 2);
	assert_refused(box, OUK_E_PROFILE_TRUNCATED, NULL);
}

/* ---- signed, and wrong all the same ---- */

#define SERVICE(url, trust)                                      \
	"\"service\": {\"url\": \"" url "\", \"trust\": [" trust \
	"], \"kinds\": [], \"source\": \"manual\", \"checked\": \"2026-11-22\"}, "

static void
what_makes_no_sense_is_refused_although_signed(void **state)
{
	static const struct {
		const char *from, *to;
		OukErrorCode code;
	} rows[] = {
		{"\"format\": 1", "\"format\": 2", OUK_E_PROFILE_NEWER},
		{"\"format\": 1", "\"format\": 0", OUK_E_PROFILE_BROKEN},
		{"\"format\": 1", "\"format\": \"1\"", OUK_E_PROFILE_BROKEN},
		{"\"format\": 1,", "", OUK_E_PROFILE_BROKEN},
		{"{", "[{", OUK_E_PROFILE_BROKEN},
		{"\"serial\": ", "\"serial\": 0, \"was\": ", OUK_E_PROFILE_BROKEN},
		{"\"serial\": ", "\"serial\": -1, \"was\": ", OUK_E_PROFILE_BROKEN},
		{"\"serial\": ", "\"serial\": 1.5, \"was\": ", OUK_E_PROFILE_BROKEN},
		{"2026-11-22", "2026-02-30", OUK_E_PROFILE_BROKEN},
		{"2026-11-22", "2026-1-22", OUK_E_PROFILE_BROKEN},
		{"\"limit\": 10", "\"limit\": 1000", OUK_E_PROFILE_BROKEN},
		{"\"max\": 16", "\"max\": 5", OUK_E_PROFILE_BROKEN},
		{"\"kind\": \"sms\"", "\"kind\": \"pigeon\"", OUK_E_PROFILE_BROKEN},
		{"\"kind\": \"sms\"", "\"kind\": \"fixed\"", OUK_E_PROFILE_BROKEN},
		{"[\"web\", \"counter\"]", "[\"web\", \"door\"]", OUK_E_PROFILE_BROKEN},
		{"\"housing-fund\"", "\"casino\"", OUK_E_PROFILE_BROKEN},
		{"\"http://", "\"file://", OUK_E_PROFILE_BROKEN},
		{"\"http://",
		 "\"http:"
		 "//user@",
		 OUK_E_PROFILE_BROKEN},
		{"\"400-919-7888\"", "\"call me\"", OUK_E_PROFILE_BROKEN},
		{"\"source\": \"manual\"", "\"source\": \"hearsay\"", OUK_E_PROFILE_BROKEN},
		{"\"en\": \"BJCA\"", "\"de\": \"BJCA\"", OUK_E_PROFILE_BROKEN},
		{"\"en\": \"BJCA\"", "\"en\": \"\\u202eACJB\"", OUK_E_PROFILE_BROKEN},
		{"\"en\": \"BJCA\"", "\"en\": \"BJ\\nCA\"", OUK_E_PROFILE_BROKEN},
		{"\"oid\": \"1.2.156", "\"oid\": \"eins.2.156", OUK_E_PROFILE_BROKEN},
		{"\"steps\": [", "\"staps\": [", OUK_E_PROFILE_BROKEN},
		/* no TLS, nobody whose TLS is believed, a price that is none */
		{"\"sites\":", SERVICE("http://127.0.0.1:1", "") "\"sites\":",
		 OUK_E_PROFILE_BROKEN},
		{"\"sites\":", SERVICE("https://ca.example", "") "\"sites\":",
		 OUK_E_PROFILE_BROKEN},
		{"\"sites\":", SERVICE("https://ca.example", "\"AAAA\"") "\"sites\":",
		 OUK_E_PROFILE_BROKEN},
	};
	const struct box *box = *state;

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		edit(box->dir, rows[i].from, rows[i].to);
		assert_refused(box, rows[i].code, "bjca");
	}
}

static void
deep_nesting_is_refused(void **state)
{
	/* what the parser takes, though JSON does not, hides no brackets */
	static const char *const before[] = {"", "{\"a\":/*\"*/", "{'\"':"};
	const struct box *box = *state;
	g_autofree char *open = g_strnfill(200000, '[');

	for (guint i = 0; i < G_N_ELEMENTS(before); i++) {
		g_autofree char *text = g_strconcat(before[i], open, NULL);

		spill(box->dir, "bjca.json", text, -1);
		sign(box->dir, "bjca.json", NULL);
		assert_refused(box, OUK_E_PROFILE_BROKEN, "bjca");
	}
}

/* ---- whose certificate ---- */

static void
a_certificate_finds_its_ca(void **state)
{
	static const struct {
		const char *o, *cn, *id;
	} rows[] = {
		{"BJCA", "Beijing SM2 CA", "bjca"},
		{"北京数字认证股份有限公司", "Public Trust CA", "bjca"},
		{"HEBCA", "HeBei CA", "hebca"},
		{"河北省电子认证有限公司", "anything", "hebca"},
		{"XJCA", "XJCA SM2", "xjca"},
		{"新疆数字证书认证中心（有限公司）", "SM2 CA", "xjca"},
		{"OpenUKey Rehearsal", "OpenUKey Rehearsal CA (virtual)", "rehearsal"},
		{"OpenUKey Rehearsal", "another", NULL},
		{"Elsewhere", "Some CA", NULL},
	};
	const struct box *box = *state;
	g_autoptr(OukProfiles) profiles = load(box);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(X509) ca =
			cert_make(&(struct cert_row){.o = rows[i].o, .cn = rows[i].cn});
		const OukProfile *profile = ouk_profiles_for_cert(profiles, ca);

		if (g_strcmp0(profile != NULL ? profile->id : NULL, rows[i].id) != 0)
			fail_msg("%s, %s: %s", rows[i].o, rows[i].cn,
				 profile != NULL ? profile->id : "nobody");
	}
}

static void
a_key_identifier_says_more_than_a_name(void **state)
{
	const struct box *box = *state;
	g_autoptr(OukProfiles) profiles = NULL;
	struct cert_row row = {
		.o = "XJCA", .cn = "XJCA SM2", .authority_key = "00112233445566778899"};
	g_autoptr(X509) cert = cert_make(&row);

	edit(box->dir, "\"authority_keys\": []", "\"authority_keys\": [\"00112233445566778899\"]");
	profiles = load(box);
	assert_string_equal(ouk_profiles_for_cert(profiles, cert)->id, "bjca");
}

static void
the_units_code_is_read_by_the_profiles_numbers(void **state)
{
	const struct box *box = *state;
	g_autoptr(OukProfiles) profiles = load(box);
	const OukProfile *bjca = ouk_profiles_find(profiles, "bjca");
	struct cert_row row = {.o = "BJCA",
			       .cn = "Beijing SM2 CA",
			       .oid = "1.2.156.112562.2.1.1.11",
			       .text = "91110108MA01ABCD2X"};
	g_autoptr(X509) cert = cert_make(&row);
	g_autofree char *tax = ouk_profile_extension(bjca, cert, "tax-number");
	g_autofree char *code = ouk_profile_extension(bjca, cert, "credit-code");

	assert_string_equal(tax, "91110108MA01ABCD2X");
	assert_null(code);
}

static void
the_rehearsals_own_root_is_taken_for_the_rehearsal_alone(void **state)
{
	const struct box *box = *state;
	g_autofree char *path = g_build_filename(box->admin, "root.crt", NULL);
	g_autoptr(X509) root = cert_make(&(struct cert_row){.o = "OpenUKey Rehearsal", .cn = "x"});
	g_autoptr(BIO) out = BIO_new_file(path, "w");
	g_autoptr(OukProfiles) profiles = NULL;

	assert_int_equal(i2d_X509_bio(out, root), 1);
	(void)BIO_flush(out);
	g_setenv("OPENUKEY_REHEARSAL_ANCHORS", box->admin, TRUE);
	profiles = load(box);
	g_unsetenv("OPENUKEY_REHEARSAL_ANCHORS");
	for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
		assert_int_equal(ouk_profiles_find(profiles, ids[i])->anchors->len,
				 strcmp(ids[i], "rehearsal") == 0 ? 1 : 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, box_open, box_close)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(all_shipped_profiles_are_used),
		TEST(no_folder_is_no_problem),
		TEST(a_changed_profile_is_refused),
		TEST(a_longer_profile_is_refused),
		TEST(a_cut_profile_is_refused),
		TEST(an_endless_profile_is_not_read),
		TEST(a_profile_without_a_good_signature_is_refused),
		TEST(a_stranger_may_not_sign),
		TEST(one_ca_cannot_stand_in_for_another),
		TEST(the_newer_of_two_is_used),
		TEST(an_older_one_never_replaces_a_newer),
		TEST(a_refused_newer_one_leaves_the_older_in_use),
		TEST(what_makes_no_sense_is_refused_although_signed),
		TEST(deep_nesting_is_refused),
		TEST(a_certificate_finds_its_ca),
		TEST(a_key_identifier_says_more_than_a_name),
		TEST(the_units_code_is_read_by_the_profiles_numbers),
		TEST(the_rehearsals_own_root_is_taken_for_the_rehearsal_alone),
	};

	if (argc != 3)
		return 2;
	source = argv[1];
	signer = argv[2];
	setlocale(LC_ALL, "C");
	return cmocka_run_group_tests_name("profiles", tests, NULL, NULL);
}
