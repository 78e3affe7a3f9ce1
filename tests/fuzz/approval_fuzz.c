/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A paper that an operator is asked to sign, as a service or whoever stands in its place sends it.
 */
#include "assistant/core/approval.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

/* What is signed is what a screen can show, and nothing of it is shown as anything else. */
static void
look_at(const OukApprovalItem *item)
{
	must(item->title != NULL && g_utf8_validate(item->title, -1, NULL));
	must(strlen(item->body) <= 4096 && g_utf8_validate(item->body, -1, NULL));
	must(g_str_has_suffix(item->body, "\n"));
	for (guint i = 0; i < item->words->len; i++) {
		const OukApprovalLine *line = g_ptr_array_index(item->words, i);

		must(g_utf8_validate(line->value, -1, NULL));
		must(strpbrk(line->value, "\n\r\033") == NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	g_autoptr(GBytes) input = g_bytes_new_static(bytes, size);
	g_autoptr(GError) error = NULL;
	g_autoptr(OukApproval) approval = ouk_approval_read(input, &error);

	must((approval != NULL) == (error == NULL));
	for (guint i = 0; approval != NULL && i < approval->items->len; i++)
		look_at(g_ptr_array_index(approval->items, i));
	return 0;
}
