/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/unlock/secrets.h"

#include "service/unlock/cryptogram.h"

#include <stdio.h>
#include <string.h>

#define MESSAGE_ROOM 160

static const char pepper_label[] = "openukey-pepper";

void
cs_master_label(int64_t version, char ret[CS_MASTER_LABEL])
{
	(void)snprintf(ret, CS_MASTER_LABEL, "openukey-master-%ld", (long)version);
}

/* A 256-bit number's lowest digits to the base 62: the bias is beyond measure. */
static void
base62(uint8_t number[CS_HASH_LEN], struct uk_secret *ret)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz";

	for (size_t at = 0; at < CS_DERIVED_PIN_LEN; at++) {
		unsigned int rest = 0;

		for (size_t i = 0; i < CS_HASH_LEN; i++) {
			rest = rest << 8 | number[i];
			number[i] = (uint8_t)(rest / 62);
			rest %= 62;
		}
		ret->bytes[at] = (uint8_t)digits[rest];
	}
	ret->len = CS_DERIVED_PIN_LEN;
}

static enum cs_status
derive(struct cs_hsm *hsm, int64_t master, const char *message, struct uk_secret *ret)
{
	uint8_t number[CS_HASH_LEN];
	char label[CS_MASTER_LABEL];
	enum cs_status st;

	cs_master_label(master, label);
	st = cs_hsm_hmac(hsm, label, uk_span_str(message), number);
	if (st == CS_OK)
		base62(number, ret);
	uk_wipe(number, sizeof(number));
	return st;
}

enum cs_status
cs_admin_pin(struct cs_hsm *hsm, int64_t master, const char *key_sn, struct uk_secret *ret)
{
	char message[MESSAGE_ROOM];

	(void)snprintf(message, sizeof(message), "OpenUKey-v1 ADMPIN %ld %s", (long)master, key_sn);
	return derive(hsm, master, message, ret);
}

enum cs_status
cs_device_key(struct cs_hsm *hsm, int64_t master, const char *key_sn, struct uk_secret *ret)
{
	char message[MESSAGE_ROOM], label[CS_MASTER_LABEL];
	uint8_t number[CS_HASH_LEN];
	enum cs_status st;

	(void)snprintf(message, sizeof(message), "OpenUKey-v1 DEVKEY %ld %s", (long)master, key_sn);
	cs_master_label(master, label);
	st = cs_hsm_hmac(hsm, label, uk_span_str(message), number);
	if (st == CS_OK) {
		memcpy(ret->bytes, number, GM_BLOCK_LEN);
		ret->len = GM_BLOCK_LEN;
	}
	uk_wipe(number, sizeof(number));
	return st;
}

enum cs_status
cs_transport_pin(struct cs_hsm *hsm, int64_t master, const char *order_id, int64_t attempt,
		 struct uk_secret *ret)
{
	char message[MESSAGE_ROOM];

	(void)snprintf(message, sizeof(message), "OpenUKey-v1 TRANSPORT %s %ld", order_id,
		       (long)attempt);
	return derive(hsm, master, message, ret);
}

enum cs_status
cs_code_mac(struct cs_hsm *hsm, const char *order_id, const char *code, uint8_t ret[CS_HASH_LEN])
{
	char message[MESSAGE_ROOM];
	enum cs_status st;

	(void)snprintf(message, sizeof(message), "OpenUKey-v1 CODE %s %s", order_id, code);
	st = cs_hsm_hmac(hsm, pepper_label, uk_span_str(message), ret);
	uk_wipe(message, sizeof(message));
	return st;
}

enum cs_status
cs_code_new(char ret[CS_CODE_TEXT])
{
	uint32_t number;
	enum cs_status st = cs_random_below(100000000, &number);

	if (st == CS_OK)
		(void)snprintf(ret, CS_CODE_TEXT, "%08u", number % 100000000);
	return st;
}

enum cs_status
cs_pepper_init(struct cs_hsm *hsm)
{
	enum cs_status st = cs_hsm_make(hsm, pepper_label);

	return st == CS_E_EXISTS ? CS_OK : st;
}
