/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of orders, the log, the operators. */
#include "service/console/console.h"

#include <string.h>

static const char *const kinds[] = {"new",    "renewal", "unlock", "lost",   "damaged",
				    "revoke", "change",  "open",   "return", "loss"};
static const char *const states[] = {
	"review",     "wait-transfer", "paper-wait", "paper-in",     "approved", "made",
	"to-collect", "posted",        "code-sent",  "counter-wait", "ready",    "issued",
	"wait-pay",   "suspended",     "refunding",  "confirmed",    "done"};

static void
choice(struct page *page, const char *name, const char *const *words, size_t words_len,
       const char *chosen)
{
	page_raw(page, "<label>");
	page_say(page, strcmp(name, "kind") == 0 ? CON_T_KIND : CON_T_STATE);
	page_raw(page, "<br><select name=\"");
	page_raw(page, name);
	page_raw(page, "\"><option value=\"\">");
	page_say(page, CON_T_ANY);
	page_raw(page, "</option>");
	for (size_t i = 0; i < words_len; i++) {
		page_raw(page, "<option value=\"");
		page_raw(page, words[i]);
		page_raw(page, strcmp(words[i], chosen) == 0 ? "\" selected>" : "\">");
		page_word(page, name, words[i]);
		page_raw(page, "</option>");
	}
	page_raw(page, "</select></label>");
}

static void
box(struct page *page, const char *name, enum con_text label, const char *value)
{
	page_raw(page, "<label>");
	page_say(page, label);
	page_raw(page, "<br><input name=\"");
	page_raw(page, name);
	page_raw(page, "\" value=\"");
	page_text(page, value);
	page_raw(page, "\" maxlength=\"32\"></label>");
}

static void
search_show(struct visit *visit)
{
	struct page *page = &visit->page;

	page_raw(page, "<section><form class=\"line\" method=\"get\" action=\"/\">");
	box(page, "number", CON_T_NUMBER, con_query(visit->request, "number"));
	choice(page, "kind", kinds, ARRAY_SIZE(kinds), con_query(visit->request, "kind"));
	choice(page, "state", states, ARRAY_SIZE(states), con_query(visit->request, "state"));
	box(page, "sn", CON_T_KEY, con_query(visit->request, "sn"));
	box(page, "unit", CON_T_UNIT_CODE, con_query(visit->request, "unit"));
	page_raw(page, "<button>");
	page_say(page, CON_T_SEARCH);
	page_raw(page, "</button></form></section>");
}

static void
cell_word(struct page *page, const char *group, const json_t *row)
{
	page_raw(page, "<td>");
	page_word(page, group, json_string_value(json_object_get(row, group)));
	page_raw(page, "</td>");
}

static void
cell_time(struct page *page, const json_t *row, const char *name)
{
	page_raw(page, "<td>");
	page_time(page, json_integer_value(json_object_get(row, name)));
	page_raw(page, "</td>");
}

static void
head_row(struct page *page, const enum con_text *heads, size_t heads_len)
{
	page_raw(page, "<table><thead><tr>");
	for (size_t i = 0; i < heads_len; i++) {
		page_raw(page, "<th>");
		page_say(page, heads[i]);
		page_raw(page, "</th>");
	}
	page_raw(page, "</tr></thead><tbody>");
}

static void
list_show(struct visit *visit, const json_t *orders)
{
	static const enum con_text heads[] = {CON_T_NUMBER,  CON_T_KIND,    CON_T_STATE,
					      CON_T_KEY,     CON_T_CREATED, CON_T_CHANGED,
					      CON_T_DEADLINE};
	struct page *page = &visit->page;
	size_t len = json_array_size(orders);

	page_raw(page, "<section>");
	head_row(page, heads, ARRAY_SIZE(heads));
	for (size_t i = 0; i < len; i++) {
		const json_t *row = json_array_get(orders, i);
		const char *number = json_string_value(json_object_get(row, "number"));

		page_raw(page, "<tr><td><a href=\"/orders/");
		page_text(page, number);
		page_raw(page, "\">");
		page_text(page, number);
		page_raw(page, "</a></td>");
		cell_word(page, "kind", row);
		cell_word(page, "state", row);
		page_raw(page, "<td>");
		page_text(page, json_string_value(json_object_get(row, "sn")));
		page_raw(page, "</td>");
		cell_time(page, row, "created");
		cell_time(page, row, "changed");
		cell_time(page, row, "deadline");
		page_raw(page, "</tr>");
	}
	page_raw(page, "</tbody></table>");
	if (len == 0)
		page_say(page, CON_T_NONE);
	page_raw(page, "</section>");
}

/* The same search, further back. */
static void
older_show(struct visit *visit, const char *last)
{
	static const char *const names[] = {"kind", "state", "sn", "unit"};
	struct page *page = &visit->page;

	page_raw(page, "<form method=\"get\" action=\"/\"><input type=\"hidden\" name=\"before\" "
		       "value=\"");
	page_text(page, last);
	page_raw(page, "\">");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		page_raw(page, "<input type=\"hidden\" name=\"");
		page_raw(page, names[i]);
		page_raw(page, "\" value=\"");
		page_text(page, con_query(visit->request, names[i]));
		page_raw(page, "\">");
	}
	page_raw(page, "<button>");
	page_say(page, CON_T_OLDER);
	page_raw(page, "</button></form>");
}

enum cs_status
con_orders(struct visit *visit)
{
	const struct con_request *request = visit->request;
	const struct cs_order_filter filter = {.kind = con_query(request, "kind"),
					       .state = con_query(request, "state"),
					       .key_sn = con_query(request, "sn"),
					       .before = con_query(request, "before")};
	const char *number = con_query(request, "number");
	CS_JSON *orders = json_array();
	size_t len;
	enum cs_status st;

	if (number[0] != '\0')
		return con_go(visit, "/orders/*", number);
	st = cs_counter_list(&visit->counter, &filter, con_query(request, "unit"), orders);
	if (st != CS_OK)
		return st;
	con_begin(visit, con_text(visit->page.language, CON_T_ORDERS));
	search_show(visit);
	list_show(visit, orders);
	len = json_array_size(orders);
	if (len == CS_LIST_MAX)
		older_show(visit, json_string_value(json_object_get(json_array_get(orders, len - 1),
								    "number")));
	con_end(visit);
	return CS_OK;
}

/* Entries of the log are names and values that cs_audit_log let through. */
static void
entry_show(struct page *page, const json_t *entry)
{
	static const char *const columns[] = {"event", "order", "state", "by"};

	page_raw(page, "<tr>");
	cell_time(page, entry, "at");
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		const char *value = json_string_value(json_object_get(entry, columns[i]));

		page_raw(page, "<td>");
		if (value != NULL && (i == 0 || strcmp(columns[i], "state") == 0))
			page_word(page, columns[i], value);
		else
			page_text(page, value != NULL ? value : "");
		page_raw(page, "</td>");
	}
	page_raw(page, "<td>");
	page_text(page, json_string_value(json_object_get(entry, "chain")));
	page_raw(page, " ");
	page_number(page, json_integer_value(json_object_get(entry, "seq")));
	page_raw(page, "</td></tr>");
}

enum cs_status
con_log(struct visit *visit)
{
	static const enum con_text heads[] = {CON_T_AT,    CON_T_EVENT, CON_T_NUMBER,
					      CON_T_STATE, CON_T_BY,    CON_T_CHAIN};
	struct page *page = &visit->page;
	CS_JSON *entries = json_array();
	enum cs_status st = cs_counter_log(visit->counter.desk, "", entries);

	if (st != CS_OK)
		return st;
	con_begin(visit, con_text(page->language, CON_T_LOG));
	page_raw(page, "<section>");
	head_row(page, heads, ARRAY_SIZE(heads));
	for (size_t i = 0; i < json_array_size(entries); i++)
		entry_show(page, json_array_get(entries, i));
	page_raw(page, "</tbody></table></section>");
	con_end(visit);
	return CS_OK;
}

enum cs_status
con_operators(struct visit *visit)
{
	static const enum con_text heads[] = {CON_T_NAME, CON_T_ROLES, CON_T_UNTIL};
	struct cs_operator list[CS_OPERATORS_MAX];
	struct page *page = &visit->page;
	size_t len = cs_operators_now(&visit->console->certd.operators, list);

	con_begin(visit, con_text(page->language, CON_T_OPERATORS));
	page_raw(page, "<section>");
	head_row(page, heads, ARRAY_SIZE(heads));
	for (size_t i = 0; i < len; i++) {
		page_raw(page, "<tr><td>");
		page_text(page, list[i].name);
		page_raw(page, "</td><td>");
		for (unsigned int role = 0; role < CS_ROLE_COUNT; role++)
			if ((list[i].roles & CS_ROLE_BIT(role)) != 0) {
				page_word(page, "role", cs_role_word((enum cs_role)role));
				page_raw(page, " ");
			}
		page_raw(page, "</td><td>");
		page_time(page, list[i].until);
		page_raw(page, "</td></tr>");
	}
	page_raw(page, "</tbody></table></section>");
	con_end(visit);
	return CS_OK;
}
