/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What openukey-pkcs11.so has beyond PKCS#11: its mechanism numbers for SM2, and the interface
 * "Vendor OpenUKey" for what PKCS#11 cannot say.
 *
 *	CK_INTERFACE *itf;
 *	C_GetInterface((CK_UTF8CHAR *)OPENUKEY_INTERFACE, NULL, &itf, 0);
 *	struct openukey_functions *uk = itf->pFunctionList;
 *
 * Include your PKCS#11 header before this one; without one, p11-kit's is taken.
 */
#ifndef OPENUKEY_H
#define OPENUKEY_H

#ifndef CK_INVALID_HANDLE
#include <p11-kit/pkcs11.h>
#endif
#include <stddef.h>

/*
 * SM2. Keys are CKK_EC with CKA_EC_PARAMS = OID 1.2.156.10197.1.301; CKK_VENDOR_SM2 is accepted in
 * templates. There is no OASIS number for SM2: these are the numbers of the Chinese HSM family.
 * None of the first four takes a parameter unless said.
 */
#define CKK_VENDOR_SM2              0x80000004UL
#define CKM_VENDOR_SM2_KEY_PAIR_GEN 0x80008001UL
/* message in, r || s out; parameter: the signer's ID (bytes) */
#define CKM_VENDOR_SM3_SM2 0x80008100UL
/* message in, DER SEQUENCE { r, s } out; parameter: the signer's ID (bytes) */
#define CKM_VENDOR_SM3_SM2_DER 0x80008101UL
/* the same two with the default ID 1234567812345678 */
#define CKM_VENDOR_SM3_SM2_DEFAULT_ID     0x80008102UL
#define CKM_VENDOR_SM3_SM2_DEFAULT_ID_DER 0x80008103UL
/* SM3(Z || M) in (32 bytes), DER out */
#define CKM_VENDOR_SM2_SIGN 0x80008104UL
/* SM3(Z || M) in (32 bytes), r || s out */
#define CKM_VENDOR_SM2_SIGN_NO_DER 0x80008105UL
/* unwrap a session key: SM2 cipher as 04 || X || Y || C3 || C2, or as SM2Cipher (GM/T 0009, DER) */
#define CKM_VENDOR_SM2_RAW 0x80008200UL
#define CKM_VENDOR_SM2_DER 0x80008201UL
/* ours: unwrap an encryption pair from ENVELOPEDKEYBLOB or SM2EnvelopedKey with the signing key */
#define CKM_OPENUKEY_SM2_ENVELOPED 0x80008F01UL
/* digest SM3 (host) */
#define CKM_VENDOR_SM3 0x80009000UL
/* SM4 with session keys that live in the key; parameter of CBC: the 16-byte IV */
#define CKK_VENDOR_SM4     0x8000A000UL
#define CKM_VENDOR_SM4_ECB 0x8000A100UL
#define CKM_VENDOR_SM4_CBC 0x8000A200UL
/* ours: CBC-MAC over whole blocks, 16 bytes out; parameter: none (IV of zeros) or an IV */
#define CKM_OPENUKEY_SM4_MAC 0x80008F10UL

#define OPENUKEY_INTERFACE "Vendor OpenUKey"

/* A PIN's counter, straight from the key. */
struct openukey_pin_info {
	CK_ULONG max;        /* tries allowed in a row */
	CK_ULONG left;       /* 0 = locked */
	CK_BBOOL is_default; /* still the PIN set at issue, as the key itself says */
};

/* Strings are UTF-8, NUL-terminated. */
struct openukey_device_info {
	char manufacturer[65];
	char issuer[65];
	char label[33];
	char serial[33];
	char model[64];       /* our key list's name for the model */
	char application[65]; /* application shown as this token; "" = blank key */
	CK_VERSION hardware;
	CK_VERSION firmware;
	CK_VERSION specification;
	CK_ULONG total_space; /* bytes */
	CK_ULONG free_space;
	CK_ULONG max_containers;
	CK_ULONG max_certificates;
	CK_ULONG max_files;
	CK_ULONG flags; /* OPENUKEY_DEVICE_* */
};

#define OPENUKEY_DEVICE_VIRTUAL       0x1UL /* a rehearsal key in software */
#define OPENUKEY_DEVICE_VERIFIED      0x2UL /* PIN change and unblock are proven on this model */
#define OPENUKEY_DEVICE_AUTH_EACH_USE 0x4UL /* the PIN is asked before each private-key use */

struct openukey_application {
	char name[65];
};

/* A container, and what is wrong in it: each flag once for signing and once for encryption. */
struct openukey_container {
	char name[65];
	CK_ULONG flags; /* OPENUKEY_SIGN_*, OPENUKEY_ENCRYPT_* */
};

#define OPENUKEY_SIGN_CERT        0x01UL /* a certificate */
#define OPENUKEY_SIGN_BAD_CERT    0x02UL /* something there that is none */
#define OPENUKEY_SIGN_NO_KEY      0x04UL /* a certificate whose key pair the key does not have */
#define OPENUKEY_ENCRYPT_CERT     0x10UL
#define OPENUKEY_ENCRYPT_BAD_CERT 0x20UL
#define OPENUKEY_ENCRYPT_NO_KEY   0x40UL

/* A new application's settings. PINs: 6 to 16 bytes; tries: 1 to 15. */
struct openukey_new_application {
	const char *name; /* at most 32 bytes */
	const CK_BYTE *admin_pin;
	CK_ULONG admin_pin_len;
	CK_ULONG admin_tries;
	const CK_BYTE *user_pin;
	CK_ULONG user_pin_len;
	CK_ULONG user_tries;
};

/*
 * Relay: some commands are made by a service that knows what the computer must not learn, from the
 * key's own random. The module asks for each of them through a callback.
 */
#define OPENUKEY_RELAY_ADMIN        1UL /* VerifyPIN of the administrator: 16 bytes */
#define OPENUKEY_RELAY_UNBLOCK      2UL /* UnblockPIN: 20 or 36 bytes, and the transport PIN */
#define OPENUKEY_RELAY_ADMIN_PIN    3UL /* ChangePIN of the administrator PIN: 20 or 36 bytes */
#define OPENUKEY_RELAY_DEVICE_KEY   4UL /* ChangeDevAuthKey: 20 bytes */
#define OPENUKEY_RELAY_DEVICE_PROOF 5UL /* DevAuth with the derived device key: 16 bytes */

/* What the key asks; everything in it may be shown to anybody but the service's own log. */
struct openukey_relay_question {
	CK_ULONG stage;      /* OPENUKEY_RELAY_* */
	char serial[33];     /* as the key said it in this transaction */
	char model[64];      /* our key list's name for the model */
	CK_BYTE app[2];      /* the application's id; zeros where none is open */
	CK_BYTE random[8];   /* used up by the answer */
	CK_ULONG admin_left; /* tries left of the administrator PIN; 0 where there is none */
};

/* What follows the application's id in the command (for the device key: the whole data). */
struct openukey_relay_answer {
	CK_BYTE data[256];
	CK_ULONG data_len;
	CK_BYTE transport[16]; /* UNBLOCK: the PIN that the key has after it, 6 to 16 bytes */
	CK_ULONG transport_len;
};

/* clang-format off */
struct openukey_relay {
	void *context;
	/*
	 * Gets an answer from the service; called on the caller's thread, within the transaction
	 * that keeps every other program off this key, and without any lock of the module. It must
	 * not use this slot. All of one call's questions together have 4 s: then the key is reset
	 * and let go of even while this is still waiting, and what it brings is not used. What it
	 * returns instead of CKR_OK is returned by the call. The module wipes the answer.
	 */
	CK_RV (*ask)(void *context, const struct openukey_relay_question *question,
		     struct openukey_relay_answer *ret_answer);
};
/* clang-format on */

/*
 * What relayed calls return besides CKR_ codes.  FOREIGN: the key refused an administrator command;
 * tell the service, and never ask that key again.  UNFINISHED: the key may have a PIN that nobody
 * knows; the same call finishes it.
 */
#define CKR_OPENUKEY_OTHER_KEY  0x80008F01UL /* another serial number; nothing was sent */
#define CKR_OPENUKEY_FEW_TRIES  0x80008F02UL /* fewer than 5 admin tries left; nothing was sent */
#define CKR_OPENUKEY_FOREIGN    0x80008F03UL
#define CKR_OPENUKEY_LATE       0x80008F04UL /* no answer in time; the key is unchanged */
#define CKR_OPENUKEY_ANSWER     0x80008F05UL /* an answer that cannot be; it was not sent */
#define CKR_OPENUKEY_UNFINISHED 0x80008F06UL

/*
 * Calls take a slot, never a session. Those marked [user] need this process logged in as user on
 * that slot's token; [device] ones prove the device authentication key (16 bytes) themselves.
 * All return CKR_ codes; out-parameters are untouched on failure.
 * A newer module only adds members at the end and raises version; check size before use.
 */
/* Lines of function pointers would be broken in two. */
/* clang-format off */
struct openukey_functions {
	CK_ULONG version; /* 4 */
	CK_ULONG size;	  /* of this struct, bytes */

	/* user: CKU_USER or CKU_SO. Costs no try. */
	CK_RV (*get_pin_info)(CK_SLOT_ID slot, CK_USER_TYPE user, struct openukey_pin_info *info);
	/*
	 * Arms exactly one PIN try in this process although the policy min-tries forbids it. The
	 * person was shown `shown_left` tries; CKR_FUNCTION_REJECTED when the key says otherwise.
	 */
	CK_RV (*confirm_try)(CK_SLOT_ID slot, CK_USER_TYPE user, CK_ULONG shown_left);
	CK_RV (*get_device_info)(CK_SLOT_ID slot, struct openukey_device_info *info);
	/* Two-call: list NULL returns the count. */
	CK_RV (*list_applications)(CK_SLOT_ID slot, struct openukey_application *list,
				   CK_ULONG *count);

	/* label: at most 32 bytes */
	CK_RV (*set_device_label)(CK_SLOT_ID slot, const char *label);
	/* [device] */
	CK_RV (*change_device_key)(CK_SLOT_ID slot, const CK_BYTE *old_key, const CK_BYTE *new_key);
	/* [device] */
	CK_RV (*create_application)(CK_SLOT_ID slot, const CK_BYTE *device_key,
				    const struct openukey_new_application *settings);
	/* [device] */
	CK_RV (*delete_application)(CK_SLOT_ID slot, const CK_BYTE *device_key, const char *name);

	/*
	 * [user] Imports the encryption key pair of the container `name` from an envelope to its
	 * signing key: ENVELOPEDKEYBLOB of GM/T 0016 or SM2EnvelopedKey (DER) of GM/T 0009.
	 */
	CK_RV (*import_enveloped_key)(CK_SLOT_ID slot, const CK_BYTE *name, CK_ULONG name_len,
				      const CK_BYTE *envelope, CK_ULONG envelope_len);
	/*
	 * [user] Imports an RSA encryption pair: a symmetric key wrapped (PKCS #1) to the
	 * container's signing key, and the RSAPRIVATEKEYBLOB of GM/T 0016 under it (SM4-ECB).
	 */
	CK_RV (*import_rsa_key)(CK_SLOT_ID slot, const CK_BYTE *name, CK_ULONG name_len,
				const CK_BYTE *wrapped_key, CK_ULONG wrapped_key_len,
				const CK_BYTE *blob, CK_ULONG blob_len);
	/* [user] Removes a container with its keys and certificates. There is no way back. */
	CK_RV (*delete_container)(CK_SLOT_ID slot, const CK_BYTE *name, CK_ULONG name_len);

	/* -- since version 2 -- */
	/*
	 * Two-call: list NULL returns the count. Asks the key for the public key of each pair, and
	 * says of certificates that PKCS #11 does not show or that are of no use.
	 */
	CK_RV (*list_containers)(CK_SLOT_ID slot, struct openukey_container *list,
				 CK_ULONG *count);

	/* -- since version 3: relayed commands, each call one transaction of at most 5 s -- */
	/*
	 * All of them compare the serial number again inside the transaction, need no login, end
	 * the one there was, and clear and reset the key on every way out. What a length check can
	 * find is found before anything is sent: CKR_PIN_LEN_RANGE.
	 *
	 * Sets the user PIN, and its counter to the full: asks for ADMIN (where the model wants it)
	 * and UNBLOCK, changes the transport PIN into new_pin at once, and proves that by a login.
	 * Once UnblockPIN may have been carried out every failure is CKR_OPENUKEY_UNFINISHED; the
	 * same call, from any computer, finishes it.
	 */
	CK_RV (*unblock_by_relay)(CK_SLOT_ID slot, const char *serial,
				  const struct openukey_relay *relay, const CK_BYTE *new_pin,
				  CK_ULONG new_pin_len);
	/*
	 * Changes the one-time administrator PIN that the application was made with, which the
	 * service has been told, into the service's own: asks for ADMIN_PIN.
	 */
	CK_RV (*change_admin_pin_by_relay)(CK_SLOT_ID slot, const char *serial,
					   const struct openukey_relay *relay);
	/*
	 * Changes the device authentication key (16 bytes) into the service's own: proves old_key,
	 * asks for DEVICE_KEY, then for DEVICE_PROOF, which shows that it is done. When old_key is
	 * refused DEVICE_PROOF tells whether it was done before, so a cut is repaired by the same
	 * call. CKR_PIN_INCORRECT: the key has neither.
	 */
	CK_RV (*change_device_key_by_relay)(CK_SLOT_ID slot, const char *serial,
					    const struct openukey_relay *relay,
					    const CK_BYTE *old_key);

	/* -- since version 4 -- */
	/*
	 * [user] Removes a container's signing pair and its certificate, so that its encryption
	 * pair goes on opening old documents. Cut in two the container may have a signing pair
	 * without a certificate: the same call again. CKR_FUNCTION_NOT_SUPPORTED: this key cannot;
	 * nothing changed.
	 */
	CK_RV (*delete_signing_pair)(CK_SLOT_ID slot, const CK_BYTE *name, CK_ULONG name_len);
};

/* The size of the struct that version 1 had. */
#define OPENUKEY_SIZE_1 offsetof(struct openukey_functions, list_containers)
/* The size that version 2 had. */
#define OPENUKEY_SIZE_2 offsetof(struct openukey_functions, unblock_by_relay)
/* The size that version 3 had. */
#define OPENUKEY_SIZE_3 offsetof(struct openukey_functions, delete_signing_pair)
/* clang-format on */

#endif
