/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of this folder share. */
#ifndef CS_KMC_INSIDE_H
#define CS_KMC_INSIDE_H

#include "service/kmc/kmc.h"
#include "service/pki/cert.h"
#include "service/pki/envelope.h"

#define CS_KMC_DER_MAX 8192

enum cs_status cs_kmc_envelope(void *ctx, const json_t *request, json_t *answer);
enum cs_status cs_kmc_recover(void *ctx, const json_t *request, json_t *answer);

/* A new pair, sealed; nothing is stored. alg: "sm2" or "rsa". */
UK_CHECKED enum cs_status cs_kmc_pair_make(struct cs_kmcd *kmcd, const char *alg,
					   struct cs_pair_row *ret);
/* Its private key for that public key's owner only. */
UK_CHECKED enum cs_status cs_kmc_pair_close(struct cs_kmcd *kmcd, const struct cs_pair_row *row,
					    EVP_PKEY *to, struct cs_envelope *ret);
/* The word for a key's kind; NULL: none that we make pairs for. */
const char *cs_kmc_alg(const EVP_PKEY *key);

/* The member `cert`: a certificate of the CA's for signing, valid now. The caller frees. */
UK_CHECKED enum cs_status cs_kmc_signer(const struct cs_kmcd *kmcd, const json_t *request,
					X509 **ret);
/* `envelope`, and `wrapped_key` where there is one. */
UK_CHECKED enum cs_status cs_kmc_put(json_t *answer, struct uk_span envelope,
				     struct uk_span wrapped);
UK_CHECKED enum cs_status cs_kmc_log(const struct cs_kmcd *kmcd, const char *event,
				     const char *order_id, const uint8_t public_hash[CS_HASH_LEN]);

#endif
