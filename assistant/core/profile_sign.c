/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/profile_sign.h"

#include "assistant/core/errors.h"
#include "assistant/core/ossl.h"

#include <openssl/err.h>
#include <string.h>

/* Which keys: made by the build out of data/profiles and the option release_key. */
#ifndef PROFILE_KEYS_H
#define PROFILE_KEYS_H "profile_keys.h"
#endif
#include PROFILE_KEYS_H

#define MARK "openukey-profile-signature 1"
/* What our own protocols sign begins so, and a NUL more: nothing else can be passed off as it. */
#define TAG "OpenUKey-sig-v1\0profile"

enum { LINE_MARK, LINE_KEY, LINE_SIZE, LINE_SIGNATURE, LINE_END, LINES };

/* The rest of a line behind its first word and a blank; NULL when it begins otherwise. */
static const char *
field_of(const char *line, const char *word)
{
	gsize len = strlen(word);

	return strncmp(line, word, len) == 0 && line[len] == ' ' ? line + len + 1 : NULL;
}

static gboolean
key_parse(const char *hex, char *ret)
{
	if (hex == NULL || strlen(hex) != PROFILE_KEY_HEX)
		return FALSE;
	for (const char *at = hex; *at != '\0'; at++)
		if (!g_ascii_isdigit(*at) && (*at < 'a' || *at > 'f'))
			return FALSE;
	memcpy(ret, hex, PROFILE_KEY_HEX + 1);
	return TRUE;
}

static gboolean
bytes_parse(const char *base64, guint8 *ret)
{
	g_autofree guint8 *bytes = NULL;
	g_autofree char *again = NULL;
	gsize len = 0;

	if (base64 == NULL || *base64 == '\0')
		return FALSE;
	bytes = g_base64_decode(base64, &len);
	again = g_base64_encode(bytes, len);
	if (len != PROFILE_SIG_SIZE || strcmp(again, base64) != 0)
		return FALSE;
	memcpy(ret, bytes, len);
	return TRUE;
}

gboolean
profile_signature_parse(GBytes *text, ProfileSignature *ret)
{
	gsize len = 0;
	const char *raw = g_bytes_get_data(text, &len);
	g_autofree char *copy = NULL;
	g_auto(GStrv) lines = NULL;
	ProfileSignature signature = {{0}};
	const char *size;

	if (len == 0 || len > PROFILE_SIG_MAX || memchr(raw, '\0', len) != NULL)
		return FALSE;
	copy = g_strndup(raw, len);
	lines = g_strsplit(copy, "\n", LINES);
	if (g_strv_length(lines) != LINES || strcmp(lines[LINE_MARK], MARK) != 0 ||
	    lines[LINE_END][0] != '\0')
		return FALSE;
	size = field_of(lines[LINE_SIZE], "size");
	if (size == NULL ||
	    !g_ascii_string_to_unsigned(size, 10, 1, PROFILE_MAX, &signature.size, NULL) ||
	    !key_parse(field_of(lines[LINE_KEY], "key"), signature.key) ||
	    !bytes_parse(field_of(lines[LINE_SIGNATURE], "signature"), signature.bytes))
		return FALSE;
	*ret = signature;
	return TRUE;
}

/* The row of profile_keys that the signature names, or -1. */
static int
key_find(const ProfileSignature *signature)
{
	for (guint i = 0; i < G_N_ELEMENTS(profile_keys); i++) {
		g_autofree char *id = g_compute_checksum_for_data(
			G_CHECKSUM_SHA256, profile_keys[i].spki, sizeof(profile_keys[i].spki));

		if (strcmp(id, signature->key) == 0)
			return (int)i;
	}
	return -1;
}

static gboolean
key_verifies(const guint8 *spki, gsize spki_len, GBytes *profile, const ProfileSignature *signature)
{
	g_autoptr(EVP_PKEY) key = d2i_PUBKEY(NULL, &spki, (long)spki_len);
	g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
	g_autoptr(GByteArray) message = g_byte_array_new();
	gsize len = 0;
	const guint8 *bytes = g_bytes_get_data(profile, &len);
	gboolean good;

	g_byte_array_append(message, (const guint8 *)TAG, sizeof(TAG));
	g_byte_array_append(message, bytes, (guint)len);
	good = key != NULL && ctx != NULL &&
	       EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
	       EVP_DigestVerify(ctx, signature->bytes, sizeof(signature->bytes), message->data,
				message->len) == 1;
	ERR_clear_error();
	return good;
}

gboolean
profile_signature_check(const char *name, GBytes *profile, GBytes *signature, GError **error)
{
	ProfileSignature parsed;
	int key;

	if (!profile_signature_parse(signature, &parsed))
		return ouk_fail_with(error, OUK_E_PROFILE_UNSIGNED, "(%s)", name);
	key = key_find(&parsed);
	if (key < 0)
		return ouk_fail_with(error, OUK_E_PROFILE_FOREIGN, "(%s)", name);
	if (g_bytes_get_size(profile) < parsed.size)
		return ouk_fail_with(error, OUK_E_PROFILE_TRUNCATED, "(%s)", name);
	if (!key_verifies(profile_keys[key].spki, sizeof(profile_keys[key].spki), profile, &parsed))
		return ouk_fail_with(error, OUK_E_PROFILE_TAMPERED, "(%s)", name);
	if (!profile_keys[key].trusted)
		return ouk_fail_with(error, OUK_E_PROFILE_REHEARSAL_KEY, "(%s)", name);
	return TRUE;
}
