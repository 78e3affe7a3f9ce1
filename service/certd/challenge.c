/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A unit's orders for one key, for whoever has the key: no text message needed.  A challenge is
 * made without writing anything down; that it was answered is.
 */
#include "service/certd/api.h"

#include "common/gm.h"
#include "service/base/signed.h"
#include "service/store/contacts.h"
#include "service/store/deliveries.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define LIFE       (5 * CS_MINUTE)
#define TIME_LEN   4
#define RANDOM_LEN 12
#define MAC_LEN    16
#define ALL_LEN    (TIME_LEN + RANDOM_LEN + MAC_LEN)
#define CERT_MAX   8192
#define SIGNED_MAX 1024
#define BODY_ROOM  192
#define CODE_MAX   64

/* Where CAs write the unit's code: our own, and that of GM/T 0015. */
static const char *const code_oids[] = {"1.2.156.112562.2.1.1.17", "1.2.156.10260.4.1.4"};

static enum cs_status
challenge_mac(const struct cs_desk *desk, const uint8_t bytes[ALL_LEN], const char *sn,
	      uint8_t ret[CS_HASH_LEN])
{
	char about[2 * ALL_LEN + CS_SN_TEXT + 1], mark[CS_HASH_TEXT];
	enum cs_status st;

	cs_hex(uk_span_of(bytes, TIME_LEN + RANDOM_LEN), about);
	(void)snprintf(about + 2 * (TIME_LEN + RANDOM_LEN), CS_SN_TEXT + 1, "/%s", sn);
	st = cs_vault_mark(desk->orders.vault, "challenge", about, mark);
	return st == CS_OK && !cs_hex_read(mark, ret, CS_HASH_LEN) ? CS_E_INTERNAL : st;
}

enum cs_status
cs_api_challenge(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	const struct cs_desk *desk = ctx;
	const char *sn = cs_json_text(http->json, "sn", CS_SN_TEXT - 1);
	uint8_t bytes[ALL_LEN], mac[CS_HASH_LEN];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));
	char text[2 * ALL_LEN + 1];
	enum cs_status st;

	if (sn == NULL || sn[0] == '\0')
		return CS_E_ARGUMENTS;
	uk_put_u32(&out, UK_BIG_ENDIAN, (uint32_t)cs_now());
	st = cs_random(bytes + TIME_LEN, RANDOM_LEN);
	if (st == CS_OK)
		st = challenge_mac(desk, bytes, sn, mac);
	if (st != CS_OK)
		return st;
	memcpy(bytes + TIME_LEN + RANDOM_LEN, mac, MAC_LEN);
	cs_hex(uk_span_of(bytes, sizeof(bytes)), text);
	return json_object_set_new(answer, "challenge", json_string(text)) == 0 ? CS_OK
										: CS_E_MEMORY;
}

/* One of ours, for that key, and fresh. */
static enum cs_status
challenge_check(const struct cs_desk *desk, const char *text, const char *sn)
{
	uint8_t bytes[ALL_LEN], mac[CS_HASH_LEN];
	struct uk_span in = uk_span_of(bytes, sizeof(bytes));
	uint32_t made = 0;
	int64_t age;
	enum cs_status st;

	if (!cs_hex_read(text, bytes, sizeof(bytes)) || !uk_take_u32(&in, UK_BIG_ENDIAN, &made))
		return CS_E_PROOF;
	st = challenge_mac(desk, bytes, sn, mac);
	if (st == CS_OK && !cs_equal_secret(uk_span_of(mac, MAC_LEN),
					    uk_span_of(bytes + TIME_LEN + RANDOM_LEN, MAC_LEN)))
		st = CS_E_PROOF;
	age = (int64_t)(uint32_t)((uint32_t)cs_now() - made);
	return st == CS_OK && age > LIFE ? CS_E_PROOF : st;
}

#define DROP(type)                             \
	static void type##_drop(type **object) \
	{                                      \
		type##_free(*object);          \
	}
DROP(X509)
DROP(X509_STORE_CTX)

#define SCOPED(type) UK_CLEANUP(type##_drop) type

/* Of a signature by SM2 only: with it one by RSA does not verify. */
static void
id_set(X509 *cert)
{
	ASN1_OCTET_STRING *id = NULL;

	if (X509_get_signature_nid(cert) != NID_SM2_with_SM3)
		return;
	id = ASN1_OCTET_STRING_new();
	if (id != NULL && ASN1_OCTET_STRING_set(id, (const unsigned char *)GM_SM2_DEFAULT_ID,
						(int)(sizeof(GM_SM2_DEFAULT_ID) - 1)) == 1)
		X509_set0_distinguishing_id(cert, id); /* takes it over */
	else
		ASN1_OCTET_STRING_free(id);
}

void
cs_anchors_free(struct cs_anchors *anchors)
{
	for (size_t i = 0; i < anchors->len; i++)
		X509_free(anchors->list[i]);
	X509_STORE_free(anchors->store);
	*anchors = (struct cs_anchors){.len = 0};
}

enum cs_status
cs_anchors_read(const char *path, struct cs_anchors *ret)
{
	BIO *bio = BIO_new_file(path, "rb");
	struct cs_anchors anchors = {.store = X509_STORE_new()};
	X509 *cert;

	while (bio != NULL && anchors.store != NULL && anchors.len < CS_ANCHORS_MAX &&
	       (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		id_set(cert);
		anchors.list[anchors.len++] = cert;
		(void)X509_STORE_add_cert(anchors.store, cert);
	}
	(void)BIO_free(bio);
	if (anchors.len == 0) {
		cs_anchors_free(&anchors);
		return CS_E_ARGUMENTS;
	}
	*ret = anchors;
	return CS_OK;
}

/* An end certificate of ours, also one that has run out: that is when people ask. */
static bool
chain_good(const struct cs_anchors *anchors, X509 *cert)
{
	SCOPED(X509_STORE_CTX) *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;

	if (anchors->store == NULL || ctx == NULL || X509_check_ca(cert) != 0 ||
	    X509_STORE_CTX_init(ctx, anchors->store, cert, NULL) != 1)
		return false;
	param = X509_STORE_CTX_get0_param(ctx);
	if (X509_VERIFY_PARAM_set_flags(param,
					X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN) != 1)
		return false;
	return X509_verify_cert(ctx) == 1;
}

/* The unit's code in an extension: a string in whatever wrapping; its letters and digits. */
static bool
code_read(const X509 *cert, char ret[CODE_MAX])
{
	for (size_t i = 0; i < ARRAY_SIZE(code_oids); i++) {
		ASN1_OBJECT *oid = OBJ_txt2obj(code_oids[i], 1);
		int at = oid != NULL ? X509_get_ext_by_OBJ(cert, oid, -1) : -1;
		const ASN1_OCTET_STRING *data =
			at >= 0 ? X509_EXTENSION_get_data(X509_get_ext(cert, at)) : NULL;
		const unsigned char *der = data != NULL ? ASN1_STRING_get0_data(data) : NULL;
		int len = data != NULL ? ASN1_STRING_length(data) : 0;

		ASN1_OBJECT_free(oid);
		if (der == NULL || len < 3 || len >= CODE_MAX || der[1] != len - 2)
			continue;
		memcpy(ret, der + 2, (size_t)len - 2);
		ret[len - 2] = '\0';
		return strlen(ret) == (size_t)len - 2;
	}
	return false;
}

/* The certificate is ours and its key has signed this challenge; the mark of its unit. */
static enum cs_status
answer_check(const struct cs_desk *desk, const struct cs_http_request *http, const char *sn,
	     char ret_unit[CS_HASH_TEXT])
{
	CS_BLOB der = {NULL, 0}, signature = {NULL, 0};
	SCOPED(X509) *cert = NULL;
	const unsigned char *at;
	char body[BODY_ROOM], code[CODE_MAX];
	enum cs_status st;

	if (!cs_json_blob(http->json, "cert", CERT_MAX, &der) ||
	    !cs_json_blob(http->json, "signature", SIGNED_MAX, &signature))
		return CS_E_ARGUMENTS;
	at = der.ptr;
	cert = d2i_X509(NULL, &at, (long)der.len);
	if (cert == NULL || at != der.ptr + der.len)
		return CS_E_ARGUMENTS;
	id_set(cert);
	if (!chain_good(&desk->certd->anchors, cert) || !code_read(cert, code))
		return CS_E_PROOF;
	(void)snprintf(body, sizeof(body), "challenge=%s\nsn=%s\n", http->parts[0], sn);
	st = cs_verify(X509_get0_pubkey(cert), CS_PURPOSE_QUERY, uk_span_str(body),
		       cs_blob_span(&signature));
	return st == CS_OK ? cs_vault_mark(desk->orders.vault, "unit", code, ret_unit) : st;
}

struct keyed {
	const char *sn;
	json_t *ids;
	json_t *others; /* about another key, or none: what came of them may be this one */
};

static enum cs_status
of_key(const struct cs_order_row *row, void *ctx)
{
	const struct keyed *keyed = ctx;
	json_t *list = strcmp(row->key_sn, keyed->sn) == 0 ? keyed->ids : keyed->others;

	return json_array_append_new(list, json_string(row->id)) == 0 ? CS_OK : CS_E_MEMORY;
}

/* Those that this key was made for. */
static enum cs_status
made_for(struct cs_desk *desk, const struct keyed *keyed)
{
	for (size_t i = 0; i < json_array_size(keyed->others); i++) {
		json_t *id = json_array_get(keyed->others, i);
		CS_DELIVERY delivery = {.key_sn = ""};
		enum cs_status st =
			cs_store_delivery_get(desk->orders.store, json_string_value(id), &delivery);

		if (st != CS_OK && st != CS_E_NOT_FOUND)
			return st;
		if (st == CS_OK && strcmp(delivery.key_sn, keyed->sn) == 0 &&
		    json_array_append(keyed->ids, id) != 0)
			return CS_E_MEMORY;
	}
	return CS_OK;
}

enum cs_status
cs_api_challenge_answer(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	const char *sn = cs_json_text(http->json, "sn", CS_SN_TEXT - 1);
	char unit[CS_HASH_TEXT];
	CS_JSON *ids = json_array();
	CS_JSON *others = json_array();
	struct keyed keyed = {sn, ids, others};
	enum cs_status st = sn != NULL ? challenge_check(desk, http->parts[0], sn) : CS_E_ARGUMENTS;

	if (st == CS_OK)
		st = answer_check(desk, http, sn, unit);
	/* A key that was lost is in somebody else's hand. */
	if (st == CS_OK && cs_store_key_blocked(desk->orders.store, sn, "lost") != CS_E_NOT_FOUND)
		st = CS_E_REVOKED;
	if (st == CS_OK)
		st = cs_store_challenge_use(desk->orders.store, http->parts[0], cs_now());
	if (st == CS_E_EXISTS)
		return CS_E_PROOF;
	if (st == CS_OK)
		st = cs_store_orders_of_unit(desk->orders.store, unit, of_key, &keyed);
	if (st == CS_OK)
		st = made_for(desk, &keyed);
	return st == CS_OK ? cs_api_list(desk, ids, answer) : st;
}
