/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key for a fuzz target that cannot include winscard.h, whose ULONG is another one than SKF's. */
#ifndef TESTS_FUZZ_SKF_KEY_H
#define TESTS_FUZZ_SKF_KEY_H

#define SKF_KEY_PIN         "123456"
#define SKF_KEY_ADMIN_PIN   "admin-8421"
#define SKF_KEY_APPLICATION "OpenUKey-Rehearsal"
#define SKF_KEY_CONTAINER   "first"

/* Starts pcscd, at the first call, and puts in a fresh key; returns its reader's name. */
const char *skf_key_fresh(void);

#endif
