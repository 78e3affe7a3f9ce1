/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every page has, and every answer. */
#include "service/console/console.h"

#include <stdio.h>
#include <string.h>

static const char style[] =
	"body{font:16px/1.5 sans-serif;margin:0;color:#1c1c1c;background:#f4f5f7}"
	"header{background:#1d3557;color:#fff;padding:.6rem 1.5rem;display:flex;gap:1.5rem;"
	"align-items:baseline;flex-wrap:wrap}"
	"header a{color:#fff}header b{font-size:1.1rem}header .who{margin-left:auto}"
	"main{max-width:70rem;margin:1.2rem auto;padding:0 1.2rem}"
	"section{background:#fff;border:1px solid #d8dbe0;border-radius:6px;padding:.8rem 1.2rem;"
	"margin:0 0 1rem}"
	"h1{font-size:1.4rem;margin:.2rem 0 .8rem}h2{font-size:1.1rem;margin:.1rem 0 .6rem}"
	"table{border-collapse:collapse;width:100%}"
	"th,td{text-align:left;padding:.3rem .7rem .3rem 0;vertical-align:top;"
	"border-bottom:1px solid #eceef1;overflow-wrap:anywhere}"
	"th{font-weight:600;color:#4a4f57;white-space:nowrap}tbody th{width:14rem}"
	"pre{background:#f0f2f5;border:1px solid #d8dbe0;padding:.7rem;white-space:pre-wrap;"
	"overflow-wrap:anywhere}"
	"input,select,textarea,button{font:inherit;padding:.25rem .5rem}"
	"textarea{width:100%;box-sizing:border-box}"
	"button{background:#1d3557;color:#fff;border:0;border-radius:4px;padding:.35rem 1rem;"
	"cursor:pointer}"
	"form.line{display:flex;gap:.6rem;flex-wrap:wrap;align-items:end;margin:.4rem 0}"
	"label{display:inline-block}.note{color:#4a4f57}.bad{border-left:4px solid #b3261e}"
	"img{max-width:100%}"
	"@media(prefers-color-scheme:dark){body{background:#16181c;color:#e6e6e6}"
	"section{background:#1f2227;border-color:#3a3f46}th,.note{color:#b3b8c0}"
	"pre{background:#16181c;border-color:#3a3f46}th,td{border-color:#30343a}"
	"a{color:#9ec5ff}button{background:#3b6ea8}}";

enum cs_status
con_style(struct visit *visit)
{
	visit->answer->type = "text/css; charset=utf-8";
	page_raw(&visit->page, style);
	return CS_OK;
}

static void
roles_show(struct visit *visit)
{
	bool first = true;

	for (int i = 0; i < CS_ROLE_COUNT; i++)
		if ((visit->counter.who.roles & CS_ROLE_BIT((unsigned int)i)) != 0) {
			if (!first)
				page_raw(&visit->page, ", ");
			first = false;
			page_word(&visit->page, "role", cs_role_word((enum cs_role)i));
		}
}

void
con_begin(struct visit *visit, const char *title)
{
	struct page *page = &visit->page;

	page_raw(page, "<!DOCTYPE html><html lang=\"");
	page_raw(page, page->language == CON_EN ? "en" : "zh-CN");
	page_raw(page, "\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
		       "content=\"width=device-width\"><link rel=\"stylesheet\" "
		       "href=\"/style.css\"><title>");
	page_text(page, title);
	page_raw(page, " - ");
	page_say(page, CON_T_TITLE);
	page_raw(page, "</title></head><body><header><b>");
	page_say(page, CON_T_TITLE);
	page_raw(page, "</b>");
	if (visit->counter.who.name[0] != '\0') {
		page_raw(page, "<a href=\"/\">");
		page_say(page, CON_T_ORDERS);
		if (cs_counter_is(&visit->counter, CS_ROLE_BIT(CS_ROLE_COUNTER))) {
			page_raw(page, "</a><a href=\"/walk-in\">");
			page_say(page, CON_T_WALK_IN);
		}
		page_raw(page, "</a><a href=\"/log\">");
		page_say(page, CON_T_LOG);
		page_raw(page, "</a><a href=\"/operators\">");
		page_say(page, CON_T_OPERATORS);
		page_raw(page, "</a><span class=\"who\">");
		page_text(page, visit->counter.who.name);
		page_raw(page, " (");
		roles_show(visit);
		page_raw(page, ")</span>");
	}
	page_raw(page, "</header><main><h1>");
	page_text(page, title);
	page_raw(page, "</h1>");
}

void
con_end(struct visit *visit)
{
	page_raw(&visit->page, "</main></body></html>\n");
}

void
con_form(struct visit *visit, const char *path_before, const char *number, const char *path_after)
{
	struct page *page = &visit->page;

	page_raw(page, "<form class=\"line\" method=\"post\" enctype=\"multipart/form-data\" "
		       "action=\"");
	page_text(page, path_before);
	page_text(page, number);
	page_text(page, path_after);
	page_raw(page, "\"><input type=\"hidden\" name=\"token\" value=\"");
	page_text(page, visit->token);
	page_raw(page, "\">");
}

enum cs_status
con_go(struct visit *visit, const char *format, const char *number)
{
	const char *star = strchr(format, '*');
	size_t before = star != NULL ? (size_t)(star - format) : strlen(format);

	/* Numbers are letters and digits: nothing that could be another header. */
	if (strspn(number, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(number))
		return CS_E_ARGUMENTS;
	(void)snprintf(visit->answer->location, sizeof(visit->answer->location), "%.*s%s%s",
		       (int)before, format, number, star != NULL ? star + 1 : "");
	visit->answer->status = 303;
	return CS_OK;
}

enum cs_status
con_json(struct visit *visit, const json_t *json)
{
	char *text = json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS);

	if (text == NULL)
		return CS_E_MEMORY;
	visit->answer->type = "application/json";
	page_raw(&visit->page, text);
	page_raw(&visit->page, "\n");
	uk_wipe(text, strlen(text));
	free(text);
	return CS_OK;
}

void
con_refuse(struct visit *visit, enum cs_status status, enum con_text why)
{
	struct page *page = &visit->page;

	page->len = 0;
	cs_blob_free(&visit->answer->body);
	visit->answer->location[0] = '\0';
	visit->answer->file = NULL;
	visit->answer->status = cs_status_http(status);
	visit->answer->type = "text/html; charset=utf-8";
	con_begin(visit, con_text(page->language, CON_T_REFUSED));
	page_raw(page, "<section class=\"bad\"><p>");
	page_say(page, why);
	page_raw(page, "</p><p class=\"note\">");
	page_text(page, cs_status_code(status));
	page_raw(page, "</p></section>");
	con_end(visit);
}
