/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/renew_key.h"

#include "assistant/core/cert.h"
#include "assistant/core/errors.h"

#include <string.h>

#define SLOTS_MAX       64
#define CONTAINERS_MAX  256
#define SERIAL_ROOM     sizeof(((struct openukey_device_info *)NULL)->serial)
#define ROOM_MIN        6144U /* bytes: two pairs and two certificates of RSA */
#define BYTES_OF(bytes) (void *)(uintptr_t)g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)

/* ---- looking ---- */

void
key_place_free(KeyPlace *place)
{
	if (place == NULL)
		return;
	g_free(place->name);
	g_clear_pointer(&place->sign, g_bytes_unref);
	g_clear_pointer(&place->encrypt, g_bytes_unref);
	EVP_PKEY_free(place->sign_key);
	EVP_PKEY_free(place->encrypt_key);
	g_free(place);
}

/* CKA_ID of a container's objects (architecture D3b): its name, and a byte for the pair. */
static GBytes *
object_id(const char *name, gboolean encryption)
{
	g_autoptr(GByteArray) id = g_byte_array_new();
	guint8 pair = encryption ? 1 : 0;

	g_byte_array_append(id, (const guint8 *)name, (guint)strlen(name));
	g_byte_array_append(id, &pair, 1);
	return g_byte_array_free_to_bytes(g_steal_pointer(&id));
}

static GBytes *
certificate_read(OukToken *token, const char *name, gboolean encryption)
{
	g_autoptr(GBytes) id = object_id(name, encryption);
	CK_OBJECT_HANDLE object = ouk_object_by_id(token, CKO_CERTIFICATE, id);

	return object != CK_INVALID_HANDLE ? ouk_object_bytes(token, object, CKA_VALUE) : NULL;
}

static EVP_PKEY *
public_read(OukToken *token, const char *name, gboolean encryption)
{
	g_autoptr(GBytes) id = object_id(name, encryption);
	CK_OBJECT_HANDLE object = ouk_object_by_id(token, CKO_PUBLIC_KEY, id);

	return object != CK_INVALID_HANDLE ? ouk_key_public(token, object, NULL) : NULL;
}

static KeyPlace *
place_read(OukToken *token, const struct openukey_container *container)
{
	KeyPlace *place = g_new0(KeyPlace, 1);

	place->name = g_strdup(container->name);
	place->bad = (container->flags & OPENUKEY_SIGN_BAD_CERT) != 0;
	place->orphan = (container->flags & OPENUKEY_SIGN_NO_KEY) != 0;
	place->sign = certificate_read(token, place->name, FALSE);
	place->encrypt = certificate_read(token, place->name, TRUE);
	/* what the module knows from a certificate alone is not there */
	if (!place->orphan)
		place->sign_key = public_read(token, place->name, FALSE);
	if ((container->flags & OPENUKEY_ENCRYPT_NO_KEY) == 0)
		place->encrypt_key = public_read(token, place->name, TRUE);
	return place;
}

GPtrArray *
key_places(OukToken *token, GError **error)
{
	g_autofree struct openukey_container *list =
		g_new0(struct openukey_container, CONTAINERS_MAX);
	CK_ULONG count = CONTAINERS_MAX;
	CK_RV rv = token->vendor->list_containers(token->slot, list, &count);
	GPtrArray *places;

	if (rv != CKR_OK) {
		ouk_fail_rv(error, OUK_TASK_ANY, rv);
		return NULL;
	}
	places = g_ptr_array_new_with_free_func((GDestroyNotify)key_place_free);
	for (CK_ULONG i = 0; i < count; i++)
		g_ptr_array_add(places, place_read(token, &list[i]));
	return places;
}

KeyPlace *
key_place_find(const GPtrArray *places, const char *name)
{
	for (guint i = 0; i < places->len; i++) {
		KeyPlace *place = g_ptr_array_index(places, i);

		if (strcmp(place->name, name) == 0)
			return place;
	}
	return NULL;
}

char *
key_serial(OukToken *token, GError **error)
{
	struct openukey_device_info device = {0};

	return ouk_token_device(token, &device, error) ? g_strdup(device.serial) : NULL;
}

gboolean
key_model_check(OukToken *token, gboolean *ret_one_container, GError **error)
{
	struct openukey_device_info device = {0};

	if (token->vendor == NULL || token->vendor->size <= OPENUKEY_SIZE_1)
		return ouk_fail(error, OUK_E_UNSUPPORTED);
	if (!ouk_token_device(token, &device, error))
		return FALSE;
	if ((device.flags & OPENUKEY_DEVICE_VERIFIED) == 0 &&
	    g_strcmp0(g_getenv("OPENUKEY_UNVERIFIED"), "1") != 0)
		return ouk_fail(error, OUK_E_UNVERIFIED);
	*ret_one_container = device.max_containers == 1;
	return TRUE;
}

/* The serial number of the key in a slot; FALSE: there is none, or it just went. */
static gboolean
slot_serial(const OukToken *token, CK_SLOT_ID slot, char ret[SERIAL_ROOM])
{
	struct openukey_device_info device = {0};

	if (token->vendor->get_device_info(slot, &device) != CKR_OK)
		return FALSE;
	g_strlcpy(ret, device.serial, SERIAL_ROOM);
	return TRUE;
}

gboolean
key_alone(const KeyDesk *desk, GError **error)
{
	const OukToken *token = desk->token;
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG count = 0;
	CK_RV rv;
	gboolean here = FALSE;
	char serial[SERIAL_ROOM];

	/* only a call without a list takes in readers that came meanwhile (PKCS #11, C_GetSlotList)
	 */
	rv = token->module->C_GetSlotList(CK_TRUE, NULL, &count);
	count = SLOTS_MAX;
	if (rv == CKR_OK)
		rv = token->module->C_GetSlotList(CK_TRUE, slots, &count);
	if (rv != CKR_OK)
		return ouk_fail_rv(error, OUK_TASK_ANY, rv);
	for (CK_ULONG i = 0; i < count; i++) {
		gboolean ours = slots[i] == token->slot;

		/* a key that cannot be read is a key all the same */
		if (!slot_serial(token, slots[i], serial)) {
			if (!ours)
				return ouk_fail(error, OUK_E_SECOND_KEY);
			continue;
		}
		if (strcmp(serial, desk->serial) != 0)
			return ouk_fail(error, ours ? OUK_E_OTHER_KEY : OUK_E_SECOND_KEY);
		here = here || ours;
	}
	return here || ouk_fail(error, OUK_E_REMOVED);
}

gboolean
key_room(OukToken *token, const GPtrArray *places, GError **error)
{
	struct openukey_device_info device = {0};
	guint certificates = 0;

	if (!ouk_token_device(token, &device, error))
		return FALSE;
	for (guint i = 0; i < places->len; i++) {
		const KeyPlace *place = g_ptr_array_index(places, i);

		certificates += (place->sign != NULL || place->bad) + (place->encrypt != NULL);
	}
	return (places->len < device.max_containers &&
		certificates + 2 <= device.max_certificates && device.free_space >= ROOM_MIN) ||
	       ouk_fail(error, OUK_E_KEY_FULL);
}

/* ---- writing ---- */

gboolean
key_login(KeyDesk *desk, GError **error)
{
	OukToken *token = desk->token;

	if (desk->stale)
		ouk_token_logout(token);
	desk->stale = FALSE;
	return token->logged_in || ouk_token_login(token, CKU_USER, desk->pin, error);
}

/* Before each write. */
static gboolean
may_write(KeyDesk *desk, GError **error)
{
	return key_alone(desk, error) && key_login(desk, error);
}

gboolean
key_generate(KeyDesk *desk, const char *name, EVP_PKEY *like, GError **error)
{
	g_autoptr(GBytes) id = object_id(name, FALSE);
	gboolean rsa = ouk_key_type(like) == OUK_KEY_RSA;
	CK_MECHANISM mechanism = {rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_VENDOR_SM2_KEY_PAIR_GEN,
				  NULL, 0};
	CK_ULONG bits = (CK_ULONG)EVP_PKEY_get_bits(like);
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE public_key[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_ID, BYTES_OF(id)},
		{CKA_MODULUS_BITS, &bits, sizeof(bits)},
	};
	CK_ATTRIBUTE private_key[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_ID, BYTES_OF(id)},
	};
	CK_ULONG public_count = G_N_ELEMENTS(public_key) - (rsa ? 0 : 1);
	CK_OBJECT_HANDLE public_handle = CK_INVALID_HANDLE, private_handle = CK_INVALID_HANDLE;
	OukToken *token = desk->token;
	CK_RV rv;

	if (!may_write(desk, error))
		return FALSE;
	rv = token->module->C_GenerateKeyPair(token->session, &mechanism, public_key, public_count,
					      private_key, G_N_ELEMENTS(private_key),
					      &public_handle, &private_handle);
	return rv == CKR_OK || ouk_fail_rv(error, OUK_TASK_ANY, rv);
}

gboolean
key_write_cert(KeyDesk *desk, const char *name, gboolean encryption, GBytes *der, GError **error)
{
	g_autoptr(GBytes) id = object_id(name, encryption);
	g_autoptr(GBytes) back = NULL;
	CK_OBJECT_CLASS object_class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &object_class, sizeof(object_class)},
		{CKA_CERTIFICATE_TYPE, &type, sizeof(type)},
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_ID, BYTES_OF(id)},
		{CKA_VALUE, BYTES_OF(der)},
	};
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	OukToken *token = desk->token;
	CK_RV rv;

	if (!may_write(desk, error))
		return FALSE;
	rv = token->module->C_CreateObject(token->session, template, G_N_ELEMENTS(template),
					   &object);
	if (rv != CKR_OK)
		return ouk_fail_rv(error, OUK_TASK_IMPORT, rv);
	back = certificate_read(token, name, encryption);
	return (back != NULL && g_bytes_equal(back, der)) ||
	       ouk_fail_with(error, OUK_E_KEY, "(%s)", "read back");
}

gboolean
key_import(KeyDesk *desk, const char *name, GBytes *envelope, GBytes *wrapped, GError **error)
{
	const CK_BYTE *bytes = (const CK_BYTE *)name;
	OukToken *token = desk->token;
	CK_RV rv;

	if (!may_write(desk, error))
		return FALSE;
	if (wrapped == NULL)
		rv = token->vendor->import_enveloped_key(token->slot, bytes, strlen(name),
							 BYTES_OF(envelope));
	else
		rv = token->vendor->import_rsa_key(token->slot, bytes, strlen(name),
						   BYTES_OF(wrapped), BYTES_OF(envelope));
	return rv == CKR_OK || ouk_fail_rv(error, OUK_TASK_IMPORT, rv);
}

/* A module of an older release keeps the signing pair beside the encryption pair. */
static gboolean
can_retire(const OukToken *token)
{
	return token->vendor->size > OPENUKEY_SIZE_3;
}

gboolean
key_retire(KeyDesk *desk, const KeyPlace *place, gboolean *ret_stays, GError **error)
{
	const CK_BYTE *name = (const CK_BYTE *)place->name;
	gboolean whole = place->encrypt == NULL && place->encrypt_key == NULL;
	OukToken *token = desk->token;
	CK_RV rv;

	if (!whole && !can_retire(token)) {
		*ret_stays = TRUE;
		return TRUE;
	}
	if (!may_write(desk, error))
		return FALSE;
	if (whole)
		rv = token->vendor->delete_container(token->slot, name, strlen(place->name));
	else
		rv = token->vendor->delete_signing_pair(token->slot, name, strlen(place->name));
	/* not known to work on this model: what is old does no harm */
	*ret_stays = rv == CKR_FUNCTION_REJECTED || rv == CKR_FUNCTION_NOT_SUPPORTED;
	return rv == CKR_OK || *ret_stays || ouk_fail_rv(error, OUK_TASK_ANY, rv);
}

/* ---- signing ---- */

gboolean
key_signer(KeyDesk *desk, const KeyPlace *place, OukSigner *ret, GError **error)
{
	g_autoptr(GBytes) id = object_id(place->name, FALSE);

	if (!key_alone(desk, error) || !key_login(desk, error) ||
	    !ouk_signer_find(ret, desk->token, id, place->sign_key, error))
		return FALSE;
	ret->pin = desk->pin;
	desk->stale = ret->always_authenticate;
	return TRUE;
}
