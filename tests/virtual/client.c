/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/virtual/client.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <string.h>

const struct app_settings default_settings = {
	.name = APPLICATION,
	.user_pin = USER_PIN,
	.admin_pin = ADMIN_PIN,
	.user_tries = 10,
	.admin_tries = 10,
	.create_rights = GM_RIGHT_USER,
	.max_containers = 4,
	.max_certs = 6,
	.max_files = 3,
};

struct uk_writer
client_data(void)
{
	static uint8_t bytes[UK_APDU_DATA_MAX];

	return uk_writer_of(bytes, sizeof(bytes));
}

void
client_sm4(const uint8_t sm4_key[16], struct uk_span in, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len = 0;

	assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_sm4_ecb(), NULL, sm4_key, NULL), 1);
	assert_int_equal(EVP_CIPHER_CTX_set_padding(ctx, 0), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, out, &len, in.ptr, (int)in.len), 1);
	assert_int_equal(len, in.len);
	EVP_CIPHER_CTX_free(ctx);
}

static void
make_pin_key(const char *pin, uint8_t pin_key[16])
{
	uint8_t padded[16] = {0}, hash[20];

	memcpy(padded, pin, strlen(pin));
	assert_int_equal(EVP_Digest(padded, 16, hash, NULL, EVP_sha1(), NULL), 1);
	memcpy(pin_key, hash, 16);
}

static void
make_mac(const uint8_t mac_key[16], const uint8_t random[8], struct uk_span command, uint8_t mac[4])
{
	/* command: CLA INS P1 P2 || data */
	uint8_t message[160] = {0}, chained[160], iv[16] = {0};
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	size_t data_len = command.len - 4, len = 8 + data_len;
	int out_len = 0;

	memcpy(iv, random, 8);
	memcpy(message, command.ptr, 4);
	message[4] = (uint8_t)(data_len >> 8);
	message[5] = (uint8_t)data_len;
	memcpy(message + 8, command.ptr + 4, data_len);
	message[len++] = 0x80;
	len = (len + 15) / 16 * 16;
	assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_sm4_cbc(), NULL, mac_key, iv), 1);
	assert_int_equal(EVP_CIPHER_CTX_set_padding(ctx, 0), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, chained, &out_len, message, (int)len), 1);
	assert_int_equal(out_len, len);
	memcpy(mac, chained + len - 16, 4);
	EVP_CIPHER_CTX_free(ctx);
}

uint16_t
client_random(struct key *key, uint8_t random[8])
{
	uint16_t sw = key_send(key, 0x50, 0, uk_span_of(NULL, 0), 8);

	if (sw == 0x9000) {
		assert_int_equal(key->data.len, 8);
		memcpy(random, key->data.ptr, 8);
	}
	return sw;
}

uint16_t
client_dev_auth(struct key *key, const char *device_key)
{
	uint8_t block[16] = {0}, cipher[16];

	assert_sw(client_random(key, block), 0x9000);
	client_sm4((const uint8_t *)device_key, uk_span_of(block, 16), cipher);
	return key_send(key, 0x10, 0x0002, uk_span_of(cipher, 16), UK_LE_NONE);
}

/* Adds the MAC to CLA INS P1 P2 || data and sends it. */
static uint16_t
send_with_mac(struct key *key, const uint8_t mac_key[16], const uint8_t random[8],
	      struct uk_writer *command)
{
	uint8_t mac[4];
	uint32_t header = 0;
	struct uk_span rest;

	make_mac(mac_key, random, uk_writer_span(command), mac);
	uk_put(command, uk_span_of(mac, 4));
	rest = uk_writer_span(command);
	assert_true(uk_take_u32(&rest, UK_BIG_ENDIAN, &header));
	return key_command(key, header, rest, UK_LE_NONE);
}

uint16_t
client_change_dev_key(struct key *key, const char *old, const char *fresh)
{
	struct uk_writer out = client_data();
	uint8_t random[8], cipher[16];

	assert_sw(client_random(key, random), 0x9000);
	client_sm4((const uint8_t *)old, uk_span_of(fresh, 16), cipher);
	uk_put_u32(&out, UK_BIG_ENDIAN, 0x84120002);
	uk_put(&out, uk_span_of(cipher, 16));
	return send_with_mac(key, (const uint8_t *)old, random, &out);
}

uint16_t
client_create_app(struct key *key, const struct app_settings *settings)
{
	struct uk_writer out = client_data();

	uk_put_padded(&out, uk_span_str(settings->name), key->name_len);
	uk_put_padded(&out, uk_span_str(settings->admin_pin), 16);
	uk_put_u32(&out, key->order, settings->admin_tries);
	uk_put_padded(&out, uk_span_str(settings->user_pin), 16);
	uk_put_u32(&out, key->order, settings->user_tries);
	uk_put_u32(&out, key->order, settings->create_rights);
	uk_put_u8(&out, settings->max_containers);
	uk_put_u8(&out, settings->max_certs);
	uk_put_u16(&out, key->order, settings->max_files);
	return key_send(key, 0x20, 0, uk_writer_span(&out), UK_LE_NONE);
}

uint16_t
client_open_app(struct key *key, const char *name, struct ids *ret_ids)
{
	uint16_t sw = key_send(key, 0x26, 0, uk_span_str(name), 10);

	if (sw == 0x9000) {
		assert_int_equal(key->data.len, 10);
		memcpy(ret_ids->bytes, key->data.ptr + 8, 2);
	}
	return sw;
}

uint16_t
client_verify(struct key *key, const struct ids *ids, uint8_t type, const char *pin)
{
	uint8_t pin_key[16], random[8], block[16] = {0}, cipher[16];
	struct uk_writer out = client_data();

	if (client_random(key, random) != 0x9000)
		return SW_PULLED;
	make_pin_key(pin, pin_key);
	if (key->zero_padding) {
		memcpy(block, random, 8);
	} else {
		block[0] = 8;
		memcpy(block + 2, random, 8);
		block[10] = 0x80;
	}
	client_sm4(pin_key, uk_span_of(block, 16), cipher);
	uk_put(&out, ids_app(ids));
	uk_put(&out, uk_span_of(cipher, 16));
	return key_send(key, 0x18, type, uk_writer_span(&out), UK_LE_NONE);
}

uint16_t
client_new_pin_raw(struct key *key, const struct ids *ids, uint16_t ins_p2, const char *pin,
		   struct uk_span block)
{
	uint8_t pin_key[16], random[8], cipher[48];
	struct uk_writer out = client_data();

	if (client_random(key, random) != 0x9000)
		return SW_PULLED;
	make_pin_key(pin, pin_key);
	client_sm4(pin_key, block, cipher);
	uk_put_u8(&out, 0x84);
	uk_put_u8(&out, (uint8_t)(ins_p2 >> 8));
	uk_put_u8(&out, 0);
	uk_put_u8(&out, (uint8_t)ins_p2);
	uk_put(&out, ids_app(ids));
	uk_put(&out, uk_span_of(cipher, block.len));
	return send_with_mac(key, pin_key, random, &out);
}

static uint16_t
send_new_pin(struct key *key, const struct ids *ids, uint16_t ins_p2, const char *pin,
	     const char *fresh)
{
	uint8_t block[32] = {0};
	size_t len = strlen(fresh);

	if (key->zero_padding) {
		memcpy(block, fresh, len);
		return client_new_pin_raw(key, ids, ins_p2, pin, uk_span_of(block, 16));
	}
	block[0] = (uint8_t)len;
	memcpy(block + 2, fresh, len);
	block[2 + len] = 0x80;
	return client_new_pin_raw(key, ids, ins_p2, pin, uk_span_of(block, len > 13 ? 32 : 16));
}

uint16_t
client_change_pin(struct key *key, const struct ids *ids, uint8_t type, const char *old,
		  const char *fresh)
{
	return send_new_pin(key, ids, (uint16_t)(0x1600 | type), old, fresh);
}

uint16_t
client_unblock(struct key *key, const struct ids *ids, const char *admin_pin, const char *fresh)
{
	return send_new_pin(key, ids, 0x1a00, admin_pin, fresh);
}

void
client_pin_info(struct key *key, const struct ids *ids, uint8_t type, uint8_t ret_info[3])
{
	assert_sw(key_send(key, 0x14, type, ids_app(ids), 3), 0x9000);
	assert_int_equal(key->data.len, 3);
	memcpy(ret_info, key->data.ptr, 3);
}

static uint16_t
send_container_name(struct key *key, uint8_t ins, struct ids *ids, const char *name)
{
	struct uk_writer out = client_data();
	uint16_t sw;

	uk_put(&out, ids_app(ids));
	uk_put(&out, uk_span_str(name));
	sw = key_send(key, ins, 0, uk_writer_span(&out), 2);
	if (sw == 0x9000) {
		assert_int_equal(key->data.len, 2);
		memcpy(ids->bytes + 2, key->data.ptr, 2);
	}
	return sw;
}

uint16_t
client_create_container(struct key *key, struct ids *ids, const char *name)
{
	return send_container_name(key, 0x40, ids, name);
}

uint16_t
client_open_container(struct key *key, struct ids *ids, const char *name)
{
	return send_container_name(key, 0x42, ids, name);
}

uint16_t
client_import_cert(struct key *key, const struct ids *ids, uint8_t kind, struct uk_span der)
{
	struct uk_writer out = client_data();

	uk_put(&out, ids_both(ids));
	uk_put_u8(&out, kind);
	uk_put_u32(&out, key->order, (uint32_t)der.len);
	uk_put(&out, der);
	return key_send(key, 0x4c, 0, uk_writer_span(&out), UK_LE_NONE);
}

uint16_t
client_gen_sm2(struct key *key, const struct ids *ids)
{
	struct uk_writer out = client_data();

	uk_put(&out, ids_both(ids));
	uk_put_u32(&out, key->order, 256);
	return key_send(key, 0x70, 0, uk_writer_span(&out), 64);
}

uint16_t
client_gen_rsa(struct key *key, const struct ids *ids, uint16_t bits)
{
	struct uk_writer out = client_data();

	uk_put(&out, ids_both(ids));
	uk_put_u16(&out, key->order, bits);
	return key_send(key, 0x54, 0x0100, uk_writer_span(&out), UK_LE_MAX);
}

static uint16_t
app_p1p2(const struct ids *ids)
{
	return (uint16_t)(ids->bytes[0] << 8 | ids->bytes[1]);
}

uint16_t
client_create_file(struct key *key, const struct ids *ids, const char *name, uint32_t size,
		   uint32_t read_rights, uint32_t write_rights)
{
	struct uk_writer out = client_data();

	uk_put_padded(&out, uk_span_str(name), key->name_len);
	uk_put_u32(&out, key->order, size);
	uk_put_u32(&out, key->order, read_rights);
	uk_put_u32(&out, key->order, write_rights);
	return key_send(key, 0x30, app_p1p2(ids), uk_writer_span(&out), UK_LE_NONE);
}

static struct uk_writer
file_place(struct key *key, const struct ids *ids, const char *name, uint16_t offset)
{
	struct uk_writer out = client_data();

	uk_put(&out, ids_app(ids));
	uk_put_u16(&out, key->order, offset);
	uk_put_u16(&out, key->order, (uint16_t)strlen(name));
	uk_put(&out, uk_span_str(name));
	return out;
}

uint16_t
client_read_file(struct key *key, const struct ids *ids, const char *name, uint16_t offset,
		 uint32_t le)
{
	struct uk_writer out = file_place(key, ids, name, offset);

	return key_send(key, 0x38, 0, uk_writer_span(&out), le);
}

uint16_t
client_write_file(struct key *key, const struct ids *ids, const char *name, uint16_t offset,
		  struct uk_span bytes)
{
	struct uk_writer out = file_place(key, ids, name, offset);

	uk_put_u16(&out, key->order, (uint16_t)bytes.len);
	uk_put(&out, bytes);
	return key_send(key, 0x3a, 0, uk_writer_span(&out), UK_LE_NONE);
}

void
client_personalise(struct key *key, struct ids *ret_ids, bool login)
{
	assert_sw(client_dev_auth(key, DEVICE_KEY), 0x9000);
	assert_sw(client_create_app(key, &default_settings), 0x9000);
	assert_sw(client_open_app(key, APPLICATION, ret_ids), 0x9000);
	if (login)
		assert_sw(client_verify(key, ret_ids, GM_PIN_USER, USER_PIN), 0x9000);
}

void
client_sm2_point(EVP_PKEY *pkey, uint8_t point[64])
{
	uint8_t encoded[80];
	size_t len = 0;

	assert_int_equal(EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, encoded,
							 sizeof(encoded), &len),
			 1);
	assert_int_equal(len, 65);
	memcpy(point, encoded + 1, 64);
}

EVP_PKEY *
client_sm2_public(const uint8_t point[64])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
	uint8_t encoded[65] = {4};
	char group[] = "SM2";
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, encoded, 65),
		OSSL_PARAM_construct_end(),
	};

	memcpy(encoded + 1, point, 64);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

/* The contents of the next element of a DER SEQUENCE; all lengths here are short. */
static struct uk_span
take_element(struct uk_span *in)
{
	struct uk_span contents = {0};
	uint8_t tag, len;

	assert_true(uk_take_u8(in, &tag) && uk_take_u8(in, &len) && len < 0x80 &&
		    uk_take(in, len, &contents));
	return contents;
}

static void
put_integer(struct uk_writer *out, struct uk_span integer)
{
	uint8_t sign;

	while (integer.len > 32)
		assert_true(uk_take_u8(&integer, &sign));
	uk_put_fill(out, 0, 32 - integer.len);
	uk_put(out, integer);
}

void
client_put_wrapped(struct key *key, struct uk_writer *out, const uint8_t point[64],
		   struct uk_span plain)
{
	EVP_PKEY *pkey = client_sm2_public(point);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	uint8_t der[200];
	size_t len = sizeof(der);
	struct uk_span in, cipher;

	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, der, &len, plain.ptr, plain.len), 1);
	in = uk_span_of(der, len);
	assert_int_equal(der[1], len - 2);
	in = take_element(&in);
	put_integer(out, take_element(&in));
	put_integer(out, take_element(&in));
	uk_put(out, take_element(&in));
	cipher = take_element(&in);
	uk_put_u32(out, key->order, (uint32_t)cipher.len);
	uk_put(out, cipher);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
}

uint16_t
client_import_sm2(struct key *key, const struct ids *ids, EVP_PKEY *enc_pair,
		  enum envelope_half half)
{
	uint8_t plain[64], cipher[64], point[64], enc_point[64], sm4_key[16];
	struct uk_writer out;
	BIGNUM *d = NULL;

	assert_sw(key_send(key, 0x88, 0x0100, ids_both(ids), UK_LE_MAX), 0x9000);
	memcpy(point, key->data.ptr + 4, 64);
	assert_int_equal(RAND_bytes(sm4_key, 16), 1);
	assert_int_equal(RAND_bytes(plain, 64), 1);
	assert_int_equal(EVP_PKEY_get_bn_param(enc_pair, OSSL_PKEY_PARAM_PRIV_KEY, &d), 1);
	assert_int_equal(BN_bn2binpad(d, half == HALF_LAST ? plain + 32 : plain, 32), 32);
	BN_free(d);
	client_sm4(sm4_key, uk_span_of(plain, 64), cipher);
	client_sm2_point(enc_pair, enc_point);

	out = client_data();
	uk_put(&out, ids_both(ids));
	uk_put_u32(&out, key->order, 1);
	uk_put_u32(&out, key->order, GM_ALG_SM4_ECB);
	uk_put_u32(&out, key->order, 256);
	client_put_wrapped(key, &out, point, uk_span_of(sm4_key, 16));
	uk_put_u32(&out, key->order, 256);
	uk_put(&out, uk_span_of(enc_point, 64));
	uk_put_u32(&out, key->order, 64);
	uk_put(&out, uk_span_of(cipher, 64));
	return key_send(key, 0x72, 0, uk_writer_span(&out), UK_LE_NONE);
}
