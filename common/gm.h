/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers of the GM/T family that a key and its driver agree on (GM/T 0006, 0016, 0017). */
#ifndef UK_COMMON_GM_H
#define UK_COMMON_GM_H

#define GM_CLA_PLAIN         0x80
#define GM_CLA_MAC           0x84 /* a 4-byte MAC ends the data field */
#define ISO_CLA_CHAIN        0x10 /* ISO 7816-4 command chaining: more parts follow */
#define ISO_INS_GET_RESPONSE 0xc0

/* INS of GM/T 0017 commands; rows and policies are in commands.def. */
#define COMMAND(name, ins, access, log) GM_INS_##name = (ins),
enum gm_ins {
#include "common/commands.def"
};
#undef COMMAND

/* PIN types, GM/T 0016 ADMIN_TYPE and USER_TYPE */
enum gm_pin_type { GM_PIN_ADMIN = 0, GM_PIN_USER = 1 };

/* P1 of certificate and public-key commands, kind byte of ImportCertificate */
enum gm_pair { GM_PAIR_ENCRYPT = 0, GM_PAIR_SIGN = 1 };

/* Container types, GM/T 0016 SKF_GetContainerType */
enum gm_container_type { GM_CONTAINER_EMPTY = 0, GM_CONTAINER_RSA = 1, GM_CONTAINER_SM2 = 2 };

/* Rights to files, GM/T 0016 SECURE_*_ACCOUNT, OR-able */
#define GM_RIGHT_NEVER  0x00u
#define GM_RIGHT_ADMIN  0x01u
#define GM_RIGHT_USER   0x10u
#define GM_RIGHT_ANYONE 0xffu

/* Algorithm identifiers SGD_* */
#define GM_ALG_SM1_ECB 0x00000101u
#define GM_ALG_SM4_ECB 0x00000401u
#define GM_ALG_SM4_CBC 0x00000402u
#define GM_ALG_SM4_MAC 0x00000410u
#define GM_ALG_RSA     0x00010000u
#define GM_ALG_SM2_A1  0x00020100u /* family A: sign; family B: any SM2 */
#define GM_ALG_SM2_A2  0x00020200u /* A: exchange; B: sign */
#define GM_ALG_SM2_A3  0x00020400u /* A: encrypt; B: exchange */
#define GM_ALG_SM2_B3  0x00020800u /* B: encrypt */
#define GM_ALG_SM3     0x00000001u
#define GM_ALG_SHA1    0x00000002u
#define GM_ALG_SHA256  0x00000004u

/* Sizes in bytes */
#define GM_RANDOM_LEN    8  /* the random that a PIN cryptogram is made with */
#define GM_BLOCK_LEN     16 /* SM4 block and key */
#define GM_MAC_LEN       4
#define GM_PIN_MIN       6
#define GM_PIN_MAX       16
#define GM_LABEL_MAX     32
#define GM_APP_NAME_MAX  32
#define GM_FILE_NAME_MAX 32
#define GM_CONTAINER_MAX 64
#define GM_SM2_LEN       32
#define GM_SM3_LEN       32
#define GM_DEVINFO_LEN   288
#define GM_RSA_MAX       256 /* modulus of RSA-2048 */

/* The distinguishing ID that everybody uses, GM/T 0009: "1234567812345678" */
#define GM_SM2_DEFAULT_ID "1234567812345678"

/* Status words (GM/T 0017 as observed, gm-keys 2.4). */
enum gm_sw {
	GM_SW_OK = 0x9000,
	GM_SW_TRIES = 0x63c0, /* low nibble: tries left */
	GM_SW_WRITE_FAILED = 0x6581,
	GM_SW_WRONG_LENGTH = 0x6700,
	GM_SW_SECURITY = 0x6982,
	GM_SW_PIN_LOCKED = 0x6983,
	GM_SW_RANDOM_INVALID = 0x6984,
	GM_SW_CONDITIONS = 0x6985,
	GM_SW_NOT_ALLOWED = 0x6986,
	GM_SW_MAC_WRONG = 0x6988,
	GM_SW_APP_NOT_OPEN = 0x698a,
	GM_SW_WRONG_DATA = 0x6a80,
	GM_SW_UNSUPPORTED = 0x6a81,
	GM_SW_NO_ROOM = 0x6a84,
	GM_SW_WRONG_P1P2 = 0x6a86,
	GM_SW_APP_MISSING = 0x6a88,
	GM_SW_APP_EXISTS = 0x6a89,
	GM_SW_APP_ALREADY_OPEN = 0x6a8a,
	GM_SW_NAME_NOT_FOUND = 0x6a8b,
	GM_SW_SESSION_KEY_MISSING = 0x6a8c,
	GM_SW_CONTAINER_NAME_MISSING = 0x6a91,
	GM_SW_FILE_EXISTS = 0x6a92,
	GM_SW_FILE_MISSING = 0x6a93,
	GM_SW_CONTAINER_ID_MISSING = 0x6a94,
	GM_SW_NO_KEY_PAIR = 0x6a95,
	GM_SW_NO_CERT = 0x6a96,
	GM_SW_MEMORY_FAILED = 0x6a97,
	GM_SW_VERIFY_FAILED = 0x6a98,
	GM_SW_ALG_UNSUPPORTED = 0x6a99,
	GM_SW_ENCRYPT_FAILED = 0x6a9a,
	GM_SW_DECRYPT_FAILED = 0x6a9b,
	GM_SW_SIGN_FAILED = 0x6a9c,
	GM_SW_HASH_UNSUPPORTED = 0x6a9d,
	GM_SW_MORE_DATA = 0x6a9e, /* repeat the command */
	GM_SW_KEY_MISSING = 0x6a9f,
	GM_SW_OFFSET = 0x6b00,
	GM_SW_WRONG_LE = 0x6c00,
	GM_SW_WRONG_INS = 0x6d00,
	GM_SW_WRONG_CLA = 0x6e00,
	GM_SW_CONTAINER_EXISTS = 0x6e02,
};

#endif
