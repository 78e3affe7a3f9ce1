/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "Vendor OpenUKey": what PKCS#11 cannot say. See common/openukey.h for each call. */
#include "pkcs11/api.h"

#include "common/openukey.h"
#include "pkcs11/gate.h"
#include "pkcs11/issue.h"
#include "pkcs11/object.h"
#include "pkcs11/object_containers.h"
#include "pkcs11/object_handle.h"
#include "pkcs11/relay.h"

#include <string.h>

#define INTERFACE_VERSION 4

_Static_assert(sizeof(((struct openukey_device_info *)0)->serial) ==
		       sizeof(((struct token_info *)0)->serial),
	       "both ends keep the same strings");

static CK_RV
role_of(CK_USER_TYPE user, enum token_role *ret)
{
	if (user != CKU_USER && user != CKU_SO)
		return CKR_USER_TYPE_INVALID;
	*ret = user == CKU_USER ? TOKEN_USER : TOKEN_ADMIN;
	return CKR_OK;
}

static CK_RV
pin_info_read(struct slot *slot, CK_USER_TYPE user, struct token_pin_info *ret)
{
	enum token_role role;
	enum uk_status st;
	CK_RV rv = role_of(user, &role);

	if (rv != CKR_OK)
		return rv;
	SLOT_AGAIN(st, slot->token->ops->pin_info(slot->token, role, ret));
	return slot_rv(slot, st);
}

/* Enters and connects: most calls here begin so. */
static CK_RV
enter(struct gate *gate, enum fn fn, CK_SLOT_ID slot)
{
	CK_RV rv = gate_enter(gate, fn, slot);

	if (rv != CKR_OK)
		return rv;
	slots_refresh();
	return gate_connect(gate);
}

static CK_RV
get_pin_info(CK_SLOT_ID slot, CK_USER_TYPE user, struct openukey_pin_info *info)
{
	GATE gate = {0};
	struct token_pin_info pin;
	CK_RV rv = enter(&gate, FN_get_pin_info, slot);

	if (rv == CKR_OK && info == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = pin_info_read(gate.slot, user, &pin);
	if (rv == CKR_OK)
		*info = (struct openukey_pin_info){pin.max, pin.left, pin.is_default};
	return rv;
}

static CK_RV
confirm_try(CK_SLOT_ID slot, CK_USER_TYPE user, CK_ULONG shown_left)
{
	GATE gate = {0};
	struct token_pin_info pin;
	enum token_role role;
	CK_RV rv = enter(&gate, FN_confirm_try, slot);

	if (rv == CKR_OK)
		rv = role_of(user, &role);
	if (rv == CKR_OK)
		rv = pin_info_read(gate.slot, user, &pin);
	if (rv != CKR_OK)
		return rv;
	if (pin.left != shown_left)
		return CKR_FUNCTION_REJECTED;
	gate.slot->try_confirmed[role] = true;
	return CKR_OK;
}

static const struct {
	unsigned int model;
	CK_ULONG device;
} device_flags[] = {
	{TOKEN_MODEL_VIRTUAL, OPENUKEY_DEVICE_VIRTUAL},
	{TOKEN_MODEL_VERIFIED, OPENUKEY_DEVICE_VERIFIED},
	{TOKEN_MODEL_AUTH_EACH_USE, OPENUKEY_DEVICE_AUTH_EACH_USE},
};

/* Like strncpy that always ends with a NUL; size > 0. */
static void
text_copy(char *out, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);

	memcpy(out, text, len);
	memset(out + len, 0, size - len);
}

static void
device_info_fill(struct slot *slot, const struct token_info *info, struct openukey_device_info *out)
{
	const struct token_model_info *model = token_model_info(slot->token->model);

	*out = (struct openukey_device_info){
		.hardware = {info->hardware[0], info->hardware[1]},
		.firmware = {info->firmware[0], info->firmware[1]},
		.specification = {info->spec[0], info->spec[1]},
		.total_space = info->total_space,
		.free_space = info->free_space,
		.max_containers = info->max_containers,
		.max_certificates = info->max_certs,
		.max_files = info->max_files,
	};
	text_copy(out->manufacturer, sizeof(out->manufacturer), info->manufacturer);
	text_copy(out->issuer, sizeof(out->issuer), info->issuer);
	text_copy(out->label, sizeof(out->label), info->label);
	text_copy(out->serial, sizeof(out->serial), info->serial);
	text_copy(out->model, sizeof(out->model), model->name);
	text_copy(out->application, sizeof(out->application), token_application(slot->token));
	for (size_t i = 0; i < ARRAY_SIZE(device_flags); i++)
		if ((model->flags & device_flags[i].model) != 0)
			out->flags |= device_flags[i].device;
}

static CK_RV
get_device_info(CK_SLOT_ID slot, struct openukey_device_info *ret)
{
	GATE gate = {0};
	const struct token_info *info;
	struct token_pin_info pin;
	enum uk_status st;
	CK_RV rv = enter(&gate, FN_get_device_info, slot);

	if (rv == CKR_OK && ret == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		return rv;
	/* Free space changes with what others write: this call is for looking closely. */
	slot_info_stale(gate.slot);
	rv = slot_info(gate.slot, &info);
	if (rv != CKR_OK)
		return rv;
	/* Opens the application, so that its name can be told; a blank key has none. */
	SLOT_AGAIN(st, gate.slot->token->ops->pin_info(gate.slot->token, TOKEN_USER, &pin));
	if (st != UK_OK && st != UK_E_NO_APPLICATION)
		return slot_rv(gate.slot, st);
	device_info_fill(gate.slot, info, ret);
	return CKR_OK;
}

struct application_list {
	struct openukey_application *out;
	CK_ULONG room, count;
};

static void
application_add(void *data, struct uk_span name)
{
	struct application_list *list = data;

	if (name.len >= sizeof(list->out->name))
		return;
	if (list->out != NULL && list->count < list->room) {
		memset(&list->out[list->count], 0, sizeof(*list->out));
		memcpy(list->out[list->count].name, name.ptr, name.len);
	}
	list->count++;
}

static CK_RV
list_applications(CK_SLOT_ID slot, struct openukey_application *out, CK_ULONG *count)
{
	GATE gate = {0};
	struct application_list list;
	enum uk_status st;
	CK_RV rv = enter(&gate, FN_list_applications, slot);

	if (rv == CKR_OK && count == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		return rv;
	SLOT_AGAIN(st,
		   (list = (struct application_list){out, *count, 0},
		    gate.slot->token->ops->applications(gate.slot->token, application_add, &list)));
	if (st != UK_OK)
		return slot_rv(gate.slot, st);
	*count = list.count;
	return out != NULL && list.count > list.room ? CKR_BUFFER_TOO_SMALL : CKR_OK;
}

/* After anything that changes which application there is. */
static CK_RV
application_changed(struct slot *slot, enum uk_status st)
{
	objects_forget_all(slot);
	object_handles_end_all(slot);
	slot_info_stale(slot);
	slot->applications_known = false;
	return slot_rv(slot, st);
}

static CK_RV
set_device_label(CK_SLOT_ID slot, const char *label)
{
	GATE gate = {0};
	CK_RV rv = enter(&gate, FN_set_device_label, slot);

	if (rv == CKR_OK && (label == NULL || strlen(label) > GM_LABEL_MAX))
		rv = CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		return rv;
	slot_info_stale(gate.slot);
	return slot_rv(gate.slot,
		       gate.slot->token->ops->set_label(gate.slot->token, uk_span_str(label)));
}

static CK_RV
change_device_key(CK_SLOT_ID slot, const CK_BYTE *old_key, const CK_BYTE *new_key)
{
	GATE gate = {0};
	CK_RV rv = enter(&gate, FN_change_device_key, slot);

	if (rv == CKR_OK && (old_key == NULL || new_key == NULL))
		rv = CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		return rv;
	return slot_rv(gate.slot, gate.slot->token->ops->change_device_key(
					  gate.slot->token, uk_span_of(old_key, GM_BLOCK_LEN),
					  uk_span_of(new_key, GM_BLOCK_LEN)));
}

static CK_RV
new_application_read(const struct openukey_new_application *in, struct token_new_application *out)
{
	if (in == NULL || in->name == NULL || in->admin_pin == NULL || in->user_pin == NULL)
		return CKR_ARGUMENTS_BAD;
	if (strlen(in->name) == 0 || strlen(in->name) > GM_APP_NAME_MAX)
		return CKR_ARGUMENTS_BAD;
	if (in->admin_tries < 1 || in->admin_tries > 15 || in->user_tries < 1 ||
	    in->user_tries > 15)
		return CKR_ARGUMENTS_BAD;
	if (in->admin_pin_len < GM_PIN_MIN || in->admin_pin_len > GM_PIN_MAX ||
	    in->user_pin_len < GM_PIN_MIN || in->user_pin_len > GM_PIN_MAX)
		return CKR_PIN_LEN_RANGE;
	*out = (struct token_new_application){
		.name = uk_span_str(in->name),
		.admin_pin = uk_span_of(in->admin_pin, in->admin_pin_len),
		.user_pin = uk_span_of(in->user_pin, in->user_pin_len),
		.admin_tries = (unsigned int)in->admin_tries,
		.user_tries = (unsigned int)in->user_tries,
		.create_file_rights = GM_RIGHT_USER,
	};
	return CKR_OK;
}

static CK_RV
create_application(CK_SLOT_ID slot, const CK_BYTE *device_key,
		   const struct openukey_new_application *settings)
{
	GATE gate = {0};
	struct token_new_application app;
	CK_RV rv = enter(&gate, FN_create_application, slot);

	if (rv == CKR_OK && device_key == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = new_application_read(settings, &app);
	if (rv != CKR_OK)
		return rv;
	return application_changed(
		gate.slot, gate.slot->token->ops->create_application(
				   gate.slot->token, uk_span_of(device_key, GM_BLOCK_LEN), &app));
}

static CK_RV
delete_application(CK_SLOT_ID slot, const CK_BYTE *device_key, const char *name)
{
	GATE gate = {0};
	CK_RV rv = enter(&gate, FN_delete_application, slot);

	if (rv == CKR_OK && (device_key == NULL || name == NULL))
		rv = CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		return rv;
	return application_changed(
		gate.slot,
		gate.slot->token->ops->delete_application(
			gate.slot->token, uk_span_of(device_key, GM_BLOCK_LEN), uk_span_str(name)));
}

static bool
name_ok(const CK_BYTE *name, CK_ULONG len)
{
	return name != NULL && len > 0 && len <= GM_CONTAINER_MAX;
}

static CK_RV
import_enveloped_key(CK_SLOT_ID slot, const CK_BYTE *name, CK_ULONG name_len,
		     const CK_BYTE *envelope, CK_ULONG envelope_len)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_import_enveloped_key, slot);

	if (rv == CKR_OK && (!name_ok(name, name_len) || envelope == NULL))
		rv = CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		return rv;
	return issue_enveloped_key(gate.slot, uk_span_of(name, name_len),
				   uk_span_of(envelope, envelope_len));
}

static CK_RV
import_rsa_key(CK_SLOT_ID slot, const CK_BYTE *name, CK_ULONG name_len, const CK_BYTE *wrapped_key,
	       CK_ULONG wrapped_key_len, const CK_BYTE *blob, CK_ULONG blob_len)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_import_rsa_key, slot);

	if (rv == CKR_OK && (!name_ok(name, name_len) || wrapped_key == NULL || blob == NULL))
		rv = CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		return rv;
	return issue_rsa_key(gate.slot, uk_span_of(name, name_len),
			     uk_span_of(wrapped_key, wrapped_key_len), uk_span_of(blob, blob_len));
}

static CK_RV
delete_container(CK_SLOT_ID slot, const CK_BYTE *name, CK_ULONG name_len)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_delete_container, slot);

	if (rv == CKR_OK && !name_ok(name, name_len))
		rv = CKR_ARGUMENTS_BAD;
	return rv != CKR_OK ? rv : issue_container_delete(gate.slot, uk_span_of(name, name_len));
}

static CK_RV
list_containers(CK_SLOT_ID slot, struct openukey_container *out, CK_ULONG *count)
{
	GATE gate = {0};
	CK_RV rv = enter(&gate, FN_list_containers, slot);

	if (rv == CKR_OK && count == NULL)
		rv = CKR_ARGUMENTS_BAD;
	return rv != CKR_OK ? rv : objects_containers(gate.slot, out, count);
}

static bool
relay_ok(const char *serial, const struct openukey_relay *relay)
{
	return serial != NULL && serial[0] != '\0' && relay != NULL && relay->ask != NULL;
}

static CK_RV
unblock_by_relay(CK_SLOT_ID slot, const char *serial, const struct openukey_relay *relay,
		 const CK_BYTE *new_pin, CK_ULONG new_pin_len)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_unblock_by_relay, slot);

	if (rv == CKR_OK && (!relay_ok(serial, relay) || new_pin == NULL))
		rv = CKR_ARGUMENTS_BAD;
	return rv != CKR_OK
		       ? rv
		       : relay_unblock(gate.slot, serial, relay, uk_span_of(new_pin, new_pin_len));
}

static CK_RV
change_admin_pin_by_relay(CK_SLOT_ID slot, const char *serial, const struct openukey_relay *relay)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_change_admin_pin_by_relay, slot);

	if (rv == CKR_OK && !relay_ok(serial, relay))
		rv = CKR_ARGUMENTS_BAD;
	return rv != CKR_OK ? rv : relay_admin_pin(gate.slot, serial, relay);
}

static CK_RV
change_device_key_by_relay(CK_SLOT_ID slot, const char *serial, const struct openukey_relay *relay,
			   const CK_BYTE *old_key)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_change_device_key_by_relay, slot);

	if (rv == CKR_OK && (!relay_ok(serial, relay) || old_key == NULL))
		rv = CKR_ARGUMENTS_BAD;
	return rv != CKR_OK ? rv
			    : relay_device_key(gate.slot, serial, relay,
					       uk_span_of(old_key, GM_BLOCK_LEN));
}

static CK_RV
delete_signing_pair(CK_SLOT_ID slot, const CK_BYTE *name, CK_ULONG name_len)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_delete_signing_pair, slot);

	if (rv == CKR_OK && !name_ok(name, name_len))
		rv = CKR_ARGUMENTS_BAD;
	return rv != CKR_OK ? rv : issue_signing_pair_delete(gate.slot, uk_span_of(name, name_len));
}

#define FN(name, need) .name = name,
struct openukey_functions vendor_functions = {
	.version = INTERFACE_VERSION,
	.size = sizeof(struct openukey_functions),
#include "pkcs11/vendor.def"
};
#undef FN
