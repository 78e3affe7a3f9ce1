/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/prompt_wire.h"

#include "assistant/core/text.h"

#include <string.h>

#define FIRST_LINE "openukey-prompt=1"
#define BREAK      '\x1f'

enum kind { KIND_TEXT, KIND_NUMBER, KIND_SWITCH, KIND_WORD };

/* One line of a message. */
struct field {
	const char *name;
	enum kind kind;
	gsize offset;
	const char *const *words; /* KIND_WORD: NULL-terminated, by number */
};

static const char *const reason_words[] = {"login", "change",   "unblock", "test",
					   "sign",  "question", NULL};
static const char *const user_words[] = {"user", "admin", NULL};
static const char *const site_words[] = {"plain", "known", "listed", "unlisted", "alike", NULL};
static const char *const outcome_words[] = {"right", "wrong", "refused", "locked", "failed", NULL};

#define REQUEST(name, kind, member)                                         \
	{                                                                   \
		name, kind, G_STRUCT_OFFSET(OukPromptRequest, member), NULL \
	}
static const struct field request_fields[] = {
	{"reason", KIND_WORD, G_STRUCT_OFFSET(OukPromptRequest, reason), reason_words},
	{"user", KIND_WORD, G_STRUCT_OFFSET(OukPromptRequest, admin), user_words},
	REQUEST("program", KIND_TEXT, program),
	REQUEST("asker", KIND_TEXT, asker),
	REQUEST("site", KIND_TEXT, site),
	{"site-state", KIND_WORD, G_STRUCT_OFFSET(OukPromptRequest, site_state), site_words},
	REQUEST("site-name", KIND_TEXT, site_name),
	REQUEST("purpose", KIND_TEXT, purpose),
	REQUEST("token", KIND_TEXT, token),
	REQUEST("nickname", KIND_TEXT, nickname),
	REQUEST("serial", KIND_TEXT, serial),
	REQUEST("unit", KIND_TEXT, unit),
	REQUEST("left", KIND_NUMBER, left),
	REQUEST("max", KIND_NUMBER, max),
	REQUEST("min-length", KIND_NUMBER, min_length),
	REQUEST("max-length", KIND_NUMBER, max_length),
	REQUEST("first-pin", KIND_SWITCH, first_pin),
	REQUEST("first-hint", KIND_TEXT, first_hint),
	REQUEST("rule", KIND_TEXT, rule),
	REQUEST("route", KIND_TEXT, route),
	REQUEST("hotline", KIND_TEXT, hotline),
	REQUEST("parent", KIND_TEXT, parent),
	REQUEST("rehearsal", KIND_SWITCH, rehearsal),
	REQUEST("notice", KIND_TEXT, notice),
	REQUEST("heading", KIND_TEXT, heading),
	REQUEST("text", KIND_TEXT, text),
	REQUEST("yes", KIND_TEXT, yes),
	REQUEST("no", KIND_TEXT, no),
	REQUEST("never", KIND_TEXT, never),
	REQUEST("choices", KIND_TEXT, choices),
};

#define RESULT(name, kind, member)                                         \
	{                                                                  \
		name, kind, G_STRUCT_OFFSET(OukPromptResult, member), NULL \
	}
static const struct field result_fields[] = {
	{"outcome", KIND_WORD, G_STRUCT_OFFSET(OukPromptResult, outcome), outcome_words},
	RESULT("left", KIND_NUMBER, left),
	RESULT("max", KIND_NUMBER, max),
	RESULT("text", KIND_TEXT, text),
};

static char **
text_at(const struct field *field, void *data)
{
	return (char **)((char *)data + field->offset);
}

static int *
number_at(const struct field *field, void *data)
{
	return (int *)((char *)data + field->offset);
}

/* ---- writing ---- */

static void
text_put(GString *out, const char *name, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	g_string_append_printf(out, "%s=", name);
	for (; *value != '\0'; value++)
		g_string_append_c(out, *value == '\n' ? BREAK : *value);
	g_string_append_c(out, '\n');
}

static void
field_put(GString *out, const struct field *field, const void *data)
{
	const int number = *(const int *)((const char *)data + field->offset);

	if (field->kind == KIND_TEXT)
		text_put(out, field->name, *(char *const *)((const char *)data + field->offset));
	else if (field->kind == KIND_WORD)
		text_put(out, field->name, field->words[number]);
	else if (field->kind == KIND_SWITCH ? number != 0 : number >= 0)
		g_string_append_printf(out, "%s=%d\n", field->name, number);
}

static GBytes *
message_write(const struct field *fields, gsize count, const void *data)
{
	GString *out = g_string_new(FIRST_LINE "\n");

	for (gsize i = 0; i < count; i++)
		field_put(out, &fields[i], data);
	if (out->len > OUK_PROMPT_MESSAGE_MAX) {
		g_string_free(out, TRUE);
		return NULL;
	}
	return g_string_free_to_bytes(out);
}

/* ---- reading ---- */

static gboolean
word_take(const struct field *field, const char *value, void *data)
{
	for (int i = 0; field->words[i] != NULL; i++)
		if (strcmp(field->words[i], value) == 0) {
			*number_at(field, data) = i;
			return TRUE;
		}
	return FALSE;
}

static gboolean
number_take(const struct field *field, const char *value, void *data)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(value, 10, 0, 4096, &number, NULL))
		return FALSE;
	*number_at(field, data) = (int)number;
	return TRUE;
}

static void
text_take(const struct field *field, const char *value, void *data)
{
	g_auto(GStrv) lines = g_strsplit(value, "\x1f", -1);
	char **text = text_at(field, data);

	for (gsize i = 0; lines[i] != NULL; i++) {
		char *safe = ouk_text_of(lines[i], strlen(lines[i]));

		g_free(lines[i]);
		lines[i] = safe;
	}
	g_free(*text);
	*text = *value != '\0' ? g_strjoinv("\n", lines) : NULL;
}

static gboolean
field_take(const struct field *field, const char *value, void *data)
{
	switch (field->kind) {
	case KIND_TEXT:
		text_take(field, value, data);
		return TRUE;
	case KIND_WORD:
		return word_take(field, value, data);
	case KIND_NUMBER:
	case KIND_SWITCH:
		return number_take(field, value, data);
	default:
		return FALSE;
	}
}

static const struct field *
field_find(const struct field *fields, gsize count, const char *name)
{
	for (gsize i = 0; i < count; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

/* The first field must be there: it tells the kinds of message apart. */
static gboolean
message_read(const char *message, gsize len, const struct field *fields, gsize count, void *data)
{
	g_autofree char *copy = g_strndup(message, MIN(len, OUK_PROMPT_MESSAGE_MAX));
	g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
	gboolean first = FALSE;

	if (len > OUK_PROMPT_MESSAGE_MAX || strlen(copy) != len || lines[0] == NULL ||
	    strcmp(lines[0], FIRST_LINE) != 0)
		return FALSE;
	for (gsize i = 1; lines[i] != NULL; i++) {
		char *value = strchr(lines[i], '=');
		const struct field *field;

		if (value == NULL)
			continue;
		*value++ = '\0';
		field = field_find(fields, count, lines[i]);
		if (field == NULL)
			continue;
		if (!field_take(field, value, data))
			return FALSE;
		first = first || field == &fields[0];
	}
	return first;
}

/* ---- requests and results ---- */

void
ouk_prompt_request_init(OukPromptRequest *request)
{
	*request = (OukPromptRequest){.left = OUK_PROMPT_UNKNOWN, .max = OUK_PROMPT_UNKNOWN};
}

void
ouk_prompt_request_clear(OukPromptRequest *request)
{
	for (gsize i = 0; i < G_N_ELEMENTS(request_fields); i++)
		if (request_fields[i].kind == KIND_TEXT)
			g_free(*text_at(&request_fields[i], request));
	ouk_prompt_request_init(request);
}

void
ouk_prompt_request_copy(OukPromptRequest *to, const OukPromptRequest *from)
{
	*to = *from;
	for (gsize i = 0; i < G_N_ELEMENTS(request_fields); i++)
		if (request_fields[i].kind == KIND_TEXT) {
			char **text = text_at(&request_fields[i], to);

			*text = g_strdup(*text);
		}
}

void
ouk_prompt_result_clear(OukPromptResult *result)
{
	g_free(result->text);
	*result = (OukPromptResult){0};
}

GBytes *
ouk_prompt_request_write(const OukPromptRequest *request)
{
	return message_write(request_fields, G_N_ELEMENTS(request_fields), request);
}

GBytes *
ouk_prompt_result_write(const OukPromptResult *result)
{
	return message_write(result_fields, G_N_ELEMENTS(result_fields), result);
}

gboolean
ouk_prompt_request_read(const char *message, gsize len, OukPromptRequest *ret)
{
	OukPromptRequest read;

	ouk_prompt_request_init(&read);
	if (!message_read(message, len, request_fields, G_N_ELEMENTS(request_fields), &read)) {
		ouk_prompt_request_clear(&read);
		return FALSE;
	}
	*ret = read;
	return TRUE;
}

gboolean
ouk_prompt_result_read(const char *message, gsize len, OukPromptResult *ret)
{
	OukPromptResult read = {.left = OUK_PROMPT_UNKNOWN, .max = OUK_PROMPT_UNKNOWN};

	if (!message_read(message, len, result_fields, G_N_ELEMENTS(result_fields), &read)) {
		ouk_prompt_result_clear(&read);
		return FALSE;
	}
	*ret = read;
	return TRUE;
}

/* ---- answers ---- */

guint
ouk_prompt_pins(int reason)
{
	if (reason == OUK_PROMPT_QUESTION)
		return 0;
	return reason == OUK_PROMPT_CHANGE ? 2 : 1;
}

gsize
ouk_prompt_answer_write(const struct uk_secret *pins, guint count, guint8 *out)
{
	gsize at = 0;

	out[at++] = 0;
	for (guint i = 0; i < count; i++) {
		out[at++] = (guint8)pins[i].len;
		memcpy(out + at, pins[i].bytes, pins[i].len);
		at += pins[i].len;
	}
	return at;
}

gboolean
ouk_prompt_answer_read(struct uk_span in, guint count, gboolean *ret_done,
		       struct uk_secret *ret_pins)
{
	guint8 outcome, len;

	if (!uk_take_u8(&in, &outcome))
		return FALSE;
	if (outcome != 0) {
		*ret_done = FALSE;
		return TRUE;
	}
	for (guint i = 0; i < count; i++) {
		struct uk_span pin;

		if (!uk_take_u8(&in, &len) || !uk_take(&in, len, &pin) ||
		    uk_secret_set(&ret_pins[i], pin) != UK_OK)
			return FALSE;
	}
	*ret_done = TRUE;
	return in.len == 0;
}

gboolean
ouk_prompt_decision_read(struct uk_span in, guint choices, OukPromptDecision *ret,
			 guint *ret_choice)
{
	guint8 decision, choice = 0;

	if (!uk_take_u8(&in, &decision) || decision > OUK_PROMPT_NEVER)
		return FALSE;
	if (decision == OUK_PROMPT_YES && !uk_take_u8(&in, &choice))
		return FALSE;
	if (in.len != 0 || choice >= MAX(choices, 1))
		return FALSE;
	*ret = (OukPromptDecision)decision;
	*ret_choice = choice;
	return TRUE;
}
