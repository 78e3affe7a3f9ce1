/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/signed.h"
#include "service/receipts/inside.h"

#include <stdio.h>
#include <string.h>

#define PATH_ROOM 512
#define KEYS_MAX  8

static const struct {
	const char *form;
	enum cs_status (*read)(const struct cs_receipt_rules *rules,
			       const struct cs_notice_told *told, struct cs_receipt *ret);
} forms[] = {{"wechatpay-v3", cs_wechat_read}, {"alipay", cs_alipay_read}};

bool
cs_base64_take(const char *text, size_t most, struct cs_blob *ret)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789+/";
	size_t len = strlen(text), digits = strspn(text, allowed), pad = len - digits;
	CS_BLOB bytes = {NULL, 0};
	int got;

	if (len == 0 || len % 4 != 0 || pad > 2 || strspn(text + digits, "=") != pad ||
	    len / 4 * 3 - pad > most || cs_blob_room(&bytes, len / 4 * 3) != CS_OK)
		return false;
	got = EVP_DecodeBlock(bytes.ptr, (const unsigned char *)text, (int)len);
	return got == (int)(len / 4 * 3) &&
	       cs_blob_set(ret, uk_span_of(bytes.ptr, (size_t)got - pad)) == CS_OK;
}

/* A name beside the rules, or a whole path. */
static bool
path_of(const struct cs_receipt_rules *rules, const char *name, char *ret, size_t room)
{
	const char *slash = strrchr(rules->path, '/');
	int folder = name[0] != '/' && slash != NULL ? (int)(slash + 1 - rules->path) : 0;
	int len = snprintf(ret, room, "%.*s%s", folder, rules->path, name);

	return len > 0 && (size_t)len < room;
}

bool
cs_receipt_file(const struct cs_receipt_rules *rules, const char *member, char *ret, size_t room)
{
	const char *name = cs_json_text(rules->json, member, PATH_ROOM - 1);

	return name != NULL && name[0] != '\0' && path_of(rules, name, ret, room);
}

bool
cs_receipt_ours(const struct cs_receipt_rules *rules, const char *member, const char *told)
{
	const char *wanted = cs_json_text(rules->json, member, 128);

	if (json_object_get(rules->json, member) == NULL)
		return true;
	return wanted != NULL && told != NULL && strcmp(wanted, told) == 0;
}

static void
pkey_drop(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static enum cs_status
signed_by(const char *path, struct uk_span bytes, struct uk_span signature)
{
	UK_CLEANUP(pkey_drop) EVP_PKEY *key = cs_public_key_read(path);

	if (key == NULL || EVP_PKEY_is_a(key, "RSA") != 1)
		return CS_E_UNAVAILABLE;
	return cs_verify_sha256(key, bytes, signature);
}

/* There are two while the provider changes its key. */
enum cs_status
cs_receipt_signed(const struct cs_receipt_rules *rules, struct uk_span bytes,
		  struct uk_span signature)
{
	const json_t *list = json_object_get(rules->json, "public_keys");
	char path[PATH_ROOM];
	enum cs_status st = CS_E_UNAVAILABLE;

	for (size_t i = 0; i < json_array_size(list) && i < KEYS_MAX && st != CS_OK; i++) {
		const char *name = json_string_value(json_array_get(list, i));
		enum cs_status one = CS_E_UNAVAILABLE;

		if (name != NULL && path_of(rules, name, path, sizeof(path)))
			one = signed_by(path, bytes, signature);
		if (one != CS_E_UNAVAILABLE)
			st = one;
	}
	return st;
}

enum cs_status
cs_receipt_read(const char *rules_path, const struct cs_notice_told *told, struct cs_receipt *ret)
{
	CS_JSON *json = json_load_file(rules_path, JSON_REJECT_DUPLICATES, NULL);
	const struct cs_receipt_rules rules = {rules_path, json};
	const char *form = cs_json_text(json, "form", 32);
	struct cs_receipt receipt = {.amount = 0};
	enum cs_status st = CS_E_UNAVAILABLE;

	if (told->body.len > CS_NOTICE_MAX || told->signature.len > CS_NOTICE_SIGNATURE_MAX)
		return CS_E_PROOF;
	for (size_t i = 0; form != NULL && i < ARRAY_SIZE(forms); i++)
		if (strcmp(forms[i].form, form) == 0)
			st = forms[i].read(&rules, told, &receipt);
	if (st == CS_OK)
		*ret = receipt;
	return st;
}
