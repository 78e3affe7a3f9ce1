/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/gm/reply.h"

#include <string.h>

#define CHUNKS_MAX         64
#define POINT_UNCOMPRESSED 0x04

/* ---- text ---- */

/* Length of the UTF-8 character at the front; 0 when there is none. */
static size_t
utf8_len(struct uk_span in)
{
	uint8_t first = in.ptr[0];
	size_t len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (first > 0xf4 || len > in.len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((in.ptr[i] & 0xc0) != 0x80)
			return 0;
	/* overlong forms, surrogates, beyond Unicode */
	if ((first == 0xe0 && in.ptr[1] < 0xa0) || (first == 0xed && in.ptr[1] > 0x9f) ||
	    (first == 0xf0 && in.ptr[1] < 0x90) || (first == 0xf4 && in.ptr[1] > 0x8f))
		return 0;
	return len;
}

/* A field up to its NUL as a string; what is not UTF-8 or could disturb a terminal becomes '?'. */
static void
text_set(char *out, struct uk_span field)
{
	struct uk_writer w = uk_writer_of(out, field.len);
	const uint8_t *nul = memchr(field.ptr, 0, field.len);
	struct uk_span in = uk_span_of(field.ptr, nul ? (size_t)(nul - field.ptr) : field.len);
	struct uk_span part;

	while (in.len > 0) {
		size_t len = utf8_len(in);
		bool plain = len > 1 || (len == 1 && in.ptr[0] >= 0x20 && in.ptr[0] != 0x7f);

		if (!uk_take(&in, plain ? len : 1, &part))
			break;
		if (plain)
			uk_put(&w, part);
		else
			uk_put_u8(&w, '?');
	}
	while (w.len > 0 && out[w.len - 1] == ' ')
		w.len--;
	out[w.len] = '\0';
}

static bool
take_text(struct uk_span *in, size_t width, char *out)
{
	struct uk_span field;

	if (!uk_take(in, width, &field))
		return false;
	text_set(out, field);
	return true;
}

static bool
take_bytes(struct uk_span *in, size_t len, uint8_t *out)
{
	struct uk_span bytes;

	if (!uk_take(in, len, &bytes))
		return false;
	memcpy(out, bytes.ptr, len);
	return true;
}

/* ---- device, application, PIN ---- */

enum uk_status
gm_read_info(const struct token_model *model, struct uk_span reply, struct token_info *ret)
{
	enum uk_order order = model->order;
	struct token_info info = {0};
	struct uk_span in = reply;
	struct uk_span skipped;

	if (reply.len != GM_DEVINFO_LEN)
		return UK_E_REPLY;
	if (!uk_take(&in, 2, &skipped) || /* version of the structure */
	    !take_bytes(&in, 2, info.spec) || !take_text(&in, 64, info.manufacturer) ||
	    !take_text(&in, 64, info.issuer) || !take_text(&in, 32, info.label) ||
	    !take_text(&in, 32, info.serial) || !take_bytes(&in, 2, info.hardware) ||
	    !take_bytes(&in, 2, info.firmware) || !uk_take_u32(&in, order, &info.alg_sym) ||
	    !uk_take_u32(&in, order, &info.alg_asym) || !uk_take_u32(&in, order, &info.alg_hash) ||
	    !uk_take_u32(&in, order, &info.dev_auth_alg) ||
	    !uk_take_u32(&in, order, &info.total_space) ||
	    !uk_take_u32(&in, order, &info.free_space) ||
	    !uk_take_u16(&in, order, &info.max_apdu_data) ||
	    !uk_take(&in, 4, &skipped) || /* UserAuthMethod, DeviceType */
	    !uk_take_u8(&in, &info.max_containers) || !uk_take_u8(&in, &info.max_certs) ||
	    !uk_take_u16(&in, order, &info.max_files))
		return UK_E_REPLY;
	*ret = info;
	return UK_OK;
}

enum uk_status
gm_read_application(const struct token_model *model, struct uk_span reply,
		    struct gm_application *ret)
{
	struct gm_application app = {0};
	struct uk_span in = reply;

	if (reply.len != GM_OPEN_REPLY_LEN ||
	    !uk_take_u32(&in, model->order, &app.create_file_rights) ||
	    !uk_take_u8(&in, &app.max_containers) || !uk_take_u8(&in, &app.max_certs) ||
	    !uk_take_u16(&in, model->order, &app.max_files) || !take_bytes(&in, GM_ID_LEN, app.id))
		return UK_E_REPLY;
	*ret = app;
	return UK_OK;
}

enum uk_status
gm_read_pin_info(struct uk_span reply, struct token_pin_info *ret)
{
	if (reply.len != GM_PIN_REPLY_LEN || reply.ptr[1] > reply.ptr[0])
		return UK_E_REPLY;
	*ret = (struct token_pin_info){
		.max = reply.ptr[0],
		.left = reply.ptr[1],
		.is_default = reply.ptr[2] != 0,
	};
	return UK_OK;
}

enum uk_status
gm_read_container_info(const struct token_model *model, struct uk_span reply,
		       struct token_container_info *ret)
{
	enum uk_order order = model->order;
	uint32_t sign, encrypt;
	uint8_t type, sign_cert, encrypt_cert;

	if (!uk_take_u8(&reply, &type) || !uk_take_u32(&reply, order, &sign) ||
	    !uk_take_u32(&reply, order, &encrypt) || !uk_take_u8(&reply, &sign_cert) ||
	    !uk_take_u8(&reply, &encrypt_cert) || reply.len != 0)
		return UK_E_REPLY;
	if (type > GM_CONTAINER_SM2)
		return UK_E_REPLY;
	*ret = (struct token_container_info){(enum gm_container_type)type, sign, encrypt,
					     sign_cert != 0, encrypt_cert != 0};
	return UK_OK;
}

enum uk_status
gm_read_file_info(const struct token_model *model, struct uk_span reply, struct token_file *ret)
{
	struct token_file file = {0};
	struct uk_span in = reply;

	if (reply.len != GM_FILE_REPLY_LEN || !uk_take_u32(&in, model->order, &file.size) ||
	    !uk_take_u32(&in, model->order, &file.read_rights) ||
	    !uk_take_u32(&in, model->order, &file.write_rights))
		return UK_E_REPLY;
	*ret = file;
	return UK_OK;
}

enum uk_status
gm_read_id(struct uk_span reply, uint8_t *ret_id)
{
	if (reply.len != GM_ID_LEN)
		return UK_E_REPLY;
	memcpy(ret_id, reply.ptr, GM_ID_LEN);
	return UK_OK;
}

bool
gm_take_list_name(struct uk_span *list, struct uk_span *ret_name, enum uk_status *ret_status)
{
	struct uk_span name;

	/* The list ends with an empty name, or just ends. */
	if (!uk_take_name(list, &name) || name.len == 0)
		return false;
	if (name.len >= TOKEN_NAME_MAX) {
		*ret_status = UK_E_REPLY;
		return false;
	}
	*ret_name = name;
	return true;
}

/* ---- keys ---- */

/*
 * The public exponent is bytes in the blobs of GM/T 0016, so big-endian also where integers are
 * not; but it is odd, which shows a key that thinks otherwise.
 */
static enum uk_status
read_exponent(struct uk_span bytes, uint32_t *ret)
{
	struct uk_span again = bytes;
	uint32_t value;

	if (!uk_take_u32(&bytes, UK_BIG_ENDIAN, &value))
		return UK_E_REPLY;
	if ((value & 1) == 0 && !uk_take_u32(&again, UK_LITTLE_ENDIAN, &value))
		return UK_E_REPLY;
	if ((value & 1) == 0 || value < 3)
		return UK_E_REPLY;
	*ret = value;
	return UK_OK;
}

/* modulus || exponent4 */
static enum uk_status
read_rsa(unsigned int bits, struct uk_span in, struct token_public_key *ret)
{
	struct token_public_key key = {.type = TOKEN_KEY_RSA, .bits = bits};
	enum uk_status st;

	if (bits > GM_RSA_MAX * 8 || !take_bytes(&in, bits / 8, key.modulus) || in.len != 4 ||
	    (key.modulus[0] & 0x80) == 0)
		return UK_E_REPLY;
	st = read_exponent(in, &key.exponent);
	if (st == UK_OK)
		*ret = key;
	return st;
}

/* X32 || Y32 */
static enum uk_status
read_sm2(struct uk_span in, struct token_public_key *ret)
{
	struct token_public_key key = {.type = TOKEN_KEY_SM2, .bits = GM_SM2_LEN * 8};

	if (!take_bytes(&in, GM_SM2_LEN, key.x) || !take_bytes(&in, GM_SM2_LEN, key.y) ||
	    in.len != 0)
		return UK_E_REPLY;
	*ret = key;
	return UK_OK;
}

enum uk_status
gm_read_public_key(const struct token_model *model, struct uk_span reply,
		   struct token_public_key *ret)
{
	struct uk_span in = reply;
	uint32_t bits;

	if (!uk_take_u32(&in, model->order, &bits))
		return UK_E_REPLY;
	if (bits == GM_SM2_LEN * 8)
		return read_sm2(in, ret);
	if (bits == 1024 || bits == 2048)
		return read_rsa(bits, in, ret);
	return UK_E_REPLY;
}

enum uk_status
gm_read_new_key(enum token_key_type type, unsigned int bits, struct uk_span reply,
		struct token_public_key *ret)
{
	return type == TOKEN_KEY_SM2 ? read_sm2(reply, ret) : read_rsa(bits, reply, ret);
}

enum uk_status
gm_read_sm2_signature(const struct token_model *model, struct uk_span reply, struct uk_span *ret_rs)
{
	struct uk_span in = reply;
	uint32_t bits;

	if (!uk_take_u32(&in, model->order, &bits) || bits != GM_SM2_LEN * 8 ||
	    in.len != GM_SM2_SIG_LEN)
		return UK_E_REPLY;
	*ret_rs = in;
	return UK_OK;
}

/* ---- what was encrypted for others ---- */

static bool
take_exported_sm2(const struct token_model *model, struct uk_span *in,
		  struct token_exported_key *key)
{
	uint32_t bits;
	uint32_t len;

	return uk_take_u32(in, model->order, &bits) && bits == GM_SM2_LEN * 8 &&
	       take_bytes(in, sizeof(key->c1x), key->c1x) &&
	       take_bytes(in, sizeof(key->c1y), key->c1y) &&
	       take_bytes(in, sizeof(key->c3), key->c3) && uk_take_u32(in, model->order, &len) &&
	       len == sizeof(key->c2) && take_bytes(in, sizeof(key->c2), key->c2) &&
	       take_bytes(in, GM_ID_LEN, key->key.id);
}

enum uk_status
gm_read_exported_key(const struct token_model *model, const struct token_public_key *recipient,
		     struct uk_span reply, struct token_exported_key *ret)
{
	struct token_exported_key key = {.type = recipient->type};
	struct uk_span in = reply;
	bool taken = recipient->type == TOKEN_KEY_SM2
			     ? take_exported_sm2(model, &in, &key)
			     : take_bytes(&in, GM_ID_LEN, key.key.id) &&
				       recipient->bits / 8 <= sizeof(key.rsa) &&
				       take_bytes(&in, recipient->bits / 8, key.rsa);

	if (!taken || in.len != 0)
		return UK_E_REPLY;
	*ret = key;
	return UK_OK;
}

enum uk_status
gm_read_sm2_cipher(struct uk_span reply, size_t plain_len, struct uk_span *ret_cipher)
{
	uint8_t form;

	if (!uk_take_u8(&reply, &form) || form != POINT_UNCOMPRESSED ||
	    reply.len != TOKEN_SM2_CIPHER_OVERHEAD + plain_len)
		return UK_E_REPLY;
	*ret_cipher = reply;
	return UK_OK;
}

/* ---- certificates ---- */

void
gm_cert_begin(struct gm_cert_reader *reader, const struct token_model *model, struct uk_writer *out)
{
	*reader = (struct gm_cert_reader){.model = model, .out = out, .start = out->len};
}

enum uk_status
gm_cert_chunk(struct gm_cert_reader *reader, struct uk_span chunk, bool more)
{
	struct uk_writer *out = reader->out;
	struct uk_span used;
	size_t missing;

	if (reader->chunks++ == 0) {
		if (!uk_take_u32(&chunk, reader->model->order, &reader->len))
			return UK_E_REPLY;
		if (reader->len == 0)
			return UK_E_NO_CERT;
		if (reader->len > TOKEN_CERT_MAX)
			return UK_E_REPLY;
	} else if (chunk.len == 0 || reader->chunks > CHUNKS_MAX) {
		return UK_E_REPLY;
	}
	missing = reader->len - (out->len - reader->start);
	if (chunk.len > missing && !reader->model->trim_cert)
		return UK_E_REPLY;
	if (!uk_take(&chunk, chunk.len < missing ? chunk.len : missing, &used))
		return UK_E_INTERNAL;
	uk_put(out, used);
	if (out->overflow)
		return UK_E_DATA_LEN;
	return more || used.len == missing ? UK_OK : UK_E_REPLY;
}
