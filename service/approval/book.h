/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The list of operators as a chain of signed acts, one JSON object a line: {"body", "key",
 * "approvals"}.  The body is what the officers signed and names the one before it by its hash.
 */
#ifndef CS_APPROVAL_BOOK_H
#define CS_APPROVAL_BOOK_H

#include "service/approval/approval.h"
#include "service/base/blob.h"

#define CS_BOOK_ROWS     256
#define CS_BOOK_LINE     16384
#define CS_BOOK_BODY_MAX 512
#define CS_BOOK_FOUNDERS 2

enum cs_book_act { CS_BOOK_BEGIN, CS_BOOK_ADD, CS_BOOK_REMOVE, CS_BOOK_LOST, CS_BOOK_ACTS };

/* What a line's body says. */
struct cs_book_entry {
	enum cs_book_act act;
	int64_t seq, at;
	char prev[CS_HASH_TEXT];
	char name[CS_OPERATOR_TEXT];
	unsigned int roles;
	char key[CS_HASH_TEXT]; /* SHA-256 of the public key (DER); "-" where none is named */
	int64_t from, until;    /* until: 0 without end */
};

/* A name and one of its keys, in turn. */
struct cs_book_row {
	char name[CS_OPERATOR_TEXT];
	char key_hash[CS_HASH_TEXT];
	EVP_PKEY *key;
	unsigned int roles;
	int64_t from, until;
	bool gone; /* removed, or its key lost */
};

struct cs_book {
	struct cs_book_row rows[CS_BOOK_ROWS];
	size_t rows_len;
	int64_t seq, at;          /* of the last line */
	char head[CS_HASH_TEXT];  /* its body's hash */
	char begun[CS_HASH_TEXT]; /* the hash of the founders' second body */
};

void cs_book_clear(struct cs_book *book);
/* A chain in a file; CS_E_ARGUMENTS for a line that is not as it must be. */
UK_CHECKED enum cs_status cs_book_read(const char *path, struct cs_book *ret);
/* NAME.pem files of a folder: every role, for ever. */
UK_CHECKED enum cs_status cs_book_read_folder(const char *path, struct cs_book *ret);

/* The row that counts for a name at that instant; NULL. */
const struct cs_book_row *cs_book_find(const struct cs_book *book, const char *name, int64_t at);
bool cs_book_row_holds(const struct cs_book_row *row, int64_t at);

const char *cs_book_act_word(enum cs_book_act act);
UK_CHECKED bool cs_book_act_read(const char *word, enum cs_book_act *ret);
/* The text to be signed for an entry. */
void cs_book_body(const struct cs_book_entry *entry, char ret[CS_BOOK_BODY_MAX]);

/*
 * Appends lines (JSON objects) to the chain in a file, which is made for the founders' two; nothing
 * is written unless the whole chain is valid then.
 */
UK_CHECKED enum cs_status cs_book_append(const char *path, json_t *const *lines, size_t lines_len);

/* One approval: whose it is, valid then; CS_E_PROOF. */
UK_CHECKED enum cs_status cs_book_signed(const struct cs_book *book, const json_t *approval,
					 struct uk_span body, int64_t at,
					 const struct cs_book_row **ret);
UK_CHECKED enum cs_status cs_book_approved(const struct cs_book *book, const json_t *approvals,
					   struct uk_span body, size_t needed, int64_t at);

#endif
