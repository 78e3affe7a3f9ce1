/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a certificate says of itself, in words. */
#include "assistant/core/cert.h"

#include "assistant/core/text.h"
#include "common/defs.h"
#include "common/gm.h"

#include <glib/gi18n.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define NAME_CHARS 256 /* more than any name has; X.520 allows 64 */

#define DAY_SECONDS     (24 * 60 * 60)
#define CREDIT_CODE_LEN 18
/* Unified social credit code: 18 digits and capitals without I, O, S, V, Z (GB 32100). */
#define CREDIT_CODE_RE "^[0-9ANY][0-9][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$"

/*
 * Older Chinese certificates carry GB 18030 bytes under types that promise something else; what is
 * valid UTF-8 as it stands is taken as it stands.
 */
/* Nobody is called so long that it fills the window. Takes the text. */
static char *
shortened(char *text)
{
	g_autofree char *whole = text;
	g_autofree char *start = NULL;

	if (g_utf8_strlen(whole, -1) <= NAME_CHARS)
		return g_steal_pointer(&whole);
	start = g_utf8_substring(whole, 0, NAME_CHARS);
	return g_strconcat(start, "…", NULL);
}

static char *
string_text(const ASN1_STRING *string)
{
	const char *raw = (const char *)ASN1_STRING_get0_data(string);
	gssize len = ASN1_STRING_length(string);
	unsigned char *utf8 = NULL;
	g_autofree char *text = NULL;

	switch (ASN1_STRING_type(string)) {
	case V_ASN1_BMPSTRING:
	case V_ASN1_UNIVERSALSTRING:
		if (ASN1_STRING_to_UTF8(&utf8, string) >= 0) {
			text = g_strdup((const char *)utf8);
			OPENSSL_free(utf8);
		}
		break;
	default:
		if (!g_utf8_validate(raw, len, NULL))
			text = g_convert(raw, len, "UTF-8", "GB18030", NULL, NULL, NULL);
		break;
	}
	if (text == NULL)
		return shortened(ouk_text_of(raw, (gsize)len));
	return shortened(ouk_text_of(text, strlen(text)));
}

void
ouk_name_foreach(X509_NAME *name, void (*fn)(const char *part, const char *text, void *data),
		 void *data)
{
	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		ASN1_OBJECT *object = X509_NAME_ENTRY_get_object(entry);
		int nid = OBJ_obj2nid(object);
		g_autofree char *text = string_text(X509_NAME_ENTRY_get_data(entry));
		char oid[80];

		OBJ_obj2txt(oid, sizeof(oid), object, 1);
		fn(nid != NID_undef ? OBJ_nid2sn(nid) : oid, text, data);
	}
}

static char *
name_part(X509_NAME *name, int nid)
{
	int at = X509_NAME_get_index_by_NID(name, nid, -1);

	if (at < 0)
		return NULL;
	return string_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

static char *
name_short(X509_NAME *name)
{
	char *text = name_part(name, NID_commonName);

	if (text == NULL)
		text = name_part(name, NID_organizationName);
	return text != NULL ? text : g_strdup(_("(no name)"));
}

char *
ouk_x509_unit(X509 *x509)
{
	return name_short(X509_get_subject_name(x509));
}

char *
ouk_x509_issuer(X509 *x509)
{
	return name_short(X509_get_issuer_name(x509));
}

static gboolean
is_credit_code(const char *text)
{
	return strlen(text) == CREDIT_CODE_LEN && g_regex_match_simple(CREDIT_CODE_RE, text, 0, 0);
}

char *
ouk_x509_extension(X509 *x509, const char *oid)
{
	g_autoptr(ASN1_OBJECT) object = OBJ_txt2obj(oid, 1);
	int at = object != NULL ? X509_get_ext_by_OBJ(x509, object, -1) : -1;
	const ASN1_OCTET_STRING *value;
	g_autoptr(ASN1_TYPE) inner = NULL;
	const unsigned char *bytes;

	if (at < 0)
		return NULL;
	value = X509_EXTENSION_get_data(X509_get_ext(x509, at));
	bytes = ASN1_STRING_get0_data(value);
	inner = d2i_ASN1_TYPE(NULL, &bytes, ASN1_STRING_length(value));
	switch (inner != NULL ? ASN1_TYPE_get(inner) : V_ASN1_UNDEF) {
	case V_ASN1_UTF8STRING:
	case V_ASN1_PRINTABLESTRING:
	case V_ASN1_IA5STRING:
	case V_ASN1_OCTET_STRING:
	case V_ASN1_BMPSTRING:
		return string_text(inner->value.asn1_string);
	default:
		return string_text(value); /* some CAs write the bare text */
	}
}

struct code_search {
	char *found;
};

static void
look_for_code(const char *part, const char *text, void *data)
{
	struct code_search *search = data;

	if (search->found == NULL && is_credit_code(text))
		search->found = g_strdup(text);
}

char *
ouk_x509_credit_code(X509 *x509)
{
	static const char *const oids[] = {
		"1.2.156.112562.2.1.1.17", /* Beijing's table of entity attributes */
		"1.2.156.10260.4.1.4",     /* national: organisation code, later credit code */
	};
	struct code_search search = {0};

	for (size_t i = 0; i < ARRAY_SIZE(oids); i++) {
		g_autofree char *text = ouk_x509_extension(x509, oids[i]);

		if (text != NULL && is_credit_code(text))
			return g_steal_pointer(&text);
	}
	ouk_name_foreach(X509_get_subject_name(x509), look_for_code, &search);
	return search.found;
}

void
ouk_x509_set_sm2_id(X509 *x509)
{
	ASN1_OCTET_STRING *id;

	/* OpenSSL would refuse an RSA signature with an ID */
	if (X509_get_signature_nid(x509) != NID_SM2_with_SM3)
		return;
	id = ASN1_OCTET_STRING_new();
	if (id != NULL && ASN1_OCTET_STRING_set(id, (const unsigned char *)GM_SM2_DEFAULT_ID,
						(int)strlen(GM_SM2_DEFAULT_ID)) == 1)
		X509_set0_distinguishing_id(x509, id); /* takes it */
	else
		ASN1_OCTET_STRING_free(id);
}

char *
ouk_x509_serial(X509 *x509)
{
	g_autoptr(BIGNUM) number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
	char *hex = number != NULL ? BN_bn2hex(number) : NULL;
	char *text = g_strdup(hex != NULL ? hex : "");

	OPENSSL_free(hex);
	return text;
}

char *
ouk_x509_algorithm(X509 *x509)
{
	EVP_PKEY *key = X509_get0_pubkey(x509);
	char group[64] = "";

	if (key == NULL)
		return g_strdup(_("unknown"));
	if (EVP_PKEY_is_a(key, "SM2"))
		return g_strdup("SM2");
	if (EVP_PKEY_is_a(key, "RSA"))
		return g_strdup_printf("RSA %d", EVP_PKEY_get_bits(key));
	if (EVP_PKEY_is_a(key, "EC") &&
	    EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1)
		return g_strdup_printf("EC %s", group);
	return g_strdup(_("unknown"));
}

static const struct {
	uint32_t bit;
	const char *word;
} usage_words[] = {
	{KU_DIGITAL_SIGNATURE, N_("signing")},
	{KU_NON_REPUDIATION, N_("binding signatures")},
	{KU_KEY_ENCIPHERMENT, N_("encrypting keys")},
	{KU_DATA_ENCIPHERMENT, N_("encrypting data")},
	{KU_KEY_AGREEMENT, N_("agreeing on keys")},
	{KU_KEY_CERT_SIGN, N_("issuing certificates")},
	{KU_CRL_SIGN, N_("issuing revocation lists")},
};

char *
ouk_x509_usage(X509 *x509)
{
	uint32_t usage = X509_get_key_usage(x509);
	g_autoptr(GString) text = g_string_new(NULL);

	if ((X509_get_extension_flags(x509) & EXFLAG_KUSAGE) == 0)
		return g_strdup("");
	for (size_t i = 0; i < ARRAY_SIZE(usage_words); i++)
		if ((usage & usage_words[i].bit) != 0)
			g_string_append_printf(text, "%s%s", text->len > 0 ? _(", ") : "",
					       _(usage_words[i].word));
	return g_strdup(text->str);
}

gboolean
ouk_x509_may_sign(X509 *x509)
{
	return (X509_get_key_usage(x509) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
}

gboolean
ouk_x509_may_encrypt(X509 *x509)
{
	return (X509_get_key_usage(x509) &
		(KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT | KU_KEY_AGREEMENT)) != 0;
}

char *
ouk_x509_fingerprint(X509 *x509, const char *digest)
{
	const EVP_MD *md = EVP_get_digestbyname(digest);
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	g_autoptr(GString) text = g_string_new(NULL);

	if (md == NULL || X509_digest(x509, md, bytes, &len) != 1)
		return g_strdup("");
	for (unsigned int i = 0; i < len; i++)
		g_string_append_printf(text, "%s%02X", i > 0 ? ":" : "", (unsigned int)bytes[i]);
	return g_strdup(text->str);
}

/* ---- time ---- */

GDateTime *
ouk_x509_time(const ASN1_TIME *time)
{
	struct tm tm = {0};
	g_autoptr(GDateTime) utc = NULL;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return NULL;
	utc = g_date_time_new_utc(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
				  tm.tm_min, tm.tm_sec);
	return utc != NULL ? g_date_time_to_local(utc) : NULL;
}

int
ouk_x509_days_left(X509 *x509)
{
	int days = 0, seconds = 0;

	if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(x509)) != 1)
		return 0;
	/* both have the same sign: a certificate that ended an hour ago has -1 days left */
	return seconds < 0 ? days - 1 : days;
}

OukCertState
ouk_x509_state(X509 *x509)
{
	if (X509_cmp_current_time(X509_get0_notBefore(x509)) > 0)
		return OUK_CERT_NOT_YET;
	if (X509_cmp_current_time(X509_get0_notAfter(x509)) < 0)
		return OUK_CERT_ENDED;
	return ouk_x509_days_left(x509) < OUK_CERT_ENDING_DAYS ? OUK_CERT_ENDING : OUK_CERT_GOOD;
}
