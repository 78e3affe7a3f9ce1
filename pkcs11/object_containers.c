/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/object_containers.h"

#include "pkcs11/issue.h"
#include "pkcs11/object_store.h"

#include <string.h>

/* Flags of a pair, before they are moved to their place in the word. */
static const unsigned int shifts[] = {[TOKEN_SIGN] = 0, [TOKEN_ENCRYPT] = 4};

static const struct object *
object_of(const struct slot *slot, const struct container *container, enum token_pair pair,
	  CK_OBJECT_CLASS class_)
{
	for (const struct object *object = slot->objects->first; object != NULL;
	     object = object->next)
		if (object->class_ == class_ && object->pair == pair &&
		    strcmp(object->container, container->name) == 0)
			return object;
	return NULL;
}

/* Whether the key lacks the pair that the certificate is for. */
static CK_RV
pair_is_missing(struct slot *slot, const struct container *container, enum token_pair pair,
		bool *ret)
{
	const struct object *cert = object_of(slot, container, pair, CKO_CERTIFICATE);
	const struct object *key = object_of(slot, container, pair, CKO_PUBLIC_KEY);
	struct token_public_key own;
	enum uk_status st;

	*ret = false;
	if (cert == NULL)
		return CKR_OK;
	SLOT_AGAIN(st, slot->token->ops->public_key(slot->token, uk_span_str(container->name), pair,
						    &own));
	if (st == UK_OK)
		*ret = key != NULL && !keys_equal(&key->key, &own);
	else if (st == UK_E_NO_KEY_PAIR)
		*ret = true;
	else if (st == UK_E_REMOVED)
		return slot_rv(slot, st);
	return CKR_OK;
}

static CK_RV
pair_look(struct slot *slot, const struct container *container, enum token_pair pair,
	  CK_ULONG *flags)
{
	CK_ULONG found = 0;
	bool missing;
	CK_RV rv = pair_is_missing(slot, container, pair, &missing);

	if (rv != CKR_OK)
		return rv;
	if (object_of(slot, container, pair, CKO_CERTIFICATE) != NULL)
		found |= OPENUKEY_SIGN_CERT;
	if (container->pairs[pair].cert_bad)
		found |= OPENUKEY_SIGN_BAD_CERT;
	if (missing)
		found |= OPENUKEY_SIGN_NO_KEY;
	*flags |= found << shifts[pair];
	return CKR_OK;
}

static CK_RV
container_look(struct slot *slot, const struct container *container, struct openukey_container *out)
{
	struct openukey_container found = {.flags = 0};
	size_t len = strnlen(container->name, sizeof(found.name) - 1);
	CK_RV rv = pair_look(slot, container, TOKEN_SIGN, &found.flags);

	if (rv == CKR_OK)
		rv = pair_look(slot, container, TOKEN_ENCRYPT, &found.flags);
	memcpy(found.name, container->name, len);
	*out = found;
	return rv;
}

CK_RV
objects_containers(struct slot *slot, struct openukey_container *out, CK_ULONG *count)
{
	CK_ULONG room = *count, at = 0;
	CK_RV rv = objects_load(slot, OBJECTS_CERTIFICATES);

	if (rv != CKR_OK)
		return rv;
	*count = slot->objects->container_count;
	if (out == NULL)
		return CKR_OK;
	if (room < *count)
		return CKR_BUFFER_TOO_SMALL;
	for (const struct container *c = slot->objects->containers; c != NULL && rv == CKR_OK;
	     c = c->next)
		rv = container_look(slot, c, &out[at++]);
	return rv;
}
