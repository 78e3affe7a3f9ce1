/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/renew.h"

#include "assistant/core/cert.h"
#include "assistant/core/errors.h"
#include "assistant/core/renew_copy.h"
#include "assistant/core/renew_key.h"
#include "assistant/core/renew_service.h"

#include <glib/gi18n.h>
#include <openssl/rand.h>
#include <string.h>

#define NAME_START "P-"
#define NONCE_LEN  32

#define STEP(name, text) [OUK_RENEW_##name] = text,
static const char *const step_texts[] = {
#include "assistant/core/renew.def"
};
#undef STEP

/* One run. All of it is read anew by the next one. */
typedef struct {
	const OukRenewal *job;
	KeyDesk desk;
	RenewOrder order;
	char *serial;      /* of the key */
	char *name;        /* the container that gets the certificate */
	gboolean same_key; /* a key with room for one container: it keeps its pair */
	GPtrArray *places; /* as of the last look */
	KeyPlace *spare;   /* the container, in places; NULL: not there */
	char *old;         /* the container whose certificate was renewed; NULL: not known yet */
	RenewResult result;
	gboolean resumed; /* the order was confirmed before this run */
	gboolean stays;
} Run;

static void
run_clear(Run *run)
{
	renew_order_clear(&run->order);
	renew_result_clear(&run->result);
	g_clear_pointer(&run->places, g_ptr_array_unref);
	g_free(run->serial);
	g_free(run->name);
	g_free(run->old);
}

const char *
ouk_renew_step_text(OukRenewStep step)
{
	return _(step_texts[step < OUK_RENEW_STEP_COUNT ? step : OUK_RENEW_LOOK]);
}

void
ouk_renewed_clear(OukRenewed *renewed)
{
	g_clear_pointer(&renewed->certificate, g_bytes_unref);
}

char *
ouk_renew_container(const char *number)
{
	return g_strconcat(NAME_START, number, NULL);
}

/* Begins a step, unless the person has stopped it all. */
static gboolean
step(const Run *run, OukRenewStep what, GError **error)
{
	if (g_cancellable_is_cancelled(run->job->cancellable))
		return ouk_fail(error, OUK_E_CANCELLED);
	if (run->job->progress != NULL)
		run->job->progress(what, run->job->progress_data);
	return TRUE;
}

static gboolean
look(Run *run, GError **error)
{
	g_clear_pointer(&run->places, g_ptr_array_unref);
	run->spare = NULL;
	run->places = key_places(run->desk.token, error);
	if (run->places == NULL)
		return FALSE;
	run->spare = key_place_find(run->places, run->name);
	return TRUE;
}

static EVP_PKEY *
key_of(GBytes *der)
{
	g_autoptr(X509) x509 = renew_x509(der);

	return x509 != NULL ? X509_get_pubkey(x509) : NULL;
}

static gboolean
is_key_of(EVP_PKEY *key, GBytes *der)
{
	g_autoptr(EVP_PKEY) other = der != NULL ? key_of(der) : NULL;

	return key != NULL && other != NULL && EVP_PKEY_eq(key, other) == 1;
}

static gboolean
same_bytes(GBytes *a, GBytes *b)
{
	return a != NULL && b != NULL && g_bytes_equal(a, b);
}

/* ---- which key ---- */

/* On a key with one container that is the one. */
static gboolean
name_choose(Run *run, GError **error)
{
	g_autoptr(GPtrArray) places = NULL;

	run->name = ouk_renew_container(run->order.number);
	if (!run->same_key)
		return TRUE;
	places = key_places(run->desk.token, error);
	if (places == NULL)
		return FALSE;
	if (places->len != 1)
		return ouk_fail(error, OUK_E_NO_CERT);
	g_free(run->name);
	run->name = g_strdup(((KeyPlace *)g_ptr_array_index(places, 0))->name);
	return TRUE;
}

gboolean
ouk_renew_check(OukToken *token, GError **error)
{
	g_autofree char *serial = NULL;
	KeyDesk desk = {.token = token};
	g_autoptr(GPtrArray) places = NULL;
	gboolean same_key = FALSE, opened = token->session != 0;
	gboolean good;

	if (!key_model_check(token, &same_key, error))
		return FALSE;
	serial = key_serial(token, error);
	desk.serial = serial;
	if (serial == NULL || !key_alone(&desk, error) || !ouk_token_open(token, FALSE, error))
		return FALSE;
	places = key_places(token, error);
	good = places != NULL && (same_key || key_room(token, places, error));
	if (!opened)
		ouk_token_close(token);
	return good;
}

/* ---- the old certificate ---- */

/* Containers whose certificate may be the one that is renewed, the newest first. */
static GPtrArray *
candidates(const Run *run)
{
	GPtrArray *found = g_ptr_array_new();

	for (guint i = 0; i < run->places->len; i++) {
		KeyPlace *place = g_ptr_array_index(run->places, i);

		if ((place != run->spare || run->same_key) && place->sign != NULL &&
		    place->sign_key != NULL)
			g_ptr_array_add(found, place);
	}
	g_ptr_array_sort(found, renew_newer_first);
	return found;
}

/*
 * Hands in the request with the proof of each certificate in turn until the service takes one: only
 * it knows which one the order is for, and it says so again when asked again.
 */
static gboolean
hand_in(Run *run, GBytes *request, GError **error)
{
	g_autoptr(GPtrArray) list = candidates(run);
	GError *why = NULL;

	for (guint i = 0; i < list->len; i++) {
		const KeyPlace *place = g_ptr_array_index(list, i);
		OukSigner signer = {0};
		g_autoptr(GBytes) proof = NULL;

		g_clear_error(&why);
		if (key_signer(&run->desk, place, &signer, &why))
			proof = renew_proof(&run->order, &signer, request, place->sign, &why);
		if (proof != NULL && renew_hand_in(&run->order, request, proof, &why)) {
			g_free(run->old);
			run->old = g_strdup(place->name);
			return TRUE;
		}
		if (!g_error_matches(why, OUK_ERROR, OUK_E_SERVICE_PROOF))
			break;
	}
	if (why == NULL)
		return ouk_fail(error, OUK_E_NO_CERT);
	g_propagate_error(error, why);
	return FALSE;
}

static GBytes *
request_make(Run *run, GError **error)
{
	OukSigner signer = {0};

	return key_signer(&run->desk, run->spare, &signer, error)
		       ? renew_request(&run->order, &signer, error)
		       : NULL;
}

/* ---- the steps ---- */

/* The kind of key of the newest certificate; NULL: the key has none. */
static EVP_PKEY *
key_like(const Run *run)
{
	g_autoptr(GPtrArray) list = candidates(run);

	return list->len > 0 ? ((KeyPlace *)g_ptr_array_index(list, 0))->sign_key : NULL;
}

/* The container has a signing pair. */
static gboolean
have_pair(Run *run, GError **error)
{
	EVP_PKEY *like;

	if (run->spare != NULL && run->spare->sign_key != NULL)
		return TRUE;
	if (run->order.confirmed || run->same_key)
		return ouk_fail(error, OUK_E_NO_PRIVATE_KEY);
	like = key_like(run);
	if (like == NULL)
		return ouk_fail(error, OUK_E_NO_CERT);
	if (run->spare == NULL && !key_room(run->desk.token, run->places, error))
		return FALSE;
	if (!step(run, OUK_RENEW_GENERATE, error) ||
	    !key_generate(&run->desk, run->name, like, error) || !look(run, error))
		return FALSE;
	return run->spare != NULL && run->spare->sign_key != NULL
		       ? TRUE
		       : ouk_fail_with(error, OUK_E_KEY, "(%s)", "no pair");
}

/* The order may have gone on although the request was not taken in the end: there is none then. */
static gboolean
result_asked(Run *run, GError **error)
{
	GError *why = NULL;

	if (renew_result(&run->order, &run->result, &why))
		return TRUE;
	if (!run->order.confirmed && g_error_matches(why, OUK_ERROR, OUK_E_SERVICE_WRONG_STATE)) {
		g_error_free(why);
		return TRUE;
	}
	g_propagate_error(error, why);
	return FALSE;
}

/* There is a certificate for that pair, and we have it. */
static gboolean
have_result(Run *run, GError **error)
{
	g_autoptr(GBytes) request = NULL;

	if (run->order.issued) {
		if (!step(run, OUK_RENEW_RESULT, error) || !result_asked(run, error))
			return FALSE;
		if (is_key_of(run->spare->sign_key, run->result.sign_cert))
			return TRUE;
	}
	if (run->order.confirmed)
		return ouk_fail(error, OUK_E_NO_PRIVATE_KEY);
	if (!step(run, OUK_RENEW_REQUEST, error))
		return FALSE;
	request = request_make(run, error);
	if (request == NULL || !hand_in(run, request, error))
		return FALSE;
	renew_result_clear(&run->result);
	if (!step(run, OUK_RENEW_RESULT, error) || !renew_result(&run->order, &run->result, error))
		return FALSE;
	return is_key_of(run->spare->sign_key, run->result.sign_cert) ||
	       ouk_fail(error, OUK_E_CERT_OTHER_KEY);
}

/* The encryption pair and its certificate, where the CA makes one. */
static gboolean
have_encryption(Run *run, GError **error)
{
	const RenewResult *result = &run->result;

	if (result->enc_cert == NULL || run->same_key)
		return TRUE;
	if (!is_key_of(run->spare->encrypt_key, result->enc_cert)) {
		if (result->envelope == NULL)
			return ouk_fail(error, OUK_E_SERVICE_ANSWER);
		if (!step(run, OUK_RENEW_IMPORT, error) ||
		    !key_import(&run->desk, run->name, result->envelope, result->wrapped, error) ||
		    !look(run, error))
			return FALSE;
		if (run->spare == NULL || !is_key_of(run->spare->encrypt_key, result->enc_cert))
			return ouk_fail(error, OUK_E_PAIR_OTHER_CERT);
	}
	if (same_bytes(run->spare->encrypt, result->enc_cert))
		return TRUE;
	return step(run, OUK_RENEW_WRITE, error) &&
	       key_write_cert(&run->desk, run->name, TRUE, result->enc_cert, error) &&
	       look(run, error);
}

/* The new pair signs, and all else is there: then, and only then, it may become the one. */
static gboolean
prove(Run *run, GError **error)
{
	OukSigner signer = {0};
	guint8 nonce[NONCE_LEN];
	g_autoptr(GBytes) data = NULL;
	g_autoptr(GBytes) signature = NULL;

	if (!step(run, OUK_RENEW_PROVE, error))
		return FALSE;
	if (RAND_bytes(nonce, sizeof(nonce)) != 1)
		return ouk_fail(error, OUK_E_INTERNAL);
	data = g_bytes_new(nonce, sizeof(nonce));
	if (!key_signer(&run->desk, run->spare, &signer, error))
		return FALSE;
	signature = ouk_signer_sign(&signer, data, error);
	return signature != NULL;
}

/* One write makes the new certificate the one that counts. */
static gboolean
have_certificate(Run *run, GError **error)
{
	if (same_bytes(run->spare->sign, run->result.sign_cert))
		return TRUE;
	if (!prove(run, error))
		return FALSE;
	if (run->same_key && !renew_copy_keep(run->order.number, run->spare->sign, error))
		return FALSE;
	return step(run, OUK_RENEW_SWITCH, error) &&
	       key_write_cert(&run->desk, run->name, FALSE, run->result.sign_cert, error) &&
	       look(run, error) &&
	       (same_bytes(run->spare != NULL ? run->spare->sign : NULL, run->result.sign_cert) ||
		ouk_fail_with(error, OUK_E_KEY, "(%s)", "read back"));
}

static gboolean
have_confirmed(Run *run, GError **error)
{
	OukSigner signer = {0};

	if (run->order.confirmed)
		return TRUE;
	return step(run, OUK_RENEW_CONFIRM, error) &&
	       key_signer(&run->desk, run->spare, &signer, error) &&
	       renew_confirm(&run->order, &signer, run->result.sign_cert, error);
}

/* ---- what is old ---- */

/*
 * After the confirmation the service is asked once more which certificate the order was for: there
 * may be others of the same unit on the key. One that it does not name stays.
 */
static gboolean
old_find(Run *run, GError **error)
{
	g_autoptr(GBytes) request = NULL;
	g_autoptr(GPtrArray) list = candidates(run);
	g_autoptr(GError) why = NULL;

	if (run->old != NULL || list->len == 0)
		return TRUE;
	request = request_make(run, error);
	if (request == NULL)
		return FALSE;
	if (hand_in(run, request, &why) || g_error_matches(why, OUK_ERROR, OUK_E_SERVICE_PROOF))
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

/*
 * A removal that was cut in two, by an earlier run: what is left is a signing pair without its
 * certificate beside an encryption certificate of the same unit.
 */
static gboolean
is_half_gone(const Run *run, const KeyPlace *place)
{
	return run->resumed && place->sign == NULL && place->sign_key != NULL &&
	       place->encrypt != NULL && renew_same_unit(place->encrypt, run->result.sign_cert);
}

static gboolean
clean(Run *run, GError **error)
{
	if (run->same_key || !run->order.replaces)
		return TRUE;
	if (!step(run, OUK_RENEW_CLEAN, error) || !old_find(run, error))
		return FALSE;
	for (guint i = 0; i < run->places->len; i++) {
		KeyPlace *place = g_ptr_array_index(run->places, i);
		gboolean stays = FALSE;

		if (place == run->spare ||
		    (g_strcmp0(place->name, run->old) != 0 && !is_half_gone(run, place)))
			continue;
		if (!key_retire(&run->desk, place, &stays, error))
			return FALSE;
		run->stays = run->stays || stays;
	}
	return TRUE;
}

/* ---- all of it ---- */

static gboolean
begin(Run *run, GError **error)
{
	if (!step(run, OUK_RENEW_LOOK, error) ||
	    !key_model_check(run->desk.token, &run->same_key, error))
		return FALSE;
	run->serial = key_serial(run->desk.token, error);
	if (run->serial == NULL)
		return FALSE;
	if (!renew_order_look(&run->order, error))
		return FALSE;
	run->resumed = run->order.confirmed;
	if (strcmp(run->order.serial, run->serial) != 0)
		return ouk_fail(error, OUK_E_OTHER_KEY);
	run->desk.serial = run->order.serial;
	return key_alone(&run->desk, error) && ouk_token_open(run->desk.token, TRUE, error) &&
	       name_choose(run, error) && look(run, error);
}

static gboolean
run_all(Run *run, GError **error)
{
	return begin(run, error) && have_pair(run, error) && have_result(run, error) &&
	       have_encryption(run, error) && have_certificate(run, error) &&
	       have_confirmed(run, error) && clean(run, error) && step(run, OUK_RENEW_DONE, error);
}

gboolean
ouk_renew_run(const OukRenewal *job, OukRenewed *ret, GError **error)
{
	UK_CLEANUP(run_clear)
	Run run = {.job = job, .desk = {.token = job->token, .pin = job->pin}};
	gboolean good;

	run.order.service = job->service;
	run.order.order = g_object_ref(job->order);
	run.order.cancellable = job->cancellable;
	good = run_all(&run, error);
	ouk_token_logout(job->token);
	ouk_token_close(job->token);
	if (!good)
		return FALSE;
	ret->certificate = g_bytes_ref(run.result.sign_cert);
	ret->not_after = renew_end(run.result.sign_cert);
	ret->old_stays = run.stays;
	return TRUE;
}
