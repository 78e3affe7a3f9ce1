/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The odd library's ABI, and the way to the library that it wraps (ODD_SKF_INNER). */
#ifndef TESTS_SKF_IN_ODD_ABI_H
#define TESTS_SKF_IN_ODD_ABI_H

#include "skf/skf.h"
#include "tests/skf-in/odd_manners.h"

typedef unsigned long WIDE;
typedef int NUMBER;

#define EXPORT      __attribute__((visibility("default")))
#define HANDLES     4096
#define ROOM_LEN    64 /* of a number in the standard's structures */
#define NUMBER_LEN  32
#define CIPHER_ROOM 66000
#define INNER(name) ((__typeof__(&SKF_##name))inner("SKF_" #name))
/* The exported name is the standard's, whose own declaration is another one. */
#define SKF_OUT(name, ...)                                         \
	EXPORT WIDE odd_##name(__VA_ARGS__) __asm__("SKF_" #name); \
	WIDE odd_##name(__VA_ARGS__)

/* Each call: what is ordered before it, the call, what is ordered after it. */
#define BEGIN(name)                           \
	const char *order = order_for(#name); \
	ULONG sar;                            \
	obey(order, "")
#define END                    \
	obey(order, "-after"); \
	return sar

/* ---- handles: ints for pointers, each of one kind ---- */

enum kind { DEVICE = 1, APPLICATION, CONTAINER, KEY };

NUMBER number_of(enum kind kind, void *handle);
/* Some libraries die of a wrong one. */
void *handle_of(NUMBER number, enum kind kind);
void *handle_end(NUMBER number, enum kind kind);

/* ---- structures: gaps, wide ULONGs, numbers on the left ---- */

struct odd_devinfo {
	VERSION version;
	char manufacturer[64], issuer[64], label[32], serial[32];
	VERSION hardware, firmware;
	WIDE numbers[8];
	BYTE reserved[64];
};
struct odd_rsa {
	WIDE alg, bits;
	BYTE modulus[256], exponent[4];
};
struct odd_ecc {
	WIDE bits;
	BYTE x[ROOM_LEN], y[ROOM_LEN];
};
struct odd_cipher {
	BYTE x[ROOM_LEN], y[ROOM_LEN], hash[32];
	WIDE len;
	BYTE text[ROOM_LEN];
};
struct odd_envelope {
	WIDE version, alg, bits;
	BYTE private_key[64];
	struct odd_ecc public_key;
	struct odd_cipher cipher;
};
struct odd_param {
	BYTE iv[32];
	WIDE iv_len, padding, feed;
};
struct odd_file {
	char name[32];
	WIDE size, read, write;
};

void to_left(BYTE *out, const BYTE *in);
void ecc_out(struct odd_ecc *out, const ECCPUBLICKEYBLOB *in);
void ecc_in(ECCPUBLICKEYBLOB *out, const struct odd_ecc *in);
void rsa_out(struct odd_rsa *out, const RSAPUBLICKEYBLOB *in);
void cipher_in(ECCCIPHERBLOB *out, const struct odd_cipher *in);
void cipher_out(struct odd_cipher *out, const ECCCIPHERBLOB *in);

/* ---- lengths ---- */

/* The inner library's two-call rule with a length of ours. */
#define WITH_LEN(call)                    \
	do {                              \
		ULONG len = (ULONG)*size; \
		sar = (call);             \
		*size = len;              \
		lie(order, size);         \
	} while (0)

void unended(const char *order, char *out, WIDE room);
void *inner(const char *name);

#endif
