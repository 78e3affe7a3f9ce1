/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The other side of the command set, from gm-keys section 2, with its own cryptography.  Functions
 * return the status word of the command that decides.
 */
#ifndef TESTS_VIRTUAL_CLIENT_H
#define TESTS_VIRTUAL_CLIENT_H

#include "tests/virtual/key.h"

#include <openssl/evp.h>

#define APPLICATION "Tests"
#define USER_PIN    "123456"
#define ADMIN_PIN   "87654321"
#define DEVICE_KEY  "1234567812345678"

/* AppID, then ContainerID: what most commands begin with. */
struct ids {
	uint8_t bytes[4];
};

static inline struct uk_span
ids_app(const struct ids *ids)
{
	return uk_span_of(ids->bytes, 2);
}

static inline struct uk_span
ids_both(const struct ids *ids)
{
	return uk_span_of(ids->bytes, 4);
}

struct app_settings {
	const char *name, *user_pin, *admin_pin;
	uint32_t user_tries, admin_tries, create_rights;
	uint8_t max_containers, max_certs;
	uint16_t max_files;
};

extern const struct app_settings default_settings;

/* Data that is made piece by piece; the bytes stay until the next client_data. */
struct uk_writer client_data(void);

uint16_t client_random(struct key *key, uint8_t random[8]);
uint16_t client_dev_auth(struct key *key, const char *device_key);
uint16_t client_change_dev_key(struct key *key, const char *old, const char *fresh);
uint16_t client_create_app(struct key *key, const struct app_settings *settings);
uint16_t client_open_app(struct key *key, const char *name, struct ids *ret_ids);

/* type: enum gm_pin_type */
uint16_t client_verify(struct key *key, const struct ids *ids, uint8_t type, const char *pin);
uint16_t client_change_pin(struct key *key, const struct ids *ids, uint8_t type, const char *old,
			   const char *fresh);
uint16_t client_unblock(struct key *key, const struct ids *ids, const char *admin_pin,
			const char *fresh);
/* The same two with a new-PIN block of the test's making (16 or 32 bytes, in the clear). */
uint16_t client_new_pin_raw(struct key *key, const struct ids *ids, uint16_t ins_p2,
			    const char *pin, struct uk_span block);
/* max, left, default flag */
void client_pin_info(struct key *key, const struct ids *ids, uint8_t type, uint8_t ret_info[3]);

uint16_t client_create_container(struct key *key, struct ids *ids, const char *name);
uint16_t client_open_container(struct key *key, struct ids *ids, const char *name);
uint16_t client_import_cert(struct key *key, const struct ids *ids, uint8_t kind,
			    struct uk_span der);
uint16_t client_gen_sm2(struct key *key, const struct ids *ids);
uint16_t client_gen_rsa(struct key *key, const struct ids *ids, uint16_t bits);
uint16_t client_create_file(struct key *key, const struct ids *ids, const char *name, uint32_t size,
			    uint32_t read_rights, uint32_t write_rights);
uint16_t client_read_file(struct key *key, const struct ids *ids, const char *name, uint16_t offset,
			  uint32_t le);
uint16_t client_write_file(struct key *key, const struct ids *ids, const char *name,
			   uint16_t offset, struct uk_span bytes);

/* An application with default_settings, opened, on a key that has none; logged in when told to. */
void client_personalise(struct key *key, struct ids *ret_ids, bool login);

/* X || Y of a key pair of OpenSSL's, and one of a public key. */
void client_sm2_point(EVP_PKEY *pkey, uint8_t point[64]);
EVP_PKEY *client_sm2_public(const uint8_t point[64]);
/* C1x || C1y || hash || cipherLen4 || cipher of up to 20 bytes, by OpenSSL */
void client_put_wrapped(struct key *key, struct uk_writer *out, const uint8_t point[64],
			struct uk_span plain);
/* Which half of the 64 bytes of ciphertext has the private key. */
enum envelope_half { HALF_LAST, HALF_FIRST };
/* ImportECCKeyPair of an envelope to the container's signing key. */
uint16_t client_import_sm2(struct key *key, const struct ids *ids, EVP_PKEY *enc_pair,
			   enum envelope_half half);

void client_sm4(const uint8_t sm4_key[16], struct uk_span in, uint8_t *out);

#define assert_sw(actual, expected) assert_int_equal(actual, expected)

#endif
