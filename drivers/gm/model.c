/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/gm/model.h"

#include <string.h>

static const struct token_model models[] = {
#include "gm-models.inc"
};

bool
gm_atr_historical(struct uk_span atr, struct uk_span *ret)
{
	uint8_t first;
	uint8_t format;
	uint8_t more; /* which interface bytes follow: bits 4 to 7 of T0 and of each TD */
	struct uk_span skipped;

	if (!uk_take_u8(&atr, &first) || !uk_take_u8(&atr, &format))
		return false;
	more = format >> 4;
	while (more != 0) {
		for (uint8_t bit = 0; bit < 3; bit++)
			if ((more & 1 << bit) != 0 && !uk_take(&atr, 1, &skipped))
				return false;
		if ((more & 8) == 0)
			break;
		if (!uk_take_u8(&atr, &more))
			return false;
		more >>= 4;
	}
	return (format & 0x0f) != 0 && uk_take(&atr, format & 0x0f, ret);
}

static bool
model_matches(const struct token_model *model, struct uk_span historical, const char *reader)
{
	switch (model->match) {
	case GM_MATCH_ATR:
		return uk_span_equal(historical, uk_span_of(model->match_text, model->match_len));
	case GM_MATCH_READER:
		return strncmp(reader, model->match_text, model->match_len) == 0;
	case GM_MATCH_NEVER:
		break;
	}
	return false;
}

const struct token_model *
gm_model_find(struct uk_span atr, const char *reader)
{
	struct uk_span historical = {0};

	if (!gm_atr_historical(atr, &historical))
		historical = (struct uk_span){0};
	for (size_t i = 0; i < ARRAY_SIZE(models); i++)
		if (model_matches(&models[i], historical, reader))
			return &models[i];
	return NULL;
}

const struct token_model *
gm_models(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(models);
	return models;
}
