/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of this folder share. */
#ifndef CS_UNLOCK_INSIDE_H
#define CS_UNLOCK_INSIDE_H

#include "service/unlock/unlock.h"

enum cs_status cs_op_personalise(void *ctx, const json_t *request, json_t *answer);
enum cs_status cs_op_device_key(void *ctx, const json_t *request, json_t *answer);
enum cs_status cs_op_enrol(void *ctx, const json_t *request, json_t *answer);
enum cs_status cs_op_contact(void *ctx, const json_t *request, json_t *answer);
enum cs_status cs_op_lost(void *ctx, const json_t *request, json_t *answer);
enum cs_status cs_op_found(void *ctx, const json_t *request, json_t *answer);
enum cs_status cs_op_again(void *ctx, const json_t *request, json_t *answer);
enum cs_status cs_op_key(void *ctx, const json_t *request, json_t *answer);
enum cs_status cs_op_begin(void *ctx, const json_t *request, json_t *answer);
enum cs_status cs_op_send(void *ctx, const json_t *request, json_t *answer);
enum cs_status cs_op_check(void *ctx, const json_t *request, json_t *answer);
enum cs_status cs_op_counter(void *ctx, const json_t *request, json_t *answer);
enum cs_status cs_op_command(void *ctx, const json_t *request, json_t *answer);
enum cs_status cs_op_ack(void *ctx, const json_t *request, json_t *answer);
enum cs_status cs_op_foreign(void *ctx, const json_t *request, json_t *answer);
enum cs_status cs_op_status(void *ctx, const json_t *request, json_t *answer);

/* The members "order" and "sn": ids of sane length and characters; NULL otherwise. */
const char *cs_unlock_id(const json_t *request, const char *name);

/* An entry in the log. */
UK_CHECKED enum cs_status cs_unlock_log(const struct cs_unlockd *unlockd, const char *event,
					const char *order_id, const char *key_sn);

/* Letters to the key's contact, sealed: topic "sms" or "memo". */
enum cs_addressee { CS_TO_PHONE, CS_TO_ACCOUNT, CS_TO_NOTIFY };
#define CS_ADDRESS_TEXT 65
/* CS_E_COUNTER when the contact has no such address. */
UK_CHECKED enum cs_status cs_unlock_address(const struct cs_unlockd *unlockd,
					    const struct cs_key_row *key, enum cs_addressee to,
					    char ret[CS_ADDRESS_TEXT]);
UK_CHECKED enum cs_status cs_unlock_tell(const struct cs_unlockd *unlockd,
					 const struct cs_key_row *key, enum cs_addressee to,
					 const char *once, const char *text);

/* Starts the 24 hours in which a granted order can be carried out. */
UK_CHECKED enum cs_status cs_unlock_grant(const struct cs_unlockd *unlockd,
					  struct cs_unlock_row *row, int64_t now, json_t *answer);

/* One transaction around an op's work. */
struct cs_unlock_work {
	struct cs_unlockd *unlockd;
	const json_t *request;
	json_t *answer;
	int64_t now;
};

/* Whether two operators have signed `what`, and the request's sn, number and contact. */
UK_CHECKED enum cs_status cs_unlock_approved(const struct cs_unlock_work *work, const char *what,
					     int64_t number);

#endif
