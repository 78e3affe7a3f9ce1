/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An old encryption key for a new token: two operators sign for it, the key on the new token signs
 * for itself, and the person concerned is told.
 */
#include "service/kmc/inside.h"

#include "service/base/signed.h"
#include "service/deliver/letter.h"
#include "service/store/outbox.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define BODY_ROOM     512
#define SIGNATURE_MAX 512
#define PHONE_MAX     32
#define PEOPLE        2

struct recovery {
	struct cs_kmcd *kmcd;
	const char *order, *sn, *notify;
	X509 *cert, *old; /* for signing, on the new token; for encryption, on the old one */
	EVP_PKEY *to;     /* another signing key on the new token; NULL: that of cert */
	char key_text[CS_HASH_TEXT], old_text[CS_HASH_TEXT], to_text[CS_HASH_TEXT];
	struct cs_recovery_row row;
};

static void
recovery_clear(struct recovery *recovery)
{
	X509_free(recovery->cert);
	X509_free(recovery->old);
	EVP_PKEY_free(recovery->to);
	cs_recovery_row_clear(&recovery->row);
}

/* Whom both certificates belong to: the unit with its code, or else the very same name. */
static bool
same_unit(const X509 *a, const X509 *b)
{
	char code_a[CS_CODE_TEXT], code_b[CS_CODE_TEXT];

	if (cs_cert_code(a, code_a) != CS_OK || cs_cert_code(b, code_b) != CS_OK ||
	    strcmp(code_a, code_b) != 0)
		return false;
	return code_a[0] != '\0' ||
	       X509_NAME_cmp(X509_get_subject_name(a), X509_get_subject_name(b)) == 0;
}

static enum cs_status
old_read(const json_t *request, struct recovery *recovery)
{
	CS_BLOB der = {NULL, 0};
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st;

	if (!cs_json_blob(request, "enc_cert", CS_KMC_DER_MAX, &der))
		return CS_E_ARGUMENTS;
	st = cs_own_cert_read(recovery->kmcd->ca, cs_blob_span(&der), &recovery->old);
	if (st == CS_OK)
		st = cs_hash(cs_blob_span(&der), hash);
	if (st == CS_OK)
		cs_hex(uk_span_of(hash, sizeof(hash)), recovery->old_text);
	if (st == CS_OK && !cs_cert_encrypts(recovery->old))
		return CS_E_PROOF;
	return st == CS_OK
		       ? cs_spki_hash(X509_get0_pubkey(recovery->old), recovery->row.public_hash)
		       : st;
}

/* A key keeps one pair for encryption beside each signing pair: the old one goes beside another. */
static enum cs_status
owner_read(const json_t *request, struct recovery *recovery)
{
	CS_BLOB der = {NULL, 0};
	const unsigned char *at;

	if (json_object_get(request, "to") == NULL)
		return CS_OK;
	if (!cs_json_blob(request, "to", CS_KMC_DER_MAX, &der))
		return CS_E_ARGUMENTS;
	at = der.ptr;
	recovery->to = d2i_PUBKEY(NULL, &at, (long)der.len);
	return recovery->to != NULL && at == der.ptr + der.len && cs_key_good(recovery->to)
		       ? CS_OK
		       : CS_E_ARGUMENTS;
}

static EVP_PKEY *
owner(const struct recovery *recovery)
{
	return recovery->to != NULL ? recovery->to : X509_get0_pubkey(recovery->cert);
}

/* Whose the envelope is, beside the certified key that says so. */
static enum cs_status
hashes_make(struct recovery *recovery)
{
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st = cs_spki_hash(X509_get0_pubkey(recovery->cert), hash);

	cs_hex(uk_span_of(hash, sizeof(hash)), recovery->key_text);
	if (st == CS_OK)
		st = cs_spki_hash(owner(recovery), recovery->row.signer_hash);
	cs_hex(uk_span_of(recovery->row.signer_hash, CS_HASH_LEN), recovery->to_text);
	return st;
}

static enum cs_status
recovery_read(const json_t *request, struct recovery *recovery)
{
	enum cs_status st;

	recovery->order = cs_json_word(request, "order", CS_ID_TEXT - 1);
	recovery->sn = cs_json_word(request, "sn", CS_SN_TEXT - 1);
	recovery->notify = cs_json_word(request, "notify", PHONE_MAX);
	if (recovery->order == NULL || recovery->order[0] == '\0' || recovery->sn == NULL ||
	    recovery->sn[0] == '\0' || recovery->notify == NULL || recovery->notify[0] == '\0')
		return CS_E_ARGUMENTS;
	st = cs_kmc_signer(recovery->kmcd, request, &recovery->cert);
	if (st == CS_OK)
		st = old_read(request, recovery);
	if (st == CS_OK)
		st = owner_read(request, recovery);
	if (st == CS_OK)
		st = hashes_make(recovery);
	memcpy(recovery->row.order_id, recovery->order, strlen(recovery->order) + 1);
	if (st == CS_OK && !same_unit(recovery->cert, recovery->old))
		return CS_E_PROOF;
	return st;
}

/* Only where the envelope is for another key than the certified one. */
static void
owner_line(const struct recovery *recovery, char body[BODY_ROOM])
{
	size_t len = strlen(body);

	if (recovery->to != NULL)
		(void)snprintf(body + len, BODY_ROOM - len, "to=%s\n", recovery->to_text);
}

/* The key on the new token says that it is there and what for. */
static enum cs_status
token_check(const json_t *request, const struct recovery *recovery)
{
	CS_BLOB signature = {NULL, 0};
	char body[BODY_ROOM];

	if (!cs_json_blob(request, "signature", SIGNATURE_MAX, &signature))
		return CS_E_PROOF;
	(void)snprintf(body, sizeof(body), "order=%s\nsn=%s\nenc=%s\n", recovery->order,
		       recovery->sn, recovery->old_text);
	owner_line(recovery, body);
	return cs_verify(X509_get0_pubkey(recovery->cert), CS_PURPOSE_RECOVER, uk_span_str(body),
			 cs_blob_span(&signature));
}

static enum cs_status
people_check(const json_t *request, const struct recovery *recovery)
{
	char body[BODY_ROOM];

	(void)snprintf(body, sizeof(body), "recover\norder=%s\nsn=%s\nkey=%s\nenc=%s\nnotify=%s\n",
		       recovery->order, recovery->sn, recovery->key_text, recovery->old_text,
		       recovery->notify);
	owner_line(recovery, body);
	return cs_approved(recovery->kmcd->operators, json_object_get(request, "approvals"),
			   uk_span_str(body), PEOPLE);
}

static enum cs_status
announce(const struct recovery *recovery)
{
	struct cs_kmcd *kmcd = recovery->kmcd;
	CS_PERSON person = {.id = ""};
	CS_BLOB payload = {NULL, 0};
	char once[2 * CS_HASH_TEXT + 16], text[256];
	json_t *letter;
	enum cs_status st = cs_person_new(kmcd->vault, kmcd->store, recovery->row.at, &person);

	(void)snprintf(once, sizeof(once), "recover/%s/%s", recovery->to_text, recovery->old_text);
	(void)snprintf(text, sizeof(text),
		       "您单位旧密钥中的加密密钥已恢复到密钥%s。如非本单位办理，请立即与我们联系。",
		       recovery->sn);
	letter = json_pack("{s:s, s:s, s:s}", "once", once, "to", recovery->notify, "text", text);
	if (st == CS_OK)
		st = cs_letter_seal(&person, "sms", letter, &payload);
	json_decref(letter);
	return st == CS_OK ? cs_store_post(kmcd->store, "sms", once, recovery->row.at,
					   cs_blob_span(&payload))
			   : st;
}

static enum cs_status
recover_body(struct cs_store *store, void *ctx)
{
	const struct recovery *recovery = ctx;
	enum cs_status st = cs_store_recovery_add(store, &recovery->row);

	if (st == CS_OK)
		st = announce(recovery);
	return st == CS_OK ? cs_kmc_log(recovery->kmcd, "recover", recovery->order,
					recovery->row.public_hash)
			   : st;
}

static enum cs_status
recover(struct recovery *recovery)
{
	struct cs_kmcd *kmcd = recovery->kmcd;
	struct cs_recovery_row *row = &recovery->row;
	CS_PAIR_ROW pair = {.ver = 0};
	CS_ENVELOPE envelope = {.sealed = {NULL, 0}};
	enum cs_status st =
		cs_store_recovery_get(kmcd->store, row->public_hash, row->signer_hash, row);

	if (st != CS_E_NOT_FOUND)
		return st; /* again: the answer had been lost */
	st = cs_store_pair_get(kmcd->store, row->public_hash, &pair);
	if (st == CS_OK)
		st = cs_kmc_pair_close(kmcd, &pair, owner(recovery), &envelope);
	if (st != CS_OK)
		return st;
	row->at = kmcd->clock();
	row->envelope = envelope.sealed;
	row->wrapped = envelope.wrapped;
	envelope = (struct cs_envelope){.sealed = {NULL, 0}};
	st = cs_store_tx(kmcd->store, recover_body, recovery);
	if (st != CS_E_EXISTS)
		return st;
	cs_recovery_row_clear(row);
	return cs_store_recovery_get(kmcd->store, row->public_hash, row->signer_hash, row);
}

enum cs_status
cs_kmc_recover(void *ctx, const json_t *request, json_t *answer)
{
	UK_CLEANUP(recovery_clear) struct recovery recovery = {.kmcd = ctx};
	enum cs_status st = recovery_read(request, &recovery);

	if (st == CS_OK)
		st = token_check(request, &recovery);
	if (st == CS_OK)
		st = people_check(request, &recovery);
	if (st == CS_OK)
		st = recover(&recovery);
	return st == CS_OK ? cs_kmc_put(answer, cs_blob_span(&recovery.row.envelope),
					cs_blob_span(&recovery.row.wrapped))
			   : st;
}
