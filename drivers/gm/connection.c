/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What concerns the connection to the key and not what is in it. */
#include "drivers/family.h"
#include "drivers/gm/ops.h"

#include <stdlib.h>

enum uk_status
gm_beside(struct token *base, struct token **ret)
{
	struct gm_token *token = gm_token_of(base);
	struct gm_token *beside = calloc(1, sizeof(*beside));

	if (beside == NULL)
		return UK_E_MEMORY;
	beside->base.ops = base->ops;
	beside->base.model = base->model;
	beside->base.family = &gm_family;
	beside->card = pcsc_card_share(token->card);
	beside->resets = pcsc_card_resets(token->card);
	gm_epoch_begin(beside);
	*ret = &beside->base;
	return UK_OK;
}

enum uk_status
gm_hold(struct token *base)
{
	struct gm_token *token = gm_token_of(base);
	enum uk_status st = UK_E_RESET;

	if (token->removed)
		return UK_E_REMOVED;
	/* Who waited for another program may find that it has reset the key. */
	for (int i = 0; i < 2 && st == UK_E_RESET; i++)
		st = pcsc_card_hold(token->card);
	if (st == UK_E_REMOVED)
		token->removed = true;
	return st;
}

void
gm_let_go(struct token *base)
{
	pcsc_card_let_go(gm_token_of(base)->card);
}

/* ---- a command as it is ---- */

#define HEADER_LEN 4

struct raw_args {
	struct uk_span command;
	struct uk_writer *out;
};

static enum uk_status
run_raw(struct gm_token *token, void *data)
{
	const struct raw_args *args = data;
	size_t len;
	enum uk_status st;

	token->sent++;
	st = pcsc_card_transmit(token->card, args->command, token->reply, sizeof(token->reply),
				&len);
	if (st == UK_E_RESET)
		token->sent--;
	if (st != UK_OK)
		return st;
	if (len > args->out->cap - args->out->len)
		st = UK_E_DATA_LEN;
	else
		uk_put(args->out, uk_span_of(token->reply, len));
	uk_wipe(token->reply, len);
	return st;
}

enum uk_status
gm_raw(struct token *base, struct uk_span command, bool any, struct uk_writer *out)
{
	struct raw_args args = {command, out};

	if (command.len < HEADER_LEN || command.len > UK_APDU_MAX)
		return UK_E_DATA_LEN;
	if (!any && (command.ptr[0] != GM_CLA_PLAIN || !gm_cmd_harmless(command.ptr[1])))
		return UK_E_POLICY;
	return gm_op_run(gm_token_of(base), (enum gm_ins)command.ptr[1], GM_OP_ONCE, run_raw,
			 &args);
}
