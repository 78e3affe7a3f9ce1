/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The control language: one line in, one line out.  The manual page has the grammar. */
#include "virtual/key/card.h"
#include "virtual/key/session_keys.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_LEN 512
#define WORDS_MAX    8

struct request {
	struct vk_card *card;
	char *const *words; /* after the command's own */
	size_t count;
	struct uk_writer *answer;
};

static void put_text(struct uk_writer *out, const char *format, ...) UK_PRINTF(2, 3);

static void
put_text(struct uk_writer *out, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	uk_put(out, uk_span_str(text));
}

static void
put_json_name(struct uk_writer *out, const struct vk_name *name)
{
	uk_put_u8(out, '"');
	for (size_t i = 0; i < name->len; i++) {
		uint8_t byte = name->bytes[i];

		if (byte < 0x20 || byte == '"' || byte == '\\')
			put_text(out, "\\u%04x", byte);
		else
			uk_put_u8(out, byte);
	}
	uk_put_u8(out, '"');
}

static void
put_json_pin(struct uk_writer *out, const char *title, const struct vk_pin *pin)
{
	put_text(out, ",\"%s\":{\"max\":%u,\"left\":%u,\"default\":%s}", title, pin->max, pin->left,
		 pin->is_default ? "true" : "false");
}

static void
put_json_counts(struct uk_writer *out, const struct vk_counts *counts)
{
	const char *comma = "";

	put_text(out, "\"commands\":%llu,\"bytes_in\":%llu,\"bytes_out\":%llu,\"by_ins\":{",
		 (unsigned long long)counts->commands, (unsigned long long)counts->bytes_in,
		 (unsigned long long)counts->bytes_out);
	for (unsigned int i = 0; i < ARRAY_SIZE(counts->by_ins); i++) {
		if (counts->by_ins[i] == 0)
			continue;
		put_text(out, "%s\"%02x\":%llu", comma, i, (unsigned long long)counts->by_ins[i]);
		comma = ",";
	}
	put_text(out, "},\"due_us\":%llu", (unsigned long long)counts->due_us);
}

static bool
do_status(const struct request *request)
{
	const struct vk_card *card = request->card;
	struct uk_writer *out = request->answer;
	const char *comma = "";

	put_text(out, "{\"plugged\":%s,\"model\":\"%s\",\"serial\":",
		 vk_card_plugged(card) ? "true" : "false", card->model->name);
	put_json_name(out, &card->state.serial);
	put_text(out, ",\"writes\":%llu,\"space\":%u,\"used\":%u,\"session_keys\":%zu,",
		 (unsigned long long)card->store.writes, card->state.space,
		 vk_state_used(&card->state), vk_session_keys_count(&card->session));
	put_json_counts(out, &card->since_start);
	put_text(out, ",\"device_tries\":%u,\"applications\":[", card->state.device_tries);
	for (size_t i = 0; i < VK_APPS_MAX; i++) {
		const struct vk_app *app = &card->state.apps[i];

		if (!app->used)
			continue;
		put_text(out, "%s{\"name\":", comma);
		put_json_name(out, &app->name);
		put_json_pin(out, "user", &app->pins[GM_PIN_USER]);
		put_json_pin(out, "admin", &app->pins[GM_PIN_ADMIN]);
		put_text(out, ",\"logged_in\":%d",
			 card->session.apps[i].rights[GM_PIN_USER] ? 1 : 0);
		uk_put_u8(out, '}');
		comma = ",";
	}
	put_text(out, "]}");
	return true;
}

static bool
refuse(const struct request *request, const char *why)
{
	put_text(request->answer, "error: %s", why);
	return false;
}

static bool
accept_request(const struct request *request)
{
	put_text(request->answer, "ok");
	return true;
}

static bool
do_count(const struct request *request)
{
	uk_put_u8(request->answer, '{');
	put_json_counts(request->answer, &request->card->since_reset);
	uk_put_u8(request->answer, '}');
	if (request->count == 1 && strcmp(request->words[0], "reset") == 0)
		memset(&request->card->since_reset, 0, sizeof(request->card->since_reset));
	return true;
}

static bool
do_pull(const struct request *request)
{
	vk_card_pull(request->card);
	return accept_request(request);
}

static bool
do_plug(const struct request *request)
{
	return vk_card_plug(request->card) ? accept_request(request)
					   : refuse(request, "the state file is damaged");
}

static bool
do_log(const struct request *request)
{
	struct vk_tracelog *log = &request->card->log;

	if (request->count != 1)
		return refuse(request, "log FILE, or log off");
	vk_tracelog_close(log);
	if (strcmp(request->words[0], "off") != 0 && !vk_tracelog_open(log, request->words[0]))
		return refuse(request, "the log cannot be opened");
	return accept_request(request);
}

static bool
fault_clear(struct vk_card *card, char *const *words, size_t count)
{
	if (count != 0)
		return false;
	vk_faults_clear(&card->faults);
	card->store.cut = VK_CUT_NONE;
	return true;
}

static bool
fault_slow(struct vk_card *card, char *const *words, size_t count)
{
	return count == 1 && vk_number_parse(words[0], 10, 600000, &card->faults.slow_ms);
}

static bool
fault_write(struct vk_card *card, char *const *words, size_t count)
{
	static const char *const names[] = {
		[VK_CUT_BEFORE] = "before", [VK_CUT_INSIDE] = "inside", [VK_CUT_AFTER] = "after"};
	uint32_t at;

	if (count != 2 || !vk_number_parse(words[0], 10, 1000000, &at) || at == 0)
		return false;
	for (size_t i = VK_CUT_BEFORE; i <= VK_CUT_AFTER; i++) {
		if (strcmp(names[i], words[1]) != 0)
			continue;
		card->store.cut_at = at;
		card->store.cut = (enum vk_cut)i;
		return true;
	}
	return false;
}

static bool
fault_at(struct vk_card *card, char *const *words, size_t count)
{
	struct vk_fault when = {0};

	return count >= 1 && vk_number_parse(words[0], 10, 1000000, &when.at) && when.at > 0 &&
	       vk_faults_add(&card->faults, &when, words + 1, count - 1);
}

static bool
fault_ins(struct vk_card *card, char *const *words, size_t count)
{
	struct vk_fault when = {.by_ins = true};
	uint32_t ins;

	if (count < 1 || !vk_number_parse(words[0], 16, 0xff, &ins))
		return false;
	when.ins = (uint8_t)ins;
	return vk_faults_add(&card->faults, &when, words + 1, count - 1);
}

static bool
do_fault(const struct request *request)
{
	static const struct {
		const char *word;
		bool (*run)(struct vk_card *card, char *const *words, size_t count);
	} rows[] = {
		{"at", fault_at},           {"ins", fault_ins},   {"write", fault_write},
		{"power-cut", fault_write}, {"slow", fault_slow}, {"clear", fault_clear},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (request->count > 0 && strcmp(rows[i].word, request->words[0]) == 0)
			return rows[i].run(request->card, request->words + 1, request->count - 1)
				       ? accept_request(request)
				       : refuse(request,
						"this fault is not understood, or too many wait");
	return refuse(request, "a fault is one of: at ins write slow clear");
}

static const struct {
	const char *word;
	bool (*run)(const struct request *request);
} commands[] = {
	{"pull", do_pull},   {"plug", do_plug},   {"status", do_status},
	{"count", do_count}, {"fault", do_fault}, {"log", do_log},
};

bool
vk_card_control(struct vk_card *card, const char *line, struct uk_writer *answer)
{
	char copy[LINE_MAX_LEN], *words[WORDS_MAX], *rest = NULL;
	struct request request = {card, words + 1, 0, answer};
	size_t count = 0;

	if (strlen(line) >= sizeof(copy))
		return refuse(&request, "the line is too long");
	memcpy(copy, line, strlen(line) + 1);
	for (char *word = strtok_r(copy, " \t\r\n", &rest); word != NULL;
	     word = strtok_r(NULL, " \t\r\n", &rest)) {
		if (count == WORDS_MAX)
			return refuse(&request, "too many words");
		words[count++] = word;
	}
	if (count == 0)
		return refuse(&request, "no command");
	request.count = count - 1;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].word, words[0]) == 0)
			return commands[i].run(&request);
	return refuse(&request, "commands are: pull plug status count fault log quit");
}
