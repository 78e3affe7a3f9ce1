/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done to the master by people around a table; service/ceremonies.md says by whom. */
#ifndef CS_UNLOCK_CEREMONY_H
#define CS_UNLOCK_CEREMONY_H

#include "service/hsm/hsm.h"

bool cs_ceremony_known(const char *command);

/*
 * init: a first master, unless there is one, and the pepper. rotate: the next master. restore: from
 * a backup. masters: lists them.  backup: a folder to write to, or the file to restore from; NULL
 * without.  shares: two files, with a comma between.  Passphrases are read from standard input, one
 * a line; on a terminal without echo, new ones twice.
 */
UK_CHECKED enum cs_status cs_ceremony(struct cs_hsm *hsm, const char *command, const char *backup,
				      const char *shares);

#endif
