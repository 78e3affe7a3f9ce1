/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What operators approve: a signature by each operator's own key over the words of what is to be
 * done.  Each process that acts on an approval checks it itself, against its own list of operators.
 */
#ifndef CS_APPROVAL_APPROVAL_H
#define CS_APPROVAL_APPROVAL_H

#include "common/bytes.h"
#include "service/base/random.h"
#include "service/base/status.h"

#include <jansson.h>
#include <openssl/evp.h>

#define CS_OPERATORS_MAX 64
#define CS_OPERATOR_TEXT 33
#define CS_ROLES_TEXT    64

#define OPERATOR_ROLE(name, word, chinese) CS_ROLE_##name,
enum cs_role {
#include "service/approval/roles.def"
	CS_ROLE_COUNT
};
#undef OPERATOR_ROLE

#define CS_ROLE_BIT(role) (1U << (role))

const char *cs_role_word(enum cs_role role);
const char *cs_role_chinese(enum cs_role role);
/* "counter,reviewer" <-> bits. False for an unknown or repeated word, and for none at all. */
UK_CHECKED bool cs_roles_read(const char *words, unsigned int *ret);
void cs_roles_text(unsigned int roles, char ret[CS_ROLES_TEXT]);

/* The list as a process has it; service/approval/README.md says what is in the files. */
struct cs_operators {
	struct cs_operator_book *book;
};

/*
 * where: a signed list (a file); a folder that has one, named "operators"; or, for laboratories, a
 * folder with NAME.pem files (certificates or public keys), whose operators have every role.
 * "WHERE#HEX" also wants the list to have begun with that pair of founders.  The list is read
 * again whenever it has changed; while it cannot be read, nobody is an operator.  CS_E_ARGUMENTS
 * when it is not valid, or two names have the same key: one person with two names would be two.
 */
UK_CHECKED enum cs_status cs_operators_read(const char *where, struct cs_operators *ret);
void cs_operators_free(struct cs_operators *operators);

/* Somebody who is an operator now. */
struct cs_operator {
	char name[CS_OPERATOR_TEXT];
	unsigned int roles;
	int64_t until; /* 0: without end */
};

/* Whose key it is, or who has that name; CS_E_DENIED for nobody's, or nobody's any more. */
UK_CHECKED enum cs_status cs_operator_by_key(const struct cs_operators *operators, EVP_PKEY *key,
					     struct cs_operator *ret);
UK_CHECKED enum cs_status cs_operator_by_name(const struct cs_operators *operators,
					      const char *name, struct cs_operator *ret);
/* Those there are now; returns how many. */
size_t cs_operators_now(const struct cs_operators *operators,
			struct cs_operator ret[CS_OPERATORS_MAX]);

/*
 * approvals: an array of {"operator": name, "signature": hex} over the body.  CS_E_PROOF unless
 * `needed` different operators have signed, or more where acts.def says so, each of them in a role
 * that may, and no signature among them is wrong.
 */
UK_CHECKED enum cs_status cs_approved(const struct cs_operators *operators, const json_t *approvals,
				      struct uk_span body, size_t needed);

/* The same for one approval, whatever others there are: somebody who may sign this has. */
UK_CHECKED enum cs_status cs_approval_check(const struct cs_operators *operators,
					    const json_t *approval, struct uk_span body);

/* Who may sign a text, and how many have to. */
struct cs_act {
	unsigned int roles;
	size_t people;
};
struct cs_act cs_act_of(struct uk_span body);

#endif
