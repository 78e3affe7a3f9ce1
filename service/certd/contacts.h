/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is told, and the codes that people are sent. */
#ifndef CS_CERTD_CONTACTS_H
#define CS_CERTD_CONTACTS_H

#include "service/certd/certd.h"
#include "service/store/payments.h"

#define CS_PHONE_TEXT 32
#define CS_EMAIL_TEXT 96
#define CS_CODE_TEXT  9
#define CS_GUESSES    5

#define CS_CODE_CONSENT "consent"

/* An order's handler as it is now. */
struct cs_contact {
	char phone[CS_PHONE_TEXT], email[CS_EMAIL_TEXT]; /* "" when not told */
	char mark[CS_HASH_TEXT];                         /* of the phone */
	int64_t codes_from; /* instant from which codes go there; 0: at once */
};

static inline void
cs_contact_wipe(struct cs_contact *contact)
{
	uk_wipe(contact, sizeof(*contact));
}

#define CS_CONTACT UK_CLEANUP(cs_contact_wipe) struct cs_contact

/* CS_E_NOT_FOUND when the order has none, or the person has been erased. */
UK_CHECKED enum cs_status cs_handler_of(struct cs_desk *desk, const char *order_id,
					struct cs_contact *ret, struct cs_order_row *ret_row);
/* The newest order of the unit that was checked; with a phone, of that handler. */
UK_CHECKED enum cs_status cs_unit_newest(struct cs_desk *desk, const char *unit_mark,
					 const char *phone_mark, char ret_id[CS_ID_TEXT]);

/* A member of the order's form; "" when it has none. */
UK_CHECKED enum cs_status cs_form_member(struct cs_desk *desk, const char *order_id,
					 const char *name, size_t room, char *ret);

struct cs_message {
	const char *topic; /* sms, email */
	const char *to;
	const char *once; /* what makes it the same message */
	const char *text;
};
/* Into the outbox, sealed for the order's person. */
UK_CHECKED enum cs_status cs_message_post(struct cs_desk *desk, const char *person_id,
					  const struct cs_message *message, int64_t now);

/* So many of a kind to one number in a day. CS_E_LIMIT */
UK_CHECKED enum cs_status cs_phone_limit(struct cs_desk *desk, const char *what,
					 const char *phone_mark, int64_t most, int64_t now);

UK_CHECKED enum cs_status cs_code_new(char ret[CS_CODE_TEXT]);
/* Keyed, as eight digits are soon tried through by whoever has a copy of the database. */
UK_CHECKED enum cs_status cs_code_mac(const struct cs_vault *vault, const char *about,
				      const char *code, uint8_t ret[CS_HASH_LEN]);

/* A code to the order's handler: that there is none, or no more today, is not told. */
UK_CHECKED enum cs_status cs_code_send(struct cs_desk *desk, const struct cs_order_row *row,
				       const char *purpose);
/* CS_E_CODE_WRONG, CS_E_CODE_DEAD, CS_E_EXPIRED; each guess is counted first. */
UK_CHECKED enum cs_status cs_code_check(struct cs_desk *desk, const char *order_id,
					const char *purpose, const char *code);

#endif
