/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/marks.h"

OukMarks *
ouk_marks_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static gboolean
is_taken(OukMarks *marks, guint number)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, marks);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (GPOINTER_TO_UINT(value) == number)
			return TRUE;
	return FALSE;
}

guint
ouk_marks_number(OukMarks *marks, OukMemory *memory, const char *key_id)
{
	gpointer known = NULL;
	guint number = 0;

	if (g_hash_table_lookup_extended(marks, key_id, NULL, &known))
		return GPOINTER_TO_UINT(known);
	/* one that was never seen comes after all that were */
	if (memory != NULL)
		number = ouk_memory_key_number(memory, key_id);
	while (is_taken(marks, number))
		number++;
	g_hash_table_insert(marks, g_strdup(key_id), GUINT_TO_POINTER(number));
	return number;
}

/* Each round of colours goes over shapes that the round before did not put them on. */
void
ouk_mark_look(guint number, guint *ret_colour, guint *ret_shape)
{
	*ret_colour = number % OUK_MARKS;
	*ret_shape = (number + number / OUK_MARKS) % OUK_MARKS;
}
