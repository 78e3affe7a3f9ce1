/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SOF_GetCertInfo and SOF_GetCertInfoByOid: what a certificate says, by number. */
#ifndef OUK_BRIDGE_CERT_INFO_H
#define OUK_BRIDGE_CERT_INFO_H

#include "assistant/core/ossl.h"

/* Between several values of one field, and after each entry of a list of users. */
#define OUK_LIST_MARK "&&&"

/* What tells a unit from all others, in the table of the page scripts. */
#define OUK_CERT_INFO_UNIQUE 35
/* Serial number and subject, in the table of GM/T 0006. */
#define OUK_CERT_INFO_GM_SERIAL  0x02
#define OUK_CERT_INFO_GM_SUBJECT 0x07

/* Two tables are in use. Their numbers mean different things from 5 on. */
typedef enum {
	OUK_CERT_INFO_BJCA, /* the page scripts'; what it lacks is looked up in the other one */
	OUK_CERT_INFO_GM,   /* GM/T 0006 */
} OukCertInfoTable;

/*
 * Base64 (with or without line breaks, PEM) of a certificate, as pages hand it around. NULL when
 * it is none. The caller frees.
 */
X509 *ouk_cert_of_text(const char *text);

/* "" where the certificate has no such field; NULL for a number of no table. The caller frees. */
char *ouk_cert_info(X509 *x509, OukCertInfoTable table, int type);
/* A number as pages write it: 0x... means the table of GM/T 0006. FALSE: not a number. */
gboolean ouk_cert_info_type(const char *text, OukCertInfoTable *ret_table, int *ret_type);
/* By an extension's number, or a part of the subject's name. "" where there is none. */
char *ouk_cert_info_by_oid(X509 *x509, const char *oid);

#endif
