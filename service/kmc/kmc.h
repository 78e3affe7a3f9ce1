/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What openukey-kmcd does, behind its socket.  It makes encryption key pairs and keeps them under a
 * key of the HSM; a private key leaves only inside an envelope to a signing key that the CA has
 * certified.  It trusts nothing that another process says.
 */
#ifndef CS_KMC_KMC_H
#define CS_KMC_KMC_H

#include "service/approval/approval.h"
#include "service/hsm/hsm.h"
#include "service/store/pairs.h"
#include "service/vault/vault.h"
#include "service/wire/server.h"

#include <openssl/x509.h>

struct cs_kmcd {
	struct cs_store *store;
	struct cs_hsm *hsm;
	X509 *ca; /* whose certificates say which keys are for signing */
	const struct cs_operators *operators;
	const struct cs_vault *vault; /* closes the letters about recoveries */
	const char *chain;
	int64_t spares; /* RSA pairs that are to lie ready: making one takes long */
	int64_t (*clock)(void);
};

/* {"op": ...}; the ops are in service/kmc/README.md. */
json_t *cs_kmc_answer(void *kmcd, const json_t *request, uid_t peer);
/* Makes the HSM's key; CS_E_EXISTS. */
UK_CHECKED enum cs_status cs_kmc_init(struct cs_hsm *hsm);
/* Makes at most one spare pair. */
UK_CHECKED enum cs_status cs_kmc_tick(struct cs_kmcd *kmcd);

#endif
