/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A certificate that a page hands over, looked at in every way there is. */
#include "assistant/bridge/families/cert_info.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void
look_at(X509 *x509)
{
	for (int type = 0; type < 64; type++)
		for (int table = OUK_CERT_INFO_BJCA; table <= OUK_CERT_INFO_GM; table++) {
			g_autofree char *info = ouk_cert_info(x509, (OukCertInfoTable)table, type);

			must(info == NULL || g_utf8_validate(info, -1, NULL));
		}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	g_autofree char *base64 = g_base64_encode(bytes, size);
	g_autofree char *text = g_strndup((const char *)bytes, size);
	g_autoptr(X509) x509 = ouk_cert_of_text(base64);
	g_autoptr(X509) other = ouk_cert_of_text(text);

	if (x509 != NULL) {
		g_autofree char *unique = ouk_cert_info_by_oid(x509, "1.2.156.112562.2.1.1.1");
		g_autofree char *name = ouk_cert_info_by_oid(x509, "2.5.4.3");

		must(unique != NULL && name != NULL);
		look_at(x509);
	}
	if (other != NULL)
		look_at(other);
	return 0;
}
