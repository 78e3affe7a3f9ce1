/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done to a key while its power is cut, and how to tell the old state from the new. */
#ifndef TESTS_VIRTUAL_POWER_STEPS_H
#define TESTS_VIRTUAL_POWER_STEPS_H

#include "tests/virtual/client.h"

#define OLD_NAME "old"

/* A key as each case begins: application, a container with an SM2 pair and a certificate. */
struct bench {
	struct key *key;
	struct ids ids;
	EVP_PKEY *pair;          /* to import */
	uint8_t first_point[64]; /* of the signing pair it begins with */
	uint8_t cert_old[900], cert_new[1100];
	size_t saved_len;
	uint8_t *saved; /* the state file */
};

struct step {
	const char *name;
	/* Brings the rights that the command asks for; NULL: the user's. */
	void (*before)(struct bench *bench);
	uint16_t (*run)(struct bench *bench);
	bool (*is_old)(struct bench *bench);
	bool (*is_new)(struct bench *bench);
	uint16_t answer; /* 0: 9000 */
};

extern const struct step power_steps[];
extern const size_t power_step_count;

/* Logs in as user: also the test whether the user PIN is still the old one. */
bool power_user_pin_old(struct bench *bench);
uint16_t power_guess_pin(struct bench *bench);
uint16_t power_change_user_pin(struct bench *bench);
uint8_t power_user_tries(struct bench *bench);
uint16_t power_set_label(struct bench *bench);
bool power_label_old(struct bench *bench);
bool power_label_new(struct bench *bench);
uint16_t power_gen_sm2(struct bench *bench);

#endif
