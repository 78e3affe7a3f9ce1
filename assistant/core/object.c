/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/object.h"

#include "assistant/core/errors.h"

#define FIND_BATCH 16

GBytes *
ouk_object_bytes(OukToken *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_ATTRIBUTE attr = {type, NULL, 0};
	g_autofree guint8 *value = NULL;
	CK_RV rv;

	rv = token->module->C_GetAttributeValue(token->session, object, &attr, 1);
	if (rv != CKR_OK || attr.ulValueLen == CK_UNAVAILABLE_INFORMATION || attr.ulValueLen == 0)
		return NULL;
	value = g_malloc0(attr.ulValueLen);
	attr.pValue = value;
	rv = token->module->C_GetAttributeValue(token->session, object, &attr, 1);
	if (rv != CKR_OK || attr.ulValueLen == CK_UNAVAILABLE_INFORMATION)
		return NULL;
	return g_bytes_new_take(g_steal_pointer(&value), attr.ulValueLen);
}

CK_ULONG
ouk_object_ulong(OukToken *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
		 CK_ULONG fallback)
{
	CK_ULONG value = fallback;
	CK_ATTRIBUTE attr = {type, &value, sizeof(value)};

	if (token->module->C_GetAttributeValue(token->session, object, &attr, 1) != CKR_OK ||
	    attr.ulValueLen != sizeof(value))
		return fallback;
	return value;
}

gboolean
ouk_object_bool(OukToken *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, gboolean fallback)
{
	CK_BBOOL value = CK_FALSE;
	CK_ATTRIBUTE attr = {type, &value, sizeof(value)};

	if (token->module->C_GetAttributeValue(token->session, object, &attr, 1) != CKR_OK ||
	    attr.ulValueLen != sizeof(value))
		return fallback;
	return value != CK_FALSE;
}

GArray *
ouk_objects_find(OukToken *token, CK_ATTRIBUTE *template, CK_ULONG count, GError **error)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(CK_OBJECT_HANDLE));
	CK_OBJECT_HANDLE batch[FIND_BATCH];
	CK_ULONG got = 0;
	CK_RV rv;

	rv = token->module->C_FindObjectsInit(token->session, template, count);
	if (rv != CKR_OK) {
		ouk_fail_rv(error, OUK_TASK_ANY, rv);
		return NULL;
	}
	do {
		rv = token->module->C_FindObjects(token->session, batch, FIND_BATCH, &got);
		if (rv == CKR_OK)
			g_array_append_vals(found, batch, (guint)got);
	} while (rv == CKR_OK && got > 0);
	token->module->C_FindObjectsFinal(token->session);
	if (rv != CKR_OK) {
		ouk_fail_rv(error, OUK_TASK_ANY, rv);
		return NULL;
	}
	return g_steal_pointer(&found);
}

CK_OBJECT_HANDLE
ouk_object_by_id(OukToken *token, CK_OBJECT_CLASS object_class, GBytes *id)
{
	gsize len = 0;
	gconstpointer value = g_bytes_get_data(id, &len);
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &object_class, sizeof(object_class)},
		{CKA_ID, (void *)(uintptr_t)value, len},
	};
	g_autoptr(GArray) found = ouk_objects_find(token, template, G_N_ELEMENTS(template), NULL);

	if (found == NULL || found->len == 0)
		return CK_INVALID_HANDLE;
	return g_array_index(found, CK_OBJECT_HANDLE, 0);
}
