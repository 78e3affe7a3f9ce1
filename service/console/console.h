/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-console: what operators see in a browser. */
#ifndef CS_CONSOLE_CONSOLE_H
#define CS_CONSOLE_CONSOLE_H

#include "service/console/http.h"
#include "service/console/page.h"
#include "service/counter/counter.h"

#include <pthread.h>

/* Shared by the threads; read-only once it runs. */
struct console {
	struct cs_certd certd;
	const char *url;     /* "https://console.example": what browsers call it */
	pthread_key_t desks; /* each thread's own */
	unsigned int opened;
};

#define CON_TOKEN_TEXT (CS_HASH_TEXT + 24)

/* One request of one operator. */
struct visit {
	struct console *console;
	const struct con_request *request;
	struct con_answer *answer;
	struct cs_counter counter;
	struct page page;
	char key_mark[CS_HASH_TEXT]; /* of the certificate's key: forms are for it alone */
	char token[CON_TOKEN_TEXT];  /* goes into every form */
};

typedef enum cs_status (*con_visit_fn)(struct visit *visit);

/* Answers a request: login, forgery checks, the page; or why not. */
void con_visit(void *console, const struct con_request *request, const char *path,
	       struct con_answer *ret);

/* ---- login.c ---- */

/* Whose certificate nginx verified; CS_E_DENIED. */
UK_CHECKED enum cs_status con_login(struct visit *visit);
/* A token for the forms of this page, and whether a form that came back is one of ours. */
UK_CHECKED enum cs_status con_token(struct visit *visit);
UK_CHECKED enum cs_status con_token_check(const struct visit *visit);
/* The address at which `ukey approve` gets and leaves the papers of one operator for an order. */
#define CON_TICKET_TEXT 256
UK_CHECKED enum cs_status con_ticket(const struct visit *visit, const char *number,
				     char ret[CON_TICKET_TEXT]);
/* The request's parts are such an address's: the operator it was made for. */
UK_CHECKED enum cs_status con_ticket_check(struct visit *visit);

/* ---- frame.c ---- */

void con_begin(struct visit *visit, const char *title);
/* <form method=post action=...> with the token in it; ends with "</form>". */
void con_form(struct visit *visit, const char *path_before, const char *number,
	      const char *path_after);
void con_end(struct visit *visit);
/* See other: after a form. */
enum cs_status con_go(struct visit *visit, const char *format, const char *number);
/* JSON as the answer. */
enum cs_status con_json(struct visit *visit, const json_t *json);
void con_refuse(struct visit *visit, enum cs_status status, enum con_text why);
/* Signed by enough, and refused by whoever carries it out: with what code, and whether for ever. */
enum cs_status con_refused(struct visit *visit, const char *number, const char *code, bool kept);

/* ---- the pages ---- */

enum cs_status con_orders(struct visit *visit);
enum cs_status con_order(struct visit *visit);
enum cs_status con_document(struct visit *visit);
void con_documents(struct visit *visit, const json_t *order);
enum cs_status con_walk_in(struct visit *visit);
enum cs_status con_log(struct visit *visit);
enum cs_status con_operators(struct visit *visit);
enum cs_status con_sign(struct visit *visit);
enum cs_status con_paper(struct visit *visit);
enum cs_status con_style(struct visit *visit);
/* forms */
enum cs_status con_walk_in_open(struct visit *visit);
enum cs_status con_ask(struct visit *visit);
enum cs_status con_answer_in(struct visit *visit);
enum cs_status con_drop(struct visit *visit);
enum cs_status con_carry(struct visit *visit);
enum cs_status con_resend(struct visit *visit);
/* tickets */
enum cs_status con_ticket_get(struct visit *visit);
enum cs_status con_ticket_put(struct visit *visit);

#endif
