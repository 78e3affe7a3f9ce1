/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages being written: what is ours goes in as it is, everything else escaped. */
#ifndef CS_CONSOLE_PAGE_H
#define CS_CONSOLE_PAGE_H

#include "service/base/blob.h"

#include <stdbool.h>
#include <stdint.h>

enum con_language { CON_ZH, CON_EN };

/* A sentence of the pages. */
#define TEXT(name, chinese, english) CON_T_##name,
enum con_text {
#include "service/console/texts.def"
	CON_TEXT_COUNT
};
#undef TEXT

struct page {
	char *ptr;
	size_t len, room;
	bool failed;
	enum con_language language;
	int64_t offset; /* of local time from UTC, seconds */
};

/* Markup: a literal of ours, never anything that came from outside. */
void page_raw(struct page *page, const char *markup);
/* Text from anywhere, as text or between the quotes of an attribute. */
void page_text(struct page *page, const char *text);
void page_number(struct page *page, int64_t number);
/* An instant in local time; nothing for 0. */
void page_time(struct page *page, int64_t instant);
/* One of our sentences. */
void page_say(struct page *page, enum con_text text);
/* A word of orders (kind, state, act, member of a form ...) in the page's language. */
void page_word(struct page *page, const char *group, const char *word);

/* What Accept-Language wants first of the two; Chinese when it says neither. */
enum con_language con_language_of(const char *accept);
const char *con_text(enum con_language language, enum con_text text);
const char *con_word(enum con_language language, const char *group, const char *word);

#endif
