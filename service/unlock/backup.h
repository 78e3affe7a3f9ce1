/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The master's backup: three custodians have a share each, and any two of them bring the master
 * back.  A share is 256 random bits; for each pair of shares there is a copy of the master, wrapped
 * under a key that both together make.  One share alone says nothing about any of those keys.
 */
#ifndef CS_UNLOCK_BACKUP_H
#define CS_UNLOCK_BACKUP_H

#include "common/secret.h"
#include "service/hsm/hsm.h"

#define CS_CUSTODIANS     3
#define CS_PASSPHRASE_MIN 12

/*
 * Makes the next master.  folder: gets master-N.backup (no secret) and master-N.share-1 to -3, each
 * sealed with its custodian's passphrase; all of it is on the disk before the master is used. NULL:
 * no backup, for laboratories.
 */
UK_CHECKED enum cs_status cs_master_new(struct cs_hsm *hsm, const char *folder,
					const struct uk_secret passphrases[CS_CUSTODIANS],
					int64_t *ret_version);

/* Two shares and their passphrases. CS_E_PROOF: a wrong passphrase, or files of another backup. */
struct cs_share_file {
	const char *path;
	const struct uk_secret *passphrase;
};
UK_CHECKED enum cs_status cs_master_restore(struct cs_hsm *hsm, const char *backup,
					    const struct cs_share_file shares[2],
					    int64_t *ret_version);

/* Eight hex digits that tell one master from another, for the ceremony's sheet. */
#define CS_CHECK_TEXT 9
UK_CHECKED enum cs_status cs_master_check(struct cs_hsm *hsm, int64_t version,
					  char ret[CS_CHECK_TEXT]);
/* The newest version there is; 0: none. */
UK_CHECKED enum cs_status cs_master_newest(struct cs_hsm *hsm, int64_t *ret_version);

#endif
