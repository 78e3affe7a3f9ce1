/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a CA and its clerk do at the desk: key pairs, certificates, envelopes. */
#include "tests/p11/desk.h"

#include "tests/p11/check.h"
#include "tests/rig/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CA_MS 20000

CK_RV
desk_generate(struct desk *desk, CK_SESSION_HANDLE session, const char *alg, const char *container)
{
	bool sm2 = strcmp(alg, "sm2") == 0;
	CK_MECHANISM mechanism = {sm2 ? CKM_VENDOR_SM2_KEY_PAIR_GEN : CKM_RSA_PKCS_KEY_PAIR_GEN,
				  NULL, 0};
	CK_ULONG bits = strcmp(alg, "rsa1024") == 0 ? 1024 : 2048;
	CK_OBJECT_HANDLE public_key, private_key;
	char name[64];
	CK_ATTRIBUTE public_template[] = {{CKA_MODULUS_BITS, &bits, sizeof(bits)}};
	CK_ATTRIBUTE private_template[] = {{CKA_LABEL, name, strlen(container)}};

	memcpy(name, container, strlen(container));
	return desk->f->C_GenerateKeyPair(session, &mechanism, public_template, sm2 ? 0 : 1,
					  private_template, 1, &public_key, &private_key);
}

CK_RV
desk_import(struct desk *desk, CK_SESSION_HANDLE session, unsigned char *der, CK_ULONG len)
{
	CK_OBJECT_CLASS class_ = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	CK_OBJECT_HANDLE object;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class_, sizeof(class_)},
		{CKA_CERTIFICATE_TYPE, &type, sizeof(type)},
		{CKA_VALUE, der, len},
	};

	return desk->f->C_CreateObject(session, template, ARRAY_SIZE(template), &object);
}

CK_ULONG
desk_issue(struct desk *desk, CK_SESSION_HANDLE session, const char *alg, unsigned char *out,
	   CK_ULONG size)
{
	CK_OBJECT_HANDLE key = desk_find(desk, session, CKO_PUBLIC_KEY, 0);
	unsigned char value[512];
	CK_ULONG len;

	if (strcmp(alg, "sm2") == 0) {
		len = desk_attribute(desk, session, key, CKA_EC_POINT, value, sizeof(value));
		assert_int_equal(len, 67);
		return oracle_issue_sm2(value + 2, out, size);
	}
	len = desk_attribute(desk, session, key, CKA_MODULUS, value, sizeof(value));
	return oracle_issue_rsa(value, len, out, size);
}

static CK_ULONG
file_read(const char *path, unsigned char *out, CK_ULONG size)
{
	FILE *file = fopen(path, "re");
	size_t len;

	assert_non_null(file);
	len = fread(out, 1, size, file);
	(void)fclose(file);
	return len;
}

CK_ULONG
desk_envelope(struct desk *desk, const char *format, const char *align, unsigned char *out,
	      CK_ULONG size)
{
	char ca[512], fixture[512], cert[540], envelope[540];
	const char *ca_program = getenv("OPENUKEY_REHEARSAL_CA");
	const char *const init[] = {ca_program, "init", ca, "--alg", "sm2", NULL};
	const char *const make[] = {
		ca_program,       "encryption", ca,         "--for", fixture,   "--out-cert", cert,
		"--out-envelope", envelope,     "--format", format,  "--align", align,        NULL};

	(void)snprintf(ca, sizeof(ca), "%s/ca", rig_dir(desk->rig));
	(void)snprintf(fixture, sizeof(fixture), "%s/sm2-sign.pem", getenv("OPENUKEY_FIXTURES"));
	(void)snprintf(cert, sizeof(cert), "%s/enc.pem", rig_dir(desk->rig));
	(void)snprintf(envelope, sizeof(envelope), "%s/envelope", rig_dir(desk->rig));
	if (access(ca, F_OK) != 0)
		assert_int_equal(rig_run(init, NULL, 0, CA_MS), 0);
	assert_int_equal(rig_run(make, NULL, 0, CA_MS), 0);
	return file_read(envelope, out, size);
}
