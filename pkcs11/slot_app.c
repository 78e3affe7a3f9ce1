/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/slot_app.h"

#include <string.h>

static void
name_add(void *data, struct uk_span name)
{
	struct application_names *list = data;
	char *out = list->names[list->count];

	/* The list comes from the key: what is too long or too many is left out. */
	if (list->count == APPLICATIONS_MAX - 1 || name.len == 0 || name.len >= TOKEN_NAME_MAX)
		return;
	memcpy(out, name.ptr, name.len);
	out[name.len] = '\0';
	list->count++;
}

/* The application that the reader's own slot shows. */
static void
name_remove(struct application_names *list, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->names[i], name) != 0)
			memmove(list->names[kept++], list->names[i], TOKEN_NAME_MAX);
	list->count = kept;
}

static void
applications_ask(struct slot *slot)
{
	struct application_names list = {0};
	struct token_pin_info pin;
	enum uk_status st;

	if (slot->applications_known || slot_connect(slot) != CKR_OK)
		return;
	/* Opens the slot's own one, so that its name is known; a blank key has none. */
	SLOT_AGAIN(st, slot->token->ops->pin_info(slot->token, TOKEN_USER, &pin));
	if (st != UK_E_REMOVED)
		SLOT_AGAIN(st, (list.count = 0,
				slot->token->ops->applications(slot->token, name_add, &list)));
	if (slot_rv(slot, st) != CKR_OK)
		return;
	name_remove(&list, token_application(slot->token));
	slot_applications_note(slot, &list);
	slot->applications_known = true;
}

void
slots_ask_applications(void)
{
	CK_ULONG count = slots_count();

	for (CK_SLOT_ID id = 0; id < count; id++) {
		struct slot *slot = slot_find(id);
		struct token_reader seen;

		slot_seen(slot, &seen);
		if (slot->application[0] != '\0' || !seen.present || !seen.ours)
			continue;
		slot_lock(slot);
		applications_ask(slot);
		slot_unlock(slot);
	}
}
