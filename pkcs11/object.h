/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is on the key, as PKCS#11 objects.  Certificates are read when somebody first looks for
 * them, keys are then known from their certificate; only a pair without one costs a command.
 * Nothing is read twice until something was written or the key was pulled.
 */
#ifndef UK_PKCS11_OBJECT_H
#define UK_PKCS11_OBJECT_H

#include "common/pkcs11.h"
#include "drivers/crypto/crypto.h"
#include "pkcs11/slot.h"

#define OBJECT_UNIQUE_ID_MAX 48

/* Owned bytes of an attribute. exists: the object has the attribute, were it empty. */
struct blob {
	uint8_t *ptr;
	size_t len;
	bool exists;
};

struct object {
	CK_OBJECT_HANDLE handle;
	struct object *next;
	char container[TOKEN_NAME_MAX]; /* of keys and their certificates; else "" */
	enum token_pair pair;
	struct token_public_key key;          /* type 0: a certificate of another kind of key */
	char file[TOKEN_NAME_MAX];            /* of data objects and CA certificates; else "" */
	bool value_read;                      /* of data objects: read when first asked for */
	struct token_session_key session_key; /* of secret keys */
	CK_SESSION_HANDLE session;            /* of session objects: dies with it; else 0 */

	/* fields that the rows of attr.c name */
	CK_ULONG class_, key_type, gen_mechanism, bits, cert_type, cert_category, value_len,
		profile_id, mechanism_type, zero;
	CK_BBOOL yes, no, on_token, private_object, modifiable, copyable, destroyable, local, signs,
		unwraps, always_authenticate;
	char unique_id[OBJECT_UNIQUE_ID_MAX]; /* object_unique.h */
	struct blob label, id, subject, issuer, serial, value, check_value, spki, start_date,
		end_date, modulus, exponent, ec_params, ec_point, application, empty;
};

/* What a search may turn up, OR-ed; the less is asked for, the less is read. */
enum objects_want {
	OBJECTS_NONE = 0,
	OBJECTS_CERTIFICATES = 1,
	OBJECTS_KEYS = 2, /* read with the certificates that tell of them */
	OBJECTS_DATA = 4,
	OBJECTS_ALL = 7,
};

/* All below want the slot's lock and a connected slot. */

/* Reads what is wanted and not known yet. A blank key has no objects. */
CK_RV objects_load(struct slot *slot, enum objects_want want);
/* What has to be loaded to find what the template asks for. */
enum objects_want objects_wanted(const CK_ATTRIBUTE *template, CK_ULONG count);

/* NULL when there is none, or none that this login may see. */
const struct object *object_find(struct slot *slot, CK_OBJECT_HANDLE handle);
/* Iterates over the objects that this login may see; NULL starts and ends. */
const struct object *object_next(struct slot *slot, const struct object *after);

/* Reads the value of a data object that has not been asked for before. */
CK_RV object_value_load(struct slot *slot, const struct object *object);
/* Adds a session object, which it takes over. */
CK_RV object_add_session(struct slot *slot, struct object *object);
/* Destroys an object for good, on the key too. CKR_ACTION_PROHIBITED for what cannot go alone. */
CK_RV object_destroy(struct slot *slot, CK_OBJECT_HANDLE handle);
/* Destroys a session's objects, or with 0 all session objects (after a logout). */
void objects_end_session(struct slot *slot, CK_SESSION_HANDLE session);

/* Forgets a container's objects, or all containers', after a write: they are read anew. */
void objects_forget(struct slot *slot, struct uk_span container);
void objects_forget_all(struct slot *slot);
/* NULL is legal. */
void objects_free(struct objects *objects);

/* CKA_ID of a pair: container name || 00 (signing) or 01 (encryption); at most TOKEN_NAME_MAX. */
void object_id_make(struct uk_span container, enum token_pair pair, struct uk_writer *out);
/* The other way round; false when id is not of that form. */
bool object_id_split(struct uk_span id, struct uk_span *ret_container, enum token_pair *ret_pair);

#endif
