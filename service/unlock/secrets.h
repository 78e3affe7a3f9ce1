/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is derived inside the HSM: admin PINs, transport PINs, the MAC of an authorization code. */
#ifndef CS_UNLOCK_SECRETS_H
#define CS_UNLOCK_SECRETS_H

#include "common/secret.h"
#include "service/hsm/hsm.h"

#define CS_CODE_DIGITS 8
#define CS_CODE_TEXT   (CS_CODE_DIGITS + 1)

/* 13 base-62 characters of HMAC(master, "ADMPIN" and the serial number): 77 bits. */
UK_CHECKED enum cs_status cs_admin_pin(struct cs_hsm *hsm, int64_t master, const char *key_sn,
				       struct uk_secret *ret);
/* The device authentication key: 16 bytes of HMAC(master, "DEVKEY" and the serial number). */
UK_CHECKED enum cs_status cs_device_key(struct cs_hsm *hsm, int64_t master, const char *key_sn,
					struct uk_secret *ret);
/* Known to nobody but this attempt: the same one when it is asked for again. */
UK_CHECKED enum cs_status cs_transport_pin(struct cs_hsm *hsm, int64_t master, const char *order_id,
					   int64_t attempt, struct uk_secret *ret);
/* HMAC(pepper, order and code) */
UK_CHECKED enum cs_status cs_code_mac(struct cs_hsm *hsm, const char *order_id, const char *code,
				      uint8_t ret[CS_HASH_LEN]);
/* Eight random digits. */
UK_CHECKED enum cs_status cs_code_new(char ret[CS_CODE_TEXT]);

#define CS_MASTER_LABEL 48
/* What a master is called in the HSM. */
void cs_master_label(int64_t version, char ret[CS_MASTER_LABEL]);

/* Makes the pepper unless there is one. Codes that are out become void without it, nothing else. */
UK_CHECKED enum cs_status cs_pepper_init(struct cs_hsm *hsm);

#endif
