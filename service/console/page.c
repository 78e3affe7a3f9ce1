/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/console/page.h"

#include "service/base/clock.h"

#include <stdio.h>
#include <string.h>

#define ROOM_FIRST 16384
#define PAGE_MAX   ((size_t)4 << 20)

static void
add(struct page *page, const char *bytes, size_t len)
{
	size_t wanted = page->len + len + 1, room = page->room > 0 ? page->room : ROOM_FIRST;
	char *grown;

	if (page->failed || wanted > PAGE_MAX) {
		page->failed = true;
		return;
	}
	while (room < wanted)
		room *= 2;
	if (room != page->room) {
		grown = realloc(page->ptr, room);
		if (grown == NULL) {
			page->failed = true;
			return;
		}
		page->ptr = grown;
		page->room = room;
	}
	memcpy(page->ptr + page->len, bytes, len);
	page->len += len;
	page->ptr[page->len] = '\0';
}

void
page_raw(struct page *page, const char *markup)
{
	add(page, markup, strlen(markup));
}

void
page_text(struct page *page, const char *text)
{
	static const struct {
		char plain;
		const char *escaped;
	} marks[] = {
		{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};

	while (*text != '\0') {
		size_t len = strcspn(text, "&<>\"'");

		add(page, text, len);
		text += len;
		for (size_t i = 0; i < ARRAY_SIZE(marks) && *text != '\0'; i++)
			if (marks[i].plain == *text) {
				page_raw(page, marks[i].escaped);
				text++;
				break;
			}
	}
}

void
page_number(struct page *page, int64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%ld", (long)number);
	page_raw(page, text);
}

void
page_time(struct page *page, int64_t instant)
{
	const struct cs_date day = cs_date_at(instant, page->offset);
	int64_t second = instant - cs_date_start(day, page->offset);
	char text[48];

	if (instant <= 0)
		return;
	(void)snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d", day.year, day.month,
		       day.day, (int)(second / CS_HOUR), (int)(second % CS_HOUR / CS_MINUTE),
		       (int)(second % CS_MINUTE));
	page_raw(page, text);
}

void
page_say(struct page *page, enum con_text text)
{
	page_text(page, con_text(page->language, text));
}

void
page_word(struct page *page, const char *group, const char *word)
{
	page_text(page, con_word(page->language, group, word));
}
