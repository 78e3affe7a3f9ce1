/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A clerk's desk for module tests: the real pcscd with virtual keys (tests/rig) and our module,
 * loaded as any host loads it.  Functions fail the running cmocka test themselves.
 */
#ifndef TESTS_P11_DESK_H
#define TESTS_P11_DESK_H

#include "common/pkcs11.h"

#include "common/defs.h"
#include "common/openukey.h"

#include <stdbool.h>

struct rig;

#define DESK_PIN           "123456"
#define DESK_ADMIN_PIN     "admin-8421"
#define DESK_CONTAINER     "UserKey"
#define DESK_SIGNATURE_MAX 256

struct desk {
	struct rig *rig;
	void *module; /* dlopen's */
	CK_FUNCTION_LIST *f;
	struct openukey_functions *uk;
	bool plugged[16]; /* by reader */
};

/* Which key: algorithm of its certificates (names in tests/fixtures) and model. */
struct desk_key {
	const char *alg;   /* "sm2", "rsa", "rsa1024"; NULL: no container, no keys */
	const char *model; /* "V0", "VC", "V1" */
	bool no_enc_pair;
	bool no_certs;
};

/* Starts pcscd with so many readers and initialises the module. */
void desk_start(struct desk *desk, unsigned int readers);
/* The same with USB ports (rig_start_port). */
void desk_start_port(struct desk *desk, const char *kind);
/* Finalises and unloads the module, ends pcscd. */
void desk_stop(struct desk *desk);

/* Path of a fresh state file with the key provisioned; valid until the next call of desk_state. */
const char *desk_state(struct desk *desk, const struct desk_key *key, unsigned int reader);
/* Provisions and plugs in. */
void desk_plug(struct desk *desk, unsigned int reader, const struct desk_key *key);
/* Plugs in what was pulled before, as it was. */
void desk_plug_again(struct desk *desk, unsigned int reader, const struct desk_key *key);
/* Plugs in a state file of one's own; a missing one is a blank key. */
void desk_plug_state(struct desk *desk, unsigned int reader, const char *path);
void desk_pull(struct desk *desk, unsigned int reader);
/* The folder of the rig. */
const char *desk_dir(struct desk *desk);

/* Sends a control line to the key; fails the test when it is refused. */
void desk_tell(struct desk *desk, unsigned int reader, const char *line);
/* A number of the key's `status`, by its JSON name. */
long desk_status(struct desk *desk, unsigned int reader, const char *name);

/* How many commands of an INS the key has seen since it was plugged in. */
long desk_command_count(struct desk *desk, unsigned int reader, unsigned char ins);

CK_SLOT_ID desk_slot(struct desk *desk, unsigned int reader);
CK_SESSION_HANDLE desk_session(struct desk *desk, unsigned int reader);
CK_RV desk_login(struct desk *desk, CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin);
/* A fresh key in reader 0, and a session that is logged in as user. */
CK_SESSION_HANDLE desk_user(struct desk *desk, const struct desk_key *key);
CK_FLAGS desk_token_flags(struct desk *desk, unsigned int reader);

/* The object of a class and pair (id ends in 0 signing, 1 encryption); 0 when there is none. */
CK_OBJECT_HANDLE desk_find(struct desk *desk, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class_,
			   unsigned char pair);
CK_ULONG desk_count(struct desk *desk, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class_);
/* An attribute's bytes; returns the length. */
CK_ULONG desk_attribute(struct desk *desk, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
			CK_ATTRIBUTE_TYPE type, void *out, CK_ULONG size);

/* Makes a signing pair in a container. */
CK_RV desk_generate(struct desk *desk, CK_SESSION_HANDLE session, const char *alg,
		    const char *container);
/* Imports a certificate next to its key. */
CK_RV desk_import(struct desk *desk, CK_SESSION_HANDLE session, unsigned char *der, CK_ULONG len);
/* A certificate for the signing key of a class on the key now; returns the length. */
CK_ULONG desk_issue(struct desk *desk, CK_SESSION_HANDLE session, const char *alg,
		    unsigned char *out, CK_ULONG size);
/* An envelope with an encryption pair for a signing certificate of tests/fixtures. */
CK_ULONG desk_envelope(struct desk *desk, const char *format, const char *align, unsigned char *out,
		       CK_ULONG size);

struct desk_signature {
	unsigned char bytes[DESK_SIGNATURE_MAX];
	CK_ULONG len;
};

/* C_SignInit and C_Sign with the signing key. */
CK_RV desk_sign(struct desk *desk, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism,
		const void *data, CK_ULONG len, struct desk_signature *ret);

/* ---- by libcrypto, not by us (oracle.c) ---- */
/* A certificate of tests/fixtures as DER; returns the length. */
CK_ULONG oracle_certificate(const char *alg, const char *pair, unsigned char *out, CK_ULONG size);
/* Whether the signature over the message is right by that certificate's key. */
bool oracle_verify(const char *alg, const char *digest, const void *message, CK_ULONG len,
		   const unsigned char *signature, CK_ULONG signature_len);
/* The same with a signer's ID of one's own (SM2). */
bool oracle_verify_id(const char *id, const void *message, CK_ULONG len,
		      const unsigned char *signature, CK_ULONG signature_len);
/* A digest by libcrypto's name; returns the length. */
CK_ULONG oracle_digest(const char *name, const void *message, CK_ULONG len, unsigned char *out);
/* r || s to DER; returns the length. */
CK_ULONG oracle_der(const unsigned char *rs, unsigned char *out, CK_ULONG size);
/* SM3(Z || M) with the default ID for the certificate's key. */
void oracle_sm2_digest(const char *alg, const void *message, CK_ULONG len, unsigned char *out);
/* A certificate for a public key: 04 || X || Y, or an RSA modulus; returns the length. */
CK_ULONG oracle_issue_sm2(const unsigned char *point, unsigned char *out, CK_ULONG size);
CK_ULONG oracle_issue_rsa(const unsigned char *modulus, CK_ULONG modulus_len, unsigned char *out,
			  CK_ULONG size);
/* A 16-byte key encrypted to the encryption certificate; SM2: DER, else 04 || X || Y || C3 || C2.
 */
CK_ULONG oracle_wrap(const char *alg, bool der, const unsigned char *sm4_key, unsigned char *out,
		     CK_ULONG size);
/* SM4 without padding; cipher by libcrypto's name. */
void oracle_sm4(const char *cipher, const unsigned char *key, const unsigned char *iv,
		const unsigned char *in, CK_ULONG len, unsigned char *out);

#endif
