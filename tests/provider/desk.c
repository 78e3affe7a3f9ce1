/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/provider/desk.h"

#include "tests/rig/rig.h"

/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISTID "1234567812345678"

/* -- the person -- */

static int
ui_show(UI *ui, UI_STRING *string)
{
	struct desk *desk = UI_get0_user_data(ui);

	(void)snprintf(desk->question, sizeof(desk->question), "%s", UI_get0_output_string(string));
	return 1;
}

static int
ui_type(UI *ui, UI_STRING *string)
{
	struct desk *desk = UI_get0_user_data(ui);

	if (UI_get_string_type(string) != UIT_PROMPT)
		return 1;
	atomic_fetch_add(&desk->asked, 1);
	return desk->typed != NULL ? UI_set_result(ui, string, desk->typed) >= 0 : -1;
}

static UI_METHOD *
person_new(void)
{
	UI_METHOD *person = UI_create_method("person");

	assert_non_null(person);
	(void)UI_method_set_writer(person, ui_show);
	(void)UI_method_set_reader(person, ui_type);
	return person;
}

/* -- the program -- */

void
desk_load(struct desk *desk)
{
	char path[512];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/openssl.cnf", rig_dir(desk->rig));
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fprintf(file,
		      "openssl_conf = start\n[start]\nproviders = all\n[all]\ndefault = its\n"
		      "openukey-provider = ours\n[its]\nactivate = 1\n[ours]\nactivate = 1\n"
		      "pkcs11-module = %s\n",
		      getenv("OPENUKEY_MODULE"));
	assert_int_equal(fclose(file), 0);
	desk->libctx = OSSL_LIB_CTX_new();
	assert_non_null(desk->libctx);
	assert_int_equal(
		OSSL_PROVIDER_set_default_search_path(desk->libctx, getenv("OPENUKEY_PROVIDER")),
		1);
	assert_int_equal(OSSL_LIB_CTX_load_config(desk->libctx, path), 1);
	assert_int_equal(OSSL_PROVIDER_available(desk->libctx, "openukey-provider"), 1);
}

void
desk_unload(struct desk *desk)
{
	OSSL_LIB_CTX_free(desk->libctx);
	desk->libctx = NULL;
}

void
desk_start(struct desk *desk)
{
	desk->rig = rig_start(1);
	assert_non_null(desk->rig);
	desk->typed = DESK_PIN;
	desk_load(desk);
}

void
desk_stop(struct desk *desk)
{
	EVP_PKEY_free(desk->pub);
	desk->pub = NULL;
	desk_unload(desk);
	rig_stop(desk->rig);
}

EVP_PKEY *
desk_open(struct desk *desk, const char *uri)
{
	UI_METHOD *person = person_new();
	OSSL_STORE_CTX *store =
		OSSL_STORE_open_ex(uri, desk->libctx, NULL, person, desk, NULL, NULL, NULL);
	EVP_PKEY *key = NULL;

	if (store != NULL) {
		(void)OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY);
		/* As openssl(1) does it: on and on until the end. */
		while (key == NULL && OSSL_STORE_eof(store) == 0) {
			OSSL_STORE_INFO *info = OSSL_STORE_load(store);

			if (info != NULL)
				key = OSSL_STORE_INFO_get1_PKEY(info);
			OSSL_STORE_INFO_free(info);
		}
		(void)OSSL_STORE_close(store);
	}
	UI_destroy_method(person);
	return key;
}

static bool
verifies(const struct desk *desk, const char *text, const unsigned char *sig, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *shadow = NULL;
	bool sm2 = strcmp(desk->alg, "sm2") == 0;
	bool good = EVP_DigestVerifyInit_ex(ctx, &shadow, sm2 ? "SM3" : "SHA256", NULL, NULL,
					    desk->pub, NULL) == 1 &&
		    (!sm2 || EVP_PKEY_CTX_set1_id(shadow, DISTID, strlen(DISTID)) > 0) &&
		    EVP_DigestVerify(ctx, sig, len, (const unsigned char *)text, strlen(text)) == 1;

	EVP_MD_CTX_free(ctx);
	return good;
}

bool
desk_signs(struct desk *desk, EVP_PKEY *key)
{
	static atomic_int count;
	unsigned char sig[512];
	size_t len = sizeof(sig);
	char text[64];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool made;

	(void)snprintf(text, sizeof(text), "letter %d", atomic_fetch_add(&count, 1));
	made = EVP_DigestSignInit_ex(ctx, NULL, strcmp(desk->alg, "sm2") == 0 ? "SM3" : "SHA256",
				     desk->libctx, NULL, key, NULL) == 1 &&
	       EVP_DigestSign(ctx, sig, &len, (const unsigned char *)text, strlen(text)) == 1;
	EVP_MD_CTX_free(ctx);
	if (!made)
		return false;
	assert_true(verifies(desk, text, sig, len));
	return true;
}

bool
desk_error(const char *words)
{
	const char *data = NULL;
	char text[512];
	unsigned long code;
	bool found = false;
	int flags = 0;

	while ((code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0) {
		const char *reason = ERR_reason_error_string(code);

		(void)snprintf(text, sizeof(text), "%s: %s", reason != NULL ? reason : "",
			       data != NULL ? data : "");
		found = found || strstr(text, words) != NULL;
		if (!found)
			print_message("# %s\n", text);
	}
	return found;
}

/* -- the key -- */

static const char *
state_path(struct desk *desk)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/key", rig_dir(desk->rig));
	return path;
}

static void
public_read(struct desk *desk, const char *cert)
{
	FILE *file = fopen(cert, "r");
	X509 *x509;

	assert_non_null(file);
	x509 = PEM_read_X509(file, NULL, NULL, NULL);
	(void)fclose(file);
	assert_non_null(x509);
	EVP_PKEY_free(desk->pub);
	desk->pub = X509_get_pubkey(x509);
	X509_free(x509);
	assert_non_null(desk->pub);
}

void
desk_plug(struct desk *desk, const char *alg, const char *pair)
{
	const char *fixtures = getenv("FIXTURES");
	char key[512], cert[512];
	const char *const options[] = {"--state",
				       state_path(desk),
				       "--label",
				       "desk",
				       "--serial",
				       "DESK-1",
				       "--model",
				       "V0",
				       "--pin",
				       DESK_PIN,
				       "--default-pin",
				       "no",
				       "--container",
				       "box",
				       "--sign-key",
				       key,
				       "--sign-cert",
				       cert,
				       NULL};

	(void)remove(state_path(desk));
	(void)snprintf(key, sizeof(key), "%s/%s.key", fixtures, pair);
	(void)snprintf(cert, sizeof(cert), "%s/%s.pem", fixtures, pair);
	assert_true(rig_provision(options));
	desk->alg = alg;
	(void)snprintf(desk->uri, sizeof(desk->uri),
		       "pkcs11:serial=DESK-1;id=box%%00;type=private");
	public_read(desk, cert);
	assert_true(rig_plug(desk->rig, 0, state_path(desk), NULL));
	atomic_store(&desk->asked, 0);
	desk->typed = DESK_PIN;
}

void
desk_plug_again(struct desk *desk)
{
	assert_true(rig_plug(desk->rig, 0, state_path(desk), NULL));
}

void
desk_pull(struct desk *desk)
{
	assert_true(rig_pull(desk->rig, 0));
}

long
desk_tries(struct desk *desk)
{
	char answer[2048];
	const char *at;

	assert_true(rig_ask(desk->rig, 0, "status", answer, sizeof(answer)));
	at = strstr(answer, "\"user\":{");
	at = at != NULL ? strstr(at, "\"left\":") : NULL;
	if (at == NULL)
		fail_msg("no tries in %s", answer);
	return strtol(strchr(at, ':') + 1, NULL, 10);
}
