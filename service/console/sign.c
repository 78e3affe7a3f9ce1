/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What waits for the operator's signature, and the signatures that come. */
#include "service/console/console.h"

#include <string.h>

static void
ways_show(struct visit *visit, const char *number, const char *ticket)
{
	struct page *page = &visit->page;

	page_raw(page, "<section><p>");
	page_say(page, CON_T_RUN);
	page_raw(page, "</p><pre>ukey approve ");
	page_text(page, ticket);
	page_raw(page, "</pre><p class=\"note\">");
	page_say(page, CON_T_POLLING);
	page_raw(page, "</p></section><section><p>");
	page_say(page, CON_T_OR_FILE);
	page_raw(page, "</p><p><a href=\"/orders/");
	page_text(page, number);
	page_raw(page, "/paper.json\">");
	page_say(page, CON_T_DOWNLOAD);
	page_raw(page, "</a></p>");
	con_form(visit, "/orders/", number, "/answer");
	page_raw(page, "<label>");
	page_say(page, CON_T_UPLOAD);
	page_raw(page, "<br><input type=\"file\" name=\"file\"></label><label>");
	page_say(page, CON_T_PASTE);
	page_raw(page, "<br><textarea name=\"answer\" rows=\"4\" cols=\"60\"></textarea></label>"
		       "<button>");
	page_say(page, CON_T_SEND);
	page_raw(page, "</button></form></section>");
}

enum cs_status
con_sign(struct visit *visit)
{
	const char *number = visit->request->parts[0];
	struct page *page = &visit->page;
	CS_JSON *paper = json_object();
	const json_t *items;
	char ticket[CON_TICKET_TEXT];
	enum cs_status st = cs_counter_paper(&visit->counter, number, paper);

	/* Signed, by ukey or here: the order shows what came of it. */
	if (st == CS_E_NOT_FOUND)
		return con_go(visit, "/orders/*", number);
	if (st == CS_OK)
		st = con_ticket(visit, number, ticket);
	if (st != CS_OK)
		return st;
	con_begin(visit, con_text(page->language, CON_T_TO_SIGN));
	items = json_object_get(paper, "items");
	for (size_t i = 0; i < json_array_size(items); i++) {
		page_raw(page, "<section><pre>");
		page_text(page,
			  json_string_value(json_object_get(json_array_get(items, i), "body")));
		page_raw(page, "</pre></section>");
	}
	ways_show(visit, number, ticket);
	page_raw(page, "<p><a href=\"/orders/");
	page_text(page, number);
	page_raw(page, "\">");
	page_say(page, CON_T_BACK);
	page_raw(page, "</a></p>");
	con_end(visit);
	visit->answer->refresh = true;
	return CS_OK;
}

enum cs_status
con_paper(struct visit *visit)
{
	CS_JSON *paper = json_object();
	enum cs_status st = cs_counter_paper(&visit->counter, visit->request->parts[0], paper);

	visit->answer->file = "openukey-approval.json";
	return st == CS_OK ? con_json(visit, paper) : st;
}

enum cs_status
con_answer_in(struct visit *visit)
{
	const char *number = visit->request->parts[0];
	const char *file = con_field(visit->request, "file");
	const char *text = file[0] != '\0' ? file : con_field(visit->request, "answer");
	CS_JSON *answer = cs_json_read(uk_span_str(text));
	CS_JSON *told = json_object();
	enum cs_status st = answer != NULL
				    ? cs_counter_answer(visit->counter.desk, number, answer, told)
				    : CS_E_ARGUMENTS;

	const char *refused = json_string_value(json_object_get(told, "refused"));

	if (st == CS_OK && refused != NULL)
		return con_refused(visit, number, refused,
				   json_is_true(json_object_get(told, "kept")));
	return st == CS_OK ? con_go(visit, "/orders/*", number) : st;
}

/* For ukey: no certificate, but an address that was shown to that operator only. */
enum cs_status
con_ticket_get(struct visit *visit)
{
	CS_JSON *paper = json_object();
	enum cs_status st = cs_counter_paper(&visit->counter, visit->request->parts[0], paper);

	return st == CS_OK ? con_json(visit, paper) : st;
}

enum cs_status
con_ticket_put(struct visit *visit)
{
	CS_JSON *answer = cs_json_read(cs_blob_span(&visit->request->body));
	CS_JSON *told = json_object();
	const char *name = cs_json_text(answer, "operator", CS_OPERATOR_TEXT);
	enum cs_status st;

	if (name == NULL || strcmp(name, visit->counter.who.name) != 0)
		return CS_E_PROOF;
	st = cs_counter_answer(visit->counter.desk, visit->request->parts[0], answer, told);
	return st == CS_OK ? con_json(visit, told) : st;
}
