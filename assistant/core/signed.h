/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What our own protocols sign: never bare bytes, always "OpenUKey-sig-v1" 00 purpose 00 body, so
 * that a signature for one purpose is none for another (service/base/signed.h).
 */
#ifndef OUK_CORE_SIGNED_H
#define OUK_CORE_SIGNED_H

#include "assistant/core/key.h"

#define OUK_PURPOSE_RENEW   "renewal"
#define OUK_PURPOSE_CONFIRM "confirm"
#define OUK_PURPOSE_QUERY   "query"
#define OUK_PURPOSE_RECOVER "recover"
#define OUK_PURPOSE_LOGIN   "login"

GBytes *ouk_signed_message(const char *purpose, const char *body);
/* The same of a body that is no text. */
GBytes *ouk_signed_message_of(const char *purpose, GBytes *body);
/* Whether data begin as such a message does: nobody else may have that signed. */
gboolean ouk_signed_is_ours(GBytes *data);
/* By a key on a token; RSA with SHA-256, SM2 with SM3. As ouk_signer_sign. */
GBytes *ouk_signer_sign_for(const OukSigner *signer, const char *purpose, const char *body,
			    GError **error);

#endif
