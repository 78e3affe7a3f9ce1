/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/deliver/letter.h"

#include <string.h>

#define TO_MAX    128
#define WORDS_MAX 1024

enum cs_status
cs_letter_send(const json_t *driver, const char *topic, const char *id, struct uk_span text)
{
	CS_JSON *values = cs_json_read(text);
	const char *to = cs_json_text(values, "to", TO_MAX);
	const char *words = cs_json_text(values, "text", WORDS_MAX);

	if (to == NULL || words == NULL)
		return CS_E_CORRUPT;
	if (strcmp(topic, "email") == 0)
		return cs_driver_mail(driver, id, to, words);
	return cs_driver_ask(driver, values, id, NULL);
}
