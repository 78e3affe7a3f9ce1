/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which makers' libraries there are and what is odd about each: files *.conf of
 * /etc/openukey/skf.d, lines "key = value", "#" begins a comment.  README.md has the keys.
 */
#ifndef UK_DRIVERS_SKF_CONFIG_H
#define UK_DRIVERS_SKF_CONFIG_H

#include "common/bytes.h"
#include "common/status.h"

#define SKF_PATH_MAX      256
#define SKF_LIBRARY_NAME  33
#define SKF_ID_LEN        17
#define SKF_SETTINGS_MAX  16
#define SKF_SETTING_LEN   256
#define SKF_LIBRARIES_MAX 8

enum skf_handle { SKF_HANDLE_POINTER, SKF_HANDLE_INT };
enum skf_packing { SKF_PACKING_1, SKF_PACKING_NATURAL };
enum skf_side { SKF_RIGHT, SKF_LEFT };
enum skf_events { SKF_EVENTS_WAIT, SKF_EVENTS_POLL };

struct skf_config {
	char file[SKF_PATH_MAX];     /* that says all this */
	char id[SKF_ID_LEN];         /* of what the file says, and of whose pcscd and version */
	char library[SKF_PATH_MAX];  /* an absolute path */
	char name[SKF_LIBRARY_NAME]; /* shown to people */
	char application[65];        /* opened when it is there; "" = the first */
	uint32_t ulong_bits;         /* 32, 64 */
	uint32_t handle;             /* enum skf_handle */
	uint32_t packing;            /* enum skf_packing */
	uint32_t numbers;            /* enum skf_side: where numbers lie in their arrays */
	uint32_t exponent;           /* enum uk_order of an RSA exponent */
	uint32_t sm2_alg;            /* what GenECCKeyPair takes */
	uint32_t events;             /* enum skf_events */
	uint32_t timeout_ms;         /* of one call */
	uint32_t recheck_ms;         /* so long a key that answered is taken to be there */
	uint32_t pin_min, pin_max;   /* bytes */
	uint32_t each_use;           /* the login is cleared after each use of a private key */
	uint32_t transmit;           /* SKF_Transmit may be used */
	uint32_t rsa_decrypt;        /* 0: never called */
	uint32_t network, processes; /* what the library needs besides */
	uint32_t memory_mib;
	char set[SKF_SETTINGS_MAX][SKF_SETTING_LEN]; /* NAME=VALUE of its environment */
	size_t set_count;
};

/*
 * Reads one file. UK_E_POLICY: it, or its folder, could have been written by somebody else;
 * UK_E_DATA: it says something that is not understood, and which line is logged.
 */
UK_CHECKED enum uk_status skf_config_read(const char *file, struct skf_config *ret);

/*
 * All that are good, sorted by their files' names; at most cap rows. Folder: OPENUKEY_SKF_DIR ("" =
 * none), else /etc/openukey/skf.d.
 */
size_t skf_config_list(struct skf_config *out, size_t cap);

/* Whether there is a folder to look into at all: one look at the file system. */
bool skf_config_any(void);

/* Whether a file of that owner and mode can be trusted: root's, or one's own in a test. */
bool skf_config_trusts(uint32_t uid, uint32_t mode);

#endif
