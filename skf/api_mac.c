/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CBC-MACs made with session keys (7.6): whole blocks, no padding, the last block. */
#include "common/secret.h"
#include "skf/session_key.h"

#include <stdlib.h>
#include <string.h>

static void
state_free(struct object *object, bool gone)
{
	(void)gone; /* nothing of it is in the key */
	cipher_end(object->state);
	free(object->state);
}

/* A handle for it, below its session key's. */
static ULONG
mac_new(struct gate *gate, const struct cipher_run *begun, HANDLE *ret)
{
	struct cipher_run *run = malloc(sizeof(*run));
	struct object *object =
		run != NULL ? object_new(KIND_MAC, gate->device, gate->object) : NULL;

	if (object == NULL) {
		free(run);
		return SAR_MEMORYERR;
	}
	*run = *begun;
	object->app = gate->app;
	object->key = gate->object;
	memcpy(object->container, gate->object->container, sizeof(object->container));
	object->state = run;
	object->state_free = state_free;
	*ret = object->handle;
	return SAR_OK;
}

ULONG DEVAPI
SKF_MacInit(HANDLE hKey, BLOCKCIPHERPARAM *pMacParam, HANDLE *phMac)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, FN_SKF_MacInit, hKey);
	struct cipher_run run = {0};

	if (rv != SAR_OK)
		return rv;
	if (pMacParam == NULL || phMac == NULL)
		return SAR_INVALIDPARAMERR;
	/* The key's own mode says how it encrypts; a MAC is made in one way only. */
	rv = cipher_begin(&run, TOKEN_CIPHER_MAC, GM_ALG_SM4_MAC, pMacParam);
	return rv == SAR_OK ? mac_new(&gate, &run, phMac) : rv;
}

static ULONG
mac_step(enum fn fn, HANDLE handle, enum cipher_step step, struct uk_span in, BYTE *out,
	 ULONG *out_len)
{
	GATE gate = {0};
	ULONG rv = gate_enter(&gate, fn, handle);
	const struct session_key *key;

	if (rv != SAR_OK)
		return rv;
	key = gate.object->key->state;
	const struct cipher_call call = {&gate, &key->key, gate.object->state, step, in};
	return cipher_mac_step(&call, out, out_len);
}

ULONG DEVAPI
SKF_Mac(HANDLE hMac, BYTE *pbData, ULONG ulDataLen, BYTE *pbMacData, ULONG *pulMacLen)
{
	return mac_step(FN_SKF_Mac, hMac, CIPHER_ALL, uk_span_of(pbData, ulDataLen), pbMacData,
			pulMacLen);
}

ULONG DEVAPI
SKF_MacUpdate(HANDLE hMac, BYTE *pbData, ULONG ulDataLen)
{
	return mac_step(FN_SKF_MacUpdate, hMac, CIPHER_UPDATE, uk_span_of(pbData, ulDataLen), NULL,
			NULL);
}

ULONG DEVAPI
SKF_MacFinal(HANDLE hMac, BYTE *pbMacData, ULONG *pulMacDataLen)
{
	return mac_step(FN_SKF_MacFinal, hMac, CIPHER_FINAL, (struct uk_span){0}, pbMacData,
			pulMacDataLen);
}
