/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key of some model, provisioned afresh, in a reader of the real pcscd, opened by the driver. */
#ifndef TESTS_DRIVER_DESK_H
#define TESTS_DRIVER_DESK_H

#include "drivers/token.h"
#include "tests/rig/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define USER_PIN  "123456"
#define ADMIN_PIN "admin-8421"
#define WRONG_PIN "000000"

#define SM2_CONTAINER "sm2"
#define RSA_CONTAINER "rsa"

struct desk {
	const char *model; /* V0, VC, V1 */
	struct rig *rig;
	struct token_bus *bus;
	struct token_reader reader;
	struct token *token;
	char key_state[256]; /* file */
};

struct desk_file {
	uint8_t bytes[TOKEN_CERT_MAX];
	size_t len;
};

/* Once in a process: pcscd with two readers, and certificates to put on keys. */
int desk_group_setup(void **state);
int desk_group_teardown(void **state);
/* The rig's folder, between the two. */
const char *desk_folder(void);

/* *state: the model's name on the way in, struct desk * on the way out. */
int desk_setup(void **state);
int desk_setup_blank(void **state);
int desk_teardown(void **state);

/* The driver's token, opened anew; the old one is closed first. */
void desk_reopen(struct desk *desk);
/* The key goes and comes back, with whatever its state file says; the token is opened anew. */
void desk_replug(struct desk *desk);
/* Another program's view of the same reader: a token of its own. */
struct token *desk_second_token(struct desk *desk);

/* One line to the key's control socket, which must accept it. */
void desk_tell(struct desk *desk, const char *line);
/* Commands that the key saw since the last call of this. */
unsigned int desk_count(struct desk *desk);
/* How many of them had this INS. */
unsigned int desk_count_ins(struct desk *desk, unsigned int ins);
/* Tries left, as the key's own memory has it. */
unsigned int desk_tries(struct desk *desk, const char *who);

/* Resets the key as an inconsiderate program does. */
void desk_reset_by_other(struct desk *desk);

/* The DER of a certificate that the group made: sm2-sign, sm2-enc, rsa-sign, rsa-enc. */
const struct desk_file *desk_cert(const char *name);

static inline struct uk_span
str(const char *text)
{
	return uk_span_str(text);
}

#define assert_status(got, wanted)                                      \
	do {                                                            \
		enum uk_status got_ = (got);                            \
		if (got_ != (wanted))                                   \
			print_error("got: %s\n", uk_status_text(got_)); \
		assert_int_equal(got_, wanted);                         \
	} while (0)

#define assert_ok(got) assert_status(got, UK_OK)

#endif
