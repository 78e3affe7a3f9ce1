/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HEBCA's service, also Jiangxi's: one object in, one object out. A page first chooses a
 * certificate and then speaks of it without naming it.
 */
#include "assistant/bridge/families.h"
#include "assistant/bridge/families/hebca_handlers.h"
#include "assistant/core/errors.h"

/* The members in which pages put PINs. */
#define PINS "pin password adminpin userpin adminPin"

static const OukFamilyRow rows[] = {
	{"GetMachineInfo", OUK_GATE_FREE, ouk_hebca_get_machine_info, 0, NULL},
	{"ReloadDevice", OUK_GATE_FREE, ouk_hebca_reload_device, 0, NULL},
	{"ReadRegB64", OUK_GATE_FREE, ouk_hebca_read_reg, 0, NULL},
	{"P7VerifyB64", OUK_GATE_FREE, ouk_hebca_p7_verify, 0, NULL},
	{"EnvelopB64", OUK_GATE_FREE, ouk_hebca_envelop, 0, NULL},

	{"GetCertCount", OUK_GATE_LIST, ouk_hebca_get_cert_count, 0, NULL},
	{"GetSignCertCount", OUK_GATE_LIST, ouk_hebca_get_sign_cert_count, 0, NULL},
	{"SelectSignCert", OUK_GATE_LIST, ouk_hebca_select_sign_cert, 0, NULL},
	{"SelectSignCertFilterDevice", OUK_GATE_LIST, ouk_hebca_select_sign_cert, 0, NULL},
	{"SelectCryptCert", OUK_GATE_LIST, ouk_hebca_select_crypt_cert, 0, NULL},
	{"GetSignCert", OUK_GATE_LIST, ouk_hebca_get_sign_cert, 0, NULL},
	{"GetSubjectItem", OUK_GATE_LIST, ouk_hebca_get_subject_item, 0, NULL},
	{"GetSignCertNotAfter", OUK_GATE_LIST, ouk_hebca_get_not_after, 0, NULL},
	{"GetCertB64", OUK_GATE_LIST, ouk_hebca_get_cert_b64, 0, NULL},
	{"GetCertList", OUK_GATE_LIST, ouk_hebca_get_cert_list, 0, NULL},
	{"IsCertOnline", OUK_GATE_LIST, ouk_hebca_is_cert_online, 0, NULL},
	{"IsCertLogined", OUK_GATE_LIST, ouk_hebca_is_cert_logined, 0, NULL},
	{"GetPubKeyData", OUK_GATE_LIST, ouk_hebca_get_pub_key_data, 0, NULL},
	{"Digest", OUK_GATE_LIST, ouk_hebca_digest, 0, NULL},
	{"EncryptB64", OUK_GATE_LIST, ouk_hebca_encrypt, 0, NULL},
	{"Logout", OUK_GATE_LIST, ouk_hebca_log_out, 0, NULL},

	{"UILogin", OUK_GATE_LOGIN, ouk_hebca_log_in, 0, NULL},
	{"Login", OUK_GATE_LOGIN, ouk_hebca_log_in, 0, PINS},
	{"CspLogin", OUK_GATE_LOGIN, ouk_hebca_log_in, 0, PINS},
	{"UnUICertLogin", OUK_GATE_LOGIN, ouk_hebca_log_in_by_sn, 0, PINS},
	{"SignText", OUK_GATE_SIGN, ouk_hebca_sign_text, 0, NULL},
	{"SignB64", OUK_GATE_SIGN, ouk_hebca_sign_b64, 0, NULL},
	{"UnUISign", OUK_GATE_SIGN, ouk_hebca_sign_by_sn, 0, PINS},
	{"P7SignB64", OUK_GATE_SIGN, ouk_hebca_p7_sign, 0, NULL},
	{"DecryptB64", OUK_GATE_DECRYPT, ouk_hebca_decrypt, 0, NULL},
	{"UnEnvelopB64", OUK_GATE_DECRYPT, ouk_hebca_un_envelop, 0, NULL},
	{"OnlineResetPinByURL", OUK_GATE_PIN_WINDOW, ouk_hebca_reset_pin, 0, PINS},

	{"Execute", OUK_GATE_REFUSED, NULL, 0, NULL},
	{"KillProcess", OUK_GATE_REFUSED, NULL, 0, NULL},
	{"WriteRegB64", OUK_GATE_REFUSED, NULL, 0, NULL},
	{"EncryptFile", OUK_GATE_REFUSED, NULL, 0, "key"},
	{"DecryptFile", OUK_GATE_REFUSED, NULL, 0, "key"},
	{"WriteDataB64", OUK_GATE_REFUSED, NULL, 0, NULL},
	{"WriteDataText", OUK_GATE_REFUSED, NULL, 0, NULL},
	{"ReadDataB64", OUK_GATE_REFUSED, NULL, 0, NULL},
	{"ReadDataText", OUK_GATE_REFUSED, NULL, 0, NULL},
	{"DeleteData", OUK_GATE_REFUSED, NULL, 0, NULL},
	{"DeleteFromCertStore", OUK_GATE_REFUSED, NULL, 0, NULL},
	{"CreateSM2SoftDevice", OUK_GATE_REFUSED, NULL, 0, NULL},
	{"GenKeyPair", OUK_GATE_REFUSED, NULL, 0, NULL},
	{"ImportCert", OUK_GATE_REFUSED, NULL, 0, NULL},
	{"ImportECCKeyPair", OUK_GATE_REFUSED, NULL, 0, NULL},
	{"OnlineFormatByURL", OUK_GATE_REFUSED, NULL, 0, PINS},
	{"GenerateFileKeyB64", OUK_GATE_REFUSED, NULL, 0, NULL},
};

/* ---- failures ---- */

/* HRESULTs of the service that pages have sentences for. */
#define HEBCA_NO_CERT (-536145917) /* E00B1003 */
#define HEBCA_REPLUG  (-536145887) /* E00B1021 */
#define HEBCA_OTHER   (-1)

static gint32
number_of(const GError *error)
{
	if (error->domain != OUK_ERROR)
		return HEBCA_OTHER;
	switch (error->code) {
	case OUK_E_NO_KEY:
	case OUK_E_NO_CERT:
	case OUK_E_OTHER_KEY:
		return HEBCA_NO_CERT;
	case OUK_E_REMOVED:
	case OUK_E_KEY:
		return HEBCA_REPLUG;
	default:
		return HEBCA_OTHER;
	}
}

static JsonNode *
failed(const OukFamilyRow *row, const GError *error)
{
	g_autoptr(JsonObject) object = json_object_new();

	json_object_set_int_member(object, "ret", number_of(error));
	json_object_set_string_member(object, "msg", error->message);
	return json_node_init_object(json_node_alloc(), object);
}

const OukFamily ouk_family_hebca = {"hebca", rows, G_N_ELEMENTS(rows), failed};
