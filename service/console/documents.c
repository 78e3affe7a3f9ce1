/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was uploaded, with the name of whoever looks at it across it. */
#include "service/console/console.h"

#include <string.h>

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static void
title_show(struct visit *visit, const json_t *order, const json_t *document)
{
	struct page *page = &visit->page;
	bool there = json_is_true(json_object_get(order, "full")) &&
		     strcmp(text_of(document, "state"), "missing") != 0;

	if (there) {
		page_raw(page, "<a href=\"/orders/");
		page_text(page, text_of(order, "number"));
		page_raw(page, "/documents/");
		page_text(page, text_of(document, "slot"));
		page_raw(page, "\">");
	}
	page_text(page, text_of(document, "title"));
	if (there)
		page_raw(page, "</a>");
	page_raw(page, " (");
	page_text(page, text_of(document, "slot"));
	page_raw(page, ")");
}

void
con_documents(struct visit *visit, const json_t *order)
{
	struct page *page = &visit->page;
	const json_t *documents = json_object_get(order, "documents");

	if (json_array_size(documents) == 0)
		return;
	page_raw(page, "<section><h2>");
	page_say(page, CON_T_DOCUMENTS);
	page_raw(page, "</h2><table>");
	for (size_t i = 0; i < json_array_size(documents); i++) {
		const json_t *document = json_array_get(documents, i);

		page_raw(page, "<tr><td>");
		title_show(visit, order, document);
		page_raw(page, "</td><td>");
		page_word(page, "document", text_of(document, "state"));
		page_raw(page, "</td><td>");
		page_text(page, text_of(document, "reason"));
		page_raw(page, "</td></tr>");
	}
	page_raw(page, "</table></section>");
}

enum cs_status
con_document(struct visit *visit)
{
	visit->answer->type = "image/jpeg";
	return cs_counter_document(&visit->counter, visit->request->parts[0],
				   visit->request->parts[1], &visit->answer->body);
}
