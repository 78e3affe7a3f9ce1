/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An operator's approval: what a CA's service asks to have signed (a paper), in words, and the
 * signatures over it.  The form of both is in service/counter/README.md.
 */
#ifndef OUK_CORE_APPROVAL_H
#define OUK_CORE_APPROVAL_H

#include "assistant/core/key.h"
#include "assistant/service-client/calls.h"

typedef struct {
	char *body;       /* the text that is signed: lines of name=value */
	GPtrArray *words; /* of OukApprovalLine: the same as a person reads it */
	char *title;      /* what it is about; translated */
	gboolean known;   /* whether this program knows that kind of text */
} OukApprovalItem;

typedef struct {
	char *label, *value; /* safe to show */
} OukApprovalLine;

typedef struct {
	char *operator_name; /* who is asked; NULL: anybody */
	GPtrArray *items;    /* of OukApprovalItem, at least one */
} OukApproval;

/*
 * Reads a paper.  OUK_E_NOT_A_PAPER; OUK_E_PAPER_DECEIVES when what is beside a text is not what
 * the text is about.
 */
OukApproval *ouk_approval_read(GBytes *json, GError **error);
void ouk_approval_free(OukApproval *approval);

/* Signs each text for the operator; what the service takes back (JSON). */
GBytes *ouk_approval_sign(const OukApproval *approval, const char *operator_name,
			  const OukSigner *signer, GError **error);

/*
 * Out of an answer of "ukey approve", the operator's signature over the text with this SHA-256
 * (hexadecimal); NULL when there is none.
 */
OukVouch *ouk_approval_vouch(GBytes *answer, const char *body_hash);
void ouk_vouch_free(OukVouch *vouch);

/*
 * Gets a paper from the service's address, and leaves the answer there: https, or http on this
 * machine.  trust: a file with more CAs to believe, or NULL.  OUK_E_SERVICE_*.
 */
GBytes *ouk_approval_fetch(const char *address, const char *trust, GError **error);
/*
 * ret_done: how many of the texts had enough signatures and were carried out.
 * OUK_E_PAPER_NOT_DONE: one had enough and was not.
 */
gboolean ouk_approval_leave(const char *address, const char *trust, GBytes *answer,
			    unsigned int *ret_done, GError **error);

/* For approval_words.c and the reader: the texts of an item from its body. */
gboolean ouk_approval_words(OukApprovalItem *item);
void ouk_approval_line_add(OukApprovalItem *item, const char *label, const char *value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukApproval, ouk_approval_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukVouch, ouk_vouch_free)

#endif
