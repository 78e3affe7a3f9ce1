/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of the pages in both languages. */
#include "service/console/page.h"

#include <string.h>

static const struct {
	const char *in[2];
} texts[CON_TEXT_COUNT] = {
#define TEXT(name, chinese, english) [CON_T_##name] = {{chinese, english}},
#include "service/console/texts.def"
#undef TEXT
};

static const struct {
	const char *name, *in[2];
} words[] = {
#define WORD(name, chinese, english) {name, {chinese, english}},
#include "service/console/words.def"
#undef WORD
};

const char *
con_text(enum con_language language, enum con_text text)
{
	return texts[text].in[language];
}

const char *
con_word(enum con_language language, const char *group, const char *word)
{
	size_t len = strlen(group);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strncmp(words[i].name, group, len) == 0 && words[i].name[len] == ':' &&
		    strcmp(words[i].name + len + 1, word) == 0)
			return words[i].in[language];
	return word;
}

enum con_language
con_language_of(const char *accept)
{
	const char *english = strstr(accept, "en"), *chinese = strstr(accept, "zh");

	return english != NULL && (chinese == NULL || english < chinese) ? CON_EN : CON_ZH;
}
