/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking openukey-repair(8), through polkit where we are not root ourselves. */
#include "assistant/core/doctor/repair.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

/* pkexec(1): the person closed the window, or is not allowed. */
#define PKEXEC_DISMISSED 126
#define PKEXEC_REFUSED   127
/* openukey-repair(8) */
#define REPAIR_CHANGED 3

/* pkexec is only ever asked for the one that is installed; a variable may name another for root. */
static const char *
program(gboolean through_polkit)
{
	const char *path = through_polkit ? NULL : g_getenv("OPENUKEY_REPAIR");

	return path != NULL ? path : OPENUKEY_REPAIR_PATH;
}

static GSubprocess *
start(GPtrArray *words, GError **error)
{
	g_autoptr(GError) reason = NULL;
	GSubprocess *process;

	g_ptr_array_add(words, NULL);
	process = g_subprocess_newv((const char *const *)words->pdata,
				    G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE,
				    &reason);
	if (process == NULL)
		ouk_fail_with(error, OUK_E_REPAIR_FAILED, "(%s)", reason->message);
	return process;
}

static void
add_words(GPtrArray *all, char **words)
{
	for (char **word = words; *word != NULL; word++)
		g_ptr_array_add(all, *word);
}

static gboolean
fail_status(int status, const char *why, GError **error)
{
	if (status == PKEXEC_DISMISSED)
		return ouk_fail(error, OUK_E_CANCELLED);
	if (status == PKEXEC_REFUSED)
		return ouk_fail(error, OUK_E_POLICY);
	if (status == REPAIR_CHANGED)
		return ouk_fail_with(error, OUK_E_CHANGED_SINCE, "(%s)", why);
	return ouk_fail_with(error, OUK_E_REPAIR_FAILED, "(%s)", why);
}

/* Runs it to its end; what it printed in *ret_out. */
static gboolean
finish(GSubprocess *process, GCancellable *cancellable, char **ret_out, GError **error)
{
	g_autoptr(GError) reason = NULL;
	g_autofree char *out = NULL, *err = NULL;

	if (!g_subprocess_communicate_utf8(process, NULL, cancellable, &out, &err, &reason))
		return ouk_fail_with(error, OUK_E_REPAIR_FAILED, "(%s)", reason->message);
	if (!g_subprocess_get_successful(process))
		return fail_status(g_subprocess_get_if_exited(process)
					   ? g_subprocess_get_exit_status(process)
					   : -1,
				   g_strchomp(err), error);
	*ret_out = g_steal_pointer(&out);
	return TRUE;
}

char *
root_show(char **words, GError **error)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	g_autoptr(GSubprocess) process = NULL;
	char *out = NULL;

	g_ptr_array_add(all, (char *)(uintptr_t)program(FALSE));
	g_ptr_array_add(all, (char *)(uintptr_t) "--show");
	add_words(all, words);
	process = start(all, error);
	return process != NULL && finish(process, NULL, &out, error) ? out : NULL;
}

gboolean
root_run(char **words, GCancellable *cancellable, char **ret_id, GError **error)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	g_autoptr(GSubprocess) process = NULL;
	g_autofree char *out = NULL;
	gboolean through_polkit = geteuid() != 0;

	if (through_polkit)
		g_ptr_array_add(all, (char *)(uintptr_t) "pkexec");
	g_ptr_array_add(all, (char *)(uintptr_t)program(through_polkit));
	add_words(all, words);
	process = start(all, error);
	if (process == NULL || !finish(process, cancellable, &out, error))
		return FALSE;
	*ret_id = g_str_has_prefix(out, "undo ") ? g_strdup(g_strchomp(out + strlen("undo ")))
						 : g_strdup("");
	return TRUE;
}
