/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The maker's library: looked at, loaded, called. */
#ifndef UK_DRIVERS_SKF_HOST_LIBRARY_H
#define UK_DRIVERS_SKF_HOST_LIBRARY_H

#include "drivers/skf/config.h"
#include "drivers/skf/wire.h"

#define ENTRY(name, needed) ENTRY_##name,
enum entry {
#include "drivers/skf/host/entries.def"
	ENTRY_COUNT
};
#undef ENTRY

#define LIBRARY_ARGS 8

/*
 * Looks at the file without loading it: whose it is, of this computer's kind, with the functions
 * that are needed. UK_E_POLICY, UK_E_NOT_FOUND, UK_E_DATA; the reason is put into `why`.
 */
UK_CHECKED enum uk_status library_check(const char *path, char *why, size_t size);

/* Loads the one that is configured, which was looked at before; once in a process. */
UK_CHECKED enum uk_status library_load(const struct skf_config *config);
const struct skf_config *library_config(void);
bool library_has(enum entry entry);

/*
 * Calls it with up to LIBRARY_ARGS arguments, whole registers each: that is what all 64-bit calling
 * conventions of Linux do with handles, pointers and both widths of ULONG, and what a function does
 * not take it does not look at.  The process ends when the call takes longer than configured.
 */
uint32_t library_call(enum entry entry, const uintptr_t args[LIBRARY_ARGS]);
#define CALL(name, ...) library_call(ENTRY_##name, (const uintptr_t[LIBRARY_ARGS]){__VA_ARGS__})

/* The same on another thread and as long as it takes: for WaitForDevEvent. */
uint32_t library_call_untimed(enum entry entry, const uintptr_t args[LIBRARY_ARGS]);

/* EncryptInit and DecryptInit, which take a struct by value. */
uint32_t library_cipher_init(enum entry entry, uintptr_t key, const uint8_t *iv, size_t iv_len);

#endif
