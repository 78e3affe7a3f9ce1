/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands on digests. One runs at a time, for the whole key. */
#include "virtual/key/handlers.h"
#include "virtual/key/sm2.h"

#define SM2_BITS 256u

/* What the wire calls the hashes; the API's numbers are others. */
static const enum vk_hash hashes[] = {[1] = VK_SM3, [2] = VK_SHA1, [3] = VK_SHA256};

static void
drop_digest(struct vk_session *session)
{
	vk_hash_free(session->digest);
	session->digest = NULL;
}

/* Nothing, or bits4 || X || Y || idLen4 || id: then the message is that of an SM2 signature. */
static uint16_t
add_signer(struct vk_call *call, struct vk_hash_run *run)
{
	struct uk_span point, id;
	uint8_t z[GM_SM3_LEN];
	uint32_t bits, len;

	if (call->data.len == 0)
		return GM_SW_OK;
	if (!uk_take_u32(&call->data, vk_order(call), &bits) ||
	    !uk_take(&call->data, VK_SM2_PUBLIC_LEN, &point) ||
	    !uk_take_u32(&call->data, vk_order(call), &len) || !uk_take(&call->data, len, &id) ||
	    call->data.len != 0)
		return GM_SW_WRONG_LENGTH;
	if (bits != SM2_BITS || hashes[call->p2] != VK_SM3)
		return GM_SW_WRONG_DATA;
	if (id.len == 0) /* GM/T 0016: without an ID the key is not looked at */
		return GM_SW_OK;
	return vk_sm2_z(point.ptr, id, z) && vk_hash_add(run, uk_span_of(z, sizeof(z)))
		       ? GM_SW_OK
		       : GM_SW_MEMORY_FAILED;
}

uint16_t
vk_digest_init(struct vk_call *call)
{
	struct vk_session *session = &call->card->session;
	uint16_t sw;

	if (call->p2 < 1 || call->p2 >= ARRAY_SIZE(hashes))
		return GM_SW_HASH_UNSUPPORTED;
	drop_digest(session);
	session->digest = vk_hash_new(hashes[call->p2]);
	if (session->digest == NULL)
		return GM_SW_MEMORY_FAILED;
	sw = add_signer(call, session->digest);
	if (sw != GM_SW_OK)
		drop_digest(session);
	session->digest_updated = false;
	return sw;
}

/* len4 || hash; what ran is over. */
static uint16_t
finish(struct vk_call *call)
{
	struct vk_session *session = &call->card->session;
	uint8_t hash[VK_HASH_MAX];
	struct uk_writer out = uk_writer_of(hash, sizeof(hash));
	bool made = vk_hash_end(session->digest, &out);

	drop_digest(session);
	if (!made)
		return GM_SW_MEMORY_FAILED;
	uk_put_u32(call->out, vk_order(call), (uint32_t)out.len);
	uk_put(call->out, uk_writer_span(&out));
	return GM_SW_OK;
}

uint16_t
vk_digest_all(struct vk_call *call)
{
	struct vk_session *session = &call->card->session;

	if (session->digest == NULL || session->digest_updated)
		return GM_SW_CONDITIONS;
	return vk_hash_add(session->digest, call->data) ? finish(call) : GM_SW_MEMORY_FAILED;
}

uint16_t
vk_digest_update(struct vk_call *call)
{
	struct vk_session *session = &call->card->session;

	if (session->digest == NULL)
		return GM_SW_CONDITIONS;
	session->digest_updated = true;
	return vk_hash_add(session->digest, call->data) ? GM_SW_OK : GM_SW_MEMORY_FAILED;
}

uint16_t
vk_digest_final(struct vk_call *call)
{
	return call->card->session.digest == NULL ? GM_SW_CONDITIONS : finish(call);
}
