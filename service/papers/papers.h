/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images and PDFs made by openukey-papers, and images kept as sealed files. */
#ifndef CS_PAPERS_PAPERS_H
#define CS_PAPERS_PAPERS_H

#include "service/vault/vault.h"
#include "service/wire/json.h"

#define CS_PAPERS_PROGRAM_TEXT 512

/* Where the program is: beside this process's own, or where it was installed. */
void cs_papers_find(char ret[CS_PAPERS_PROGRAM_TEXT]);

/*
 * Runs it with that command, at most 30 seconds. CS_E_ARGUMENTS: what it read was not what it
 * should be. CS_E_BUSY: too many of them run already.
 */
UK_CHECKED enum cs_status cs_papers_run(const char *program, const char *command, struct uk_span in,
					struct cs_blob *ret);

/* Seals the image for the order's person; ret_hash is that of the sealed file, and its name. */
UK_CHECKED enum cs_status cs_paper_keep(const char *folder, const struct cs_person *person,
					struct uk_span image, uint8_t ret_hash[CS_HASH_LEN]);
/* CS_E_NOT_FOUND; CS_E_CORRUPT when the file is not what it was. */
UK_CHECKED enum cs_status cs_paper_open(const char *folder, const struct cs_person *person,
					const uint8_t hash[CS_HASH_LEN], struct cs_blob *ret);
/* Deletes the file; that there is none is no error. */
UK_CHECKED enum cs_status cs_paper_drop(const char *folder, const uint8_t hash[CS_HASH_LEN]);

#endif
