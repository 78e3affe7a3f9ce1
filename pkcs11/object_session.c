/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session objects, and how objects end. */
#include "pkcs11/issue.h"
#include "pkcs11/object_build.h"
#include "pkcs11/object_file.h"
#include "pkcs11/object_store.h"
#include "pkcs11/object_unique.h"

#include <string.h>

CK_RV
object_add_session(struct slot *slot, struct object *object)
{
	object_unique_id_session(object);
	object->next = slot->session_objects;
	slot->session_objects = object;
	return CKR_OK;
}

/* The key may have lost it already: then there is nothing to do. */
static CK_RV
session_object_end(struct slot *slot, struct object *object)
{
	enum uk_status st = UK_OK;

	if (slot->token != NULL && !slot->removed)
		st = slot->token->ops->destroy_session_key(slot->token, &object->session_key);
	object_free(object);
	if (st == UK_OK || st == UK_E_NOT_FOUND || slot->token == NULL)
		return CKR_OK;
	return slot_rv(slot, st);
}

void
objects_end_session(struct slot *slot, CK_SESSION_HANDLE session)
{
	struct object **link = &slot->session_objects;

	while (*link != NULL) {
		struct object *object = *link;

		if (session != 0 && object->session != session) {
			link = &object->next;
			continue;
		}
		*link = object->next;
		(void)session_object_end(slot, object);
	}
}

static CK_RV
session_object_destroy(struct slot *slot, CK_OBJECT_HANDLE handle)
{
	for (struct object **link = &slot->session_objects; *link != NULL; link = &(*link)->next) {
		struct object *object = *link;

		if (object->handle != handle)
			continue;
		*link = object->next;
		return session_object_end(slot, object);
	}
	return CKR_OBJECT_HANDLE_INVALID;
}

/*
 * A signing key goes with its container, and the certificate that is nothing without it.  An
 * encryption key in there would go too, and with it the means to read old mail: not this way.
 */
static CK_RV
key_destroy(struct slot *slot, const struct object *key)
{
	char container[TOKEN_NAME_MAX];
	CK_RV rv = objects_load(slot, OBJECTS_KEYS);

	if (rv != CKR_OK)
		return rv;
	memcpy(container, key->container, sizeof(container));
	for (const struct object *o = object_next(slot, NULL); o != NULL; o = object_next(slot, o))
		if (o->pair == TOKEN_ENCRYPT && o->class_ == CKO_PRIVATE_KEY &&
		    strcmp(o->container, container) == 0)
			return CKR_ACTION_PROHIBITED;
	return issue_container_delete(slot, uk_span_str(container));
}

CK_RV
object_destroy(struct slot *slot, CK_OBJECT_HANDLE handle)
{
	const struct object *object = object_find(slot, handle);
	char file[TOKEN_NAME_MAX];

	if (object == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	if (!object->destroyable)
		return CKR_ACTION_PROHIBITED;
	if (object->session != 0)
		return session_object_destroy(slot, handle);
	if (slot->login != LOGIN_USER)
		return CKR_USER_NOT_LOGGED_IN;
	if (object->class_ == CKO_PRIVATE_KEY)
		return key_destroy(slot, object);
	memcpy(file, object->file, sizeof(file));
	return object_file_delete(slot, file);
}
