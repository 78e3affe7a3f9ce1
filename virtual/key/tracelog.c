/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/tracelog.h"

#include "common/gm.h"

#include <string.h>

#define GET_RESPONSE_MAX 7 /* CLA INS P1 P2, and Le in the longer form */

enum log_policy { LOG_DATA, LOG_HEADER, LOG_SECRET };

#define COMMAND(name, ins, access, log) {#name, (ins), (log)},
static const struct {
	const char *name;
	uint8_t ins;
	enum log_policy policy;
} rows[] = {
#include "common/commands.def"
};
#undef COMMAND

bool
vk_tracelog_open(struct vk_tracelog *log, const char *path)
{
	if (path == NULL)
		return true;
	log->file = fopen(path, "ae");
	return log->file != NULL;
}

void
vk_tracelog_close(struct vk_tracelog *log)
{
	if (log->file != NULL)
		(void)fclose(log->file);
	log->file = NULL;
}

void
vk_tracelog_event(struct vk_tracelog *log, const char *text)
{
	if (log->file == NULL)
		return;
	(void)fprintf(log->file, "# %s\n", text);
	(void)fflush(log->file);
}

static void
print_hex(FILE *file, const char *title, struct uk_span bytes)
{
	(void)fprintf(file, " %s=", title);
	for (size_t i = 0; i < bytes.len; i++)
		(void)fprintf(file, "%02x", bytes.ptr[i]);
}

/* The name for the log, and whether data may be shown. */
static const char *
find_policy(uint8_t cla, uint8_t ins, bool has_data, bool *ret_show)
{
	*ret_show = false;
	if (ins == ISO_INS_GET_RESPONSE && !has_data) /* with data it is MacUpdate */
		return "GET_RESPONSE";
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].ins != ins)
			continue;
		/* a part of a chain shows nothing: it may be anything's */
		*ret_show = rows[i].policy == LOG_DATA && cla == GM_CLA_PLAIN;
		return rows[i].name;
	}
	return "?";
}

void
vk_tracelog_command(struct vk_tracelog *log, struct uk_span command, struct uk_span answer,
		    bool answered, uint64_t writes)
{
	bool show;
	const char *name;

	if (log->file == NULL || command.len < 4)
		return;
	name = find_policy(command.ptr[0], command.ptr[1], command.len > GET_RESPONSE_MAX, &show);
	(void)fprintf(log->file, "%u %s %02x%02x%02x%02x len=%zu", ++log->number, name,
		      command.ptr[0], command.ptr[1], command.ptr[2], command.ptr[3], command.len);
	if (show && command.len > 4)
		print_hex(log->file, "rest", uk_span_of(command.ptr + 4, command.len - 4));
	if (!answered)
		(void)fputs(" -> (pulled)", log->file);
	else if (answer.len < 2)
		(void)fprintf(log->file, " -> (%zu bytes)", answer.len);
	else
		(void)fprintf(log->file, " -> %02x%02x len=%zu", answer.ptr[answer.len - 2],
			      answer.ptr[answer.len - 1], answer.len - 2);
	if (show && answer.len > 2)
		print_hex(log->file, "data", uk_span_of(answer.ptr, answer.len - 2));
	if (writes > 0)
		(void)fprintf(log->file, " writes=%llu", (unsigned long long)writes);
	(void)fputc('\n', log->file);
	(void)fflush(log->file);
}
