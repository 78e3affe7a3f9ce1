/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes between a PIN prompt and whoever asks: SOCK_SEQPACKET, one message each way at a time.
 *
 * To the prompt: lines of `name=value`, the first `openukey-prompt=1`. A question has the lines of
 * pkcs11/prompt.h, which is the shortest one there is, and more (prompt_wire.c); how it ended has a
 * line `outcome`. A line break inside a value is sent as U+001F. Unknown names are skipped.
 *
 * From it: one byte (0 done, 1 the person stopped), then for each PIN its length (one byte) and its
 * bytes; login and test: the PIN; change: old and new; unblock: the new one. To a question: 0 and
 * the number of the choice, 1 for no, 2 for never.
 */
#ifndef OUK_CORE_PROMPT_WIRE_H
#define OUK_CORE_PROMPT_WIRE_H

#include "common/secret.h"

#include <glib.h>

#define OUK_PROMPT_MESSAGE_MAX 16384
#define OUK_PROMPT_PINS_MAX    2
#define OUK_PROMPT_ANSWER_MAX  (1 + OUK_PROMPT_PINS_MAX * (1 + UK_SECRET_MAX))

typedef enum {
	OUK_PROMPT_LOGIN,
	OUK_PROMPT_CHANGE,
	OUK_PROMPT_UNBLOCK, /* a new PIN; the administrator or the CA does the rest */
	OUK_PROMPT_TEST,
	OUK_PROMPT_SIGN,     /* like LOGIN: a signature that wants the PIN anew */
	OUK_PROMPT_QUESTION, /* no PIN: yes, no, or one of several */
	OUK_PROMPT_REASONS
} OukPromptReason;

typedef enum {
	OUK_PROMPT_RIGHT,
	OUK_PROMPT_WRONG,   /* ask again */
	OUK_PROMPT_REFUSED, /* not sent to the key, no try spent: text says why; ask again */
	OUK_PROMPT_LOCKED,
	OUK_PROMPT_FAILED, /* something else: text */
	OUK_PROMPT_OUTCOMES
} OukPromptOutcome;

#define OUK_PROMPT_UNKNOWN (-1)

/* What is known of a site. */
typedef enum {
	OUK_PROMPT_SITE_PLAIN,    /* nothing is said of it */
	OUK_PROMPT_SITE_KNOWN,    /* a hall of the list, verified in time, by https */
	OUK_PROMPT_SITE_LISTED,   /* in the list, not verified */
	OUK_PROMPT_SITE_UNLISTED, /* not in the list */
	OUK_PROMPT_SITE_ALIKE,    /* like one in the list: site_name is that one's */
	OUK_PROMPT_SITES
} OukPromptSite;

/* Strings may be NULL where it is not known; all are shown as text, never as markup. */
typedef struct {
	int reason;      /* OukPromptReason */
	gboolean admin;  /* the administrator's PIN */
	char *program;   /* who asks: path of the program, */
	char *asker;     /* or a name to show; goes before program */
	char *site;      /* the web page that it is for: its origin */
	int site_state;  /* OukPromptSite */
	char *site_name; /* the hall's name */
	char *purpose;   /* what it is for, a few words */
	char *token;     /* the key: its label, */
	char *nickname;  /* or what the person calls it */
	char *serial;    /* all or its end: only the last four characters are shown */
	char *unit;      /* whose certificate is on it */
	int left, max;   /* tries; OUK_PROMPT_UNKNOWN */
	int min_length;  /* of the PIN, bytes; 0 = not known */
	int max_length;
	gboolean first_pin; /* still the PIN that every key begins with */
	char *first_hint;   /* where to find the first PIN, a sentence */
	char *rule;         /* ouk_pin_rule_pack */
	char *route;        /* how unlocking works, lines of text */
	char *hotline;
	char *parent;       /* "x11:" window in hexadecimal, or "wayland:" exported handle */
	gboolean rehearsal; /* a practice key */
	char *notice;       /* what came of the last answer, where nobody could tell */
	/* QUESTION only; labels have mnemonics */
	char *heading, *text;
	char *yes, *no,
		*never; /* on the buttons; yes NULL: nothing to agree to; never NULL: none */
	char *choices;  /* lines, one to be chosen; NULL */
} OukPromptRequest;

/* How a question was answered. */
typedef enum { OUK_PROMPT_YES, OUK_PROMPT_NO, OUK_PROMPT_NEVER } OukPromptDecision;

/* An outcome on its way. */
typedef struct {
	int outcome; /* OukPromptOutcome */
	int left, max;
	char *text;
} OukPromptResult;

/* left and max are unknown, all else empty. */
void ouk_prompt_request_init(OukPromptRequest *request);
/* Frees the strings of one that was read or copied. */
void ouk_prompt_request_clear(OukPromptRequest *request);
/* Deep; to is not cleared first. */
void ouk_prompt_request_copy(OukPromptRequest *to, const OukPromptRequest *from);
void ouk_prompt_result_clear(OukPromptResult *result);

/* A message, or NULL when it would be too long. */
GBytes *ouk_prompt_request_write(const OukPromptRequest *request);
GBytes *ouk_prompt_result_write(const OukPromptResult *result);
/* FALSE: not one of ours, or not this kind. Texts come out as UTF-8 fit to show. */
gboolean ouk_prompt_request_read(const char *message, gsize len, OukPromptRequest *ret);
gboolean ouk_prompt_result_read(const char *message, gsize len, OukPromptResult *ret);

/* How many PINs an answer to this has. */
guint ouk_prompt_pins(int reason);
/* The number of bytes written to out (OUK_PROMPT_ANSWER_MAX). */
gsize ouk_prompt_answer_write(const struct uk_secret *pins, guint count, guint8 *out);
/* FALSE: not an answer. *ret_done FALSE: the person stopped. */
gboolean ouk_prompt_answer_read(struct uk_span in, guint count, gboolean *ret_done,
				struct uk_secret *ret_pins);
/* FALSE: not an answer to a question with so many choices (0 counts as one). */
gboolean ouk_prompt_decision_read(struct uk_span in, guint choices, OukPromptDecision *ret,
				  guint *ret_choice);

#endif
