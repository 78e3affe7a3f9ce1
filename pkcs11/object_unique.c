/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/object_unique.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Bytes of the digest that are shown, two characters each. */
#define SHOWN 16

_Static_assert(2 * SHOWN < OBJECT_UNIQUE_ID_MAX, "a digest and its NUL fit");

/* Each part with its length before it: "ab", "c" is not "a", "bc". */
static bool
part_add(struct crypto_digest *digest, struct uk_span part)
{
	const uint8_t len[2] = {(uint8_t)(part.len >> 8), (uint8_t)part.len};

	return crypto_digest_update(digest, uk_span_of(len, sizeof(len))) == UK_OK &&
	       crypto_digest_update(digest, part) == UK_OK;
}

static struct uk_span
span_of_blob(const struct blob *blob)
{
	return uk_span_of(blob->ptr, blob->len);
}

/* A data object is its file, whatever is written into it. */
static bool
parts_add(struct crypto_digest *digest, const struct slot *slot, const struct object *object)
{
	const uint8_t kind[2] = {(uint8_t)object->class_, (uint8_t)object->pair};
	const struct uk_span parts[] = {
		uk_span_str(slot->info.serial),
		uk_span_str(token_application(slot->token)),
		uk_span_of(kind, sizeof(kind)),
		uk_span_str(object->container),
		uk_span_str(object->file),
		span_of_blob(&object->modulus),
		span_of_blob(&object->ec_point),
		object->class_ == CKO_CERTIFICATE ? span_of_blob(&object->value)
						  : (struct uk_span){NULL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (!part_add(digest, parts[i]))
			return false;
	return true;
}

/* Without libcrypto there is a name for this process only. */
void
object_unique_id_make(const struct slot *slot, struct object *object)
{
	struct crypto_digest *digest = NULL;
	uint8_t hash[CRYPTO_HASH_MAX];
	bool made = crypto_digest_new(CRYPTO_SHA256, &digest) == UK_OK &&
		    parts_add(digest, slot, object) && crypto_digest_final(digest, hash) == UK_OK;

	crypto_digest_free(digest);
	if (!made) {
		object_unique_id_session(object);
		return;
	}
	for (size_t i = 0; i < SHOWN; i++)
		(void)snprintf(object->unique_id + 2 * i, 3, "%02x", hash[i]);
}

void
object_unique_id_session(struct object *object)
{
	(void)snprintf(object->unique_id, sizeof(object->unique_id), "session-%d-%lu",
		       (int)getpid(), object->handle);
}
