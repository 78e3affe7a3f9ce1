/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/skf-in/odd_abi.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

void *
inner(const char *name)
{
	static void *library;
	void *found;

	if (library == NULL)
		library = dlopen(getenv("ODD_SKF_INNER"), RTLD_NOW | RTLD_LOCAL);
	found = library != NULL ? dlsym(library, name) : NULL;
	if (found == NULL)
		abort();
	return found;
}

static struct {
	enum kind kind;
	void *handle;
} handles[HANDLES];

NUMBER
number_of(enum kind kind, void *handle)
{
	for (NUMBER i = 1; i < HANDLES; i++) {
		if (handles[i].kind != 0)
			continue;
		handles[i].kind = kind;
		handles[i].handle = handle;
		return i;
	}
	abort();
}

void *
handle_of(NUMBER number, enum kind kind)
{
	if (number <= 0 || number >= HANDLES || handles[number].kind != kind)
		crash();
	return handles[number].handle;
}

void *
handle_end(NUMBER number, enum kind kind)
{
	void *handle = handle_of(number, kind);

	handles[number].kind = 0;
	return handle;
}

void
to_left(BYTE *out, const BYTE *in)
{
	memset(out, 0, ROOM_LEN);
	memcpy(out, in + ROOM_LEN - NUMBER_LEN, NUMBER_LEN);
}

static void
to_right(BYTE *out, const BYTE *in)
{
	memset(out, 0, ROOM_LEN);
	memcpy(out + ROOM_LEN - NUMBER_LEN, in, NUMBER_LEN);
}

void
ecc_out(struct odd_ecc *out, const ECCPUBLICKEYBLOB *in)
{
	*out = (struct odd_ecc){.bits = in->BitLen};
	to_left(out->x, in->XCoordinate);
	to_left(out->y, in->YCoordinate);
}

void
ecc_in(ECCPUBLICKEYBLOB *out, const struct odd_ecc *in)
{
	out->BitLen = (ULONG)in->bits;
	to_right(out->XCoordinate, in->x);
	to_right(out->YCoordinate, in->y);
}

void
rsa_out(struct odd_rsa *out, const RSAPUBLICKEYBLOB *in)
{
	size_t len = in->BitLen / 8;

	*out = (struct odd_rsa){.alg = in->AlgID, .bits = in->BitLen};
	memcpy(out->modulus, in->Modulus + sizeof(in->Modulus) - len, len);
	memcpy(out->exponent, in->PublicExponent, sizeof(out->exponent));
}

void
cipher_in(ECCCIPHERBLOB *out, const struct odd_cipher *in)
{
	to_right(out->XCoordinate, in->x);
	to_right(out->YCoordinate, in->y);
	memcpy(out->HASH, in->hash, sizeof(in->hash));
	out->CipherLen = (ULONG)in->len;
	memcpy(out->Cipher, in->text, in->len);
}

void
cipher_out(struct odd_cipher *out, const ECCCIPHERBLOB *in)
{
	to_left(out->x, in->XCoordinate);
	to_left(out->y, in->YCoordinate);
	memcpy(out->hash, in->HASH, sizeof(out->hash));
	out->len = in->CipherLen;
	memcpy(out->text, in->Cipher, in->CipherLen);
}

void
unended(const char *order, char *out, WIDE room)
{
	if (strcmp(order, "unended") == 0 && out != NULL)
		memset(out, 'A', room);
}
