/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a request to a page. */
#include "service/console/console.h"

#include <stdio.h>
#include <string.h>

enum door { DOOR_OPERATOR, DOOR_TICKET, DOOR_ANYBODY };

static const struct {
	const char *method, *path;
	con_visit_fn run;
	enum door door;
} routes[] = {
	{"GET", "/", con_orders, DOOR_OPERATOR},
	{"GET", "/style.css", con_style, DOOR_ANYBODY},
	{"GET", "/orders/*", con_order, DOOR_OPERATOR},
	{"GET", "/orders/*/sign", con_sign, DOOR_OPERATOR},
	{"GET", "/orders/*/paper.json", con_paper, DOOR_OPERATOR},
	{"GET", "/orders/*/documents/*", con_document, DOOR_OPERATOR},
	{"POST", "/orders/*/ask", con_ask, DOOR_OPERATOR},
	{"POST", "/orders/*/answer", con_answer_in, DOOR_OPERATOR},
	{"POST", "/orders/*/drop", con_drop, DOOR_OPERATOR},
	{"POST", "/orders/*/carry-out", con_carry, DOOR_OPERATOR},
	{"POST", "/orders/*/resend", con_resend, DOOR_OPERATOR},
	{"GET", "/walk-in", con_walk_in, DOOR_OPERATOR},
	{"POST", "/walk-in", con_walk_in_open, DOOR_OPERATOR},
	{"GET", "/log", con_log, DOOR_OPERATOR},
	{"GET", "/operators", con_operators, DOOR_OPERATOR},
	{"GET", "/t/*/*/*/*", con_ticket_get, DOOR_TICKET},
	{"POST", "/t/*/*/*/*", con_ticket_put, DOOR_TICKET},
};

/* What is told of an outcome. */
static const struct {
	enum cs_status status;
	enum con_text why;
} reasons[] = {
	{CS_E_DENIED, CON_T_E_DENIED},      {CS_E_NOT_FOUND, CON_T_E_NOT_FOUND},
	{CS_E_STATE, CON_T_E_STATE},        {CS_E_CHANGED, CON_T_E_STATE},
	{CS_E_PROOF, CON_T_E_PROOF},        {CS_E_ARGUMENTS, CON_T_E_ARGUMENTS},
	{CS_E_LIMIT, CON_T_E_LIMIT},        {CS_E_DELAY, CON_T_E_LIMIT},
	{CS_E_REVOKED, CON_T_E_STATE},      {CS_E_COUNTER, CON_T_E_STATE},
	{CS_E_EXISTS, CON_T_E_STATE},       {CS_E_TOO_LARGE, CON_T_E_ARGUMENTS},
	{CS_E_EXPIRED, CON_T_E_STATE},      {CS_E_OPEN_ORDER, CON_T_E_OPEN_ORDER},
	{CS_E_UNLOCK_FIRST, CON_T_E_STATE},
};

static enum con_text
reason_of(enum cs_status status)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].why;
	return CON_T_E_OTHER;
}

enum cs_status
con_refused(struct visit *visit, const char *number, const char *code, bool kept)
{
	struct page *page = &visit->page;
	enum cs_status status = cs_status_of_code(code);

	visit->answer->status = cs_status_http(status);
	con_begin(visit, con_text(page->language, CON_T_REFUSED));
	page_raw(page, "<section class=\"bad\"><p>");
	page_say(page, kept ? CON_T_SIGNED_KEPT : CON_T_SIGNED_VOID);
	page_raw(page, "</p><p class=\"note\">");
	page_text(page, code);
	page_raw(page, "</p><p><a href=\"/orders/");
	page_text(page, number);
	page_raw(page, "\">");
	page_say(page, CON_T_BACK);
	page_raw(page, "</a></p></section>");
	con_end(visit);
	return CS_OK;
}

static struct cs_desk *
desk_enter(struct console *console)
{
	struct cs_desk *desk = pthread_getspecific(console->desks);
	char chain[CS_CHAIN_TEXT];

	if (desk != NULL)
		return desk;
	(void)snprintf(chain, sizeof(chain), "%.20s-%u", console->certd.node,
		       __atomic_add_fetch(&console->opened, 1, __ATOMIC_SEQ_CST));
	desk = cs_desk_open(&console->certd, chain);
	if (desk != NULL && pthread_setspecific(console->desks, desk) != 0) {
		cs_desk_close(desk);
		desk = NULL;
	}
	return desk;
}

/* Whether whoever asks may come in by that door at all. */
static enum cs_status
admit(struct visit *visit, enum door door, enum con_text *ret_why)
{
	bool form = strcmp(visit->request->method, "POST") == 0;
	enum cs_status st;

	if (door == DOOR_ANYBODY)
		return CS_OK;
	*ret_why = CON_T_E_LOGIN;
	if (door == DOOR_TICKET)
		return con_ticket_check(visit);
	st = con_login(visit);
	if (st == CS_OK && form) {
		*ret_why = CON_T_E_CSRF;
		st = con_token_check(visit);
	}
	return st == CS_OK ? con_token(visit) : st;
}

static void
run_route(struct visit *visit, size_t at)
{
	enum con_text why = CON_T_E_OTHER;
	enum cs_status st = admit(visit, routes[at].door, &why);

	if (st != CS_OK) {
		visit->counter.who = (struct cs_operator){.roles = 0};
		con_refuse(visit, st, why);
		return;
	}
	st = routes[at].run(visit);
	if (st != CS_OK)
		con_refuse(visit, st, reason_of(st));
}

/* The page is the answer, unless there is one that is no page. */
static void
page_out(const struct page *page, struct con_answer *ret)
{
	struct uk_span text = uk_span_of(page->ptr != NULL ? page->ptr : "", page->len);

	if (page->failed || (ret->body.ptr == NULL && cs_blob_set(&ret->body, text) != CS_OK))
		ret->status = 500;
}

void
con_visit(void *ctx, const struct con_request *request, const char *path, struct con_answer *ret)
{
	struct console *console = ctx;
	struct con_request here = *request;
	struct visit visit = {.console = console, .request = &here, .answer = ret};
	size_t at = 0;

	visit.page.language = con_language_of(request->language);
	visit.page.offset = console->certd.profile.terms.offset;
	visit.counter.desk = desk_enter(console);
	while (at < ARRAY_SIZE(routes) && (strcmp(routes[at].method, request->method) != 0 ||
					   !cs_route_fits(routes[at].path, path, here.parts)))
		at++;
	if (visit.counter.desk == NULL)
		con_refuse(&visit, CS_E_UNAVAILABLE, CON_T_E_OTHER);
	else if (at == ARRAY_SIZE(routes))
		con_refuse(&visit, CS_E_NOT_FOUND, CON_T_E_NOT_FOUND);
	else
		run_route(&visit, at);
	page_out(&visit.page, ret);
	if (visit.page.ptr != NULL)
		uk_wipe(visit.page.ptr, visit.page.room);
	free(visit.page.ptr);
}
