/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/families/args.h"
#include "assistant/bridge/families/cert_info.h"
#include "assistant/bridge/families/certs.h"
#include "assistant/bridge/families/hebca_handlers.h"
#include "assistant/bridge/families/proof.h"
#include "assistant/core/cms.h"
#include "assistant/core/errors.h"

#include <string.h>

/* Pages compare the client's version with the least they want, as 0x00MMmmpp. */
#define CLIENT_VERSION  0x060900
#define CLIENT_REGISTRY "Software\\Hebca\\ClientX"

#define RECIPIENTS_MAX 64

/* ---- answers ---- */

static JsonNode *
answer_with(const char *name, JsonNode *value)
{
	g_autoptr(JsonObject) object = json_object_new();

	json_object_set_int_member(object, "ret", 0);
	if (name != NULL)
		json_object_set_member(object, name, value);
	return json_node_init_object(json_node_alloc(), object);
}

JsonNode *
ouk_hebca_answer(const char *name, const char *value)
{
	if (name == NULL)
		return answer_with(NULL, NULL);
	return value != NULL ? answer_with(name, ouk_answer_text(value)) : NULL;
}

JsonNode *
ouk_hebca_answer_take(const char *name, char *value)
{
	g_autofree char *taken = value;

	return taken != NULL ? ouk_hebca_answer(name, taken) : NULL;
}

JsonNode *
ouk_hebca_answer_bytes(const char *name, GBytes *bytes)
{
	return bytes != NULL ? ouk_hebca_answer_take(name, ouk_base64_write(bytes)) : NULL;
}

JsonNode *
ouk_hebca_answer_number(const char *name, gint64 value)
{
	return answer_with(name, json_node_init_int(json_node_alloc(), value));
}

/* ---- choosing ---- */

static const char *const notes[] = {[HEBCA_SIGN] = "sign", [HEBCA_CRYPT] = "crypt"};
/* which of the two the page spoke of last */
#define NOTE_LAST "last"

static void
chosen_note(OukPageDesk *desk, HebcaUse use, const OukPageCert *cert)
{
	g_autofree char *name = ouk_cert_name(cert);

	ouk_page_desk_set_note(desk, notes[use], name);
	ouk_page_desk_set_note(desk, NOTE_LAST, notes[use]);
}

gboolean
ouk_hebca_chosen(OukPageDesk *desk, HebcaUse use, OukPageCert *ret, GError **error)
{
	g_autofree char *name = ouk_page_desk_note(desk, notes[use]);

	if (name != NULL)
		return ouk_page_desk_find(desk, name, ret, error);
	if (!ouk_page_desk_choose(desk, ret, error))
		return FALSE;
	chosen_note(desk, use, ret);
	return TRUE;
}

/* The certificate of what was chosen last; *ret_cert lives as long as ret. */
static gboolean
chosen_last(OukPageDesk *desk, OukPageCert *ret, const OukPairCert **ret_cert, GError **error)
{
	g_autofree char *last = ouk_page_desk_note(desk, NOTE_LAST);
	HebcaUse use = g_strcmp0(last, notes[HEBCA_CRYPT]) == 0 ? HEBCA_CRYPT : HEBCA_SIGN;
	const OukPairInfo *info;

	if (!ouk_hebca_chosen(desk, use, ret, error))
		return FALSE;
	info = ouk_pair_view_info(ret->pair);
	*ret_cert = use == HEBCA_CRYPT && info->encrypt != NULL ? info->encrypt : info->sign;
	return *ret_cert != NULL || ouk_fail(error, OUK_E_NO_CERT);
}

static JsonNode *
choose(OukPageDesk *desk, HebcaUse use, GError **error)
{
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (!ouk_page_desk_choose(desk, &cert, error))
		return NULL;
	chosen_note(desk, use, &cert);
	return ouk_hebca_answer(NULL, NULL);
}

HEBCA_HANDLER(select_sign_cert)
{
	return choose(desk, HEBCA_SIGN, error);
}

HEBCA_HANDLER(select_crypt_cert)
{
	return choose(desk, HEBCA_CRYPT, error);
}

/* Borrowed from certs; NULL: OUK_E_NO_CERT. */
static const OukPageCert *
cert_by_index(GPtrArray *certs, JsonArray *args, GError **error)
{
	g_autofree char *text = ouk_arg_member(args, "index");
	guint64 index;

	if (text == NULL || certs->len == 0 ||
	    !g_ascii_string_to_unsigned(text, 10, 0, certs->len - 1, &index, NULL)) {
		ouk_fail(error, OUK_E_NO_CERT);
		return NULL;
	}
	return g_ptr_array_index(certs, (guint)index);
}

HEBCA_HANDLER(get_sign_cert)
{
	g_autoptr(GPtrArray) certs = ouk_certs_of_desk(desk);
	const OukPageCert *cert = cert_by_index(certs, args, error);

	if (cert == NULL)
		return NULL;
	chosen_note(desk, HEBCA_SIGN, cert);
	return ouk_hebca_answer(NULL, NULL);
}

/* ---- what there is ---- */

HEBCA_HANDLER(get_sign_cert_count)
{
	g_autoptr(GPtrArray) certs = ouk_certs_of_desk(desk);

	return ouk_hebca_answer_number("count", certs->len);
}

/* Both of a pair count. */
HEBCA_HANDLER(get_cert_count)
{
	g_autoptr(GPtrArray) certs = ouk_certs_of_desk(desk);
	guint count = certs->len;

	for (guint i = 0; i < certs->len; i++) {
		const OukPageCert *cert = g_ptr_array_index(certs, i);

		count += ouk_pair_view_info(cert->pair)->encrypt != NULL;
	}
	return ouk_hebca_answer_number("count", count);
}

HEBCA_HANDLER(get_cert_list)
{
	g_autoptr(GPtrArray) certs = ouk_certs_of_desk(desk);
	g_autoptr(GString) list = g_string_new(NULL);
	g_autoptr(GString) serials = g_string_new(NULL);
	JsonNode *node;

	for (guint i = 0; i < certs->len; i++) {
		const OukPageCert *cert = g_ptr_array_index(certs, i);
		const OukPairCert *sign = ouk_pair_view_info(cert->pair)->sign;
		g_autofree char *base64 = ouk_base64_write(sign->der);

		g_string_append_printf(list, "%s%s", i > 0 ? ";" : "", base64);
		g_string_append_printf(serials, "%s%s", i > 0 ? ";" : "", sign->serial);
	}
	node = ouk_hebca_answer("certlist", list->str);
	json_object_set_string_member(json_node_get_object(node), "certsnlist", serials->str);
	return node;
}

/* Pages ask by number or by the part's name. */
static const char *
subject_oid(const char *index)
{
	static const struct {
		const char *number, *name, *oid;
	} parts[] = {
		{"0", "CN", "2.5.4.3"},
		{"7", "G", "2.5.4.42"},
		{"GN", "GN", "2.5.4.42"},
		{"O", "O", "2.5.4.10"},
		{"OU", "OU", "2.5.4.11"},
		{"L", "L", "2.5.4.7"},
		{"S", "ST", "2.5.4.8"},
		{"C", "C", "2.5.4.6"},
		{"E", "E", "1.2.840.113549.1.9.1"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
		if (strcmp(index, parts[i].number) == 0 ||
		    g_ascii_strcasecmp(index, parts[i].name) == 0)
			return parts[i].oid;
	return NULL;
}

HEBCA_HANDLER(get_subject_item)
{
	g_autofree char *index = ouk_arg_member_need(args, "index", error);
	g_auto(OukPageCert) chosen = {NULL, NULL};
	const OukPairCert *cert;
	const char *oid;

	if (index == NULL || !chosen_last(desk, &chosen, &cert, error))
		return NULL;
	oid = subject_oid(index);
	if (oid == NULL) {
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
		return NULL;
	}
	return ouk_hebca_answer_take("content", ouk_cert_info_by_oid(cert->x509, oid));
}

HEBCA_HANDLER(get_not_after)
{
	g_autoptr(GPtrArray) certs = ouk_certs_of_desk(desk);
	const OukPageCert *cert = cert_by_index(certs, args, error);
	const OukPairCert *sign = cert != NULL ? ouk_pair_view_info(cert->pair)->sign : NULL;

	if (sign == NULL)
		return NULL;
	return ouk_hebca_answer_take("certnotafter",
				     g_date_time_format(sign->ends, "%Y-%m-%d %H:%M:%S"));
}

HEBCA_HANDLER(get_cert_b64)
{
	g_auto(OukPageCert) chosen = {NULL, NULL};
	const OukPairCert *cert;

	if (!chosen_last(desk, &chosen, &cert, error))
		return NULL;
	return ouk_hebca_answer_bytes("cert", cert->der);
}

HEBCA_HANDLER(get_pub_key_data)
{
	g_autofree char *flag = ouk_arg_member(args, "signflag");
	gboolean exchange = g_strcmp0(flag, "false") == 0 || g_strcmp0(flag, "0") == 0;
	g_auto(OukPageCert) cert = {NULL, NULL};
	g_autoptr(JsonNode) key = NULL;

	if (!ouk_hebca_chosen(desk, HEBCA_SIGN, &cert, error))
		return NULL;
	key = ouk_cert_public_key(exchange ? ouk_pair_view_info(cert.pair)->encrypt
					   : ouk_pair_view_info(cert.pair)->sign,
				  error);
	return key != NULL ? ouk_hebca_answer("pubkey", json_node_get_string(key)) : NULL;
}

HEBCA_HANDLER(is_cert_online)
{
	g_autofree char *cn = ouk_arg_member_need(args, "cn", error);
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (cn == NULL)
		return NULL;
	return ouk_hebca_answer_number("result", ouk_page_desk_find(desk, cn, &cert, NULL));
}

HEBCA_HANDLER(is_cert_logined)
{
	g_autofree char *cn = ouk_arg_member_need(args, "cn", error);
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (cn == NULL)
		return NULL;
	return ouk_hebca_answer_number("result", ouk_page_desk_find(desk, cn, &cert, NULL) &&
							 ouk_page_desk_is_login(desk, cert.key));
}

/* ---- without a key ---- */

HEBCA_HANDLER(reload_device)
{
	return ouk_hebca_answer(NULL, NULL); /* the list is always right */
}

/* Where the computer is and what its network card's number is are no page's business. */
HEBCA_HANDLER(get_machine_info)
{
	JsonNode *node = ouk_hebca_answer("ip", "127.0.0.1");

	json_object_set_string_member(json_node_get_object(node), "mac", "00-00-00-00-00-00");
	return node;
}

static char *
base64_text(JsonArray *args, const char *member)
{
	g_autoptr(GBytes) bytes = ouk_arg_member_base64(args, member, NULL);
	gsize len = 0;
	const char *text = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;

	return text != NULL && g_utf8_validate(text, (gssize)len, NULL) ? g_strndup(text, len)
									: NULL;
}

/* There is no registry: one entry, by which pages see how old the client is. */
HEBCA_HANDLER(read_reg)
{
	g_autofree char *key = base64_text(args, "key");
	g_autofree char *name = base64_text(args, "name");

	if (key == NULL || name == NULL || !g_str_has_suffix(key, CLIENT_REGISTRY) ||
	    strcmp(name, "version") != 0) {
		ouk_fail(error, OUK_E_PAGE_REFUSED);
		return NULL;
	}
	return ouk_hebca_answer_number("value", CLIENT_VERSION);
}

HEBCA_HANDLER(p7_verify)
{
	g_autoptr(GBytes) message = ouk_arg_member_base64(args, "b64data", error);
	OukCmsResult result;

	if (message == NULL || !ouk_cms_verify(message, NULL, NULL, &result, error))
		return NULL;
	ouk_cms_result_clear(&result);
	return ouk_hebca_answer_number("result", 1);
}

/* "certs":[{"cert":"..."}] */
static GPtrArray *
recipients(JsonArray *args)
{
	JsonNode *list = json_object_get_member(json_array_get_object_element(args, 0), "certs");
	JsonArray *array =
		list != NULL && JSON_NODE_HOLDS_ARRAY(list) ? json_node_get_array(list) : NULL;
	g_autoptr(GPtrArray) certs = g_ptr_array_new_with_free_func((GDestroyNotify)X509_free);
	guint count = array != NULL ? json_array_get_length(array) : 0;

	if (count == 0 || count > RECIPIENTS_MAX)
		return NULL;
	for (guint i = 0; i < count; i++) {
		JsonNode *node = json_array_get_element(array, i);
		JsonNode *text =
			JSON_NODE_HOLDS_OBJECT(node)
				? json_object_get_member(json_node_get_object(node), "cert")
				: NULL;
		X509 *x509 = text != NULL && json_node_get_value_type(text) == G_TYPE_STRING
				     ? ouk_cert_of_text(json_node_get_string(text))
				     : NULL;

		if (x509 == NULL)
			return NULL;
		g_ptr_array_add(certs, x509);
	}
	return g_steal_pointer(&certs);
}

HEBCA_HANDLER(envelop)
{
	g_autoptr(GBytes) data = ouk_arg_member_base64(args, "b64data", error);
	g_autoptr(GPtrArray) certs = data != NULL ? recipients(args) : NULL;
	g_autoptr(GBytes) out = certs != NULL ? ouk_proof_envelope(certs, data) : NULL;

	if (data != NULL && out == NULL)
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
	return ouk_hebca_answer_bytes("b64data", out);
}

/* The certificate decides: SM3 for SM2, else what the page asked for. */
static gboolean
digest_is_sm3(OukPageDesk *desk, JsonArray *args)
{
	g_autofree char *serial = ouk_arg_member(args, "certSN");
	g_autofree char *asked = ouk_arg_member(args, "digestalg");
	g_auto(OukPageCert) cert = {NULL, NULL};
	const OukPairCert *sign;

	if (serial == NULL || !ouk_page_desk_find(desk, serial, &cert, NULL))
		return asked != NULL && g_ascii_strcasecmp(asked, "sm3") == 0;
	sign = ouk_pair_view_cert(cert.pair);
	return sign != NULL && g_strcmp0(sign->algorithm, "SM2") == 0;
}

HEBCA_HANDLER(digest)
{
	g_autoptr(GBytes) data = ouk_arg_member_base64(args, "b64data", error);
	gboolean sm3 = data != NULL && digest_is_sm3(desk, args);
	unsigned char bytes[EVP_MAX_MD_SIZE];
	g_autofree char *text = NULL;
	unsigned int len = 0;
	JsonNode *node;

	if (data == NULL)
		return NULL;
	if (EVP_Digest(g_bytes_get_data(data, NULL), g_bytes_get_size(data), bytes, &len,
		       sm3 ? EVP_sm3() : EVP_sha1(), NULL) != 1) {
		ouk_fail(error, OUK_E_INTERNAL);
		return NULL;
	}
	text = g_base64_encode(bytes, len);
	node = ouk_hebca_answer("digest", text);
	json_object_set_string_member(json_node_get_object(node), "digestalg",
				      sm3 ? "sm3" : "sha1");
	return node;
}
