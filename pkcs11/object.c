/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/object.h"

#include "common/log.h"
#include "pkcs11/attr.h"
#include "pkcs11/object_build.h"
#include "pkcs11/object_fixed.h"
#include "pkcs11/object_handle.h"
#include "pkcs11/object_store.h"
#include "pkcs11/object_unique.h"

#include <stdlib.h>
#include <string.h>

static const enum token_pair pairs[] = {TOKEN_SIGN, TOKEN_ENCRYPT};

static void
cert_clear_p(struct crypto_cert *cert)
{
	crypto_cert_clear(cert);
}

static struct uk_span
name_of(const struct container *container)
{
	return uk_span_str(container->name);
}

void
object_append(struct slot *slot, struct object *object)
{
	struct object **link = &slot->objects->first;

	object_handle_keep(slot, object);
	object_unique_id_make(slot, object);
	while (*link != NULL)
		link = &(*link)->next;
	*link = object;
}

static struct object_source
source_of(const struct slot *slot, const struct container *container, enum token_pair pair)
{
	const struct token_model_info *model = token_model_info(slot->token->model);

	return (struct object_source){
		.container = name_of(container),
		.pair = pair,
		.always_authenticate = (model->flags & TOKEN_MODEL_AUTH_EACH_USE) != 0,
	};
}

static CK_RV
keys_add(struct slot *slot, struct container *container, enum token_pair pair,
	 const struct token_public_key *key, const struct crypto_cert *cert)
{
	static const CK_OBJECT_CLASS classes[] = {CKO_PUBLIC_KEY, CKO_PRIVATE_KEY};
	struct object_source source = source_of(slot, container, pair);

	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		struct object *object = object_of_key(&source, classes[i], key, cert);

		if (object == NULL)
			return CKR_HOST_MEMORY;
		object_append(slot, object);
	}
	container->pairs[pair].has_key = true;
	container->pairs[pair].key_read = true;
	return CKR_OK;
}

/* A certificate nobody can read is shown as absent; the log says so. */
static CK_RV
certificate_add(struct slot *slot, struct container *container, enum token_pair pair,
		struct uk_span der)
{
	struct object_source source = source_of(slot, container, pair);
	UK_CLEANUP(cert_clear_p) struct crypto_cert cert = {0};
	struct token_public_key key;
	struct object *object;

	if (crypto_cert_read(der, &cert) != UK_OK) {
		uk_warning("session", "container \"%s\": unreadable certificate", container->name);
		container->pairs[pair].cert_bad = true;
		return CKR_OK;
	}
	object = object_of_certificate(&source, &cert, der);
	if (object == NULL)
		return CKR_HOST_MEMORY;
	object_append(slot, object);
	if (!object_key_of_certificate(&cert, &key))
		return CKR_OK;
	return keys_add(slot, container, pair, &key, &cert);
}

static CK_RV
certificate_load(struct slot *slot, struct container *container, enum token_pair pair)
{
	uint8_t der[TOKEN_CERT_MAX];
	struct uk_writer out;
	enum uk_status st;

	if (container->pairs[pair].cert_read)
		return CKR_OK;
	SLOT_AGAIN(st,
		   (out = uk_writer_of(der, sizeof(der)),
		    slot->token->ops->certificate(slot->token, name_of(container), pair, &out)));
	if (st != UK_OK && st != UK_E_NO_CERT)
		return slot_rv(slot, st);
	container->pairs[pair].cert_read = true;
	return st == UK_OK ? certificate_add(slot, container, pair, uk_writer_span(&out)) : CKR_OK;
}

/* Only where no certificate told us of the key. */
static CK_RV
key_load(struct slot *slot, struct container *container, enum token_pair pair)
{
	struct token_public_key key;
	enum uk_status st;

	if (container->pairs[pair].key_read)
		return CKR_OK;
	SLOT_AGAIN(st, slot->token->ops->public_key(slot->token, name_of(container), pair, &key));
	if (st != UK_OK && st != UK_E_NO_KEY_PAIR)
		return slot_rv(slot, st);
	container->pairs[pair].key_read = true;
	return st == UK_OK ? keys_add(slot, container, pair, &key, NULL) : CKR_OK;
}

static void
container_add(void *data, struct uk_span name)
{
	struct objects *objects = data;
	struct container **link = &objects->containers;
	struct container *container;

	if (name.len == 0 || name.len >= sizeof(container->name) ||
	    objects->container_count >= CONTAINERS_MAX)
		return;
	container = calloc(1, sizeof(*container));
	if (container == NULL)
		return;
	memcpy(container->name, name.ptr, name.len);
	while (*link != NULL)
		link = &(*link)->next;
	*link = container;
	objects->container_count++;
}

static void
containers_free(struct objects *objects)
{
	while (objects->containers != NULL) {
		struct container *container = objects->containers;

		objects->containers = container->next;
		free(container);
	}
	objects->container_count = 0;
	objects->listed = false;
}

static CK_RV
containers_list(struct slot *slot)
{
	struct objects *objects = slot->objects;
	const struct token_info *info;
	enum uk_status st;
	CK_RV rv;

	if (objects->listed)
		return CKR_OK;
	/* The first look at a key also learns its serial number, which a login will want. */
	rv = slot_info(slot, &info);
	if (rv != CKR_OK)
		return rv;
	SLOT_AGAIN(st, (containers_free(objects),
			slot->token->ops->containers(slot->token, container_add, objects)));
	if (st != UK_OK && st != UK_E_NO_APPLICATION)
		return slot_rv(slot, st);
	objects->listed = true;
	return CKR_OK;
}

static CK_RV
container_load(struct slot *slot, struct container *container, enum objects_want want)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < ARRAY_SIZE(pairs) && rv == CKR_OK; i++) {
		rv = certificate_load(slot, container, pairs[i]);
		if (rv == CKR_OK && (want & OBJECTS_KEYS) != 0)
			rv = key_load(slot, container, pairs[i]);
	}
	return rv;
}

static CK_RV
containers_load(struct slot *slot, enum objects_want want)
{
	CK_RV rv = containers_list(slot);

	for (struct container *c = slot->objects->containers; c != NULL && rv == CKR_OK;
	     c = c->next)
		rv = container_load(slot, c, want);
	return rv;
}

CK_RV
objects_load(struct slot *slot, enum objects_want want)
{
	CK_RV rv = CKR_OK;

	if (want == OBJECTS_NONE)
		return CKR_OK;
	if (slot->objects == NULL)
		slot->objects = calloc(1, sizeof(*slot->objects));
	if (slot->objects == NULL)
		return CKR_HOST_MEMORY;
	if ((want & (OBJECTS_CERTIFICATES | OBJECTS_KEYS)) != 0)
		rv = containers_load(slot, want);
	if (rv == CKR_OK && (want & (OBJECTS_CERTIFICATES | OBJECTS_DATA)) != 0)
		rv = objects_load_files(slot, want);
	/* The reading may have met another program's reset: private keys are then not seen. */
	return rv == CKR_OK ? slot_rv(slot, UK_OK) : rv;
}

enum objects_want
objects_wanted(const CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_OBJECT_CLASS class_;

	if (!attr_find_ulong(template, count, CKA_CLASS, &class_))
		return OBJECTS_ALL;
	switch (class_) {
	case CKO_CERTIFICATE:
		return OBJECTS_CERTIFICATES;
	case CKO_PUBLIC_KEY:
	case CKO_PRIVATE_KEY:
		return OBJECTS_KEYS;
	case CKO_DATA:
		return OBJECTS_DATA;
	default:
		return OBJECTS_NONE;
	}
}

static bool
object_visible(const struct slot *slot, const struct object *object)
{
	return !object->private_object || slot->login == LOGIN_USER;
}

/* The key's own objects first, then the sessions', then the profiles. */
static const struct object *
step(const struct slot *slot, const struct object *object)
{
	if (object->next != NULL || object_is_fixed(object))
		return object->next;
	if (object->session == 0 && slot->session_objects != NULL)
		return slot->session_objects;
	return object_profiles();
}

static const struct object *
first_object(const struct slot *slot)
{
	if (slot->objects != NULL && slot->objects->first != NULL)
		return slot->objects->first;
	return slot->session_objects != NULL ? slot->session_objects : object_profiles();
}

const struct object *
object_next(struct slot *slot, const struct object *after)
{
	const struct object *object;

	object = after != NULL ? step(slot, after) : first_object(slot);
	while (object != NULL && !object_visible(slot, object))
		object = step(slot, object);
	return object;
}

/* From an object on, itself included. */
static const struct object *
find_from(struct slot *slot, const struct object *object, CK_OBJECT_HANDLE handle)
{
	while (object != NULL && (object->handle != handle || !object_visible(slot, object)))
		object = object_next(slot, object);
	return object;
}

/*
 * Hosts ask for one object after the other, or for the same one again: from where the last one
 * was, an object takes as long among many as among few.
 */
static const struct object *
find_loaded(struct slot *slot, CK_OBJECT_HANDLE handle)
{
	struct objects *objects = slot->objects;
	const struct object *object = NULL;

	if (objects != NULL)
		object = find_from(slot, objects->found, handle);
	if (object == NULL)
		object = find_from(slot, object_next(slot, NULL), handle);
	if (object != NULL && objects != NULL && object->session == 0 && !object_is_fixed(object))
		objects->found = object;
	return object;
}

const struct object *
object_find(struct slot *slot, CK_OBJECT_HANDLE handle)
{
	const struct object *object = object_fixed_find(handle);
	CK_OBJECT_CLASS class_;

	if (object == NULL)
		object = find_loaded(slot, handle);
	if (object != NULL || slot->token == NULL)
		return object;
	/* A write since it was last seen had it forgotten: it is to be read anew. */
	class_ = object_handle_class(slot, handle);
	if (class_ == CK_UNAVAILABLE_INFORMATION ||
	    objects_load(slot, class_ == CKO_DATA ? OBJECTS_DATA
						  : OBJECTS_KEYS | OBJECTS_CERTIFICATES) != CKR_OK)
		return NULL;
	return find_loaded(slot, handle);
}

static void
objects_drop(struct objects *objects, const char *container)
{
	struct object **link = &objects->first;

	objects->found = NULL;
	while (*link != NULL) {
		struct object *object = *link;

		if (container != NULL &&
		    (object->container[0] == '\0' || strcmp(object->container, container) != 0)) {
			link = &object->next;
			continue;
		}
		*link = object->next;
		object_free(object);
	}
}

void
objects_forget(struct slot *slot, struct uk_span container)
{
	if (slot->objects == NULL)
		return;
	for (struct container *c = slot->objects->containers; c != NULL; c = c->next) {
		if (!uk_span_equal(name_of(c), container))
			continue;
		objects_drop(slot->objects, c->name);
		memset(c->pairs, 0, sizeof(c->pairs));
		return;
	}
	/* A container we have not heard of: the list itself is out of date. */
	objects_forget_all(slot);
}

void
objects_forget_all(struct slot *slot)
{
	objects_free(slot->objects);
	slot->objects = NULL;
}

void
objects_free(struct objects *objects)
{
	if (objects == NULL)
		return;
	objects_drop(objects, NULL);
	containers_free(objects);
	free(objects);
}
