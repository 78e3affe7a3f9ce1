/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/revocation_answer.h"

#include "assistant/core/cert.h"
#include "common/defs.h"
#include "common/gm.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

/* Clocks of CAs and offices differ by so much, seconds. */
#define SLACK 300
/* An answer that names no end and repeats no nonce is believed for so long, seconds. */
#define AGE_MAX (24 * 60 * 60)
/* Certificates in an OCSP answer that are looked at. */
#define SIGNERS_MAX   8
#define ADDRESSES_MAX 8

static void
not_checked(OukRevocation *ret, OukNotChecked why)
{
	ret->state = OUK_REVOCATION_NOT_CHECKED;
	ret->why = why;
}

/* ---- signatures ---- */

/*
 * SEQUENCE { what is signed, algorithm, BIT STRING }, the form of certificates, CRLs and OCSP
 * answers alike. OpenSSL 3.0 verifies CRLs and OCSP answers without the ID of SM2, so it is done
 * here on the bytes as they came.
 */
typedef struct {
	const guint8 *tbs;
	gsize tbs_len;
	int digest;
	const guint8 *signature;
	gsize signature_len;
} SignedBlob;

/* Takes one element of that tag off the front; FALSE when there is none. ret_body may be NULL. */
static gboolean
take_element(struct uk_span *in, int want, struct uk_span *ret_whole, struct uk_span *ret_body)
{
	const unsigned char *at = in->ptr;
	long body = 0;
	int tag = 0, class = 0;
	int flags = ASN1_get_object(&at, &body, &tag, &class, (long)in->len);
	gsize head, len;

	/* 0x80: an error; 0x01: indefinite length, which DER does not have */
	if ((flags & 0x81) != 0 || class != V_ASN1_UNIVERSAL || tag != want || body < 0)
		return FALSE;
	head = (gsize)(at - in->ptr);
	len = head + (gsize)body;
	if (len > in->len)
		return FALSE;
	*ret_whole = (struct uk_span){in->ptr, len};
	if (ret_body != NULL)
		*ret_body = (struct uk_span){at, (gsize)body};
	*in = (struct uk_span){in->ptr + len, in->len - len};
	return TRUE;
}

static gboolean
blob_split(struct uk_span der, SignedBlob *ret)
{
	struct uk_span whole, body, tbs, algorithm, bits, bit_body;
	g_autoptr(X509_ALGOR) parsed = NULL;
	const ASN1_OBJECT *object = NULL;
	const unsigned char *at;
	int digest = NID_undef;

	if (!take_element(&der, V_ASN1_SEQUENCE, &whole, &body) ||
	    !take_element(&body, V_ASN1_SEQUENCE, &tbs, NULL) ||
	    !take_element(&body, V_ASN1_SEQUENCE, &algorithm, NULL) ||
	    !take_element(&body, V_ASN1_BIT_STRING, &bits, &bit_body) || bit_body.len < 2 ||
	    bit_body.ptr[0] != 0)
		return FALSE;
	at = algorithm.ptr;
	parsed = d2i_X509_ALGOR(NULL, &at, (long)algorithm.len);
	if (parsed == NULL)
		return FALSE;
	X509_ALGOR_get0(&object, NULL, NULL, parsed);
	if (OBJ_find_sigid_algs(OBJ_obj2nid(object), &digest, NULL) != 1)
		return FALSE;
	*ret = (SignedBlob){tbs.ptr, tbs.len, digest, bit_body.ptr + 1, bit_body.len - 1};
	return TRUE;
}

/* Whether the key signed the DER of a certificate, CRL or OCSP answer. */
static gboolean
blob_verifies(struct uk_span der, EVP_PKEY *key)
{
	g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx = NULL; /* belongs to ctx */
	SignedBlob blob;

	if (key == NULL || ctx == NULL || !blob_split(der, &blob) || blob.digest == NID_undef)
		return FALSE;
	if (EVP_DigestVerifyInit(ctx, &key_ctx, EVP_get_digestbynid(blob.digest), NULL, key) != 1)
		return FALSE;
	if (EVP_PKEY_is_a(key, "SM2") &&
	    EVP_PKEY_CTX_set1_id(key_ctx, GM_SM2_DEFAULT_ID, (int)strlen(GM_SM2_DEFAULT_ID)) != 1)
		return FALSE;
	return EVP_DigestVerify(ctx, blob.signature, blob.signature_len, blob.tbs, blob.tbs_len) ==
	       1;
}

gboolean
revocation_is_issued_by(X509 *x509, X509 *issuer)
{
	g_autoptr(X509) copy = X509_dup(x509);
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	gboolean good;

	if (copy == NULL || key == NULL)
		return FALSE;
	ouk_x509_set_sm2_id(copy);
	good = X509_NAME_cmp(X509_get_issuer_name(copy), X509_get_subject_name(issuer)) == 0 &&
	       X509_verify(copy, key) == 1;
	ERR_clear_error();
	return good;
}

/* ---- times ---- */

/* Unix time; `otherwise` when there is none. */
static gint64
unix_time(const ASN1_TIME *time, gint64 otherwise)
{
	g_autoptr(GDateTime) local = time != NULL ? ouk_x509_time(time) : NULL;

	return local != NULL ? g_date_time_to_unix(local) : otherwise;
}

/* from: when it was said; until: 0 = not said. */
static gboolean
is_current(gint64 from, gint64 until, gint64 now)
{
	return from != 0 && from <= now + SLACK && (until == 0 || until >= now - SLACK);
}

/* ---- OCSP ---- */

OCSP_REQUEST *
revocation_question(X509 *x509, X509 *issuer)
{
	OCSP_REQUEST *question = OCSP_REQUEST_new();
	/* the digest that responders look certificates up by; nothing rests on its strength */
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), x509, issuer);

	if (question != NULL && id != NULL && OCSP_request_add0_id(question, id) != NULL &&
	    OCSP_request_add1_nonce(question, NULL, -1) == 1)
		return question;
	OCSP_REQUEST_free(question);
	return NULL;
}

/* A certificate that the issuer gave its responder for nothing else. */
static gboolean
is_responder(X509 *x509, X509 *issuer, gint64 now)
{
	return (X509_get_extension_flags(x509) & EXFLAG_XKUSAGE) != 0 &&
	       (X509_get_extended_key_usage(x509) & XKU_OCSP_SIGN) != 0 &&
	       is_current(unix_time(X509_get0_notBefore(x509), 0),
			  unix_time(X509_get0_notAfter(x509), 1), now) &&
	       revocation_is_issued_by(x509, issuer);
}

static gboolean
basic_verifies(OCSP_BASICRESP *basic, X509 *issuer, gint64 now)
{
	unsigned char *der = NULL;
	int len = i2d_OCSP_BASICRESP(basic, &der);
	const STACK_OF(X509) *certs = OCSP_resp_get0_certs(basic);
	struct uk_span span = {der, len > 0 ? (gsize)len : 0};
	gboolean good = len > 0 && blob_verifies(span, X509_get0_pubkey(issuer));

	for (int i = 0; !good && i < sk_X509_num(certs) && i < SIGNERS_MAX; i++) {
		X509 *signer = sk_X509_value(certs, i);

		good = len > 0 && is_responder(signer, issuer, now) &&
		       blob_verifies(span, X509_get0_pubkey(signer));
	}
	OPENSSL_free(der);
	return good;
}

/* What the proven answer says of the certificate in question. */
static void
read_status(OCSP_BASICRESP *basic, OCSP_REQUEST *question, gint64 now, OukRevocation *ret)
{
	OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(question, 0));
	ASN1_GENERALIZEDTIME *revoked = NULL, *from = NULL, *until = NULL;
	int status = 0, reason = -1;
	int nonce = OCSP_check_nonce(question, basic);
	gint64 said;

	/* another nonce: an answer to somebody else's question */
	if (nonce == 0 ||
	    OCSP_resp_find_status(basic, id, &status, &reason, &revoked, &from, &until) != 1) {
		not_checked(ret, OUK_NOT_CHECKED_BAD_ANSWER);
		return;
	}
	said = unix_time(from, 0);
	ret->answer_until = unix_time(until, 0);
	if (!is_current(said, ret->answer_until, now) ||
	    (ret->answer_until == 0 && nonce != 1 && said < now - AGE_MAX)) {
		not_checked(ret, OUK_NOT_CHECKED_STALE);
		return;
	}
	if (status == V_OCSP_CERTSTATUS_GOOD) {
		ret->state = OUK_REVOCATION_GOOD;
	} else if (status == V_OCSP_CERTSTATUS_REVOKED) {
		ret->state = OUK_REVOCATION_REVOKED;
		ret->revoked_at = unix_time(revoked, 0);
		ret->reason = reason;
	} else {
		not_checked(ret, OUK_NOT_CHECKED_UNKNOWN);
	}
}

void
revocation_judge_ocsp(GBytes *answer, OCSP_REQUEST *question, X509 *issuer, gint64 now,
		      OukRevocation *ret)
{
	gsize len = 0;
	const unsigned char *at = g_bytes_get_data(answer, &len);
	g_autoptr(OCSP_RESPONSE) response = NULL;
	g_autoptr(OCSP_BASICRESP) basic = NULL;

	if (len > 0)
		response = d2i_OCSP_RESPONSE(NULL, &at, (long)len);
	if (response != NULL && OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL)
		basic = OCSP_response_get1_basic(response);
	if (basic == NULL)
		not_checked(ret, OUK_NOT_CHECKED_BAD_ANSWER);
	else if (!basic_verifies(basic, issuer, now))
		not_checked(ret, OUK_NOT_CHECKED_FOREIGN);
	else
		read_status(basic, question, now, ret);
	ERR_clear_error();
}

/* ---- CRL ---- */

static X509_CRL *
crl_read(struct uk_span bytes, struct uk_span *ret_der, unsigned char **ret_owned)
{
	const unsigned char *at = bytes.ptr;
	X509_CRL *crl = bytes.len > 0 ? d2i_X509_CRL(NULL, &at, (long)bytes.len) : NULL;
	g_autoptr(BIO) in = NULL;
	int len;

	*ret_der = bytes;
	if (crl != NULL || bytes.len == 0 || bytes.len > G_MAXINT)
		return crl;
	/* some servers give PEM although they should not */
	in = BIO_new_mem_buf(bytes.ptr, (int)bytes.len);
	crl = in != NULL ? PEM_read_bio_X509_CRL(in, NULL, NULL, NULL) : NULL;
	len = crl != NULL ? i2d_X509_CRL(crl, ret_owned) : 0;
	*ret_der = (struct uk_span){*ret_owned, len > 0 ? (gsize)len : 0};
	return crl;
}

/* One of the places the list says it is for is one the certificate names. */
static gboolean
point_fits(const DIST_POINT_NAME *point, X509 *x509)
{
	g_autoptr(GPtrArray) addresses = revocation_crl_addresses(x509);

	if (point->type != 0) /* relative to the issuer's name: no address */
		return FALSE;
	for (int i = 0; i < sk_GENERAL_NAME_num(point->name.fullname); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(point->name.fullname, i);

		if (name->type != GEN_URI)
			continue;
		for (guint n = 0; n < addresses->len; n++) {
			const char *address = g_ptr_array_index(addresses, n);

			if (strlen(address) == (gsize)ASN1_STRING_length(name->d.ia5) &&
			    memcmp(address, ASN1_STRING_get0_data(name->d.ia5), strlen(address)) ==
				    0)
				return TRUE;
		}
	}
	return FALSE;
}

/* A list of everything the issuer has revoked, or of the part the certificate belongs to. */
static gboolean
crl_covers(X509_CRL *crl, X509 *x509)
{
	ISSUING_DIST_POINT *part =
		X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, NULL, NULL);
	gboolean covers = TRUE;

	for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
		X509_EXTENSION *extension = X509_CRL_get_ext(crl, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));

		/* among them: a list of changes only */
		if (X509_EXTENSION_get_critical(extension) && nid != NID_issuing_distribution_point)
			covers = FALSE;
		if (nid == NID_issuing_distribution_point && part == NULL)
			covers = FALSE;
	}
	if (part != NULL) {
		covers = covers && part->onlyCA <= 0 && part->onlyattr <= 0 &&
			 part->indirectCRL <= 0 && part->onlysomereasons == NULL &&
			 (part->distpoint == NULL || point_fits(part->distpoint, x509));
		ISSUING_DIST_POINT_free(part);
	}
	return covers;
}

static void
read_entry(X509_CRL *crl, X509 *x509, OukRevocation *ret)
{
	X509_REVOKED *entry = NULL;
	ASN1_ENUMERATED *reason;

	/* 2: was on hold and is not any more */
	if (X509_CRL_get0_by_cert(crl, &entry, x509) != 1) {
		ret->state = OUK_REVOCATION_GOOD;
		return;
	}
	ret->state = OUK_REVOCATION_REVOKED;
	ret->revoked_at = unix_time(X509_REVOKED_get0_revocationDate(entry), 0);
	reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	ret->reason = reason != NULL ? (int)ASN1_ENUMERATED_get(reason) : -1;
	ASN1_ENUMERATED_free(reason);
}

static void
judge(X509_CRL *crl, struct uk_span der, X509 *x509, X509 *issuer, gint64 now, OukRevocation *ret)
{
	gint64 from, until;

	if (crl == NULL) {
		not_checked(ret, OUK_NOT_CHECKED_BAD_ANSWER);
		return;
	}
	if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_issuer_name(x509)) != 0 ||
	    !blob_verifies(der, X509_get0_pubkey(issuer))) {
		not_checked(ret, OUK_NOT_CHECKED_FOREIGN);
		return;
	}
	from = unix_time(X509_CRL_get0_lastUpdate(crl), 0);
	until = unix_time(X509_CRL_get0_nextUpdate(crl), 1); /* one without an end is no proof */
	ret->answer_until = until;
	if (!is_current(from, until, now))
		not_checked(ret, OUK_NOT_CHECKED_STALE);
	else if (!crl_covers(crl, x509))
		not_checked(ret, OUK_NOT_CHECKED_BAD_ANSWER);
	else
		read_entry(crl, x509, ret);
}

void
revocation_judge_crl(GBytes *answer, X509 *x509, X509 *issuer, gint64 now, OukRevocation *ret)
{
	gsize len = 0;
	const guint8 *bytes = g_bytes_get_data(answer, &len);
	unsigned char *owned = NULL;
	struct uk_span der;
	g_autoptr(X509_CRL) crl = crl_read((struct uk_span){bytes, len}, &der, &owned);

	judge(crl, der, x509, issuer, now, ret);
	OPENSSL_free(owned);
	ERR_clear_error();
}

/* ---- addresses ---- */

static void
add_address(GPtrArray *addresses, const GENERAL_NAME *name)
{
	g_autofree char *text = NULL;

	if (name->type != GEN_URI || addresses->len >= ADDRESSES_MAX)
		return;
	text = g_strndup((const char *)ASN1_STRING_get0_data(name->d.ia5),
			 (gsize)ASN1_STRING_length(name->d.ia5));
	/* LDAP and files are not asked */
	if (g_ascii_strncasecmp(text, "http://", 7) == 0 ||
	    g_ascii_strncasecmp(text, "https://", 8) == 0)
		g_ptr_array_add(addresses, g_steal_pointer(&text));
}

GPtrArray *
revocation_ocsp_addresses(X509 *x509)
{
	GPtrArray *addresses = g_ptr_array_new_with_free_func(g_free);
	AUTHORITY_INFO_ACCESS *all = X509_get_ext_d2i(x509, NID_info_access, NULL, NULL);

	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(all); i++) {
		const ACCESS_DESCRIPTION *one = sk_ACCESS_DESCRIPTION_value(all, i);

		if (OBJ_obj2nid(one->method) == NID_ad_OCSP)
			add_address(addresses, one->location);
	}
	AUTHORITY_INFO_ACCESS_free(all);
	ERR_clear_error();
	return addresses;
}

GPtrArray *
revocation_crl_addresses(X509 *x509)
{
	GPtrArray *addresses = g_ptr_array_new_with_free_func(g_free);
	CRL_DIST_POINTS *points = X509_get_ext_d2i(x509, NID_crl_distribution_points, NULL, NULL);

	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT *point = sk_DIST_POINT_value(points, i);

		/* lists of some reasons, or by another issuer, prove nothing here */
		if (point->distpoint == NULL || point->distpoint->type != 0 ||
		    point->reasons != NULL || point->CRLissuer != NULL)
			continue;
		for (int n = 0; n < sk_GENERAL_NAME_num(point->distpoint->name.fullname); n++)
			add_address(addresses,
				    sk_GENERAL_NAME_value(point->distpoint->name.fullname, n));
	}
	CRL_DIST_POINTS_free(points);
	ERR_clear_error();
	return addresses;
}
