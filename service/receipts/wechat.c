/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * WeChat Pay, API v3.  The headers Wechatpay-Timestamp, -Nonce and -Signature sign the body; what
 * happened is in the body's "resource", under the merchant's API v3 key.
 */
#include "service/base/daemon.h"
#include "service/receipts/inside.h"

#include "common/secret.h"

#include <openssl/evp.h>
#include <string.h>

#define PATH_ROOM 512
#define NONCE_LEN 12
#define TAG_LEN   16
#define KEY_LEN   32
#define SEALED    "AEAD_AES_256_GCM"

/* "SECONDS:NONCE" */
static bool
stamp_split(const char *stamp, struct uk_span *ret_time, struct uk_span *ret_nonce,
	    int64_t *ret_sent)
{
	size_t digits = strspn(stamp, "0123456789"), len = strlen(stamp);

	if (digits == 0 || digits > 12 || stamp[digits] != ':' || len >= CS_NOTICE_STAMP_TEXT ||
	    len == digits + 1)
		return false;
	*ret_time = uk_span_of(stamp, digits);
	*ret_nonce = uk_span_of(stamp + digits + 1, len - digits - 1);
	*ret_sent = strtoll(stamp, NULL, 10);
	return true;
}

/* Each followed by a newline, the last one too. */
static enum cs_status
signature_check(const struct cs_receipt_rules *rules, const struct cs_notice_told *told,
		int64_t *ret_sent)
{
	CS_BLOB bytes = {NULL, 0};
	struct uk_span time, nonce;
	struct uk_writer out;
	enum cs_status st;

	if (!stamp_split(told->stamp, &time, &nonce, ret_sent))
		return CS_E_PROOF;
	st = cs_blob_room(&bytes, time.len + nonce.len + told->body.len + 3);
	if (st != CS_OK)
		return st;
	out = uk_writer_of(bytes.ptr, bytes.len);
	uk_put(&out, time);
	uk_put_u8(&out, '\n');
	uk_put(&out, nonce);
	uk_put_u8(&out, '\n');
	uk_put(&out, told->body);
	uk_put_u8(&out, '\n');
	return cs_receipt_signed(rules, uk_writer_span(&out), told->signature);
}

static void
cipher_drop(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

/* The tag stands behind the cipher text. */
static enum cs_status
unseal(struct uk_span key, struct uk_span nonce, struct uk_span about, struct uk_span sealed,
       struct cs_blob *ret)
{
	UK_CLEANUP(cipher_drop) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	struct uk_span cipher, tag;
	uint8_t tag_copy[TAG_LEN];
	int len = 0;

	if (sealed.len <= TAG_LEN || !uk_take(&sealed, sealed.len - TAG_LEN, &cipher) ||
	    !uk_take(&sealed, TAG_LEN, &tag) || cs_blob_room(ret, cipher.len) != CS_OK)
		return CS_E_PROOF;
	memcpy(tag_copy, tag.ptr, TAG_LEN);
	if (ctx == NULL ||
	    EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key.ptr, nonce.ptr) != 1 ||
	    (about.len > 0 && EVP_DecryptUpdate(ctx, NULL, &len, about.ptr, (int)about.len) != 1) ||
	    EVP_DecryptUpdate(ctx, ret->ptr, &len, cipher.ptr, (int)cipher.len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag_copy) != 1 ||
	    EVP_DecryptFinal_ex(ctx, ret->ptr + len, &len) != 1)
		return CS_E_PROOF;
	return CS_OK;
}

static enum cs_status
resource_open(const struct cs_receipt_rules *rules, const json_t *resource, struct cs_blob *ret)
{
	const char *algorithm = cs_json_text(resource, "algorithm", 32);
	const char *text = cs_json_text(resource, "ciphertext", CS_NOTICE_MAX);
	const char *nonce = cs_json_text(resource, "nonce", NONCE_LEN);
	const char *about = cs_json_text_or_empty(resource, "associated_data", 64);
	UK_SECRET key = {.len = 0};
	CS_BLOB sealed = {NULL, 0};
	char path[PATH_ROOM];
	enum cs_status st;

	if (algorithm == NULL || strcmp(algorithm, SEALED) != 0 || text == NULL || nonce == NULL ||
	    strlen(nonce) != NONCE_LEN || about == NULL ||
	    !cs_base64_take(text, CS_NOTICE_MAX, &sealed))
		return CS_E_PROOF;
	if (!cs_receipt_file(rules, "api_key_file", path, sizeof(path)))
		return CS_E_UNAVAILABLE;
	st = cs_daemon_secret(path, &key);
	if (st != CS_OK || key.len != KEY_LEN)
		return CS_E_UNAVAILABLE;
	return unseal(uk_secret_peek(&key), uk_span_str(nonce), uk_span_str(about),
		      cs_blob_span(&sealed), ret);
}

static enum cs_status
transaction_read(const struct cs_receipt_rules *rules, const json_t *json, struct cs_receipt *ret)
{
	const char *state = cs_json_text(json, "trade_state", 32);
	const char *reference = cs_json_word(json, "out_trade_no", sizeof(ret->reference) - 1);
	const json_t *amount = json_object_get(json, "amount");
	const char *currency = cs_json_text(amount, "currency", 8);

	if (!cs_receipt_ours(rules, "mchid", cs_json_text(json, "mchid", 64)) ||
	    !cs_receipt_ours(rules, "appid", cs_json_text(json, "appid", 64)) || state == NULL ||
	    reference == NULL || reference[0] == '\0')
		return CS_E_PROOF;
	if (strcmp(state, "SUCCESS") != 0)
		return CS_E_STATE;
	if (!cs_json_number(amount, "total", &ret->amount) || ret->amount < 0 ||
	    (json_object_get(amount, "currency") != NULL &&
	     (currency == NULL || strcmp(currency, "CNY") != 0)))
		return CS_E_PROOF;
	memcpy(ret->reference, reference, strlen(reference) + 1);
	return CS_OK;
}

enum cs_status
cs_wechat_read(const struct cs_receipt_rules *rules, const struct cs_notice_told *told,
	       struct cs_receipt *ret)
{
	CS_JSON *outside = NULL;
	CS_JSON *inside = NULL;
	CS_BLOB opened = {NULL, 0};
	const char *event, *id;
	enum cs_status st = signature_check(rules, told, &ret->sent);

	if (st != CS_OK)
		return st;
	outside = cs_json_read(told->body);
	event = cs_json_text(outside, "event_type", 64);
	id = cs_json_text(outside, "id", sizeof(ret->notice) - 1);
	if (event == NULL || id == NULL || id[0] == '\0')
		return CS_E_PROOF;
	if (strcmp(event, "TRANSACTION.SUCCESS") != 0)
		return CS_E_STATE;
	st = resource_open(rules, json_object_get(outside, "resource"), &opened);
	if (st != CS_OK)
		return st;
	inside = cs_json_read(cs_blob_span(&opened));
	memcpy(ret->notice, id, strlen(id) + 1);
	return inside != NULL ? transaction_read(rules, inside, ret) : CS_E_PROOF;
}
