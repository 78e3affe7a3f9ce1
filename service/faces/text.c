/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Base64, URL-encoding, passwords: texts that anybody may have made. */
#include "service/faces/face.h"

#include <string.h>

#define LOGIN_MAX 160

static int
base64_value(uint8_t c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

bool
cs_face_base64_read(struct uk_span text, size_t most, struct cs_blob *ret)
{
	CS_BLOB bytes = {NULL, 0};
	struct uk_writer out;
	uint32_t bits = 0;
	unsigned int have = 0, padding = 0;

	if (text.len / 4 * 3 > most + most / 8 || cs_blob_room(&bytes, most) != CS_OK)
		return false;
	out = uk_writer_of(bytes.ptr, bytes.len);
	for (size_t i = 0; i < text.len; i++) {
		int value = base64_value(text.ptr[i]);

		if (strchr("\r\n\t ", text.ptr[i]) != NULL && text.ptr[i] != '\0')
			continue;
		if (text.ptr[i] == '=')
			padding++;
		if ((value < 0 && text.ptr[i] != '=') || (value >= 0 && padding > 0))
			return false;
		bits = bits << 6 | (uint32_t)(value >= 0 ? value : 0);
		if (++have % 4 != 0)
			continue;
		uk_put_u8(&out, (uint8_t)(bits >> 16));
		if (padding < 2)
			uk_put_u8(&out, (uint8_t)(bits >> 8));
		if (padding < 1)
			uk_put_u8(&out, (uint8_t)bits);
	}
	if (have % 4 != 0 || padding > 2 || out.overflow)
		return false;
	return cs_blob_set(ret, uk_writer_span(&out)) == CS_OK;
}

enum cs_status
cs_face_base64(struct uk_span bytes, struct cs_blob *ret)
{
	CS_BLOB text = {NULL, 0};
	enum cs_status st = cs_blob_room(&text, (bytes.len + 2) / 3 * 4);

	if (st != CS_OK)
		return st;
	(void)EVP_EncodeBlock(text.ptr, bytes.ptr, (int)bytes.len);
	cs_blob_free(ret);
	*ret = text;
	text = (struct cs_blob){NULL, 0};
	return CS_OK;
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

bool
cs_face_url_read(const char *text, struct cs_blob *ret)
{
	CS_BLOB bytes = {NULL, 0};
	size_t len = 0;

	if (cs_blob_room(&bytes, strlen(text)) != CS_OK)
		return false;
	for (; *text != '\0'; text++) {
		int high = *text == '%' ? hex_value(text[1]) : 0;
		int low = *text == '%' && high >= 0 ? hex_value(text[2]) : 0;

		if (high < 0 || low < 0)
			return false;
		bytes.ptr[len++] = *text == '%' ? (uint8_t)(high << 4 | low) : (uint8_t)*text;
		text += *text == '%' ? 2 : 0;
	}
	return cs_blob_set(ret, uk_span_of(bytes.ptr, len)) == CS_OK;
}

bool
cs_face_login_read(const char *authorization, struct cs_face_login *ret)
{
	CS_BLOB text = {NULL, 0};
	const char *colon;
	size_t name, password;

	if (strncmp(authorization, "Basic ", 6) != 0 ||
	    !cs_face_base64_read(uk_span_str(authorization + 6), LOGIN_MAX, &text))
		return false;
	colon = memchr(text.ptr, ':', text.len);
	if (colon == NULL || strlen((const char *)text.ptr) != text.len)
		return false;
	name = (size_t)(colon - (const char *)text.ptr);
	password = text.len - name - 1;
	if (name >= sizeof(ret->order) || password >= sizeof(ret->capability))
		return false;
	memcpy(ret->order, text.ptr, name);
	ret->order[name] = '\0';
	memcpy(ret->capability, colon + 1, password + 1);
	return true;
}
