/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An order for somebody who stands at the counter. */
#include "service/console/console.h"

#include <string.h>

/* Whom it is about, and what they showed. */
static const struct {
	const char *name;
	enum con_text label; /* instead of the form's own word */
	bool needed;
} fields[] = {
	{"unit_code", CON_TEXT_COUNT, true},     {"unit", CON_TEXT_COUNT, true},
	{"legal_name", CON_TEXT_COUNT, true},    {"legal_phone", CON_TEXT_COUNT, true},
	{"handler_name", CON_T_WHO_CAME, true},  {"handler_phone", CON_TEXT_COUNT, true},
	{"id_number", CON_T_DOCUMENT, true},     {"sn", CON_T_KEY_OF_OLD, false},
	{"bank_account", CON_TEXT_COUNT, false}, {"years", CON_T_YEARS_OF_NEW, false},
};

static void
field_show(struct page *page, size_t at)
{
	page_raw(page, "<p><label>");
	if (fields[at].label == CON_TEXT_COUNT)
		page_word(page, "form", fields[at].name);
	else
		page_say(page, fields[at].label);
	page_raw(page, "<br><input maxlength=\"200\" size=\"40\" autocomplete=\"off\" name=\"");
	page_raw(page, fields[at].name);
	page_raw(page, fields[at].needed ? "\" required></label></p>" : "\"></label></p>");
}

enum cs_status
con_walk_in(struct visit *visit)
{
	struct page *page = &visit->page;
	uint8_t random[16];
	char once[2 * sizeof(random) + 1];
	enum cs_status st = cs_counter_is(&visit->counter, CS_ROLE_BIT(CS_ROLE_COUNTER))
				    ? cs_random(random, sizeof(random))
				    : CS_E_DENIED;

	if (st != CS_OK)
		return st;
	cs_hex(uk_span_of(random, sizeof(random)), once);
	con_begin(visit, con_text(page->language, CON_T_WALK_IN));
	page_raw(page, "<section><p class=\"note\">");
	page_say(page, CON_T_WALK_IN_NOTE);
	page_raw(page, "</p>");
	con_form(visit, "/walk-in", "", "");
	page_raw(page, "<input type=\"hidden\" name=\"once\" value=\"");
	page_text(page, once);
	page_raw(page, "\"><div><p><label>");
	page_say(page, CON_T_KIND);
	page_raw(page, "<br><select name=\"kind\">");
	for (size_t i = 0; cs_walk_in_kinds[i] != NULL; i++) {
		page_raw(page, "<option value=\"");
		page_text(page, cs_walk_in_kinds[i]);
		page_raw(page, "\">");
		page_word(page, "kind", cs_walk_in_kinds[i]);
		page_raw(page, "</option>");
	}
	page_raw(page, "</select></label></p>");
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		field_show(page, i);
	page_raw(page, "<button>");
	page_say(page, CON_T_OPEN_ORDER);
	page_raw(page, "</button></div></form></section>");
	con_end(visit);
	return CS_OK;
}

static bool
member_put(json_t *members, const char *name, const char *value)
{
	json_t *member = strcmp(name, "years") == 0 ? json_integer(strtol(value, NULL, 10))
						    : json_string(value);

	return value[0] == '\0' ? (json_decref(member), true)
				: json_object_set_new(members, name, member) == 0;
}

enum cs_status
con_walk_in_open(struct visit *visit)
{
	CS_JSON *members = json_object();
	char number[CS_NUMBER_TEXT] = "";
	bool good = member_put(members, "kind", con_field(visit->request, "kind")) &&
		    member_put(members, "once", con_field(visit->request, "once"));
	enum cs_status st;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		good = good && member_put(members, fields[i].name,
					  con_field(visit->request, fields[i].name));
	st = good ? cs_walk_in(&visit->counter, members, number) : CS_E_ARGUMENTS;
	return st == CS_OK ? con_go(visit, "/orders/*/sign", number) : st;
}
