/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entry points: objects and key generation. */
#include "pkcs11/attr.h"
#include "pkcs11/gate.h"
#include "pkcs11/issue.h"
#include "pkcs11/object.h"
#include "pkcs11/unwrap.h"

/* A data object's value is read from the key when somebody wants it. */
static CK_RV
values_load(struct slot *slot, const struct object *object, const CK_ATTRIBUTE *template,
	    CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++)
		if (template[i].type == CKA_VALUE)
			return object_value_load(slot, object);
	return CKR_OK;
}

/* When several attributes fail, the first failure is told and the rest are still filled. */
static CK_RV
attributes_get(const struct object *object, CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_RV first = CKR_OK;

	for (CK_ULONG i = 0; i < count; i++) {
		CK_RV rv = attr_get(object, &template[i]);

		if (first == CKR_OK)
			first = rv;
	}
	return first;
}

CK_RV
C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *template,
		    CK_ULONG count)
{
	GATE gate = {0};
	const struct object *object;
	CK_RV rv = gate_enter(&gate, FN_C_GetAttributeValue, session);

	if (rv != CKR_OK)
		return rv;
	if (template == NULL || count == 0)
		return CKR_ARGUMENTS_BAD;
	object = object_find(gate.slot, handle);
	if (object == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	rv = values_load(gate.slot, object, template, count);
	return rv != CKR_OK ? rv : attributes_get(object, template, count);
}

/*
 * A key keeps its names (architecture D3b): only a data object's value can be set anew.  What is
 * there already with just this value may be "set" all the same.
 */
CK_RV
C_SetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *template,
		    CK_ULONG count)
{
	GATE gate = {0};
	const struct object *object;
	CK_RV rv = gate_enter(&gate, FN_C_SetAttributeValue, session);

	if (rv != CKR_OK)
		return rv;
	if (count == 0 || attr_template_check(template, count) != CKR_OK)
		return CKR_ARGUMENTS_BAD;
	object = object_find(gate.slot, handle);
	if (object == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	if (attr_match(object, template, count))
		return CKR_OK;
	/* 2.40, 5.7: this code, not CKR_ATTRIBUTE_READ_ONLY, where CKA_MODIFIABLE is false */
	if (!object->modifiable)
		return CKR_ACTION_PROHIBITED;
	if ((gate.session->flags & CKF_RW_SESSION) == 0)
		return CKR_SESSION_READ_ONLY;
	return issue_data_value(gate.session, object, template, count);
}

CK_RV
C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle)
{
	GATE gate = {0};
	const struct object *object;
	CK_RV rv = gate_enter(&gate, FN_C_DestroyObject, session);

	if (rv != CKR_OK)
		return rv;
	object = object_find(gate.slot, handle);
	if (object == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	if (object->on_token && (gate.session->flags & CKF_RW_SESSION) == 0)
		return CKR_SESSION_READ_ONLY;
	return object_destroy(gate.slot, handle);
}

/* Only data can be had twice: a key pair stays where it was made, as does a session key. */
CK_RV
C_CopyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *template,
	     CK_ULONG count, CK_OBJECT_HANDLE *copy)
{
	GATE gate = {0};
	const struct object *object;
	CK_RV rv = gate_enter(&gate, FN_C_CopyObject, session);

	if (rv != CKR_OK)
		return rv;
	if (copy == NULL)
		return CKR_ARGUMENTS_BAD;
	rv = attr_new_template_check(template, count);
	if (rv != CKR_OK)
		return rv;
	object = object_find(gate.slot, handle);
	if (object == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	if (!object->copyable)
		return CKR_ACTION_PROHIBITED;
	if ((gate.session->flags & CKF_RW_SESSION) == 0)
		return CKR_SESSION_READ_ONLY;
	return issue_data_copy(gate.session, object, template, count, copy);
}

CK_RV
C_GetObjectSize(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle, CK_ULONG *size)
{
	GATE gate = {0};
	const struct object *object;
	CK_RV rv = gate_enter(&gate, FN_C_GetObjectSize, session);

	if (rv != CKR_OK)
		return rv;
	if (size == NULL)
		return CKR_ARGUMENTS_BAD;
	object = object_find(gate.slot, handle);
	if (object == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	/* PKCS#11 2.40, 5.7: a measure of the memory; a key says none of its own objects'. */
	if (object->class_ == CKO_CERTIFICATE)
		*size = object->value.len;
	else
		*size = object->class_ == CKO_DATA ? object->value_len : CK_UNAVAILABLE_INFORMATION;
	return CKR_OK;
}

CK_RV
C_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_FindObjectsInit, session);

	if (rv != CKR_OK)
		return rv;
	rv = attr_template_check(template, count);
	return rv != CKR_OK ? rv : op_find_init(gate.session, template, count);
}

CK_RV
C_FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG max, CK_ULONG *count)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_FindObjects, session);

	if (rv != CKR_OK)
		return rv;
	if (count == NULL || (objects == NULL && max > 0))
		return CKR_ARGUMENTS_BAD;
	return op_find_next(gate.session, objects, max, count);
}

CK_RV
C_FindObjectsFinal(CK_SESSION_HANDLE session)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_FindObjectsFinal, session);

	if (rv != CKR_OK)
		return rv;
	if (!gate.session->find.active)
		return CKR_OPERATION_NOT_INITIALIZED;
	op_find_end(&gate.session->find);
	return CKR_OK;
}

/* Classes that can be put on a key as they are. */
static const struct {
	CK_OBJECT_CLASS class_;
	CK_RV(*create)
	(struct session *session, const CK_ATTRIBUTE *template, CK_ULONG count,
	 CK_OBJECT_HANDLE *ret);
} creators[] = {
	{CKO_CERTIFICATE, issue_certificate},
	{CKO_DATA, issue_data},
};

CK_RV
C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count,
	       CK_OBJECT_HANDLE *object)
{
	GATE gate = {0};
	CK_OBJECT_CLASS class_;
	CK_RV rv = gate_enter(&gate, FN_C_CreateObject, session);

	if (rv != CKR_OK)
		return rv;
	if (object == NULL)
		return CKR_ARGUMENTS_BAD;
	rv = attr_new_template_check(template, count);
	if (rv != CKR_OK)
		return rv;
	if (!attr_find_ulong(template, count, CKA_CLASS, &class_))
		return CKR_TEMPLATE_INCOMPLETE;
	for (size_t i = 0; i < ARRAY_SIZE(creators); i++) {
		if (creators[i].class_ != class_)
			continue;
		if ((gate.session->flags & CKF_RW_SESSION) == 0)
			return CKR_SESSION_READ_ONLY;
		return creators[i].create(gate.session, template, count, object);
	}
	return CKR_ATTRIBUTE_VALUE_INVALID;
}

CK_RV
C_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
	    unsigned char *wrapped, CK_ULONG wrapped_len, CK_ATTRIBUTE *template, CK_ULONG count,
	    CK_OBJECT_HANDLE *ret)
{
	GATE gate = {0};
	struct unwrap_request request = {mechanism, key, uk_span_of(wrapped, wrapped_len), template,
					 count};
	CK_RV rv = gate_enter(&gate, FN_C_UnwrapKey, session);

	if (rv != CKR_OK)
		return rv;
	if (mechanism == NULL || wrapped == NULL || ret == NULL)
		return CKR_ARGUMENTS_BAD;
	rv = attr_new_template_check(template, count);
	return rv != CKR_OK ? rv : unwrap_key(gate.session, &request, ret);
}

CK_RV
C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_template,
		  CK_ULONG public_count, CK_ATTRIBUTE *private_template, CK_ULONG private_count,
		  CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
	GATE gate = {0};
	struct key_templates templates = {public_template, private_template, public_count,
					  private_count};
	CK_RV rv = gate_enter(&gate, FN_C_GenerateKeyPair, session);

	if (rv != CKR_OK)
		return rv;
	if (mechanism == NULL || public_key == NULL || private_key == NULL)
		return CKR_ARGUMENTS_BAD;
	rv = attr_new_template_check(public_template, public_count);
	if (rv == CKR_OK)
		rv = attr_new_template_check(private_template, private_count);
	if (rv != CKR_OK)
		return rv;
	return issue_key_pair(gate.session, mechanism, &templates, public_key, private_key);
}
