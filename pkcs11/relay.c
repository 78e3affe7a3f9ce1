/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/relay.h"

CK_RV
relay_unblock(struct slot *slot, const char *serial, const struct openukey_relay *relay,
	      struct uk_span new_pin)
{
	return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV
relay_admin_pin(struct slot *slot, const char *serial, const struct openukey_relay *relay)
{
	return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV
relay_device_key(struct slot *slot, const char *serial, const struct openukey_relay *relay,
		 struct uk_span old_key)
{
	return CKR_FUNCTION_NOT_SUPPORTED;
}
