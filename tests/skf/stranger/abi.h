/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GM/T 0016-2012 as a stranger declares it who has the standard and not our header: integers of 32
 * bits, handles are pointers, structures packed to one byte.  Section numbers are the standard's.
 */
#ifndef TESTS_SKF_STRANGER_ABI_H
#define TESTS_SKF_STRANGER_ABI_H

#include <stdint.h>

typedef uint32_t sk_ulong;
typedef void *sk_handle;

enum {
	SK_OK = 0,
	SK_PIN_INCORRECT = 0x0A000024,
	SK_PIN_LOCKED = 0x0A000025,
	SK_USER_NOT_LOGGED_IN = 0x0A00002D,
	SK_FILE_NOT_EXIST = 0x0A000031,
	SK_BUFFER_TOO_SMALL = 0x0A000020,
};

enum { SK_ADMIN = 0, SK_USER = 1 };
enum { SK_ADMIN_ACCOUNT = 0x01, SK_USER_ACCOUNT = 0x10, SK_ANYONE = 0xFF };
enum { SK_TYPE_RSA = 1, SK_TYPE_ECC = 2 };
enum { SK_SM4_ECB = 0x401, SK_SM4_CBC = 0x402, SK_SM4_MAC = 0x410 };
enum { SK_SM3 = 1, SK_SHA256 = 4, SK_SM2_SIGN = 0x00020100 };

#pragma pack(push, 1)
typedef struct {
	uint8_t structure[2];
	char manufacturer[64], issuer[64], label[32], serial[32];
	uint8_t hardware[2], firmware[2];
	sk_ulong sym, asym, hash, auth_alg, total, free, ecc_buffer, buffer;
	uint8_t reserved[64];
} sk_devinfo; /* 6.4.2 */

typedef struct {
	sk_ulong alg, bits;
	uint8_t modulus[256], exponent[4];
} sk_rsa_public; /* 6.4.3 */

typedef struct {
	sk_ulong bits;
	uint8_t x[64], y[64];
} sk_ecc_public; /* 6.4.5 */

typedef struct {
	uint8_t x[64], y[64], hash[32];
	sk_ulong length;
	uint8_t cipher[16]; /* of an SM4 key */
} sk_ecc_cipher;            /* 6.4.7 */

typedef struct {
	uint8_t r[64], s[64];
} sk_ecc_signature; /* 6.4.8 */

typedef struct {
	uint8_t iv[32];
	sk_ulong iv_len, padding, feed_bits;
} sk_block_param; /* 6.4.9 */

typedef struct {
	sk_ulong version, alg, bits;
	uint8_t private_key[64];
	sk_ecc_public public_key;
	sk_ecc_cipher wrapped;
} sk_enveloped; /* 6.4.10 */

typedef struct {
	char name[32];
	sk_ulong size, read_rights, write_rights;
} sk_file; /* 6.4.11 */
#pragma pack(pop)

/* SK(result name, parameters): every function the stranger calls, found by name at run time. */
#define SK_FUNCTIONS(SK)                                                                         \
	SK(SKF_EnumDev, (int32_t, char *, sk_ulong *))                                           \
	SK(SKF_ConnectDev, (char *, sk_handle *))                                                \
	SK(SKF_DisConnectDev, (sk_handle))                                                       \
	SK(SKF_GetDevInfo, (sk_handle, sk_devinfo *))                                            \
	SK(SKF_GenRandom, (sk_handle, uint8_t *, sk_ulong))                                      \
	SK(SKF_DevAuth, (sk_handle, uint8_t *, sk_ulong))                                        \
	SK(SKF_CreateApplication,                                                                \
	   (sk_handle, char *, char *, sk_ulong, char *, sk_ulong, sk_ulong, sk_handle *))       \
	SK(SKF_OpenApplication, (sk_handle, char *, sk_handle *))                                \
	SK(SKF_CloseApplication, (sk_handle))                                                    \
	SK(SKF_VerifyPIN, (sk_handle, sk_ulong, char *, sk_ulong *))                             \
	SK(SKF_ChangePIN, (sk_handle, sk_ulong, char *, char *, sk_ulong *))                     \
	SK(SKF_GetPINInfo, (sk_handle, sk_ulong, sk_ulong *, sk_ulong *, int32_t *))             \
	SK(SKF_UnblockPIN, (sk_handle, char *, char *, sk_ulong *))                              \
	SK(SKF_ClearSecureState, (sk_handle))                                                    \
	SK(SKF_CreateContainer, (sk_handle, char *, sk_handle *))                                \
	SK(SKF_OpenContainer, (sk_handle, char *, sk_handle *))                                  \
	SK(SKF_CloseContainer, (sk_handle))                                                      \
	SK(SKF_EnumContainer, (sk_handle, char *, sk_ulong *))                                   \
	SK(SKF_GetContainerType, (sk_handle, sk_ulong *))                                        \
	SK(SKF_ImportCertificate, (sk_handle, int32_t, uint8_t *, sk_ulong))                     \
	SK(SKF_ExportCertificate, (sk_handle, int32_t, uint8_t *, sk_ulong *))                   \
	SK(SKF_ExportPublicKey, (sk_handle, int32_t, uint8_t *, sk_ulong *))                     \
	SK(SKF_GenECCKeyPair, (sk_handle, sk_ulong, sk_ecc_public *))                            \
	SK(SKF_ImportECCKeyPair, (sk_handle, sk_enveloped *))                                    \
	SK(SKF_ECCSignData, (sk_handle, uint8_t *, sk_ulong, sk_ecc_signature *))                \
	SK(SKF_ECCVerify, (sk_handle, sk_ecc_public *, uint8_t *, sk_ulong, sk_ecc_signature *)) \
	SK(SKF_GenRSAKeyPair, (sk_handle, sk_ulong, sk_rsa_public *))                            \
	SK(SKF_RSASignData, (sk_handle, uint8_t *, sk_ulong, uint8_t *, sk_ulong *))             \
	SK(SKF_ECCExportSessionKey,                                                              \
	   (sk_handle, sk_ulong, sk_ecc_public *, sk_ecc_cipher *, sk_handle *))                 \
	SK(SKF_ImportSessionKey, (sk_handle, sk_ulong, uint8_t *, sk_ulong, sk_handle *))        \
	SK(SKF_EncryptInit, (sk_handle, sk_block_param))                                         \
	SK(SKF_Encrypt, (sk_handle, uint8_t *, sk_ulong, uint8_t *, sk_ulong *))                 \
	SK(SKF_DecryptInit, (sk_handle, sk_block_param))                                         \
	SK(SKF_Decrypt, (sk_handle, uint8_t *, sk_ulong, uint8_t *, sk_ulong *))                 \
	SK(SKF_DigestInit,                                                                       \
	   (sk_handle, sk_ulong, sk_ecc_public *, uint8_t *, sk_ulong, sk_handle *))             \
	SK(SKF_Digest, (sk_handle, uint8_t *, sk_ulong, uint8_t *, sk_ulong *))                  \
	SK(SKF_CloseHandle, (sk_handle))                                                         \
	SK(SKF_CreateFile, (sk_handle, char *, sk_ulong, sk_ulong, sk_ulong))                    \
	SK(SKF_WriteFile, (sk_handle, char *, sk_ulong, uint8_t *, sk_ulong))                    \
	SK(SKF_ReadFile, (sk_handle, char *, sk_ulong, sk_ulong, uint8_t *, sk_ulong *))         \
	SK(SKF_GetFileInfo, (sk_handle, char *, sk_file *))                                      \
	SK(SKF_EnumFiles, (sk_handle, char *, sk_ulong *))                                       \
	SK(SKF_DeleteFile, (sk_handle, char *))

#define SK_POINTER(name, parameters) extern sk_ulong(*name) parameters;
SK_FUNCTIONS(SK_POINTER)
#undef SK_POINTER

/* Opens the library and finds them all; dies with a message when one is missing. */
void stranger_load(const char *library);

#endif
