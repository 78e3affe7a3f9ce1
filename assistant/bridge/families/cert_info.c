/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/families/cert_info.h"

#include "assistant/core/cert.h"

#include <openssl/x509v3.h>
#include <string.h>

#define CERT_TEXT_MAX (64 * 1024)
#define OID_MAX       64

/* Where CAs put what tells a unit from all others; the first that is there counts. */
static const char *const unique_oids[] = {
	"1.2.156.112562.2.1.1.1",
	"1.2.86.11.7.1.8",
	"2.16.840.1.113732.2",
};

typedef char *(*Reader)(X509 *x509, int nid);

/* ---- readers of one field ---- */

static char *
read_version(X509 *x509, int nid)
{
	return g_strdup_printf("V%ld", X509_get_version(x509) + 1);
}

static char *
read_serial(X509 *x509, int nid)
{
	return ouk_x509_serial(x509);
}

static char *
read_algorithm(X509 *x509, int nid)
{
	EVP_PKEY *key = X509_get0_pubkey(x509);

	if (key != NULL && EVP_PKEY_is_a(key, "SM2"))
		return g_strdup("SM2");
	return g_strdup(key != NULL && EVP_PKEY_is_a(key, "RSA") ? "RSA" : "");
}

struct part_search {
	const char *name;
	GString *found;
};

static void
part_add(const char *part, const char *text, void *data)
{
	struct part_search *search = data;

	if (strcmp(part, search->name) != 0)
		return;
	if (search->found->len > 0)
		g_string_append(search->found, OUK_LIST_MARK);
	g_string_append(search->found, text);
}

static char *
name_part(X509_NAME *name, const char *part)
{
	struct part_search search = {part, g_string_new(NULL)};

	ouk_name_foreach(name, part_add, &search);
	return g_string_free(search.found, FALSE);
}

static char *
read_issuer_part(X509 *x509, int nid)
{
	return name_part(X509_get_issuer_name(x509), OBJ_nid2sn(nid));
}

static char *
read_subject_part(X509 *x509, int nid)
{
	return name_part(X509_get_subject_name(x509), OBJ_nid2sn(nid));
}

static void
name_add(const char *part, const char *text, void *data)
{
	GString *out = data;

	g_string_append_printf(out, "%s%s=", out->len > 0 ? ", " : "",
			       strcmp(part, "emailAddress") == 0 ? "E" : part);
	for (const char *at = text; *at != '\0'; at++) {
		if (strchr(",\\", *at) != NULL)
			g_string_append_c(out, '\\');
		g_string_append_c(out, *at);
	}
}

static char *
read_name(X509_NAME *name)
{
	GString *out = g_string_new(NULL);

	ouk_name_foreach(name, name_add, out);
	return g_string_free(out, FALSE);
}

static char *
read_issuer(X509 *x509, int nid)
{
	return read_name(X509_get_issuer_name(x509));
}

static char *
read_subject(X509 *x509, int nid)
{
	return read_name(X509_get_subject_name(x509));
}

/* In the computer's own time, as the page will compare it with its clock. */
static char *
time_text(const ASN1_TIME *time)
{
	g_autoptr(GDateTime) local = ouk_x509_time(time);

	return local != NULL ? g_date_time_format(local, "%Y%m%d%H%M%S") : g_strdup("");
}

static char *
read_begin(X509 *x509, int nid)
{
	return time_text(X509_get0_notBefore(x509));
}

static char *
read_end(X509 *x509, int nid)
{
	return time_text(X509_get0_notAfter(x509));
}

static char *
read_validity(X509 *x509, int nid)
{
	g_autofree char *begin = read_begin(x509, 0);
	g_autofree char *end = read_end(x509, 0);

	return g_strconcat(begin, OUK_LIST_MARK, end, NULL);
}

static char *
base64_and_free(unsigned char *der, int len)
{
	char *text = len > 0 ? g_base64_encode(der, (gsize)len) : g_strdup("");

	OPENSSL_free(der);
	return text;
}

static char *
read_public_key(X509 *x509, int nid)
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der);

	return base64_and_free(der, len);
}

static char *
read_extensions(X509 *x509, int nid)
{
	const STACK_OF(X509_EXTENSION) *list = X509_get0_extensions(x509);
	unsigned char *der = NULL;
	int len = list != NULL ? i2d_X509_EXTENSIONS(list, &der) : 0;

	return base64_and_free(der, len);
}

/* The extension's value as it stands in the certificate. */
static char *
read_extension(X509 *x509, int nid)
{
	int at = X509_get_ext_by_NID(x509, nid, -1);
	const ASN1_OCTET_STRING *value;

	if (at < 0)
		return g_strdup("");
	value = X509_EXTENSION_get_data(X509_get_ext(x509, at));
	return g_base64_encode(ASN1_STRING_get0_data(value), (gsize)ASN1_STRING_length(value));
}

static char *
read_unique(X509 *x509, int nid)
{
	char *code;

	for (gsize i = 0; i < G_N_ELEMENTS(unique_oids); i++) {
		char *text = ouk_x509_extension(x509, unique_oids[i]);

		if (text != NULL)
			return text;
	}
	code = ouk_x509_credit_code(x509);
	return code != NULL ? code : g_strdup("");
}

/* ---- the tables ---- */

struct field {
	int type;
	Reader read;
	int nid;
};

static const struct field bjca_fields[] = {
	{1, read_version, 0},
	{2, read_serial, 0},
	{3, read_algorithm, 0},
	{4, read_issuer_part, NID_countryName},
	{5, read_issuer_part, NID_organizationName},
	{6, read_issuer_part, NID_organizationalUnitName},
	{7, read_issuer_part, NID_stateOrProvinceName},
	{8, read_issuer_part, NID_commonName},
	{9, read_issuer_part, NID_localityName},
	{10, read_issuer_part, NID_pkcs9_emailAddress},
	{11, read_begin, 0},
	{12, read_end, 0},
	{13, read_subject_part, NID_countryName},
	{14, read_subject_part, NID_organizationName},
	{15, read_subject_part, NID_organizationalUnitName},
	{16, read_subject_part, NID_stateOrProvinceName},
	{17, read_subject_part, NID_commonName},
	{18, read_subject_part, NID_localityName},
	{19, read_subject_part, NID_pkcs9_emailAddress},
	{20, read_public_key, 0},
	{33, read_subject, 0},
	{34, read_issuer, 0},
	{OUK_CERT_INFO_UNIQUE, read_unique, 0},
};

static const struct field gm_fields[] = {
	{0x01, read_version, 0},
	{0x02, read_serial, 0},
	{0x05, read_issuer, 0},
	{0x06, read_validity, 0},
	{0x07, read_subject, 0},
	{0x08, read_public_key, 0},
	{0x09, read_extensions, 0},
	{0x11, read_extension, NID_authority_key_identifier},
	{0x12, read_extension, NID_subject_key_identifier},
	{0x13, read_extension, NID_key_usage},
	{0x14, read_extension, NID_private_key_usage_period},
	{0x15, read_extension, NID_certificate_policies},
	{0x16, read_extension, NID_policy_mappings},
	{0x17, read_extension, NID_basic_constraints},
	{0x18, read_extension, NID_policy_constraints},
	{0x19, read_extension, NID_ext_key_usage},
	{0x1a, read_extension, NID_crl_distribution_points},
	{0x1b, read_extension, NID_netscape_cert_type},
	{0x21, read_issuer_part, NID_commonName},
	{0x22, read_issuer_part, NID_organizationName},
	{0x23, read_issuer_part, NID_organizationalUnitName},
	{0x31, read_subject_part, NID_commonName},
	{0x32, read_subject_part, NID_organizationName},
	{0x33, read_subject_part, NID_organizationalUnitName},
	{0x34, read_subject_part, NID_pkcs9_emailAddress},
	{0x35, read_begin, 0},
	{0x36, read_end, 0},
};

static const struct field *
field_find(const struct field *fields, gsize count, int type)
{
	for (gsize i = 0; i < count; i++)
		if (fields[i].type == type)
			return &fields[i];
	return NULL;
}

char *
ouk_cert_info(X509 *x509, OukCertInfoTable table, int type)
{
	const struct field *field = NULL;

	if (table == OUK_CERT_INFO_BJCA)
		field = field_find(bjca_fields, G_N_ELEMENTS(bjca_fields), type);
	if (field == NULL)
		field = field_find(gm_fields, G_N_ELEMENTS(gm_fields), type);
	return field != NULL ? field->read(x509, field->nid) : NULL;
}

gboolean
ouk_cert_info_type(const char *text, OukCertInfoTable *ret_table, int *ret_type)
{
	gboolean hex = g_ascii_strncasecmp(text, "0x", 2) == 0;
	guint64 number;

	if (!g_ascii_string_to_unsigned(hex ? text + 2 : text, hex ? 16 : 10, 0, G_MAXINT, &number,
					NULL))
		return FALSE;
	*ret_table = hex ? OUK_CERT_INFO_GM : OUK_CERT_INFO_BJCA;
	*ret_type = (int)number;
	return TRUE;
}

static char *
subject_by_oid(X509 *x509, const ASN1_OBJECT *object)
{
	int nid = OBJ_obj2nid(object);
	char oid[OID_MAX * 2];

	if (nid != NID_undef)
		return read_subject_part(x509, nid);
	OBJ_obj2txt(oid, sizeof(oid), object, 1);
	return name_part(X509_get_subject_name(x509), oid);
}

char *
ouk_cert_info_by_oid(X509 *x509, const char *oid)
{
	g_autoptr(ASN1_OBJECT) object = NULL;
	char *text;

	if (strlen(oid) > OID_MAX)
		return g_strdup("");
	object = OBJ_txt2obj(oid, 1);
	if (object == NULL)
		return g_strdup("");
	text = ouk_x509_extension(x509, oid);
	return text != NULL ? text : subject_by_oid(x509, object);
}

/* ---- from pages ---- */

X509 *
ouk_cert_of_text(const char *text)
{
	g_autoptr(GString) base64 = NULL;
	g_autofree guchar *der = NULL;
	const unsigned char *at;
	X509 *x509;
	gsize len = strlen(text);

	if (len == 0 || len > CERT_TEXT_MAX)
		return NULL;
	base64 = g_string_new(text);
	g_string_replace(base64, "-----BEGIN CERTIFICATE-----", "", 0);
	g_string_replace(base64, "-----END CERTIFICATE-----", "", 0);
	der = g_base64_decode(base64->str, &len);
	at = der;
	x509 = len > 0 ? d2i_X509(NULL, &at, (long)len) : NULL;
	if (x509 != NULL && (at != der + len || X509_get0_pubkey(x509) == NULL)) {
		X509_free(x509);
		return NULL;
	}
	if (x509 != NULL)
		ouk_x509_set_sm2_id(x509);
	return x509;
}
