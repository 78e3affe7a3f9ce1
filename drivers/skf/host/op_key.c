/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private keys and session keys at work. */
#include "drivers/skf/host/serve.h"

#include <string.h>

#define BLOB_ROOM      1024
#define SIGNATURE_ROOM 512
#define CIPHER_ROOM    65536

/* ---- signatures ---- */

struct work {
	struct client *client;
	struct uk_span in;
	struct uk_writer *out;
};

/* The container in front, then fn with the rest. */
static uint32_t
work_run(struct client *client, struct uk_span in, struct uk_writer *out,
	 uint32_t (*fn)(uintptr_t container, void *data))
{
	struct work work = {.client = client, .out = out};
	struct uk_span container;

	if (!skf_take_bytes(&in, &container))
		return SAR_HOST_REQUEST;
	work.in = in;
	/* The time of verify_once ran out before. */
	if (client->once_over) {
		client->once_over = false;
		return SAR_HOST_OVER;
	}
	return with_container(client, container, fn, &work);
}

static uint32_t
run_sign_rsa(uintptr_t container, void *data)
{
	const struct skf_config *config = library_config();
	struct work *work = data;
	uint8_t room[SIGNATURE_ROOM];
	struct abi_cell len = abi_cell_of(config, sizeof(room));
	struct uk_span digest;
	uint32_t sar;

	if (!skf_take_bytes(&work->in, &digest))
		return SAR_HOST_REQUEST;
	sar = CALL(RSASignData, container, (uintptr_t)digest.ptr, digest.len, (uintptr_t)room,
		   abi_cell_at(&len));
	if (sar != SAR_OK)
		return sar;
	if (abi_cell_value(config, &len) != 128 && abi_cell_value(config, &len) != 256)
		return SAR_HOST_DAMAGED;
	skf_put_bytes(work->out, uk_span_of(room, abi_cell_value(config, &len)));
	return SAR_OK;
}

uint32_t
op_sign_rsa(struct client *client, struct uk_span in, struct uk_writer *out)
{
	return work_run(client, in, out, run_sign_rsa);
}

static uint32_t
run_sign_sm2(uintptr_t container, void *data)
{
	struct work *work = data;
	uint8_t room[2 * ABI_NUMBER_ROOM + 16] = {0};
	struct abi_reader blob = {library_config(), uk_span_of(room, sizeof(room)), 0, false};
	struct uk_span digest, r, s;
	uint32_t sar;

	if (!skf_take_bytes(&work->in, &digest) || digest.len != GM_SM3_LEN)
		return SAR_HOST_REQUEST;
	sar = CALL(ECCSignData, container, (uintptr_t)digest.ptr, digest.len, (uintptr_t)room);
	if (sar != SAR_OK)
		return sar;
	r = abi_take_number(&blob, ABI_NUMBER_ROOM, GM_SM2_LEN);
	s = abi_take_number(&blob, ABI_NUMBER_ROOM, GM_SM2_LEN);
	if (blob.bad)
		return SAR_HOST_DAMAGED;
	skf_put_u32(work->out, 2 * GM_SM2_LEN);
	uk_put(work->out, r);
	uk_put(work->out, s);
	return SAR_OK;
}

uint32_t
op_sign_sm2(struct client *client, struct uk_span in, struct uk_writer *out)
{
	return work_run(client, in, out, run_sign_sm2);
}

static uint32_t
run_generate(uintptr_t container, void *data)
{
	struct work *work = data;
	uint8_t room[BLOB_ROOM] = {0};
	const size_t width = library_config()->ulong_bits / 8;
	uint32_t bits, sar;
	uint8_t type;

	if (!uk_take_u8(&work->in, &type) || !skf_take_u32(&work->in, &bits))
		return SAR_HOST_REQUEST;
	if (type == GM_CONTAINER_RSA)
		sar = CALL(GenRSAKeyPair, container, bits, (uintptr_t)room);
	else
		sar = CALL(GenECCKeyPair, container, library_config()->sm2_alg, (uintptr_t)room);
	if (sar != SAR_OK)
		return sar;
	return blob_public_key(uk_span_of(room, type == GM_CONTAINER_RSA
							? 2 * width + GM_RSA_MAX + 4
							: width + 2 * ABI_NUMBER_ROOM),
			       work->out);
}

uint32_t
op_generate(struct client *client, struct uk_span in, struct uk_writer *out)
{
	return work_run(client, in, out, run_generate);
}

/* ---- session keys ---- */

/* A number for a handle of the library's; NULL when there are too many. */
static struct session_key *
key_keep(struct client *client, uintptr_t container, uint32_t alg, const struct abi_cell *cell,
	 struct uk_writer *out)
{
	uintptr_t handle = abi_cell_handle(library_config(), cell);

	for (size_t i = 0; handle != 0 && i < ARRAY_SIZE(client->session); i++) {
		struct session_key *key = &client->session[i];

		if (key->container != 0)
			continue;
		*key = (struct session_key){.container = container, .as = {{alg, handle}}};
		client->keep_container = true;
		uk_put_u8(out, (uint8_t)i);
		return key;
	}
	if (handle != 0 && library_has(ENTRY_CloseHandle))
		(void)CALL(CloseHandle, handle);
	return NULL;
}

static struct session_key *
key_take(struct client *client, struct uk_span *in)
{
	uint8_t id;

	if (!uk_take_u8(in, &id) || id >= ARRAY_SIZE(client->session) ||
	    client->session[id].container == 0)
		return NULL;
	return &client->session[id];
}

/* The library's handle for that algorithm, imported again if it has none yet. */
static uint32_t
key_as(struct session_key *key, uint32_t alg, uintptr_t *ret)
{
	struct abi_cell handle = {0};
	uint32_t sar;

	for (size_t i = 0; i < ARRAY_SIZE(key->as); i++) {
		if (key->as[i].handle != 0 && key->as[i].alg != alg)
			continue;
		if (key->as[i].handle == 0) {
			if (key->wrapped_len == 0)
				return SAR_NOTSUPPORTYETERR;
			sar = CALL(ImportSessionKey, key->container, alg, (uintptr_t)key->wrapped,
				   key->wrapped_len, abi_cell_at(&handle));
			if (sar != SAR_OK)
				return sar;
			key->as[i].alg = alg;
			key->as[i].handle = abi_cell_handle(library_config(), &handle);
		}
		*ret = key->as[i].handle;
		return SAR_OK;
	}
	return SAR_HOST_ROOM;
}

static bool
wrapped_take(struct uk_span *in, struct abi_writer *blob)
{
	struct uk_span parts[4], rsa;
	uint8_t type;

	if (!uk_take_u8(in, &type))
		return false;
	if (type == GM_CONTAINER_RSA) {
		if (!skf_take_bytes(in, &rsa))
			return false;
		abi_put(blob, rsa);
		return !blob->out.overflow;
	}
	if (!uk_take(in, GM_SM2_LEN, &parts[0]) || !uk_take(in, GM_SM2_LEN, &parts[1]) ||
	    !uk_take(in, GM_SM3_LEN, &parts[2]) || !skf_take_bytes(in, &parts[3]))
		return false;
	blob_put_cipher(blob, parts);
	return !blob->out.overflow;
}

static uint32_t
run_import_key(uintptr_t container, void *data)
{
	const struct skf_config *config = library_config();
	struct work *work = data;
	uint8_t room[WRAPPED_MAX];
	struct abi_writer blob = {config, uk_writer_of(room, sizeof(room))};
	struct abi_cell handle = {0};
	struct session_key *key;
	uint32_t alg, sar;

	if (!skf_take_u32(&work->in, &alg) || !wrapped_take(&work->in, &blob))
		return SAR_HOST_REQUEST;
	sar = CALL(ImportSessionKey, container, alg, (uintptr_t)room, blob.out.len,
		   abi_cell_at(&handle));
	if (sar != SAR_OK)
		return sar;
	key = key_keep(work->client, container, alg, &handle, work->out);
	if (key == NULL)
		return SAR_HOST_ROOM;
	memcpy(key->wrapped, room, blob.out.len);
	key->wrapped_len = blob.out.len;
	return SAR_OK;
}

uint32_t
op_import_session_key(struct client *client, struct uk_span in, struct uk_writer *out)
{
	return work_run(client, in, out, run_import_key);
}

static uint32_t
run_export_key(uintptr_t container, void *data)
{
	const struct skf_config *config = library_config();
	struct work *work = data;
	uint8_t key_room[BLOB_ROOM] = {0}, room[BLOB_ROOM] = {0};
	struct abi_writer recipient = {config, uk_writer_of(key_room, sizeof(key_room))};
	struct abi_cell handle = {0}, len = abi_cell_of(config, sizeof(room));
	uint32_t alg, sar;
	uint8_t type;

	if (!skf_take_u32(&work->in, &alg) || !blob_of_recipient(&work->in, &recipient, &type))
		return SAR_HOST_REQUEST;
	if (type == GM_CONTAINER_RSA)
		sar = CALL(RSAExportSessionKey, container, alg, (uintptr_t)key_room,
			   (uintptr_t)room, abi_cell_at(&len), abi_cell_at(&handle));
	else
		sar = CALL(ECCExportSessionKey, container, alg, (uintptr_t)key_room,
			   (uintptr_t)room, abi_cell_at(&handle));
	if (sar != SAR_OK)
		return sar;
	if (key_keep(work->client, container, alg, &handle, work->out) == NULL)
		return SAR_HOST_ROOM;
	if (type != GM_CONTAINER_RSA)
		return blob_cipher(uk_span_of(room, sizeof(room)), true, work->out);
	if (abi_cell_value(config, &len) > GM_RSA_MAX)
		return SAR_HOST_DAMAGED;
	skf_put_bytes(work->out, uk_span_of(room, abi_cell_value(config, &len)));
	return SAR_OK;
}

uint32_t
op_export_session_key(struct client *client, struct uk_span in, struct uk_writer *out)
{
	return work_run(client, in, out, run_export_key);
}

uint32_t
op_encrypt_sm2(struct client *client, struct uk_span in, struct uk_writer *out)
{
	static uint8_t room[CIPHER_ROOM];
	const struct skf_config *config = library_config();
	uint8_t key_room[BLOB_ROOM] = {0}, message[SKF_MESSAGE_MAX - 64];
	struct abi_writer recipient = {config, uk_writer_of(key_room, sizeof(key_room))};
	struct uk_writer cipher = uk_writer_of(message, sizeof(message));
	struct uk_span plain;
	uint32_t sar;
	uint8_t type;

	if (!blob_of_recipient(&in, &recipient, &type) || type != GM_CONTAINER_SM2 ||
	    !skf_take_bytes(&in, &plain) || plain.len > sizeof(room) - 512)
		return SAR_HOST_REQUEST;
	memset(room, 0, sizeof(room));
	sar = CALL(ExtECCEncrypt, client->device->handle, (uintptr_t)key_room, (uintptr_t)plain.ptr,
		   plain.len, (uintptr_t)room);
	if (sar == SAR_OK)
		sar = blob_cipher(uk_span_of(room, sizeof(room)), false, &cipher);
	if (sar == SAR_OK)
		skf_put_bytes(out, uk_writer_span(&cipher));
	return sar;
}

/* ---- ciphers ---- */

struct cipher {
	uintptr_t key;
	uint32_t alg;
	struct uk_span iv, in;
	uint8_t job;
};

enum { JOB_ENCRYPT, JOB_DECRYPT, JOB_MAC };

static uint32_t
cipher_data(enum entry entry, uintptr_t handle, struct uk_span in, struct uk_writer *out)
{
	static uint8_t room[CIPHER_ROOM + 64];
	const struct skf_config *config = library_config();
	struct abi_cell len = abi_cell_of(config, sizeof(room));
	uint32_t sar = library_call(
		entry, (const uintptr_t[LIBRARY_ARGS]){handle, (uintptr_t)in.ptr, in.len,
						       (uintptr_t)room, abi_cell_at(&len)});

	if (sar == SAR_OK && abi_cell_value(config, &len) > sizeof(room))
		sar = SAR_HOST_DAMAGED;
	if (sar == SAR_OK)
		skf_put_bytes(out, uk_span_of(room, abi_cell_value(config, &len)));
	uk_wipe(room, sizeof(room));
	return sar;
}

static uint32_t
cipher_mac(const struct cipher *cipher, struct uk_writer *out)
{
	const struct skf_config *config = library_config();
	uint8_t room[128] = {0};
	struct abi_writer param = {config, uk_writer_of(room, sizeof(room))};
	struct abi_cell mac = {0};
	uint32_t sar;

	uk_put_padded(&param.out, cipher->iv, 32); /* MAX_IV_LEN */
	abi_put_ulong(&param, (uint32_t)cipher->iv.len);
	sar = CALL(MacInit, cipher->key, (uintptr_t)room, abi_cell_at(&mac));
	if (sar != SAR_OK)
		return sar;
	sar = cipher_data(ENTRY_Mac, abi_cell_handle(config, &mac), cipher->in, out);
	if (library_has(ENTRY_CloseHandle))
		(void)CALL(CloseHandle, abi_cell_handle(config, &mac));
	return sar;
}

static uint32_t
cipher_run(const struct cipher *cipher, struct uk_writer *out)
{
	bool decrypts = cipher->job == JOB_DECRYPT;
	size_t iv_len = (cipher->alg & 0xff) == 1 ? 0 : cipher->iv.len; /* ECB has none */
	uint32_t sar;

	if (cipher->job == JOB_MAC)
		return cipher_mac(cipher, out);
	sar = library_cipher_init(decrypts ? ENTRY_DecryptInit : ENTRY_EncryptInit, cipher->key,
				  cipher->iv.ptr, iv_len);
	if (sar != SAR_OK)
		return sar;
	return cipher_data(decrypts ? ENTRY_Decrypt : ENTRY_Encrypt, cipher->key, cipher->in, out);
}

uint32_t
op_session_cipher(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct session_key *key = key_take(client, &in);
	struct cipher cipher;
	uint32_t sar;

	if (key == NULL)
		return SAR_HOST_NOT_FOUND;
	if (!uk_take_u8(&in, &cipher.job) || cipher.job > JOB_MAC ||
	    !skf_take_u32(&in, &cipher.alg) || !uk_take(&in, GM_BLOCK_LEN, &cipher.iv) ||
	    !skf_take_bytes(&in, &cipher.in) || cipher.in.len > CIPHER_ROOM)
		return SAR_HOST_REQUEST;
	sar = key_as(key, cipher.alg, &cipher.key);
	if (sar == SAR_OK)
		sar = cipher_run(&cipher, out);
	/* Of the session key, not of the device. */
	return sar == SAR_INVALIDHANDLEERR || sar == SAR_KEYNOTFOUNTERR ? SAR_HOST_NOT_FOUND : sar;
}

uint32_t
op_destroy_session_key(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct session_key *key = key_take(client, &in);

	(void)out;
	if (key != NULL)
		client_key_close(client, key);
	return SAR_OK;
}
