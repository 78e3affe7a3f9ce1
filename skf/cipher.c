/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "skf/cipher.h"

#include "common/secret.h"

#include <stdlib.h>
#include <string.h>

/* One transaction's worth: other programs get their turn between two of them. */
#define TURN_BYTES 32768

/* ---- bytes that are wiped when they go ---- */

struct scratch {
	uint8_t *ptr;
	size_t len;
};

static void
scratch_free(struct scratch *scratch)
{
	if (scratch->ptr != NULL)
		uk_wipe(scratch->ptr, scratch->len);
	free(scratch->ptr);
	scratch->ptr = NULL;
}

#define SCRATCH UK_CLEANUP(scratch_free) struct scratch

static bool
scratch_take(struct scratch *scratch, size_t len)
{
	scratch->ptr = malloc(len > 0 ? len : 1);
	scratch->len = len;
	return scratch->ptr != NULL;
}

/* ---- begin, end ---- */

ULONG
cipher_begin(struct cipher_run *run, enum token_cipher_job job, uint32_t alg,
	     const BLOCKCIPHERPARAM *param)
{
	bool mac = job == TOKEN_CIPHER_MAC;
	bool iv = alg != GM_ALG_SM4_ECB;

	cipher_end(run);
	if (param->PaddingType != PADDING_NONE && (mac || param->PaddingType != PADDING_PKCS5))
		return SAR_NOTSUPPORTYETERR;
	/* A MAC without IV begins with zeros. */
	if (iv && param->IVLen != GM_BLOCK_LEN && (!mac || param->IVLen != 0))
		return SAR_INVALIDPARAMERR;
	run->job = job;
	run->alg = alg;
	run->padded = param->PaddingType == PADDING_PKCS5;
	if (iv && param->IVLen != 0)
		memcpy(run->iv, param->IV, sizeof(run->iv));
	run->active = true;
	return SAR_OK;
}

void
cipher_end(struct cipher_run *run)
{
	uk_wipe(run, sizeof(*run));
}

/* ---- whole blocks through the key ---- */

/* A key lost to a reset is no key any more. */
static ULONG
turn_run(const struct cipher_call *call, const struct token_cipher *cipher, struct uk_span in,
	 struct uk_writer *out)
{
	struct token *token = call->gate->token;
	size_t before = out->len;
	size_t wanted = cipher->job == TOKEN_CIPHER_MAC ? GM_BLOCK_LEN : in.len;
	ULONG rv =
		gate_sar(call->gate, token->ops->session_cipher(token, call->key, cipher, in, out));

	return rv == SAR_OK && (out->overflow || out->len - before != wanted) ? SAR_UNKNOWNERR : rv;
}

/* in: whole blocks; iv becomes what comes next. */
static ULONG
blocks_run(const struct cipher_call *call, struct uk_span in, uint8_t *iv, struct uk_writer *out)
{
	struct token_cipher cipher = {.job = call->run->job, .alg = call->run->alg};
	struct uk_span piece;
	ULONG rv = SAR_OK;

	while (rv == SAR_OK && in.len > 0) {
		if (!uk_take(&in, in.len < TURN_BYTES ? in.len : TURN_BYTES, &piece))
			return SAR_UNKNOWNERR;
		memcpy(cipher.iv, iv, sizeof(cipher.iv));
		if (cipher.job == TOKEN_CIPHER_MAC)
			out->len = 0;
		rv = turn_run(call, &cipher, piece, out);
		if (rv != SAR_OK)
			break;
		memcpy(iv,
		       cipher.job == TOKEN_CIPHER_DECRYPT ? piece.ptr + piece.len - GM_BLOCK_LEN
							  : out->ptr + out->len - GM_BLOCK_LEN,
		       GM_BLOCK_LEN);
	}
	return rv;
}

/* ---- encrypt, decrypt ---- */

/* What a step takes from what there is: bytes that become blocks now, padding added to them. */
struct plan {
	size_t taken; /* of the bytes held and those that came */
	size_t fill;  /* bytes of padding behind them */
};

static bool
plan_make(const struct cipher_run *run, enum cipher_step step, size_t total, struct plan *ret)
{
	size_t rest = total % GM_BLOCK_LEN;
	bool encrypt = run->job == TOKEN_CIPHER_ENCRYPT;

	*ret = (struct plan){.taken = total - rest};
	if (step == CIPHER_UPDATE) {
		/* What may be the last block has to wait for the end. */
		if (!encrypt && run->padded && rest == 0 && total > 0)
			ret->taken -= GM_BLOCK_LEN;
		return true;
	}
	if (encrypt && run->padded) {
		ret->taken = total;
		ret->fill = GM_BLOCK_LEN - rest;
		return true;
	}
	return rest == 0 && (encrypt || !run->padded || total > 0);
}

/* The last block without its padding. */
static bool
padding_strip(struct uk_writer *out)
{
	uint8_t fill = out->ptr[out->len - 1];

	if (fill == 0 || fill > GM_BLOCK_LEN)
		return false;
	for (size_t i = out->len - fill; i < out->len; i++)
		if (out->ptr[i] != fill)
			return false;
	out->len -= fill;
	return true;
}

/* The held bytes and the caller's, as one; what is not taken is the new held. */
static ULONG
gather(const struct cipher_call *call, const struct plan *plan, struct scratch *ret,
       struct cipher_run *next)
{
	const struct cipher_run *run = call->run;
	size_t rest = run->held_len + call->in.len - plan->taken;
	struct uk_writer w;

	if (!scratch_take(ret, run->held_len + call->in.len + plan->fill))
		return SAR_MEMORYERR;
	w = uk_writer_of(ret->ptr, ret->len);
	uk_put(&w, uk_span_of(run->held, run->held_len));
	uk_put(&w, call->in);
	memcpy(next->held, ret->ptr + plan->taken, rest);
	next->held_len = rest;
	uk_put_fill(&w, (uint8_t)plan->fill, plan->fill);
	return SAR_OK;
}

static ULONG
step_run(const struct cipher_call *call, const struct plan *plan, BYTE *out, ULONG *out_len)
{
	struct cipher_run next = *call->run;
	SCRATCH in = {0};
	SCRATCH result = {0};
	size_t whole = plan->taken + plan->fill;
	struct uk_writer w;
	ULONG rv = gather(call, plan, &in, &next);

	if (rv == SAR_OK && !scratch_take(&result, whole))
		rv = SAR_MEMORYERR;
	if (rv != SAR_OK)
		return rv;
	w = uk_writer_of(result.ptr, result.len);
	rv = blocks_run(call, uk_span_of(in.ptr, whole), next.iv, &w);
	if (rv != SAR_OK)
		return rv;
	if (next.padded && next.job == TOKEN_CIPHER_DECRYPT && call->step != CIPHER_UPDATE &&
	    !padding_strip(&w))
		return SAR_DECRYPTPADERR;
	rv = answer_put(uk_writer_span(&w), out, out_len);
	if (rv == SAR_OK) {
		next.updated = true;
		*call->run = next;
	}
	uk_wipe(&next, sizeof(next));
	return rv;
}

/* What every step begins with. */
static ULONG
step_check(const struct cipher_call *call)
{
	if (!call->run->active)
		return SAR_NOTINITIALIZEERR;
	if (call->step == CIPHER_ALL && call->run->updated)
		return SAR_OBJERR;
	if (call->in.ptr == NULL && call->in.len > 0)
		return SAR_INVALIDPARAMERR;
	if (call->in.len > UINT32_MAX - (size_t)2 * GM_BLOCK_LEN)
		return SAR_INDATALENERR;
	return SAR_OK;
}

/* Whether a buffer is too small for certain: a padded text may turn out shorter than its cipher. */
static bool
room_is_short(const struct cipher_call *call, size_t most, ULONG room)
{
	bool may_shrink = call->run->padded && call->run->job == TOKEN_CIPHER_DECRYPT &&
			  call->step != CIPHER_UPDATE;

	return room < (may_shrink ? most - GM_BLOCK_LEN : most);
}

ULONG
cipher_step(const struct cipher_call *call, BYTE *out, ULONG *out_len)
{
	struct plan plan;
	size_t most;
	ULONG rv;

	if (out_len == NULL)
		return SAR_INVALIDPARAMERR;
	rv = step_check(call);
	if (rv != SAR_OK)
		return rv;
	if (!plan_make(call->run, call->step, call->run->held_len + call->in.len, &plan)) {
		cipher_end(call->run);
		return SAR_INDATALENERR;
	}
	most = plan.taken + plan.fill;
	if (out == NULL || room_is_short(call, most, *out_len)) {
		*out_len = (ULONG)most;
		return out == NULL ? SAR_OK : SAR_BUFFER_TOO_SMALL;
	}
	rv = step_run(call, &plan, out, out_len);
	if (rv == SAR_BUFFER_TOO_SMALL)
		return rv;
	if (rv != SAR_OK || call->step != CIPHER_UPDATE)
		cipher_end(call->run);
	return rv;
}

/* ---- MAC ---- */

static ULONG
mac_add(const struct cipher_call *call)
{
	struct plan plan;
	struct cipher_run next = *call->run;
	uint8_t mac[GM_BLOCK_LEN];
	struct uk_writer w = uk_writer_of(mac, sizeof(mac));
	SCRATCH in = {0};
	ULONG rv;

	(void)plan_make(&next, CIPHER_UPDATE, next.held_len + call->in.len, &plan);
	rv = gather(call, &plan, &in, &next);
	if (rv == SAR_OK)
		rv = blocks_run(call, uk_span_of(in.ptr, plan.taken), next.iv, &w);
	if (rv == SAR_OK) {
		next.updated = next.updated || call->in.len > 0;
		*call->run = next;
	}
	uk_wipe(&next, sizeof(next));
	return rv;
}

/* There is none of no data, nor of a part of a block. */
static bool
mac_is_whole(const struct cipher_call *call)
{
	size_t total = call->run->held_len + call->in.len;

	return total % GM_BLOCK_LEN == 0 && (call->run->updated || total > 0);
}

ULONG
cipher_mac_step(const struct cipher_call *call, BYTE *out, ULONG *out_len)
{
	bool ends = call->step != CIPHER_UPDATE;
	ULONG rv = ends && out_len == NULL ? SAR_INVALIDPARAMERR : step_check(call);

	if (rv != SAR_OK)
		return rv;
	if (ends && (out == NULL || *out_len < GM_BLOCK_LEN)) {
		*out_len = GM_BLOCK_LEN;
		return out == NULL ? SAR_OK : SAR_BUFFER_TOO_SMALL;
	}
	rv = ends && !mac_is_whole(call) ? SAR_INDATALENERR : mac_add(call);
	if (rv == SAR_OK && ends)
		rv = answer_put(uk_span_of(call->run->iv, GM_BLOCK_LEN), out, out_len);
	if (rv != SAR_OK || ends)
		cipher_end(call->run);
	return rv;
}
