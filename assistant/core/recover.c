/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/recover.h"

#include "assistant/core/approval.h"
#include "assistant/core/cert.h"
#include "assistant/core/errors.h"
#include "assistant/core/renew_key.h"
#include "assistant/core/renew_service.h"
#include "assistant/core/signed.h"
#include "assistant/core/text.h"
#include "assistant/service-client/calls.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>
#include <string.h>

#define NAME_HASH    8 /* hexadecimal digits: a key may get several old pairs */
#define ENVELOPE_MAX 4096U

#define STEP(name, text) [OUK_RECOVER_##name] = text,
static const char *const step_texts[] = {
#include "assistant/core/recover.def"
};
#undef STEP

typedef struct {
	const OukRecovery *job;
	KeyDesk desk;
	char *serial; /* of the key */
	char *name;   /* the container that gets the old pair */
	EVP_PKEY *old_key;
	char *old_hash;
	GPtrArray *places;
	KeyPlace *main, *extra; /* in places; extra NULL: not there */
	GBytes *to;             /* public key of the extra container's signing pair */
	char *key_hash, *to_hash;
	gboolean stays;
} Run;

static void
run_clear(Run *run)
{
	g_clear_pointer(&run->places, g_ptr_array_unref);
	g_clear_pointer(&run->to, g_bytes_unref);
	EVP_PKEY_free(run->old_key);
	g_free(run->serial);
	g_free(run->name);
	g_free(run->old_hash);
	g_free(run->key_hash);
	g_free(run->to_hash);
}

const char *
ouk_recover_step_text(OukRecoverStep step)
{
	return _(step_texts[step < OUK_RECOVER_STEP_COUNT ? step : OUK_RECOVER_LOOK]);
}

void
ouk_recovered_clear(OukRecovered *recovered)
{
	g_clear_pointer(&recovered->paper, g_bytes_unref);
}

static void
step(const Run *run, OukRecoverStep what)
{
	if (run->job->progress != NULL)
		run->job->progress(what, run->job->progress_data);
}

static gboolean
look(Run *run, GError **error)
{
	g_clear_pointer(&run->places, g_ptr_array_unref);
	run->main = run->extra = NULL;
	run->places = key_places(run->desk.token, error);
	if (run->places == NULL)
		return FALSE;
	run->extra = key_place_find(run->places, run->name);
	for (guint i = 0; i < run->places->len; i++) {
		KeyPlace *place = g_ptr_array_index(run->places, i);

		if (place->sign != NULL && place->sign_key != NULL &&
		    (run->main == NULL || renew_newer_first(&place, &run->main) < 0))
			run->main = place;
	}
	return run->main != NULL || ouk_fail(error, OUK_E_NO_CERT);
}

static gboolean
old_read(Run *run, GError **error)
{
	g_autoptr(X509) old = renew_x509(run->job->old);

	if (old == NULL)
		return ouk_fail(error, OUK_E_NOT_A_CERT);
	if (!ouk_x509_may_encrypt(old) || ouk_x509_may_sign(old))
		return ouk_fail(error, OUK_E_CERT_USAGE);
	run->old_key = X509_get_pubkey(old);
	run->old_hash = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, run->job->old);
	run->name = g_strdup_printf("E-%s-%.*s", ouk_order_info(run->job->order)->number, NAME_HASH,
				    run->old_hash);
	return run->old_key != NULL || ouk_fail(error, OUK_E_NOT_A_CERT);
}

static gboolean
begin(Run *run, GError **error)
{
	gboolean one_container = FALSE;

	step(run, OUK_RECOVER_LOOK);
	if (!key_model_check(run->desk.token, &one_container, error) || !old_read(run, error))
		return FALSE;
	run->serial = key_serial(run->desk.token, error);
	run->desk.serial = run->serial;
	return run->serial != NULL && key_alone(&run->desk, error) &&
	       ouk_token_open(run->desk.token, TRUE, error) && look(run, error);
}

/* ---- what is asked for ---- */

static GBytes *
spki_of(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	GBytes *ret = len > 0 ? g_bytes_new(der, (gsize)len) : NULL;

	OPENSSL_free(der);
	return ret;
}

/* The pair that takes the envelope. */
static gboolean
have_pair(Run *run, GError **error)
{
	if (run->extra != NULL && run->extra->sign_key != NULL)
		return TRUE;
	if (run->extra == NULL && !key_room(run->desk.token, run->places, error))
		return FALSE;
	step(run, OUK_RECOVER_GENERATE);
	if (!key_generate(&run->desk, run->name, run->old_key, error) || !look(run, error))
		return FALSE;
	return (run->extra != NULL && run->extra->sign_key != NULL) ||
	       ouk_fail_with(error, OUK_E_KEY, "(%s)", "no pair");
}

static gboolean
hashes_make(Run *run, GError **error)
{
	g_autoptr(X509) cert = run->main != NULL ? renew_x509(run->main->sign) : NULL;
	g_autoptr(GBytes) key = cert != NULL ? spki_of(X509_get0_pubkey(cert)) : NULL;

	run->to = spki_of(run->extra->sign_key);
	if (key == NULL || run->to == NULL)
		return ouk_fail(error, OUK_E_INTERNAL);
	run->key_hash = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, key);
	run->to_hash = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, run->to);
	return TRUE;
}

/* What operators sign: service/kmc/README.md. */
static char *
body_make(const Run *run)
{
	return g_strdup_printf("recover\norder=%s\nsn=%s\nkey=%s\nenc=%s\nnotify=%s\nto=%s\n",
			       ouk_order_info(run->job->order)->id, run->serial, run->key_hash,
			       run->old_hash, run->job->notify, run->to_hash);
}

static void
member(JsonBuilder *json, const char *name, const char *value)
{
	json_builder_set_member_name(json, name);
	json_builder_add_string_value(json, value);
}

/* The form: service/counter/README.md. */
static GBytes *
paper_make(const Run *run)
{
	g_autofree char *body = body_make(run);
	g_autofree char *old = ouk_text_hex(g_bytes_get_data(run->job->old, NULL),
					    g_bytes_get_size(run->job->old));
	g_autoptr(JsonBuilder) json = json_builder_new();
	g_autoptr(JsonNode) root = NULL;
	char *text;

	json_builder_begin_object(json);
	json_builder_set_member_name(json, "openukey-approval");
	json_builder_add_int_value(json, 1);
	member(json, "number", ouk_order_info(run->job->order)->number);
	json_builder_set_member_name(json, "items");
	json_builder_begin_array(json);
	json_builder_begin_object(json);
	member(json, "body", body);
	member(json, "enc_cert", old);
	json_builder_end_object(json);
	json_builder_end_array(json);
	json_builder_end_object(json);
	root = json_builder_get_root(json);
	text = json_to_string(root, TRUE);
	return g_bytes_new_take(text, strlen(text));
}

/* ---- operators' signatures ---- */

/* Those over this very text; the service says when they are too few. */
static GPtrArray *
vouches_read(const Run *run)
{
	g_autofree char *body = body_make(run);
	g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, body, -1);
	GPtrArray *vouches = g_ptr_array_new_with_free_func((GDestroyNotify)ouk_vouch_free);

	for (guint i = 0; i < run->job->answers->len; i++) {
		OukVouch *vouch = ouk_approval_vouch(g_ptr_array_index(run->job->answers, i), hash);

		if (vouch != NULL)
			g_ptr_array_add(vouches, vouch);
	}
	return vouches;
}

/* The certified key says that it is here, and which pair is to open the envelope. */
static GBytes *
own_signature(Run *run, GError **error)
{
	g_autofree char *body = g_strdup_printf("order=%s\nsn=%s\nenc=%s\nto=%s\n",
						ouk_order_info(run->job->order)->id, run->serial,
						run->old_hash, run->to_hash);
	OukSigner signer = {0};

	return key_signer(&run->desk, run->main, &signer, error)
		       ? ouk_signer_sign_for(&signer, OUK_PURPOSE_RECOVER, body, error)
		       : NULL;
}

static OukReply *
ask(Run *run, GError **error)
{
	g_autoptr(GPtrArray) vouches = vouches_read(run);
	g_autoptr(GBytes) signature = own_signature(run, error);
	const OukRecoverRequest request = {run->job->old, run->to, run->job->notify, signature,
					   vouches};
	g_autoptr(OukCall) call = NULL;

	if (signature == NULL)
		return NULL;
	call = ouk_call_recover(run->job->order, &request);
	return ouk_service_ask_sync(run->job->service, call, NULL, error);
}

/* ---- onto the key ---- */

static gboolean
has_old_pair(const Run *run)
{
	return run->extra != NULL && run->extra->encrypt_key != NULL &&
	       EVP_PKEY_eq(run->extra->encrypt_key, run->old_key) == 1;
}

static gboolean
import(Run *run, GError **error)
{
	g_autoptr(OukReply) reply = NULL;
	g_autoptr(GBytes) envelope = NULL;
	g_autoptr(GBytes) wrapped = NULL;

	step(run, OUK_RECOVER_ASK);
	reply = ask(run, error);
	if (reply == NULL)
		return FALSE;
	envelope = ouk_reply_bytes(reply, "envelope", ENVELOPE_MAX);
	wrapped = ouk_reply_bytes(reply, "wrapped_key", ENVELOPE_MAX);
	if (envelope == NULL)
		return ouk_fail(error, OUK_E_SERVICE_ANSWER);
	step(run, OUK_RECOVER_IMPORT);
	if (!key_import(&run->desk, run->name, envelope, wrapped, error) || !look(run, error))
		return FALSE;
	return has_old_pair(run) || ouk_fail(error, OUK_E_PAIR_OTHER_CERT);
}

/* Its certificate, and then nothing in that container signs any more. */
static gboolean
finish(Run *run, GError **error)
{
	if (run->extra->encrypt == NULL || !g_bytes_equal(run->extra->encrypt, run->job->old)) {
		step(run, OUK_RECOVER_WRITE);
		if (!key_write_cert(&run->desk, run->name, TRUE, run->job->old, error) ||
		    !look(run, error))
			return FALSE;
	}
	if (run->extra == NULL)
		return ouk_fail_with(error, OUK_E_KEY, "(%s)", "read back");
	if (run->extra->sign_key != NULL) {
		step(run, OUK_RECOVER_CLEAN);
		if (!key_retire(&run->desk, run->extra, &run->stays, error) || !look(run, error))
			return FALSE;
	}
	step(run, OUK_RECOVER_DONE);
	return has_old_pair(run) || ouk_fail_with(error, OUK_E_KEY, "(%s)", "read back");
}

static gboolean
run_all(Run *run, OukRecovered *ret, GError **error)
{
	if (!begin(run, error))
		return FALSE;
	if (has_old_pair(run))
		return finish(run, error);
	if (!have_pair(run, error) || !hashes_make(run, error))
		return FALSE;
	if (run->job->answers == NULL) {
		ret->paper = paper_make(run);
		return TRUE;
	}
	return import(run, error) && finish(run, error);
}

gboolean
ouk_recover_run(const OukRecovery *job, OukRecovered *ret, GError **error)
{
	UK_CLEANUP(run_clear)
	Run run = {.job = job, .desk = {.token = job->token, .pin = job->pin}};
	OukRecovered made = {0};
	gboolean good = run_all(&run, &made, error);

	ouk_token_logout(job->token);
	ouk_token_close(job->token);
	if (!good) {
		ouk_recovered_clear(&made);
		return FALSE;
	}
	made.signing_stays = run.stays;
	*ret = made;
	return TRUE;
}
