/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "authority.h"

#include "common/gm.h"
#include "files.h"
#include "ossl.h"

#include <errno.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT_DAYS     3650L
#define ROOT_RSA_BITS 2048U
#define DAY_SECONDS   (24L * 60 * 60)
/* A certificate is good at once on a machine whose clock is a little behind. */
#define CLOCK_SLACK 300L
#define SERIAL_BITS 127
/* Unified social credit code of the unit, as Chinese CAs put it into certificates. */
#define CREDIT_OID     "1.2.156.112562.2.1.1.17"
#define ROOT_NAME      "OpenUKey Rehearsal CA (virtual)"
#define REHEARSAL_NOTE "Rehearsal only: issued by a virtual CA, binding nobody"

EVP_PKEY *
keypair_new(unsigned int bits)
{
	EVP_PKEY *key;

	if (bits == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
	else
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
	if (key == NULL)
		ca_fail("the key pair cannot be made");
	return key;
}

/* Adds one extension, in openssl.cnf's words. */
static bool
extension_add(X509 *cert, X509 *issuer, int nid, const char *value)
{
	SCOPED(X509_EXTENSION) *extension = NULL;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	return extension != NULL && X509_add_ext(cert, extension, -1) == 1;
}

/* An extension whose value is one UTF-8 string. */
static bool
text_extension_add(X509 *cert, const char *oid, const char *text)
{
	char value[128];
	SCOPED(X509_EXTENSION) *extension = NULL;
	X509V3_CTX ctx;
	int len = snprintf(value, sizeof(value), "ASN1:UTF8String:%s", text);

	if (len < 0 || (size_t)len >= sizeof(value))
		return false;
	X509V3_set_ctx(&ctx, NULL, cert, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	extension = X509V3_EXT_conf(NULL, &ctx, oid, value);
	return extension != NULL && X509_add_ext(cert, extension, -1) == 1;
}

static bool
serial_set(X509 *cert)
{
	SCOPED(BIGNUM) *number = BN_new();

	return number != NULL &&
	       BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
	       BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
}

/* The parts every certificate of ours has. */
static bool
cert_fill(X509 *cert, X509_NAME *issuer, const struct issue *issue)
{
	return X509_set_version(cert, X509_VERSION_3) == 1 && serial_set(cert) &&
	       X509_set_issuer_name(cert, issuer) == 1 &&
	       X509_set_subject_name(cert, issue->subject) == 1 &&
	       X509_set_pubkey(cert, issue->key) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), -CLOCK_SLACK) != NULL &&
	       X509_time_adj_ex(X509_getm_notAfter(cert), (int)issue->days, 0, NULL) != NULL;
}

bool
authority_signer(EVP_MD_CTX *ctx, EVP_PKEY *key)
{
	EVP_PKEY_CTX *key_ctx = NULL; /* belongs to ctx */
	bool sm2 = EVP_PKEY_is_a(key, "SM2");

	if (EVP_DigestSignInit(ctx, &key_ctx, sm2 ? EVP_sm3() : EVP_sha256(), NULL, key) != 1)
		return false;
	return !sm2 || EVP_PKEY_CTX_set1_id(key_ctx, GM_SM2_DEFAULT_ID,
					    (int)strlen(GM_SM2_DEFAULT_ID)) == 1;
}

static bool
cert_sign(X509 *cert, EVP_PKEY *key)
{
	SCOPED(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();

	return ctx != NULL && authority_signer(ctx, key) && X509_sign_ctx(cert, ctx) > 0;
}

/* "DNS:one,DNS:two" of "one,two" */
static bool
hosts_add(X509 *cert, const char *hosts)
{
	char names[512] = "DNS:";
	size_t len = strlen(names);

	for (; *hosts != '\0'; hosts++) {
		if (len + sizeof(",DNS:") >= sizeof(names))
			return ca_fail("too many names of a server");
		names[len++] = *hosts;
		if (*hosts == ',') {
			memcpy(names + len, "DNS:", 4);
			len += 4;
		}
	}
	names[len] = '\0';
	return extension_add(cert, NULL, NID_subject_alt_name, names) &&
	       extension_add(cert, NULL, NID_ext_key_usage, "serverAuth");
}

X509 *
authority_issue(const struct authority *authority, const struct issue *issue)
{
	SCOPED(X509) *cert = X509_new();
	X509 *ret = NULL;

	if (cert == NULL || !cert_fill(cert, X509_get_subject_name(authority->cert), issue) ||
	    !extension_add(cert, authority->cert, NID_basic_constraints, "critical,CA:FALSE") ||
	    !extension_add(cert, authority->cert, NID_key_usage, issue->usage) ||
	    !extension_add(cert, authority->cert, NID_subject_key_identifier, "hash") ||
	    !extension_add(cert, authority->cert, NID_authority_key_identifier, "keyid") ||
	    !extension_add(cert, authority->cert, NID_netscape_comment, REHEARSAL_NOTE) ||
	    (issue->credit_code != NULL &&
	     !text_extension_add(cert, CREDIT_OID, issue->credit_code)) ||
	    (issue->hosts != NULL && !hosts_add(cert, issue->hosts)) ||
	    !cert_sign(cert, authority->key)) {
		ca_fail("the certificate cannot be made");
		return NULL;
	}
	ret = cert;
	cert = NULL;
	return ret;
}

bool
request_proved(X509_REQ *request)
{
	EVP_PKEY *key = X509_REQ_get0_pubkey(request);
	ASN1_OCTET_STRING *id = NULL;

	if (key == NULL)
		return ca_fail("the request's public key is not one we know");
	if (EVP_PKEY_is_a(key, "SM2")) {
		id = ASN1_OCTET_STRING_new();
		if (id == NULL ||
		    ASN1_OCTET_STRING_set(id, (const unsigned char *)GM_SM2_DEFAULT_ID,
					  (int)strlen(GM_SM2_DEFAULT_ID)) != 1) {
			ASN1_OCTET_STRING_free(id);
			return ca_fail("out of memory");
		}
		X509_REQ_set0_distinguishing_id(request, id); /* takes it over */
	}
	if (X509_REQ_verify(request, key) != 1)
		return ca_fail("the request is not signed by the key it names");
	return true;
}

static bool
root_name_fill(X509_NAME *name)
{
	static const struct {
		const char *field, *value;
	} parts[] = {{"C", "CN"}, {"O", "OpenUKey Rehearsal"}, {"CN", ROOT_NAME}};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (X509_NAME_add_entry_by_txt(name, parts[i].field, MBSTRING_UTF8,
					       (const unsigned char *)parts[i].value, -1, -1,
					       0) != 1)
			return false;
	return true;
}

static X509 *
root_make(EVP_PKEY *key)
{
	SCOPED(X509_NAME) *name = X509_NAME_new();
	SCOPED(X509) *cert = X509_new();
	struct issue issue = {.subject = name, .key = key, .days = ROOT_DAYS};
	X509 *ret = NULL;

	if (name == NULL || cert == NULL || !root_name_fill(name) ||
	    !cert_fill(cert, name, &issue) ||
	    !extension_add(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
	    !extension_add(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") ||
	    !extension_add(cert, cert, NID_subject_key_identifier, "hash") ||
	    !extension_add(cert, cert, NID_netscape_comment, REHEARSAL_NOTE) ||
	    !cert_sign(cert, key)) {
		ca_fail("the root certificate cannot be made");
		return NULL;
	}
	ret = cert;
	cert = NULL;
	return ret;
}

bool
path_in(char *out, const char *dir, const char *name)
{
	int len = snprintf(out, PATH_ROOM, "%s/%s", dir, name);

	return (len > 0 && len < PATH_ROOM) || ca_fail("%s is too long a path", dir);
}

bool
authority_init(const char *dir, bool sm2)
{
	char cert_path[PATH_ROOM], key_path[PATH_ROOM];
	SCOPED(EVP_PKEY) *key = NULL;
	SCOPED(X509) *cert = NULL;

	if (!path_in(cert_path, dir, "root.crt") || !path_in(key_path, dir, "root.key"))
		return false;
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return ca_fail("the directory %s cannot be made", dir);
	if (access(cert_path, F_OK) == 0 || access(key_path, F_OK) == 0)
		return ca_fail("%s holds a CA already", dir);
	key = keypair_new(sm2 ? 0 : ROOT_RSA_BITS);
	if (key == NULL)
		return false;
	cert = root_make(key);
	return cert != NULL && key_write(key_path, key) && cert_write(cert_path, cert);
}

bool
authority_open(const char *dir, struct authority *ret)
{
	char cert_path[PATH_ROOM], key_path[PATH_ROOM];
	struct authority authority = {0};

	if (!path_in(cert_path, dir, "root.crt") || !path_in(key_path, dir, "root.key"))
		return false;
	authority.cert = cert_read(cert_path);
	authority.key = authority.cert != NULL ? key_read(key_path) : NULL;
	if (authority.key == NULL) {
		authority_close(&authority);
		return false;
	}
	*ret = authority;
	return true;
}

void
authority_close(struct authority *authority)
{
	X509_free(authority->cert);
	EVP_PKEY_free(authority->key);
	*authority = (struct authority){0};
}
