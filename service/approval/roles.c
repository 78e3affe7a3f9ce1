/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of roles and of what each of them may sign. */
#include "service/approval/approval.h"

#include <stdio.h>
#include <string.h>

#define ACT_TEXT 64

static const struct {
	const char *word, *chinese;
} roles[CS_ROLE_COUNT] = {
#define OPERATOR_ROLE(name, word, chinese) [CS_ROLE_##name] = {word, chinese},
#include "service/approval/roles.def"
#undef OPERATOR_ROLE
};

static const struct {
	const char *word;
	struct cs_act act;
} acts[] = {
#define R(name)                           CS_ROLE_BIT(CS_ROLE_##name)
#define OPERATOR_ACT(word, roles, people) {word, {roles, people}},
#include "service/approval/acts.def"
#undef OPERATOR_ACT
#undef R
};

const char *
cs_role_word(enum cs_role role)
{
	return roles[role].word;
}

const char *
cs_role_chinese(enum cs_role role)
{
	return roles[role].chinese;
}

bool
cs_roles_read(const char *words, unsigned int *ret)
{
	unsigned int found = 0;

	while (*words != '\0') {
		size_t len = strcspn(words, ","), at = 0;

		while (at < CS_ROLE_COUNT &&
		       (strlen(roles[at].word) != len || memcmp(roles[at].word, words, len) != 0))
			at++;
		if (at == CS_ROLE_COUNT || (found & 1U << at) != 0)
			return false;
		found |= 1U << at;
		words += len;
		if (*words == ',' && words[1] == '\0')
			return false;
		words += *words == ',' ? 1 : 0;
	}
	*ret = found;
	return found != 0;
}

void
cs_roles_text(unsigned int bits, char ret[CS_ROLES_TEXT])
{
	size_t len = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < CS_ROLE_COUNT; i++)
		if ((bits & 1U << i) != 0)
			len += (size_t)snprintf(ret + len, CS_ROLES_TEXT - len, "%s%s",
						len > 0 ? "," : "", roles[i].word);
}

/* The first word; "order" is followed by the value of its line "act=". */
static void
act_word(const char *text, char ret[ACT_TEXT])
{
	size_t len = strcspn(text, " \n");
	const char *act = strstr(text, "\nact=");

	(void)snprintf(ret, ACT_TEXT, "%.*s", (int)(len < ACT_TEXT ? len : 0), text);
	if (strcmp(ret, "order") == 0 && act != NULL)
		(void)snprintf(ret, ACT_TEXT, "order %.*s", (int)strcspn(act + 5, "\n"), act + 5);
}

struct cs_act
cs_act_of(struct uk_span body)
{
	/* What is not in the table yet: whoever asks for it knows how many, but it is no clerk's.
	 */
	struct cs_act act = {CS_ROLE_BIT(CS_ROLE_REVIEWER) | CS_ROLE_BIT(CS_ROLE_OFFICER), 1};
	char text[1024], word[ACT_TEXT];

	(void)snprintf(text, sizeof(text), "%.*s",
		       (int)(body.len < sizeof(text) ? body.len : sizeof(text) - 1),
		       (const char *)body.ptr);
	act_word(text, word);
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++)
		if (strcmp(acts[i].word, word) == 0)
			act = acts[i].act;
	return act;
}
