/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handlers of bjca.def: bjca_free.c needs no key, bjca_list.c and bjca_key.c do. */
#ifndef OUK_BRIDGE_BJCA_HANDLERS_H
#define OUK_BRIDGE_BJCA_HANDLERS_H

#include "assistant/bridge/page.h"

/* What the family remembers of a page, by ouk_page_desk_note: numbers as text. */
#define BJCA_SIGN_METHOD    "sign-method"
#define BJCA_ENCRYPT_METHOD "encrypt-method"

#define BJCA_HANDLER(name) \
	JsonNode *ouk_bjca_##name(OukPageDesk *desk, JsonArray *args, GError **error)

BJCA_HANDLER(get_version);
BJCA_HANDLER(get_last_error);
BJCA_HANDLER(get_last_message);
BJCA_HANDLER(set_sign_method);
BJCA_HANDLER(get_sign_method);
BJCA_HANDLER(set_encrypt_method);
BJCA_HANDLER(get_encrypt_method);
BJCA_HANDLER(get_cert_info);
BJCA_HANDLER(get_cert_info_by_oid);
BJCA_HANDLER(get_cert_entity);
BJCA_HANDLER(validate_cert);
BJCA_HANDLER(verify_signed_data);
BJCA_HANDLER(verify_signed_message);
BJCA_HANDLER(verify_p7);
BJCA_HANDLER(get_message_info);
BJCA_HANDLER(pub_key_encrypt);
BJCA_HANDLER(encrypt_data);
BJCA_HANDLER(hash_data);
BJCA_HANDLER(gen_random);
BJCA_HANDLER(base64_encode);
BJCA_HANDLER(base64_decode);

BJCA_HANDLER(get_user_list);
BJCA_HANDLER(export_user_cert);
BJCA_HANDLER(export_exchange_cert);
BJCA_HANDLER(export_pub_key);
BJCA_HANDLER(get_device_count);
BJCA_HANDLER(get_all_device_sn);
BJCA_HANDLER(get_device_sn_by_index);
BJCA_HANDLER(get_device_info);
BJCA_HANDLER(is_device_exist);
BJCA_HANDLER(get_container_count);
BJCA_HANDLER(is_container_exist);
BJCA_HANDLER(get_pin_retry_count);

BJCA_HANDLER(is_login);
BJCA_HANDLER(log_out);
BJCA_HANDLER(log_in);
BJCA_HANDLER(sign_data);
BJCA_HANDLER(sign_data_base64);
BJCA_HANDLER(sign_message);
BJCA_HANDLER(sign_by_p7);
BJCA_HANDLER(decrypt_data);
BJCA_HANDLER(pri_key_decrypt);
BJCA_HANDLER(change_pass_wd);

#endif
