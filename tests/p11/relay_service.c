/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/p11/relay_service.h"

#include "service/unlock/cryptogram.h"
#include "tests/p11/check.h"

#include <openssl/evp.h>
#include <string.h>

void
relay_service_init(struct relay_service *service)
{
	*service = (struct relay_service){
		.admin_pin = DESK_ADMIN_PIN, .device_key = FACTORY_KEY, .data_len = -1};
}

static bool
sm4(const EVP_CIPHER *cipher, const char *key, const uint8_t *iv, struct uk_span in, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len = 0;
	bool right = EVP_EncryptInit_ex(ctx, cipher, NULL, (const uint8_t *)key, iv) == 1 &&
		     EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
		     EVP_EncryptUpdate(ctx, out, &len, in.ptr, (int)in.len) == 1;

	EVP_CIPHER_CTX_free(ctx);
	return right;
}

/* ChangeDevAuthKey: the new key under the old one, and the MAC over 84 12 00 02. */
static void
device_key_block(const char *old_key, const uint8_t *random, struct uk_writer *out)
{
	uint8_t message[32] = {0x84, 0x12, 0, 2, 0, 16, 0, 0};
	uint8_t iv[16] = {0}, chained[32];

	memcpy(iv, random, GM_RANDOM_LEN);
	(void)sm4(EVP_sm4_ecb(), old_key, NULL, uk_span_of(SERVICE_KEY, 16), message + 8);
	message[24] = 0x80;
	(void)sm4(EVP_sm4_cbc(), old_key, iv, uk_span_of(message, 32), chained);
	uk_put(out, uk_span_of(message + 8, 16));
	uk_put(out, uk_span_of(chained + 16, 4));
}

static void
pin_block(const struct relay_service *service, const struct cs_key_rules *rules, uint8_t ins,
	  const char *fresh, struct uk_writer *out)
{
	struct cs_new_pin command = {
		.ins = ins, .old = uk_span_str(service->admin_pin), .fresh = uk_span_str(fresh)};

	memcpy(command.app, service->last.app, sizeof(command.app));
	assert_int_equal(cs_new_pin_block(rules, &command, service->last.random, out), CS_OK);
}

static void
answer_make(const struct relay_service *service, const struct cs_key_rules *rules,
	    struct uk_writer *out)
{
	const struct openukey_relay_question *q = &service->last;
	uint8_t block[16] = {0};

	switch (q->stage) {
	case OPENUKEY_RELAY_ADMIN:
		assert_int_equal(
			cs_verify_block(rules, uk_span_str(service->admin_pin), q->random, block),
			CS_OK);
		uk_put(out, uk_span_of(block, sizeof(block)));
		break;
	case OPENUKEY_RELAY_UNBLOCK:
		pin_block(service, rules, GM_INS_UNBLOCK_PIN, TRANSPORT_PIN, out);
		break;
	case OPENUKEY_RELAY_ADMIN_PIN:
		pin_block(service, rules, GM_INS_CHANGE_PIN, SERVICE_ADMIN_PIN, out);
		break;
	case OPENUKEY_RELAY_DEVICE_KEY:
		device_key_block(service->device_key, q->random, out);
		break;
	default:
		memcpy(block, q->random, GM_RANDOM_LEN);
		(void)sm4(EVP_sm4_ecb(), SERVICE_KEY, NULL, uk_span_of(block, 16), block);
		uk_put(out, uk_span_of(block, sizeof(block)));
	}
}

static CK_RV
ask(void *context, const struct openukey_relay_question *question,
    struct openukey_relay_answer *ret)
{
	struct relay_service *service = context;
	struct uk_writer out = uk_writer_of(ret->data, sizeof(ret->data));
	const struct cs_key_rules *rules = cs_key_rules_find(question->model);
	bool wrong = ++service->asked == service->wrong_at;

	service->last = *question;
	if (wrong && service->then != NULL)
		service->then(service);
	if (wrong && service->fail != CKR_OK)
		return service->fail;
	if (rules == NULL)
		return CKR_GENERAL_ERROR;
	answer_make(service, rules, &out);
	ret->data_len = out.len;
	if (question->stage == OPENUKEY_RELAY_UNBLOCK) {
		memcpy(ret->transport, TRANSPORT_PIN, strlen(TRANSPORT_PIN));
		ret->transport_len = strlen(TRANSPORT_PIN);
	}
	if (!wrong)
		return CKR_OK;
	if (service->data_len >= 0)
		ret->data_len = (CK_ULONG)service->data_len;
	if (service->garbage)
		memset(ret->data, 0x5a, sizeof(ret->data));
	if (service->no_transport)
		ret->transport_len = 0;
	if (service->stray)
		ret->data_len = ret->transport_len = 100000;
	return CKR_OK;
}

struct openukey_relay
relay_of(struct relay_service *service)
{
	return (struct openukey_relay){service, ask};
}
