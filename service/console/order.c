/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One order: everything that this operator may see of it, and what can be asked for. */
#include "service/console/console.h"

#include <stdio.h>
#include <string.h>

/* What an act wants to know besides. */
static const struct {
	const char *act, *member;
	bool lines; /* a text of many lines */
} members[] = {
	{"reject", "slots", false},
	{"reject", "reason", false},
	{"make", "sn", false},
	{"post", "tracking", false},
	{"hand-over", "id_number", false},
	{"at-counter", "id_number", false},
	{"issue", "years", false},
	{"issue", "old_cert", true},
	{"request", "token", false},
	{"request", "csr", true},
	{"revoke", "reason", false},
	{"revoke", "old_cert", true},
};

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static void
row_begin(struct page *page, enum con_text label)
{
	page_raw(page, "<tr><th>");
	page_say(page, label);
	page_raw(page, "</th><td>");
}

static void
row_end(struct page *page)
{
	page_raw(page, "</td></tr>");
}

static void
section(struct page *page, enum con_text title)
{
	page_raw(page, "<section><h2>");
	page_say(page, title);
	page_raw(page, "</h2>");
}

static void
facts_show(struct visit *visit, const json_t *order)
{
	static const struct {
		enum con_text label;
		const char *name;
	} times[] = {{CON_T_CREATED, "created"},
		     {CON_T_CHANGED, "changed"},
		     {CON_T_DEADLINE, "deadline"}};
	struct page *page = &visit->page;

	page_raw(page, "<section><table>");
	row_begin(page, CON_T_KIND);
	page_word(page, "kind", text_of(order, "kind"));
	row_end(page);
	row_begin(page, CON_T_STATE);
	page_word(page, "state", text_of(order, "state"));
	row_end(page);
	row_begin(page, CON_T_KEY);
	page_text(page, text_of(order, "sn"));
	row_end(page);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		row_begin(page, times[i].label);
		page_time(page, json_integer_value(json_object_get(order, times[i].name)));
		row_end(page);
	}
	page_raw(page, "</table></section>");
}

static void
form_show(struct visit *visit, const json_t *order)
{
	struct page *page = &visit->page;
	json_t *form = json_object_get(order, "form"), *value;
	const char *name;

	section(page, CON_T_FORM);
	if (!json_is_true(json_object_get(order, "full"))) {
		page_raw(page, "<p class=\"note\">");
		page_say(page, CON_T_MASKED);
		page_raw(page, "</p>");
	}
	page_raw(page, "<table>");
	json_object_foreach(form, name, value)
	{
		page_raw(page, "<tr><th>");
		page_word(page, "form", name);
		page_raw(page, "</th><td>");
		page_text(page, json_string_value(value));
		row_end(page);
	}
	page_raw(page, "</table></section>");
}

static void
payment_show(struct visit *visit, const json_t *payment)
{
	struct page *page = &visit->page;
	json_int_t cents = json_integer_value(json_object_get(payment, "amount"));
	char amount[48];

	if (payment == NULL)
		return;
	(void)snprintf(amount, sizeof(amount), "¥%ld.%02d ", (long)(cents / 100),
		       (int)(cents % 100));
	section(page, CON_T_PAYMENT);
	page_text(page, amount);
	page_word(page, "payment", text_of(payment, "state"));
	page_raw(page, " (");
	page_word(page, "provider", text_of(payment, "provider"));
	page_raw(page, ")</section>");
}

/* How a key, its PIN and the invoice reach the unit; never the PIN. */
static void
delivery_show(struct visit *visit, const json_t *delivery)
{
	static const char *const parts[] = {"key", "pin", "post", "tracking", "invoice"};
	struct page *page = &visit->page;

	if (delivery == NULL)
		return;
	section(page, CON_T_DELIVERY);
	page_raw(page, "<table>");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (text_of(delivery, parts[i])[0] == '\0')
			continue;
		page_raw(page, "<tr><th>");
		page_word(page, "delivery", parts[i]);
		page_raw(page, "</th><td>");
		page_word(page, parts[i], text_of(delivery, parts[i]));
		row_end(page);
	}
	page_raw(page, "</table></section>");
}

static void
letters_show(struct visit *visit, const json_t *letters)
{
	struct page *page = &visit->page;

	if (json_array_size(letters) == 0)
		return;
	section(page, CON_T_DELIVERIES);
	page_raw(page, "<table>");
	for (size_t i = 0; i < json_array_size(letters); i++) {
		const json_t *letter = json_array_get(letters, i);
		json_int_t done = json_integer_value(json_object_get(letter, "done"));

		page_raw(page, "<tr><td>");
		page_word(page, "letter", text_of(letter, "words"));
		page_raw(page, "</td><td>");
		if (done > 0)
			page_time(page, done);
		else
			page_say(page, CON_T_WAITS);
		page_raw(page, "</td><td>");
		page_number(page, json_integer_value(json_object_get(letter, "tries")));
		page_raw(page, " ");
		page_say(page, CON_T_TRIES);
		page_raw(page, "</td></tr>");
	}
	page_raw(page, "</table></section>");
}

static void
ask_buttons(struct visit *visit, const json_t *order, const json_t *ask)
{
	const char *state = text_of(ask, "state");
	static const struct {
		const char *path;
		enum con_text label;
	} buttons[] = {{"/carry-out", CON_T_CARRY_OUT}, {"/drop", CON_T_DROP}};
	size_t len = strcmp(state, "open") == 0 ? 2 : 0;
	struct page *page = &visit->page;

	for (size_t i = 0; i < len && json_boolean_value(json_object_get(order, "full")); i++) {
		con_form(visit, "/orders/", text_of(order, "number"), buttons[i].path);
		page_raw(page, "<input type=\"hidden\" name=\"id\" value=\"");
		page_text(page, text_of(ask, "id"));
		page_raw(page, "\"><button>");
		page_say(page, buttons[i].label);
		page_raw(page, "</button></form>");
	}
}

/* Approved by enough: what the station runs, with the key and whoever brought it there. */
static void
station_show(struct visit *visit, const json_t *order)
{
	struct page *page = &visit->page;
	const char *state = text_of(order, "state");

	if (strcmp(text_of(order, "kind"), "unlock") != 0 ||
	    !cs_counter_is(&visit->counter, CS_ROLE_BIT(CS_ROLE_COUNTER)) ||
	    (strcmp(state, "code-ok") != 0 && strcmp(state, "commanded") != 0))
		return;
	section(page, CON_T_STATION);
	page_raw(page, "<p>");
	page_say(page, CON_T_STATION_RUN);
	page_raw(page, "</p><pre>ukey unlock --counter ");
	page_text(page, text_of(order, "number"));
	page_raw(page, " --operator ");
	page_text(page, visit->counter.who.name);
	page_raw(page, " --token ");
	page_text(page, text_of(order, "sn"));
	page_raw(page, "</pre></section>");
}

static void
asks_show(struct visit *visit, const json_t *order)
{
	struct page *page = &visit->page;
	const json_t *asks = json_object_get(order, "asks");

	if (json_array_size(asks) == 0)
		return;
	section(page, CON_T_ASKS);
	/* Who only looks has nothing to sign. */
	if (json_is_true(json_object_get(order, "full"))) {
		page_raw(page, "<p><a href=\"/orders/");
		page_text(page, text_of(order, "number"));
		page_raw(page, "/sign\">");
		page_say(page, CON_T_TO_SIGN);
		page_raw(page, "</a></p>");
	}
	page_raw(page, "<table>");
	for (size_t i = 0; i < json_array_size(asks); i++) {
		const json_t *ask = json_array_get(asks, i),
			     *names = json_object_get(ask, "signed");

		page_raw(page, "<tr><td>");
		page_word(page, "act", text_of(ask, "act"));
		page_raw(page, "<br>");
		page_word(page, "ask", text_of(ask, "state"));
		page_raw(page, "</td><td>");
		page_say(page, CON_T_ASKED_BY);
		page_raw(page, ": ");
		page_text(page, text_of(ask, "by"));
		page_raw(page, "<br>");
		page_say(page, CON_T_SIGNED_BY);
		page_raw(page, ": ");
		for (size_t at = 0; at < json_array_size(names); at++) {
			page_text(page, json_string_value(json_array_get(names, at)));
			page_raw(page, " ");
		}
		page_raw(page, "<br>");
		page_say(page, CON_T_NEEDED);
		page_raw(page, ": ");
		page_number(page, json_integer_value(json_object_get(ask, "people")));
		page_raw(page, "</td><td>");
		ask_buttons(visit, order, ask);
		page_raw(page, "</td></tr>");
	}
	page_raw(page, "</table></section>");
}

static void
member_show(struct visit *visit, size_t at)
{
	struct page *page = &visit->page;

	page_raw(page, "<label>");
	page_word(page, "member", members[at].member);
	page_raw(page, members[at].lines ? "<br><textarea rows=\"4\" cols=\"66\" name=\""
					 : "<br><input maxlength=\"200\" name=\"");
	page_raw(page, members[at].member);
	page_raw(page, members[at].lines ? "\"></textarea></label>" : "\"></label>");
}

static void
offers_show(struct visit *visit, const json_t *order)
{
	struct page *page = &visit->page;
	const json_t *can = json_object_get(order, "can");

	if (json_array_size(can) == 0)
		return;
	section(page, CON_T_DO);
	page_raw(page, "<p class=\"note\">");
	page_say(page, CON_T_NO_CLICK);
	page_raw(page, "</p>");
	for (size_t i = 0; i < json_array_size(can); i++) {
		const char *act = json_string_value(json_array_get(can, i));

		con_form(visit, "/orders/", text_of(order, "number"), "/ask");
		page_raw(page, "<input type=\"hidden\" name=\"act\" value=\"");
		page_text(page, act);
		page_raw(page, "\">");
		for (size_t at = 0; at < ARRAY_SIZE(members); at++)
			if (strcmp(members[at].act, act) == 0)
				member_show(visit, at);
		page_raw(page, "<button>");
		page_say(page, CON_T_ASK);
		page_raw(page, ": ");
		page_word(page, "act", act);
		page_raw(page, "</button></form>");
	}
	page_raw(page, "</section>");
}

static void
resend_show(struct visit *visit, const json_t *order)
{
	const char *state = text_of(order, "state");

	if (strcmp(state, "code-sent") != 0 && strcmp(state, "identified") != 0)
		return;
	page_raw(&visit->page, "<section>");
	con_form(visit, "/orders/", text_of(order, "number"), "/resend");
	page_raw(&visit->page, "<button>");
	page_say(&visit->page, CON_T_RESEND);
	page_raw(&visit->page, "</button></form></section>");
}

static void
history_show(struct visit *visit, const json_t *log)
{
	struct page *page = &visit->page;

	section(page, CON_T_HISTORY);
	page_raw(page, "<table>");
	for (size_t i = 0; i < json_array_size(log); i++) {
		const json_t *entry = json_array_get(log, i);

		page_raw(page, "<tr><td>");
		page_time(page, json_integer_value(json_object_get(entry, "at")));
		page_raw(page, "</td><td>");
		page_word(page, "event", text_of(entry, "event"));
		page_raw(page, "</td><td>");
		page_word(page, "state", text_of(entry, "state"));
		page_word(page, "act", text_of(entry, "act"));
		if (strcmp(text_of(entry, "why"), "") != 0 &&
		    strcmp(text_of(entry, "why"), "ok") != 0) {
			page_raw(page, " (");
			page_text(page, text_of(entry, "why"));
			page_raw(page, ")");
		}
		page_raw(page, "</td><td>");
		page_text(page, text_of(entry, "by"));
		page_raw(page, "</td></tr>");
	}
	page_raw(page, "</table></section>");
}

enum cs_status
con_order(struct visit *visit)
{
	CS_JSON *order = json_object();
	enum cs_status st = cs_counter_order(&visit->counter, visit->request->parts[0], order);

	if (st != CS_OK)
		return st;
	con_begin(visit, text_of(order, "number"));
	facts_show(visit, order);
	station_show(visit, order);
	asks_show(visit, order);
	offers_show(visit, order);
	resend_show(visit, order);
	form_show(visit, order);
	con_documents(visit, order);
	payment_show(visit, json_object_get(order, "payment"));
	delivery_show(visit, json_object_get(order, "delivery"));
	letters_show(visit, json_object_get(order, "letters"));
	history_show(visit, json_object_get(order, "log"));
	con_end(visit);
	return CS_OK;
}

/* ---- forms ---- */

/* The fields that an act's members have; numbers as numbers. */
static json_t *
members_read(const struct visit *visit, const char *act)
{
	json_t *read = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const char *value = con_field(visit->request, members[i].member);
		json_t *member;

		if (strcmp(members[i].act, act) != 0 || value[0] == '\0')
			continue;
		member = strcmp(members[i].member, "years") == 0
				 ? json_integer(strtol(value, NULL, 10))
				 : json_string(value);
		if (member == NULL || json_object_set_new(read, members[i].member, member) != 0) {
			json_decref(read);
			return NULL;
		}
	}
	return read;
}

enum cs_status
con_ask(struct visit *visit)
{
	const char *act = con_field(visit->request, "act");
	CS_JSON *read = members_read(visit, act);
	char id[CS_ID_TEXT];
	enum cs_status st = read != NULL ? cs_counter_ask(&visit->counter, visit->request->parts[0],
							  act, read, id)
					 : CS_E_ARGUMENTS;

	return st == CS_OK ? con_go(visit, "/orders/*/sign", visit->request->parts[0]) : st;
}

enum cs_status
con_drop(struct visit *visit)
{
	enum cs_status st = cs_counter_drop(&visit->counter, con_field(visit->request, "id"));

	return st == CS_OK ? con_go(visit, "/orders/*", visit->request->parts[0]) : st;
}

enum cs_status
con_carry(struct visit *visit)
{
	static const unsigned int may =
		CS_ROLE_BIT(CS_ROLE_REVIEWER) | CS_ROLE_BIT(CS_ROLE_COUNTER);
	enum cs_status st =
		cs_counter_is(&visit->counter, may)
			? cs_counter_carry_out(visit->counter.desk, con_field(visit->request, "id"))
			: CS_E_DENIED;

	return st == CS_OK ? con_go(visit, "/orders/*", visit->request->parts[0]) : st;
}

enum cs_status
con_resend(struct visit *visit)
{
	struct page *page = &visit->page;
	enum cs_status st = cs_counter_resend(&visit->counter, visit->request->parts[0]);

	if (st != CS_OK)
		return st;
	con_begin(visit, visit->request->parts[0]);
	page_raw(page, "<section><p>");
	page_say(page, CON_T_RESENT);
	page_raw(page, "</p><p><a href=\"/orders/");
	page_text(page, visit->request->parts[0]);
	page_raw(page, "\">");
	page_say(page, CON_T_BACK);
	page_raw(page, "</a></p></section>");
	con_end(visit);
	return CS_OK;
}
