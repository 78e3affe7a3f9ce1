/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verifier of the origin-bound login: who gets in, and everybody who must not. */
#include "login_world.h"

#include "virtual/hall/verify/token.h"
#include "virtual/hall/verify/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct party parties[] = {{.algorithm = "rsa-sha256"}, {.algorithm = "sm2-sm3"}};

static enum login_verdict
verdict_of(const struct party *party, const char *token, struct login_check check)
{
	STACK_OF(X509) *anchors = sk_X509_new_null();
	enum login_verdict verdict;

	sk_X509_push(anchors, party->ca);
	if (check.anchors == NULL)
		check.anchors = anchors;
	if (check.origin == NULL)
		check.origin = ORIGIN;
	if (check.challenge == NULL)
		check.challenge = CHALLENGE;
	if (check.now == 0)
		check.now = time(NULL);
	verdict = login_verify(token, strlen(token), &check, NULL);
	sk_X509_free(anchors);
	return verdict;
}

#define EACH_PARTY(party)                   \
	for (struct party *party = parties; \
	     party < parties + sizeof(parties) / sizeof(parties[0]); party++)

/* The verdict on a certificate of that kind with an otherwise good token. */
static enum login_verdict
verdict_on(const struct party *party, X509 *cert, struct login_check check)
{
	char *token = token_make(party, cert, "login", ORIGIN);
	enum login_verdict verdict = verdict_of(party, token, check);

	free(token);
	return verdict;
}

static enum login_verdict
verdict_on_new(const struct party *party, X509 *cert)
{
	enum login_verdict verdict = verdict_on(party, cert, (struct login_check){0});

	X509_free(cert);
	return verdict;
}

/* ---- who gets in ---- */

static void
good_token_is_let_in(void **state)
{
	EACH_PARTY(party)
	{
		char *token = token_make(party, party->cert, "login", ORIGIN);
		STACK_OF(X509) *anchors = sk_X509_new_null();
		struct login_check check = {.origin = ORIGIN,
					    .challenge = CHALLENGE,
					    .anchors = anchors,
					    .now = time(NULL)};
		X509 *found = NULL;

		sk_X509_push(anchors, party->ca);
		assert_int_equal(login_verify(token, strlen(token) + 1, &check, &found), LOGIN_OK);
		assert_int_equal(X509_cmp(found, party->cert), 0);
		X509_free(found);
		sk_X509_free(anchors);
		free(token);
	}
}

static void
certificate_below_an_intermediate_needs_it(void **state)
{
	EACH_PARTY(party)
	{
		struct issue issue = {.name = "between",
				      .usage = "critical,keyCertSign",
				      .basic = "critical,CA:TRUE",
				      .from = -DAY,
				      .until = DAY};
		struct issue below = {.name = "unit",
				      .usage = SIGNER,
				      .basic = "critical,CA:FALSE",
				      .from = -DAY,
				      .until = DAY};
		EVP_PKEY *key = key_make(party);
		X509 *between = cert_make(key, party->ca, party->ca_key, &issue);
		X509 *cert = cert_make(party->key, between, key, &below);
		STACK_OF(X509) *more = sk_X509_new_null();

		sk_X509_push(more, between);
		assert_int_equal(verdict_on(party, cert, (struct login_check){0}), LOGIN_UNTRUSTED);
		assert_int_equal(verdict_on(party, cert, (struct login_check){.between = more}),
				 LOGIN_OK);
		/* an anchor need not be a root */
		assert_int_equal(verdict_on(party, cert, (struct login_check){.anchors = more}),
				 LOGIN_OK);
		sk_X509_free(more);
		X509_free(cert);
		X509_free(between);
		EVP_PKEY_free(key);
	}
}

/* ---- who does not ---- */

static void
each_altered_byte_is_refused(void **state)
{
	static const char flips[] = {0x01, 0x20};

	EACH_PARTY(party)
	{
		char *token = token_make(party, party->cert, "login", ORIGIN);
		size_t len = strlen(token);

		for (size_t i = 0; i < len; i++)
			for (size_t k = 0; k < sizeof(flips); k++) {
				token[i] = (char)(token[i] ^ flips[k]);
				assert_int_not_equal(
					verdict_of(party, token, (struct login_check){0}),
					LOGIN_OK);
				token[i] = (char)(token[i] ^ flips[k]);
			}
		for (size_t shorter = 0; shorter < len; shorter++) {
			char kept = token[shorter];

			token[shorter] = '\0';
			assert_int_equal(verdict_of(party, token, (struct login_check){0}),
					 LOGIN_FORMAT);
			token[shorter] = kept;
		}
		free(token);
	}
}

static void
other_origin_other_challenge_other_purpose(void **state)
{
	static const char *const origins[] = {
		"https://ha11.openukey.test",     "http://hall.openukey.test",
		"https://openukey.test",          "https://hall.openukey.test:8443",
		"https://hall.openukey.test:443",
	};
	char other[] = CHALLENGE;

	other[0] = 'B';
	EACH_PARTY(party)
	{
		char *token = token_make(party, party->cert, "login", ORIGIN);
		char *renewal = token_make(party, party->cert, "renewal", ORIGIN);

		for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++)
			assert_int_equal(verdict_of(party, token,
						    (struct login_check){.origin = origins[i]}),
					 LOGIN_SIGNATURE);
		assert_int_equal(verdict_of(party, token, (struct login_check){.challenge = other}),
				 LOGIN_SIGNATURE);
		assert_int_equal(verdict_of(party, renewal, (struct login_check){0}),
				 LOGIN_SIGNATURE);
		free(renewal);
		free(token);
	}
}

/* What the old pages have signed: the challenge alone, as text or as bytes. */
static void
bare_signature_is_no_login(void **state)
{
	EACH_PARTY(party)
	{
		unsigned char bytes[32];
		char *text = token_over(party, party->cert, CHALLENGE, strlen(CHALLENGE));
		char *raw;

		for (unsigned char i = 0; i < sizeof(bytes); i++)
			bytes[i] = i;
		raw = token_over(party, party->cert, bytes, sizeof(bytes));
		assert_int_equal(verdict_of(party, text, (struct login_check){0}), LOGIN_SIGNATURE);
		assert_int_equal(verdict_of(party, raw, (struct login_check){0}), LOGIN_SIGNATURE);
		free(raw);
		free(text);
	}
}

static void
hall_with_a_bad_challenge_lets_nobody_in(void **state)
{
	static const char *const challenges[] = {
		"",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg", /* 31 bytes */
		CHALLENGE "=",
		CHALLENGE "+",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9", /* bits left */
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh\n",
	};
	static const char *const origins[] = {"hall.openukey.test",         "https://", ORIGIN "/",
					      "https://Hall.openukey.test", "null",     ""};
	const struct party *party = &parties[0];
	char *token = token_make(party, party->cert, "login", ORIGIN);

	for (size_t i = 0; i < sizeof(challenges) / sizeof(challenges[0]); i++)
		assert_int_equal(
			verdict_of(party, token, (struct login_check){.challenge = challenges[i]}),
			LOGIN_USAGE);
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++)
		assert_int_equal(
			verdict_of(party, token, (struct login_check){.origin = origins[i]}),
			LOGIN_USAGE);
	free(token);
}

static void
foreign_certificates(void **state)
{
	EACH_PARTY(party)
	{
		struct party *other = party == parties ? &parties[1] : &parties[0];
		EVP_PKEY *key = key_make(party);
		X509 *twin = ca_make(key, "root"); /* the same name, another key */
		STACK_OF(X509) *anchors = sk_X509_new_null();
		char *token = token_make(party, party->cert, "login", ORIGIN);
		char *mixed = token_make(party, other->cert, "login", ORIGIN);

		assert_int_equal(verdict_of(party, token, (struct login_check){.anchors = anchors}),
				 LOGIN_USAGE);
		sk_X509_push(anchors, twin);
		assert_int_equal(verdict_of(party, token, (struct login_check){.anchors = anchors}),
				 LOGIN_UNTRUSTED);
		/* somebody else's good certificate does not match the algorithm, nor the signature
		 */
		assert_int_equal(verdict_of(other, mixed, (struct login_check){0}), LOGIN_KEY);
		free(mixed);
		free(token);
		sk_X509_free(anchors);
		X509_free(twin);
		EVP_PKEY_free(key);
	}
}

static void
stolen_certificate_without_its_key(void **state)
{
	EACH_PARTY(party)
	{
		struct party thief = *party;
		char *token;

		thief.key = key_make(party);
		token = token_make(&thief, party->cert, "login", ORIGIN);
		assert_int_equal(verdict_of(party, token, (struct login_check){0}),
				 LOGIN_SIGNATURE);
		free(token);
		EVP_PKEY_free(thief.key);
	}
}

static void
times_and_uses_of_certificates(void **state)
{
	EACH_PARTY(party)
	{
		assert_int_equal(
			verdict_on_new(party, leaf_make(party, SIGNER, NULL, -2 * DAY, -DAY)),
			LOGIN_ENDED);
		assert_int_equal(
			verdict_on_new(party, leaf_make(party, SIGNER, NULL, DAY, 2 * DAY)),
			LOGIN_EARLY);
		assert_int_equal(verdict_on_new(party, leaf_make(party, "critical,keyEncipherment",
								 NULL, -DAY, DAY)),
				 LOGIN_KEY);
		assert_int_equal(
			verdict_on_new(party, leaf_make(party, SIGNER, "codeSigning", -DAY, DAY)),
			LOGIN_KEY);
		assert_int_equal(
			verdict_on_new(party, leaf_make(party, SIGNER, "clientAuth", -DAY, DAY)),
			LOGIN_OK);
		assert_int_equal(verdict_on_new(party, leaf_make(party, NULL, NULL, -DAY, DAY)),
				 LOGIN_OK);
	}
}

static void
ca_does_not_log_in(void **state)
{
	EACH_PARTY(party)
	{
		struct party ca = *party;

		ca.key = party->ca_key;
		assert_int_equal(verdict_on(&ca, party->ca, (struct login_check){0}), LOGIN_KEY);
	}
}

static void
short_rsa_key(void **state)
{
	struct party weak = parties[0];

	weak.key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	assert_int_equal(verdict_on_new(&weak, leaf_make(&weak, SIGNER, NULL, -DAY, DAY)),
			 LOGIN_KEY);
	EVP_PKEY_free(weak.key);
}

/* ---- taken back ---- */

static enum login_verdict
verdict_with_list(const struct party *party, X509_CRL *list)
{
	STACK_OF(X509_CRL) *lists = sk_X509_CRL_new_null();
	enum login_verdict verdict;

	sk_X509_CRL_push(lists, list);
	verdict = verdict_on(party, party->cert, (struct login_check){.lists = lists});
	sk_X509_CRL_pop_free(lists, X509_CRL_free);
	return verdict;
}

static void
revocation_lists(void **state)
{
	EACH_PARTY(party)
	{
		struct party liar = *party;
		X509 *other = leaf_make(party, SIGNER, NULL, -DAY, DAY);

		liar.ca_key = key_make(party);
		assert_int_equal(verdict_with_list(party, list_make(party, NULL, -DAY, DAY)),
				 LOGIN_OK);
		assert_int_equal(verdict_with_list(party, list_make(party, other, -DAY, DAY)),
				 LOGIN_OK);
		assert_int_equal(verdict_with_list(party, list_make(party, party->cert, -DAY, DAY)),
				 LOGIN_REVOKED);
		/* an old list, one from tomorrow, one of somebody with the CA's name */
		assert_int_equal(verdict_with_list(party, list_make(party, NULL, -2 * DAY, -DAY)),
				 LOGIN_NO_LIST);
		assert_int_equal(verdict_with_list(party, list_make(party, NULL, DAY, 2 * DAY)),
				 LOGIN_NO_LIST);
		assert_int_equal(verdict_with_list(party, list_make(&liar, NULL, -DAY, DAY)),
				 LOGIN_NO_LIST);
		EVP_PKEY_free(liar.ca_key);
		X509_free(other);
	}
}

static bool
on_table(X509 *certificate, void *data)
{
	return X509_cmp(certificate, data) == 0;
}

static void
hall_may_ask_elsewhere_whether_it_was_revoked(void **state)
{
	EACH_PARTY(party)
	{
		struct login_check check = {.revoked = on_table, .data = party->cert};

		assert_int_equal(verdict_on(party, party->cert, check), LOGIN_REVOKED);
		check.data = party->ca;
		assert_int_equal(verdict_on(party, party->cert, check), LOGIN_OK);
	}
}

/* ---- the form of tokens ---- */

static void
other_forms_are_no_tokens(void **state)
{
	static const char *const forms[] = {
		"",
		"null",
		"[]",
		"{}",
		"\"openukey-login-1\"",
		"{\"format\":\"openukey-login-1\"}",
		"{\"format\":\"openukey-login-1\",\"signature\":null,\"certificate\":1}",
	};
	const struct party *party = &parties[0];
	char *token = token_make(party, party->cert, "login", ORIGIN);
	char *more = malloc(strlen(token) + 64);

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		assert_int_equal(verdict_of(party, forms[i], (struct login_check){0}),
				 LOGIN_FORMAT);
	/* a further member, a member twice, something behind */
	assert_true(snprintf(more, strlen(token) + 64, "{\"nonce\":\"\",%s", token + 1) > 0);
	assert_int_equal(verdict_of(party, more, (struct login_check){0}), LOGIN_FORMAT);
	assert_true(snprintf(more, strlen(token) + 64, "{\"format\":\"openukey-login-1\",%s",
			     token + 1) > 0);
	assert_int_equal(verdict_of(party, more, (struct login_check){0}), LOGIN_FORMAT);
	assert_true(snprintf(more, strlen(token) + 64, "%s{}", token) > 0);
	assert_int_equal(verdict_of(party, more, (struct login_check){0}), LOGIN_FORMAT);
	free(more);
	free(token);
	more = malloc(LOGIN_TOKEN_MAX + 2);
	memset(more, ' ', LOGIN_TOKEN_MAX + 1);
	more[LOGIN_TOKEN_MAX + 1] = '\0';
	assert_int_equal(verdict_of(party, more, (struct login_check){0}), LOGIN_FORMAT);
	free(more);
}

static void
base64_has_one_form(void **state)
{
	static const char *const bad[] = {"",       "A",    "AA",   "AAA",  "AA=A",     "AB==",
					  "AAE=\n", " AAA", "A===", "====", "AA==AA==", "AA-_"};
	size_t len = 0;
	unsigned char *bytes;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(login_base64(bad[i], strlen(bad[i]), 64, &len));
	bytes = login_base64("/+8=", 4, 2, &len);
	assert_non_null(bytes);
	assert_int_equal(len, 2);
	free(bytes);
	assert_null(login_base64("/+8A", 4, 2, &len));
	bytes = login_base64url("_-8", 3, 2, &len);
	assert_non_null(bytes);
	free(bytes);
	assert_null(login_base64url("/+8", 3, 2, &len));
}

static int
parties_make(void **state)
{
	EACH_PARTY(party)
	{
		party->ca_key = key_make(party);
		party->key = key_make(party);
		party->ca = ca_make(party->ca_key, "root");
		party->cert = leaf_make(party, SIGNER, NULL, -DAY, DAY);
	}
	return 0;
}

static int
parties_free(void **state)
{
	EACH_PARTY(party)
	{
		X509_free(party->cert);
		X509_free(party->ca);
		EVP_PKEY_free(party->key);
		EVP_PKEY_free(party->ca_key);
	}
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_token_is_let_in),
		cmocka_unit_test(certificate_below_an_intermediate_needs_it),
		cmocka_unit_test(each_altered_byte_is_refused),
		cmocka_unit_test(other_origin_other_challenge_other_purpose),
		cmocka_unit_test(bare_signature_is_no_login),
		cmocka_unit_test(hall_with_a_bad_challenge_lets_nobody_in),
		cmocka_unit_test(foreign_certificates),
		cmocka_unit_test(stolen_certificate_without_its_key),
		cmocka_unit_test(times_and_uses_of_certificates),
		cmocka_unit_test(ca_does_not_log_in),
		cmocka_unit_test(short_rsa_key),
		cmocka_unit_test(revocation_lists),
		cmocka_unit_test(hall_may_ask_elsewhere_whether_it_was_revoked),
		cmocka_unit_test(other_forms_are_no_tokens),
		cmocka_unit_test(base64_has_one_form),
	};

	return cmocka_run_group_tests(tests, parties_make, parties_free);
}
