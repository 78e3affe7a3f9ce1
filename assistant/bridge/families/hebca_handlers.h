/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handlers of hebca.c: hebca_list.c says what there is, hebca_key.c has the key work. */
#ifndef OUK_BRIDGE_HEBCA_HANDLERS_H
#define OUK_BRIDGE_HEBCA_HANDLERS_H

#include "assistant/bridge/page.h"

#define HEBCA_HANDLER(name) \
	JsonNode *ouk_hebca_##name(OukPageDesk *desk, JsonArray *args, GError **error)

HEBCA_HANDLER(get_machine_info);
HEBCA_HANDLER(reload_device);
HEBCA_HANDLER(read_reg);
HEBCA_HANDLER(p7_verify);
HEBCA_HANDLER(envelop);

HEBCA_HANDLER(get_cert_count);
HEBCA_HANDLER(get_sign_cert_count);
HEBCA_HANDLER(select_sign_cert);
HEBCA_HANDLER(select_crypt_cert);
HEBCA_HANDLER(get_sign_cert);
HEBCA_HANDLER(get_subject_item);
HEBCA_HANDLER(get_not_after);
HEBCA_HANDLER(get_cert_b64);
HEBCA_HANDLER(get_cert_list);
HEBCA_HANDLER(is_cert_online);
HEBCA_HANDLER(is_cert_logined);
HEBCA_HANDLER(get_pub_key_data);
HEBCA_HANDLER(digest);
HEBCA_HANDLER(encrypt);

HEBCA_HANDLER(log_out);
HEBCA_HANDLER(log_in);
HEBCA_HANDLER(log_in_by_sn);
HEBCA_HANDLER(sign_text);
HEBCA_HANDLER(sign_b64);
HEBCA_HANDLER(sign_by_sn);
HEBCA_HANDLER(p7_sign);
HEBCA_HANDLER(decrypt);
HEBCA_HANDLER(un_envelop);
HEBCA_HANDLER(reset_pin);

/* ---- what both files need (hebca_list.c) ---- */

typedef enum { HEBCA_SIGN, HEBCA_CRYPT } HebcaUse;

/*
 * The certificate that the page chose last for the use; where it chose none, the person does, or it
 * is the only one.
 */
gboolean ouk_hebca_chosen(OukPageDesk *desk, HebcaUse use, OukPageCert *ret, GError **error);
/* {"ret":0}, with a member where name is not NULL; value NULL: NULL. */
JsonNode *ouk_hebca_answer(const char *name, const char *value);
JsonNode *ouk_hebca_answer_take(const char *name, char *value);
JsonNode *ouk_hebca_answer_bytes(const char *name, GBytes *bytes);
JsonNode *ouk_hebca_answer_number(const char *name, gint64 value);

#endif
