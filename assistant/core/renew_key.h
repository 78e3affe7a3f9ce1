/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a renewal sees of a key and writes to it; each write only while the key is the only one. */
#ifndef OUK_CORE_RENEW_KEY_H
#define OUK_CORE_RENEW_KEY_H

#include "assistant/core/key.h"

/* A container as the key has it now. */
typedef struct {
	char *name;
	GBytes *sign, *encrypt;           /* DER of the certificates; NULL: none, or unreadable */
	EVP_PKEY *sign_key, *encrypt_key; /* public keys of the pairs; NULL: the key has none */
	gboolean bad;                     /* something is where the signing certificate belongs */
	gboolean orphan;                  /* a signing certificate whose pair is not there */
} KeyPlace;

void key_place_free(KeyPlace *place);
/* Of KeyPlace. The session is open. NULL on failure. */
GPtrArray *key_places(OukToken *token, GError **error);
/* Borrowed; NULL: there is none of that name. */
KeyPlace *key_place_find(const GPtrArray *places, const char *name);

/* A key that is used for writing. */
typedef struct {
	OukToken *token;
	const char *serial;          /* of the order: no other key is written to */
	const struct uk_secret *pin; /* borrowed */
	gboolean stale;              /* a signature may have ended the login */
} KeyDesk;

/*
 * A model that is known to be written to well. *ret_one_container: it has room for no other.
 * OUK_E_UNSUPPORTED, OUK_E_UNVERIFIED.
 */
gboolean key_model_check(OukToken *token, gboolean *ret_one_container, GError **error);
/* The serial number as the key itself has it; the caller frees. NULL on failure. */
char *key_serial(OukToken *token, GError **error);
/* Exactly one key is plugged in, and it has this serial number. OUK_E_SECOND_KEY, _OTHER_KEY. */
gboolean key_alone(const KeyDesk *desk, GError **error);
/* Room for one more container with two certificates. OUK_E_KEY_FULL. */
gboolean key_room(OukToken *token, const GPtrArray *places, GError **error);

/* Sends the PIN unless this run has proved it and the key still knows. */
gboolean key_login(KeyDesk *desk, GError **error);
/* A pair of the same kind as `like`, in a new or an empty container. */
gboolean key_generate(KeyDesk *desk, const char *name, EVP_PKEY *like, GError **error);
gboolean key_write_cert(KeyDesk *desk, const char *name, gboolean encryption, GBytes *der,
			GError **error);
/* envelope, and for RSA the key around it (NULL for SM2): service/issue/README.md. */
gboolean key_import(KeyDesk *desk, const char *name, GBytes *envelope, GBytes *wrapped,
		    GError **error);
/*
 * Takes away what is old and leaves what old documents need: a container with an encryption pair
 * loses its signing pair and that certificate, another one goes whole. *ret_stays: the key or its
 * driver cannot do it, which is no error.
 */
gboolean key_retire(KeyDesk *desk, const KeyPlace *place, gboolean *ret_stays, GError **error);
/* Ready to sign with the container's signing key. */
gboolean key_signer(KeyDesk *desk, const KeyPlace *place, OukSigner *ret, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeyPlace, key_place_free)

#endif
