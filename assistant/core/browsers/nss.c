/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/browsers/nss.h"

#include "assistant/core/browsers/policy.h"
#include "assistant/core/cert.h"
#include "assistant/core/errors.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#define LIST     "pkcs11.txt"
#define CERTS    "cert9.db"
#define KEYS     "key4.db"
#define SQL      "sql:"
#define PATIENCE "60" /* seconds for one of NSS's tools */

static const char *const parts[] = {LIST, CERTS, KEYS};

gboolean
nss_is_there(const char *folder)
{
	g_autofree char *list = g_build_filename(folder, LIST, NULL);
	g_autofree char *certs = g_build_filename(folder, CERTS, NULL);

	return g_file_test(list, G_FILE_TEST_EXISTS) || g_file_test(certs, G_FILE_TEST_EXISTS);
}

/* ---- the list of modules: stanzas of NAME=VALUE, an empty line between two ---- */

static gboolean
stanza_names(const char *stanza, const char *key, const char *value)
{
	g_autofree char *line = g_strdup_printf("%s=%s", key, value);
	g_auto(GStrv) lines = g_strsplit(stanza, "\n", -1);

	return g_strv_contains((const char *const *)lines, line);
}

static gboolean
list_has(const char *text, const char *base)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		g_autofree char *name = NULL;

		if (!g_str_has_prefix(*line, "library=") || (*line)[strlen("library=")] == '\0')
			continue;
		name = g_path_get_basename(*line + strlen("library="));
		if (strcmp(name, base) == 0 || g_str_has_prefix(name, "p11-kit-proxy"))
			return TRUE;
	}
	return FALSE;
}

gboolean
nss_has_module(const char *folder, const char *module)
{
	g_autofree char *path = g_build_filename(folder, LIST, NULL);
	g_autofree char *base = g_path_get_basename(module);
	g_autofree char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) && list_has(text, base);
}

GBytes *
nss_without_module(GBytes *now)
{
	gsize len;
	const char *data = g_bytes_get_data(now, &len);
	g_autofree char *text = g_strndup(data != NULL ? data : "", len);
	g_auto(GStrv) stanzas = g_strsplit(text, "\n\n", -1);
	g_autoptr(GString) rest = g_string_new(NULL);
	gboolean first = TRUE;

	for (char **stanza = stanzas; *stanza != NULL; stanza++) {
		if (stanza_names(*stanza, "name", BROWSER_DEVICE))
			continue;
		g_string_append_printf(rest, "%s%s", first ? "" : "\n\n", *stanza);
		first = FALSE;
	}
	len = rest->len;
	return g_bytes_new_take(g_string_free(g_steal_pointer(&rest), FALSE), len);
}

/* ---- NSS's tools on a copy ---- */

/* *ret_out, which may be NULL: what it printed. */
static gboolean
run_tool(const char *const *words, char **ret_out, GError **error)
{
	g_autofree char *program = g_find_program_in_path(words[0]);
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	g_autoptr(GSubprocess) process = NULL;
	g_autoptr(GError) reason = NULL;
	g_autofree char *out = NULL;

	if (program == NULL)
		return ouk_fail_with(error, OUK_E_BROWSER_TOOLS, "(%s)", words[0]);
	g_ptr_array_add(all, (char *)(guintptr) "timeout");
	g_ptr_array_add(all, (char *)(guintptr)PATIENCE);
	for (gsize i = 0; words[i] != NULL; i++)
		g_ptr_array_add(all, (char *)(guintptr)words[i]);
	g_ptr_array_add(all, NULL);
	process =
		g_subprocess_newv((const char *const *)all->pdata,
				  G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE |
					  G_SUBPROCESS_FLAGS_STDIN_PIPE,
				  &reason);
	if (process == NULL ||
	    !g_subprocess_communicate_utf8(process, NULL, NULL, &out, NULL, &reason))
		return ouk_fail_with(error, OUK_E_BROWSER_TOOLS, "(%s)", reason->message);
	if (g_subprocess_get_successful(process)) {
		if (ret_out != NULL)
			*ret_out = g_steal_pointer(&out);
		return TRUE;
	}
	return ouk_fail_with(error, OUK_E_BROWSER_DATA, "(%s: %s)", words[0],
			     g_strstrip(out != NULL ? out : (char[]){""}));
}

#define RUN(error, ...) run_tool((const char *const[]){__VA_ARGS__, NULL}, NULL, error)

static void
copy_drop(char *copy)
{
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *path = g_build_filename(copy, parts[i], NULL);

		g_unlink(path);
	}
	g_rmdir(copy);
	g_free(copy);
}

/* What NSS writes of its own folder, for the folder that the files go to. */
static GBytes *
with_folder(GBytes *bytes, const char *from, const char *to)
{
	gsize len;
	const char *data = g_bytes_get_data(bytes, &len);
	GString *text = g_string_new_len(data, (gssize)len);

	g_string_replace(text, from, to, 0);
	len = text->len;
	return g_bytes_new_take(g_string_free(text, FALSE), len);
}

static GBytes *
part_read(const char *folder, const char *part)
{
	g_autofree char *path = g_build_filename(folder, part, NULL);
	char *data;
	gsize len;

	return g_file_get_contents(path, &data, &len, NULL) ? g_bytes_new_take(data, len) : NULL;
}

static gboolean
part_write(const char *folder, const char *part, GBytes *bytes, GError **error)
{
	g_autofree char *path = g_build_filename(folder, part, NULL);
	g_autoptr(GError) reason = NULL;
	gsize len;
	const char *data = g_bytes_get_data(bytes, &len);

	if (g_file_set_contents_full(path, data != NULL ? data : "", (gssize)len,
				     G_FILE_SET_CONTENTS_NONE, 0600, &reason))
		return TRUE;
	return ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s)", reason->message);
}

/* A copy of the data base, or a new one where there is none. NULL on failure. */
static char *
copy_make(const char *folder, GError **error)
{
	g_autoptr(GError) reason = NULL;
	char *copy = g_dir_make_tmp("openukey-nss-XXXXXX", &reason);
	g_autofree char *base = copy != NULL ? g_strconcat(SQL, copy, NULL) : NULL;
	gboolean good = TRUE;

	if (copy == NULL) {
		ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s)", reason->message);
		return NULL;
	}
	for (gsize i = 0; good && i < G_N_ELEMENTS(parts); i++) {
		g_autoptr(GBytes) bytes = part_read(folder, parts[i]);

		good = bytes == NULL || part_write(copy, parts[i], bytes, error);
	}
	if (good && !nss_is_there(folder))
		good = RUN(error, "certutil", "-N", "--empty-password", "-d", base);
	if (good)
		return copy;
	copy_drop(copy);
	return NULL;
}

/* Notes every part that came out different. */
static gboolean
copy_compare(OukRepair *repair, const char *folder, const char *copy, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *path = g_build_filename(folder, parts[i], NULL);
		g_autoptr(GBytes) before = part_read(folder, parts[i]);
		g_autoptr(GBytes) copied = part_read(copy, parts[i]);
		g_autoptr(GBytes) after = NULL;

		if (copied == NULL)
			continue;
		after = strcmp(parts[i], LIST) == 0 ? with_folder(copied, copy, folder)
						    : g_bytes_ref(copied);
		if (before != NULL && g_bytes_equal(before, after))
			continue;
		if (!change_add(repair, path, g_steal_pointer(&after), error))
			return FALSE;
	}
	return TRUE;
}

gboolean
nss_plan_module(OukRepair *repair, const char *folder, const char *module, GError **error)
{
	g_autofree char *base = NULL;
	char *copy;
	gboolean good;

	if (nss_has_module(folder, module))
		return TRUE;
	copy = copy_make(folder, error);
	if (copy == NULL)
		return FALSE;
	base = g_strconcat(SQL, copy, NULL);
	good = RUN(error, "modutil", "-dbdir", base, "-force", "-add", BROWSER_DEVICE, "-libfile",
		   module) &&
	       copy_compare(repair, folder, copy, error);
	copy_drop(copy);
	return good;
}

/* Whether this very certificate is there under our name. */
static gboolean
has_leaf(const char *folder, const char *leaf)
{
	g_autofree char *base = g_strconcat(SQL, folder, NULL);
	const char *const words[] = {"certutil", "-L", "-d", base, "-n", NSS_LEAF_NAME, "-a", NULL};
	g_autoptr(X509) ours = ouk_x509_read(leaf, NULL);
	g_autoptr(X509) there = NULL;
	g_autoptr(BIO) bio = NULL;
	g_autofree char *text = NULL;

	if (ours == NULL || !run_tool(words, &text, NULL))
		return FALSE;
	bio = BIO_new_mem_buf(text, -1);
	there = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	ERR_clear_error();
	return there != NULL && X509_cmp(ours, there) == 0;
}

gboolean
nss_plan_leaf(OukRepair *repair, const char *folder, const char *leaf, GError **error)
{
	g_autofree char *base = NULL;
	char *copy;
	gboolean good;

	if (!nss_is_there(folder) || has_leaf(folder, leaf))
		return TRUE;
	copy = copy_make(folder, error);
	if (copy == NULL)
		return FALSE;
	base = g_strconcat(SQL, copy, NULL);
	/* an older one of the same name goes; that there is none is no failure */
	(void)RUN(NULL, "certutil", "-D", "-d", base, "-n", NSS_LEAF_NAME);
	good = RUN(error, "certutil", "-A", "-d", base, "-n", NSS_LEAF_NAME, "-t", "P,,", "-i",
		   leaf) &&
	       copy_compare(repair, folder, copy, error);
	copy_drop(copy);
	return good;
}

gboolean
nss_drop_leaf(const char *folder, GError **error)
{
	g_autofree char *base = g_strconcat(SQL, folder, NULL);

	return RUN(error, "certutil", "-D", "-d", base, "-n", NSS_LEAF_NAME);
}
