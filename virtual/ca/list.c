/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "list.h"

#include "files.h"
#include "ossl.h"

#include <openssl/x509v3.h>

/* The entries of the last list go over into the new one. */
static bool
entries_keep(X509_CRL *list, X509_CRL *last)
{
	const STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(last);

	for (int i = 0; i < sk_X509_REVOKED_num(entries); i++) {
		X509_REVOKED *entry = X509_REVOKED_dup(sk_X509_REVOKED_value(entries, i));

		if (entry == NULL || X509_CRL_add0_revoked(list, entry) != 1) {
			X509_REVOKED_free(entry);
			return false;
		}
	}
	return true;
}

static bool
entry_add(X509_CRL *list, X509 *cert, ASN1_TIME *now)
{
	X509_REVOKED *entry = NULL;

	if (X509_CRL_get0_by_cert(list, &entry, cert) == 1)
		return true; /* it is in already */
	entry = X509_REVOKED_new();
	if (entry == NULL ||
	    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(cert)) != 1 ||
	    X509_REVOKED_set_revocationDate(entry, now) != 1 ||
	    X509_CRL_add0_revoked(list, entry) != 1) {
		X509_REVOKED_free(entry);
		return false;
	}
	return true;
}

/* A list's number is one more than the last one's. */
static bool
number_add(X509_CRL *list, X509_CRL *last)
{
	SCOPED(ASN1_INTEGER) *number = NULL;
	int64_t value = 0;

	if (last != NULL)
		number = X509_CRL_get_ext_d2i(last, NID_crl_number, NULL, NULL);
	if (number != NULL && ASN1_INTEGER_get_int64(&value, number) != 1)
		return false;
	if (number == NULL)
		number = ASN1_INTEGER_new();
	return number != NULL && ASN1_INTEGER_set_int64(number, value + 1) == 1 &&
	       X509_CRL_add1_ext_i2d(list, NID_crl_number, number, 0, 0) == 1;
}

static bool
times_set(X509_CRL *list, ASN1_TIME *now, long days)
{
	SCOPED(ASN1_TIME) *end = X509_time_adj_ex(NULL, (int)days, 0, NULL);

	return end != NULL && X509_CRL_set1_lastUpdate(list, now) == 1 &&
	       X509_CRL_set1_nextUpdate(list, end) == 1;
}

static bool
list_sign(X509_CRL *list, EVP_PKEY *key)
{
	SCOPED(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();

	return X509_CRL_sort(list) == 1 && ctx != NULL && authority_signer(ctx, key) &&
	       X509_CRL_sign_ctx(list, ctx) > 0;
}

bool
list_make(const char *dir, const struct authority *authority, X509 *revoked, long days)
{
	char path[PATH_ROOM];
	SCOPED(X509_CRL) *last = NULL;
	SCOPED(X509_CRL) *list = X509_CRL_new();
	SCOPED(ASN1_TIME) *now = X509_gmtime_adj(NULL, 0);

	if (!path_in(path, dir, "root.crl"))
		return false;
	last = list_read(path);
	if (list == NULL || now == NULL || X509_CRL_set_version(list, X509_CRL_VERSION_2) != 1 ||
	    X509_CRL_set_issuer_name(list, X509_get_subject_name(authority->cert)) != 1 ||
	    !times_set(list, now, days) || !number_add(list, last) ||
	    (last != NULL && !entries_keep(list, last)) ||
	    (revoked != NULL && !entry_add(list, revoked, now)) || !list_sign(list, authority->key))
		return ca_fail("the revocation list cannot be made");
	return list_write(path, list);
}
