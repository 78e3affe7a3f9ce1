/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Digests, made here and not in the key: nothing of them is secret (7.6). */
#include "drivers/crypto/crypto.h"
#include "skf/blob.h"
#include "skf/gate.h"

#include <stdlib.h>
#include <string.h>

struct digest_state {
	struct crypto_digest *digest; /* NULL: it has been given out */
	enum crypto_hash hash;
	bool updated; /* too late for a call that does it all */
};

static const struct {
	ULONG alg;
	enum crypto_hash hash;
} hashes[] = {
	{SGD_SM3, CRYPTO_SM3},
	{SGD_SHA1, CRYPTO_SHA1},
	{SGD_SHA256, CRYPTO_SHA256},
};

static void
state_free(struct object *object, bool gone)
{
	struct digest_state *state = object->state;

	(void)gone; /* the key never knew of it */
	crypto_digest_free(state->digest);
	free(state);
}

static bool
hash_find(ULONG alg, enum crypto_hash *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++)
		if (hashes[i].alg == alg) {
			*ret = hashes[i].hash;
			return true;
		}
	return false;
}

/* Z of GM/T 0009, which a digest to be signed begins with. */
static ULONG
z_read(const ECCPUBLICKEYBLOB *blob, struct uk_span id, uint8_t *z)
{
	struct token_public_key key;
	ULONG rv = blob_ecc_read(blob, &key);

	if (rv != SAR_OK)
		return rv;
	return id.ptr == NULL ? SAR_INVALIDPARAMERR : sar_of(crypto_sm2_z(id, key.x, key.y, z));
}

/* A handle for a digest that has begun; the digest is freed when there is none. */
static ULONG
hash_new(struct gate *gate, struct crypto_digest *digest, enum crypto_hash hash, HANDLE *ret)
{
	struct digest_state *state = malloc(sizeof(*state));
	struct object *object =
		state != NULL ? object_new(KIND_HASH, gate->device, gate->object) : NULL;

	if (object == NULL) {
		free(state);
		crypto_digest_free(digest);
		return SAR_MEMORYERR;
	}
	*state = (struct digest_state){.digest = digest, .hash = hash};
	object->state = state;
	object->state_free = state_free;
	*ret = object->handle;
	return SAR_OK;
}

ULONG DEVAPI
SKF_DigestInit(DEVHANDLE hDev, ULONG ulAlgID, ECCPUBLICKEYBLOB *pPubKey, BYTE *pucID, ULONG ulIDLen,
	       HANDLE *phHash)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_DigestInit, hDev);
	bool with_z = ulAlgID == SGD_SM3 && ulIDLen != 0;
	uint8_t z[GM_SM3_LEN];
	struct crypto_digest *digest;
	enum crypto_hash hash;

	if (rv != SAR_OK)
		return rv;
	if (phHash == NULL)
		return SAR_INVALIDPARAMERR;
	if (!hash_find(ulAlgID, &hash))
		return SAR_NOTSUPPORTYETERR;
	if (with_z)
		rv = z_read(pPubKey, uk_span_of(pucID, ulIDLen), z);
	if (rv == SAR_OK)
		rv = sar_of(crypto_digest_new(hash, &digest));
	if (rv == SAR_OK && with_z) {
		rv = sar_of(crypto_digest_update(digest, uk_span_of(z, sizeof(z))));
		if (rv != SAR_OK)
			crypto_digest_free(digest);
	}
	return rv == SAR_OK ? hash_new(&gate, digest, hash, phHash) : rv;
}

static ULONG
data_add(struct digest_state *state, const BYTE *data, ULONG len)
{
	if (data == NULL && len > 0)
		return SAR_INVALIDPARAMERR;
	return sar_of(crypto_digest_update(state->digest, uk_span_of(data, len)));
}

/* True when the caller only asked for the length, or has no room for it; then *rv says which. */
static bool
only_length(const struct digest_state *state, const BYTE *out, ULONG *len, ULONG *rv)
{
	ULONG needed = (ULONG)crypto_hash_len(state->hash);

	if (len == NULL) {
		*rv = SAR_INVALIDPARAMERR;
		return true;
	}
	if (out != NULL && *len >= needed)
		return false;
	*len = needed;
	*rv = out == NULL ? SAR_OK : SAR_BUFFER_TOO_SMALL;
	return true;
}

static ULONG
give_out(struct digest_state *state, BYTE *out, ULONG *len)
{
	uint8_t bytes[CRYPTO_HASH_MAX];
	ULONG rv = sar_of(crypto_digest_final(state->digest, bytes));

	crypto_digest_free(state->digest);
	state->digest = NULL;
	return rv == SAR_OK ? answer_put(uk_span_of(bytes, crypto_hash_len(state->hash)), out, len)
			    : rv;
}

ULONG DEVAPI
SKF_Digest(HANDLE hHash, BYTE *pbData, ULONG ulDataLen, BYTE *pbHashData, ULONG *pulHashLen)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_Digest, hHash);
	struct digest_state *state;

	if (rv != SAR_OK)
		return rv;
	state = gate.object->state;
	if (state->digest == NULL || state->updated)
		return SAR_HASHOBJERR;
	if (only_length(state, pbHashData, pulHashLen, &rv))
		return rv;
	rv = data_add(state, pbData, ulDataLen);
	return rv == SAR_OK ? give_out(state, pbHashData, pulHashLen) : rv;
}

ULONG DEVAPI
SKF_DigestUpdate(HANDLE hHash, BYTE *pbData, ULONG ulDataLen)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_DigestUpdate, hHash);
	struct digest_state *state;

	if (rv != SAR_OK)
		return rv;
	state = gate.object->state;
	if (state->digest == NULL)
		return SAR_HASHOBJERR;
	rv = data_add(state, pbData, ulDataLen);
	if (rv == SAR_OK)
		state->updated = true;
	return rv;
}

ULONG DEVAPI
SKF_DigestFinal(HANDLE hHash, BYTE *pHashData, ULONG *pulHashLen)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_DigestFinal, hHash);
	struct digest_state *state;

	if (rv != SAR_OK)
		return rv;
	state = gate.object->state;
	if (state->digest == NULL)
		return SAR_HASHOBJERR;
	return only_length(state, pHashData, pulHashLen, &rv)
		       ? rv
		       : give_out(state, pHashData, pulHashLen);
}
