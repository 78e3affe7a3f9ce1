/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes back to the caller, and names that come from it. */
#include "skf/gate.h"

#include <stdlib.h>
#include <string.h>

#define LIST_STEP 256
/* More than any key has names for; what comes from a key ends here. */
#define LIST_MAX 65536

ULONG
answer_put(struct uk_span value, void *out, ULONG *len)
{
	ULONG room = *len;

	*len = (ULONG)value.len;
	if (out == NULL)
		return SAR_OK;
	if (room < value.len)
		return SAR_BUFFER_TOO_SMALL;
	if (value.len > 0)
		memcpy(out, value.ptr, value.len);
	return SAR_OK;
}

ULONG
name_read(const char *text, size_t max, struct uk_span *ret)
{
	size_t len;

	if (text == NULL)
		return SAR_INVALIDPARAMERR;
	len = strnlen(text, max + 1);
	if (len == 0 || len > max)
		return SAR_NAMELENERR;
	*ret = uk_span_of(text, len);
	return SAR_OK;
}

/* Room for `more` bytes and the NUL that ends the list. */
static bool
list_grow(struct name_list *list, size_t more)
{
	size_t wanted = list->len + more + 1;
	char *text;

	if (wanted <= list->cap)
		return true;
	if (wanted > LIST_MAX)
		return false;
	text = realloc(list->text, wanted + LIST_STEP);
	if (text == NULL)
		return false;
	list->text = text;
	list->cap = wanted + LIST_STEP;
	return true;
}

void
name_list_add(void *data, struct uk_span name)
{
	struct name_list *list = data;

	/* An empty name would end the list for the reader. */
	if (name.len == 0 || list->failed)
		return;
	if (!list_grow(list, name.len + 1)) {
		list->failed = true;
		return;
	}
	memcpy(list->text + list->len, name.ptr, name.len);
	list->text[list->len + name.len] = '\0';
	list->len += name.len + 1;
}

ULONG
name_list_answer(struct name_list *list, LPSTR out, ULONG *size)
{
	if (list->failed || !list_grow(list, 1))
		return SAR_MEMORYERR;
	list->text[list->len] = '\0';
	if (list->len == 0) {
		/* Of no names, too, a list ends with two NULs for those who look for them. */
		list->text[1] = '\0';
		return answer_put(uk_span_of(list->text, 2), out, size);
	}
	return answer_put(uk_span_of(list->text, list->len + 1), out, size);
}

void
name_list_free(struct name_list *list)
{
	free(list->text);
	list->text = NULL;
}
