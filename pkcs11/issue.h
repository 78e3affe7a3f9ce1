/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing to the key: key pairs, certificates, encryption pairs. All want the slot's lock. */
#ifndef UK_PKCS11_ISSUE_H
#define UK_PKCS11_ISSUE_H

#include "common/pkcs11.h"
#include "pkcs11/session.h"

struct key_templates {
	const CK_ATTRIBUTE *public_key, *private_key;
	CK_ULONG public_count, private_count;
};

/*
 * Makes the signing pair of a container; the container, named by CKA_ID or CKA_LABEL of either
 * template, is made when it is missing.  A pair that exists is never replaced.
 */
CK_RV issue_key_pair(struct session *session, const CK_MECHANISM *mechanism,
		     const struct key_templates *templates, CK_OBJECT_HANDLE *ret_public,
		     CK_OBJECT_HANDLE *ret_private);

/*
 * Imports a certificate next to its key, or one of category "authority" as a file: CKA_ID names the
 * pair, and without it the key that fits is looked for.  The certificate is read and compared with
 * the key before anything is written.
 */
CK_RV issue_certificate(struct session *session, const CK_ATTRIBUTE *template, CK_ULONG count,
			CK_OBJECT_HANDLE *ret);

/* Whether two public keys are the same. */
bool keys_equal(const struct token_public_key *a, const struct token_public_key *b);

/* A data object, kept as a file of the application under its CKA_LABEL. */
CK_RV issue_data(struct session *session, const CK_ATTRIBUTE *template, CK_ULONG count,
		 CK_OBJECT_HANDLE *ret);
/* Sets CKA_VALUE of a data object, and nothing else; the new value must fit the file. */
CK_RV issue_data_value(struct session *session, const struct object *object,
		       const CK_ATTRIBUTE *template, CK_ULONG count);

/* A data object once more, under the CKA_LABEL of the template; it may be private where this is
 * not.
 */
CK_RV issue_data_copy(struct session *session, const struct object *object,
		      const CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *ret);

/* The vendor interface's imports (common/openukey.h); the slot is logged in as user. */
CK_RV issue_enveloped_key(struct slot *slot, struct uk_span container, struct uk_span envelope);
CK_RV issue_rsa_key(struct slot *slot, struct uk_span container, struct uk_span wrapped_key,
		    struct uk_span blob);
CK_RV issue_container_delete(struct slot *slot, struct uk_span container);
/* The signing half of a container, while the encryption half stays. */
CK_RV issue_signing_pair_delete(struct slot *slot, struct uk_span container);

#endif
