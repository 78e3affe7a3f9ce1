/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/renew_copy.h"

#include "assistant/core/errors.h"

gboolean
renew_copy_keep(const char *number, GBytes *certificate, GError **error)
{
	g_autofree char *folder =
		g_build_filename(g_get_user_data_dir(), "openukey", "old-certificates", NULL);
	g_autofree char *name = g_strconcat(number, ".cer", NULL);
	g_autofree char *path = g_build_filename(folder, name, NULL);

	if (certificate == NULL || g_file_test(path, G_FILE_TEST_EXISTS))
		return TRUE;
	return (g_mkdir_with_parents(folder, 0700) == 0 &&
		g_file_set_contents_full(path, g_bytes_get_data(certificate, NULL),
					 (gssize)g_bytes_get_size(certificate),
					 G_FILE_SET_CONTENTS_CONSISTENT |
						 G_FILE_SET_CONTENTS_DURABLE,
					 0600, NULL)) ||
	       ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s)", path);
}
