/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What PKCS#11 wants to know of an X.509 certificate (RFC 5280, section 4.1). */
#include "drivers/crypto/der.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const uint8_t oid_common_name[] = {0x06, 0x03, 0x55, 0x04, 0x03};

/* AlgorithmIdentifier rsaEncryption, and id-ecPublicKey on the SM2 curve (GM/T 0009) */
static const uint8_t alg_rsa[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				  0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
static const uint8_t alg_sm2[] = {0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
				  0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d};

/* The parts of a certificate that we look at, as spans into it. */
struct cert_parts {
	struct der_element serial, issuer, validity, subject, spki;
};

static bool
cert_split(const struct crypto_library *lib, struct uk_span der, struct cert_parts *parts)
{
	struct der_element cert;
	struct der_element tbs;
	struct der_element skipped;
	struct uk_span in;

	if (!der_take_tag(lib, &der, V_ASN1_SEQUENCE, &cert) || der.len != 0)
		return false;
	in = cert.body;
	if (!der_take_tag(lib, &in, V_ASN1_SEQUENCE, &tbs) ||
	    !der_take_tag(lib, &in, V_ASN1_SEQUENCE, &skipped) ||
	    !der_take_tag(lib, &in, V_ASN1_BIT_STRING, &skipped) || in.len != 0)
		return false;

	in = tbs.body;
	if (in.len > 0 && in.ptr[0] == (V_ASN1_CONTEXT_SPECIFIC | V_ASN1_CONSTRUCTED) &&
	    !der_take(lib, &in, &skipped)) /* [0] version */
		return false;
	return der_take_tag(lib, &in, V_ASN1_INTEGER, &parts->serial) &&
	       der_take_tag(lib, &in, V_ASN1_SEQUENCE, &skipped) &&
	       der_take_tag(lib, &in, V_ASN1_SEQUENCE, &parts->issuer) &&
	       der_take_tag(lib, &in, V_ASN1_SEQUENCE, &parts->validity) &&
	       der_take_tag(lib, &in, V_ASN1_SEQUENCE, &parts->subject) &&
	       der_take_tag(lib, &in, V_ASN1_SEQUENCE, &parts->spki);
}

static void
string_free(ASN1_STRING **string)
{
	if (*string != NULL)
		crypto_load()->ASN1_STRING_free(*string);
}

/* NULL when out of memory. */
static ASN1_STRING *
string_of(const struct crypto_library *lib, const struct der_element *value)
{
	ASN1_STRING *string = lib->ASN1_STRING_type_new(value->tag);

	if (string == NULL || lib->ASN1_STRING_set(string, value->body.ptr, (int)value->body.len))
		return string;
	lib->ASN1_STRING_free(string);
	return NULL;
}

/* Bytes that fit, whole characters only; what could disturb a terminal becomes '?'. */
static void
label_set(char *out, size_t room, struct uk_span utf8)
{
	size_t len = utf8.len < room - 1 ? utf8.len : room - 1;

	if (len < utf8.len)
		while (len > 0 && (utf8.ptr[len] & 0xc0) == 0x80)
			len--;
	for (size_t i = 0; i < len; i++)
		out[i] = utf8.ptr[i] < 0x20 || utf8.ptr[i] == 0x7f ? '?' : (char)utf8.ptr[i];
	out[len] = '\0';
}

/* A name's value as UTF-8; a kind of string we do not know leaves out as it is. */
static void
label_take(const struct crypto_library *lib, const struct der_element *value, char *out,
	   size_t room)
{
	UK_CLEANUP(string_free) ASN1_STRING *string = string_of(lib, value);
	unsigned char *utf8 = NULL;
	int len;

	if (string == NULL)
		return;
	len = lib->ASN1_STRING_to_UTF8(&utf8, string);
	if (len < 0)
		return;
	label_set(out, room, uk_span_of(utf8, (size_t)len));
	lib->CRYPTO_free(utf8, __FILE__, __LINE__);
}

/* Name: SEQUENCE OF SET OF SEQUENCE { type, value }. The last commonName wins, else the last. */
static bool
read_label(const struct crypto_library *lib, struct uk_span name, char *out, size_t room)
{
	bool have_common_name = false;
	struct der_element set;
	struct der_element pair;
	struct der_element type;
	struct der_element value;

	while (name.len > 0) {
		if (!der_take_tag(lib, &name, V_ASN1_SET, &set))
			return false;
		while (set.body.len > 0) {
			bool common_name;

			if (!der_take_tag(lib, &set.body, V_ASN1_SEQUENCE, &pair) ||
			    !der_take_tag(lib, &pair.body, V_ASN1_OBJECT, &type) ||
			    !der_take(lib, &pair.body, &value) || pair.body.len != 0)
				return false;
			common_name = uk_span_equal(
				type.whole, uk_span_of(oid_common_name, sizeof(oid_common_name)));
			if (common_name || !have_common_name)
				label_take(lib, &value, out, room);
			have_common_name = have_common_name || common_name;
		}
	}
	return true;
}

/* Takes a UTCTime or GeneralizedTime; out: YYYYMMDD and NUL. */
static bool
take_date(const struct crypto_library *lib, struct uk_span *in, char out[9])
{
	struct der_element value;
	struct tm tm = {0};
	char text[40];

	if (!der_take(lib, in, &value) || value.class_bits != V_ASN1_UNIVERSAL ||
	    (value.tag != V_ASN1_UTCTIME && value.tag != V_ASN1_GENERALIZEDTIME))
		return false;
	UK_CLEANUP(string_free) ASN1_STRING *string = string_of(lib, &value);
	if (string == NULL || lib->ASN1_TIME_to_tm(string, &tm) != 1)
		return false;
	if (snprintf(text, sizeof(text), "%04d%02d%02d", tm.tm_year + 1900, tm.tm_mon + 1,
		     tm.tm_mday) != 8)
		return false;
	memcpy(out, text, 9);
	return true;
}

static bool
read_validity(const struct crypto_library *lib, struct uk_span in, struct crypto_cert *cert)
{
	return take_date(lib, &in, cert->not_before) && take_date(lib, &in, cert->not_after) &&
	       in.len == 0;
}

static unsigned int
count_bits(struct uk_span number)
{
	unsigned int bits = (unsigned int)number.len * 8;

	for (uint8_t top = number.len > 0 ? number.ptr[0] : 0x80; (top & 0x80) == 0; top <<= 1)
		bits--;
	return bits;
}

/* RSAPublicKey: SEQUENCE { modulus, publicExponent }; one we cannot hold stays "other". */
static bool
read_rsa(const struct crypto_library *lib, struct uk_span in, struct crypto_cert *cert)
{
	struct der_element outer;
	struct uk_span modulus;
	struct uk_span exponent;

	if (!der_take_tag(lib, &in, V_ASN1_SEQUENCE, &outer) || in.len != 0)
		return false;
	in = outer.body;
	if (!der_take_uint(lib, &in, &modulus) || !der_take_uint(lib, &in, &exponent) ||
	    in.len != 0 || modulus.len == 0)
		return false;
	if (modulus.len > sizeof(cert->modulus) || exponent.len > sizeof(cert->exponent))
		return true;
	memcpy(cert->modulus, modulus.ptr, modulus.len);
	cert->modulus_len = modulus.len;
	for (size_t i = 0; i < exponent.len; i++)
		cert->exponent = cert->exponent << 8 | exponent.ptr[i];
	cert->key_bits = count_bits(modulus);
	cert->key_type = CRYPTO_KEY_RSA;
	return true;
}

/* 04 || X || Y */
static bool
read_sm2(struct uk_span point, struct crypto_cert *cert)
{
	if (point.len != 1 + 2 * GM_SM2_LEN || point.ptr[0] != 0x04)
		return false;
	memcpy(cert->x, point.ptr + 1, GM_SM2_LEN);
	memcpy(cert->y, point.ptr + 1 + GM_SM2_LEN, GM_SM2_LEN);
	cert->key_bits = 256;
	cert->key_type = CRYPTO_KEY_SM2;
	return true;
}

static bool
read_key(const struct crypto_library *lib, struct uk_span in, struct crypto_cert *cert)
{
	struct der_element algorithm;
	struct uk_span key;

	if (!der_take_tag(lib, &in, V_ASN1_SEQUENCE, &algorithm) ||
	    !der_take_bits(lib, &in, &key) || in.len != 0)
		return false;
	if (uk_span_equal(algorithm.whole, uk_span_of(alg_rsa, sizeof(alg_rsa))))
		return read_rsa(lib, key, cert);
	if (uk_span_equal(algorithm.whole, uk_span_of(alg_sm2, sizeof(alg_sm2))))
		return read_sm2(key, cert);
	return true;
}

static bool
copy(struct uk_span from, uint8_t **ret, size_t *ret_len)
{
	uint8_t *bytes = malloc(from.len > 0 ? from.len : 1);

	if (bytes == NULL)
		return false;
	if (from.len > 0)
		memcpy(bytes, from.ptr, from.len);
	*ret = bytes;
	*ret_len = from.len;
	return true;
}

enum uk_status
crypto_cert_read(struct uk_span der, struct crypto_cert *ret)
{
	const struct crypto_library *lib = crypto_load();
	UK_CLEANUP(crypto_cert_clear) struct crypto_cert cert = {0};
	struct cert_parts parts;

	if (lib == NULL)
		return UK_E_CRYPTO;
	CRYPTO_QUIET quiet = crypto_quiet(lib);
	if (der.len > INT32_MAX || !cert_split(lib, der, &parts) ||
	    !read_label(lib, parts.subject.body, cert.label, sizeof(cert.label)) ||
	    !read_validity(lib, parts.validity.body, &cert) ||
	    !read_key(lib, parts.spki.body, &cert))
		return UK_E_DATA;
	if (!copy(parts.subject.whole, &cert.subject, &cert.subject_len) ||
	    !copy(parts.issuer.whole, &cert.issuer, &cert.issuer_len) ||
	    !copy(parts.serial.whole, &cert.serial, &cert.serial_len) ||
	    !copy(parts.spki.whole, &cert.spki, &cert.spki_len))
		return UK_E_MEMORY;
	*ret = cert;
	cert = (struct crypto_cert){0};
	return UK_OK;
}

void
crypto_cert_clear(struct crypto_cert *cert)
{
	free(cert->subject);
	free(cert->issuer);
	free(cert->serial);
	free(cert->spki);
	*cert = (struct crypto_cert){0};
}
