/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an operator sees and does, for the web console and the command line alike.  Seeing is by
 * role; doing is by signatures, which are collected here and carried out once there are enough.
 */
#ifndef CS_COUNTER_COUNTER_H
#define CS_COUNTER_COUNTER_H

#include "service/certd/api.h"
#include "service/store/asks.h"
#include "service/store/lists.h"
#include "service/store/payments.h"

struct cs_counter {
	struct cs_desk *desk;
	struct cs_operator who;
};

/* Whether the operator has one of those roles (CS_ROLE_BIT). */
bool cs_counter_is(const struct cs_counter *counter, unsigned int roles);

/*
 * Orders newest first: number, kind, state, sn, created, changed, deadline.  unit: a credit code to
 * look for, or "".  At most CS_LIST_MAX.
 */
UK_CHECKED enum cs_status cs_counter_list(const struct cs_counter *counter,
					  const struct cs_order_filter *filter, const char *unit,
					  json_t *ret_orders);

/*
 * Everything about one order that the operator may see: what is personal only for those who review
 * or serve at a counter, masked for everybody else; never a code, a PIN or a capability.
 */
UK_CHECKED enum cs_status cs_counter_order(const struct cs_counter *counter, const char *number,
					   json_t *ret);

/* A document's image, with the operator's name across it; logged. Reviewers and counters. */
UK_CHECKED enum cs_status cs_counter_document(const struct cs_counter *counter, const char *number,
					      const char *slot, struct cs_blob *ret);

/* The newest entries of the log; of one order, or of all ("" ). */
UK_CHECKED enum cs_status cs_counter_log(struct cs_desk *desk, const char *number,
					 json_t *ret_entries);

/* What could be asked for now in the operator's roles: an array of words. */
UK_CHECKED enum cs_status cs_counter_offers(const struct cs_counter *counter,
					    const struct cs_order_row *row, json_t *ret_acts);

/*
 * Asks for signatures for an act.  members: what the act needs besides (README.md).  The same text
 * that is open already is that one.  CS_E_DENIED: not in the operator's roles; CS_E_STATE: not now.
 */
UK_CHECKED enum cs_status cs_counter_ask(const struct cs_counter *counter, const char *number,
					 const char *act, const json_t *members,
					 char ret_id[CS_ID_TEXT]);
/* The operator gives it up, whoever asked. */
UK_CHECKED enum cs_status cs_counter_drop(const struct cs_counter *counter, const char *id);

/*
 * The paper that `ukey approve` reads: all that is open about the order and waits for this
 * operator.  CS_E_NOT_FOUND: nothing does.
 */
UK_CHECKED enum cs_status cs_counter_paper(const struct cs_counter *counter, const char *number,
					   json_t *ret);
/*
 * What `ukey approve` made of it: {operator, signatures: [{body: SHA-256, signature}]}.  What has
 * enough signatures then is carried out; ret gets {taken, done}; where that failed refused, the
 * outcome's code, and kept: whether the signatures still count. CS_E_PROOF when nothing in it is
 * what was asked for.
 */
UK_CHECKED enum cs_status cs_counter_answer(struct cs_desk *desk, const char *number,
					    const json_t *answer, json_t *ret);
/* Carries out what has its signatures but could not be at once; again is harmless. */
UK_CHECKED enum cs_status cs_counter_carry_out(struct cs_desk *desk, const char *id);

/*
 * Opens an order for a person who stands at the counter, and asks for the counter's signature that
 * identity and papers were checked.  members: kind, unit_code, sn, years, id_number (of the
 * document shown), once (random text, so that the same form sent twice is one order), and the
 * form's own. CS_E_DENIED: no counter; CS_E_ARGUMENTS: not a kind for a counter, or something is
 * missing.
 */
UK_CHECKED enum cs_status cs_walk_in(const struct cs_counter *counter, const json_t *members,
				     char ret_number[CS_NUMBER_TEXT]);
/* The kinds that can be opened there; NULL behind the last. */
extern const char *const cs_walk_in_kinds[];
/* What the person would do next at home is done for them, as far as it goes. Other orders stay. */
void cs_walk_in_follow(struct cs_desk *desk, const char *id, const char *by);

/* A new code to the number that is on file, and to no other. Roles: hotline, counter, reviewer. */
UK_CHECKED enum cs_status cs_counter_resend(const struct cs_counter *counter, const char *number);

/* A value as somebody sees it who may not see it: ret has room for 64 bytes. */
#define CS_MASK_TEXT 64
void cs_mask(const char *member, const char *value, char ret[CS_MASK_TEXT]);

/* The text that is signed for an act. */
#define CS_ASK_BODY 4096
UK_CHECKED enum cs_status cs_ask_body(struct cs_desk *desk, const struct cs_order_row *row,
				      const char *act, json_t *members, char ret[CS_ASK_BODY]);
/* Whether the act can be asked for in that state. */
bool cs_ask_possible(const struct cs_order_row *row, const char *act);

#endif
