/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/browsers.h"

#include <stdint.h>
#include <string.h>

/* A browser that loads this one sees all that p11-kit lists. */
#define PROXY "p11-kit-proxy"

/* Programs by name; what a Snap or Flatpak puts into the search path is not meant. */
static const struct {
	const char *name;
	gboolean is_firefox;
	const char *programs[4];
	const char *sandboxes[4]; /* "~" is the user's folder */
} browsers[] = {
	{"Firefox",
	 TRUE,
	 {"firefox-esr", "firefox"},
	 {"/snap/firefox", "/var/lib/flatpak/app/org.mozilla.firefox",
	  "~/.local/share/flatpak/app/org.mozilla.firefox"}},
	{"Chromium",
	 FALSE,
	 {"chromium", "chromium-browser"},
	 {"/snap/chromium", "/var/lib/flatpak/app/org.chromium.Chromium",
	  "~/.local/share/flatpak/app/org.chromium.Chromium"}},
	{"Google Chrome",
	 FALSE,
	 {"google-chrome-stable", "google-chrome"},
	 {"/var/lib/flatpak/app/com.google.Chrome",
	  "~/.local/share/flatpak/app/com.google.Chrome"}},
	{"Microsoft Edge",
	 FALSE,
	 {"microsoft-edge-stable", "microsoft-edge"},
	 {"/var/lib/flatpak/app/com.microsoft.Edge"}},
	{"360", FALSE, {"browser360-cn-stable", "browser360-cn"}, {NULL}},
	{"Qaxbrowser", FALSE, {"qaxbrowser-safe-stable", "qaxbrowser-safe"}, {NULL}},
};

static const char *const firefox_policies[] = {
	"/etc/firefox/policies/policies.json",
	"/usr/lib/firefox-esr/distribution/policies.json",
	"/usr/lib/firefox/distribution/policies.json",
	"/usr/lib64/firefox/distribution/policies.json",
	"/opt/firefox/distribution/policies.json",
};

static gboolean
file_names(const char *path, const char *module)
{
	g_autofree char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) &&
	       (strstr(text, module) != NULL || strstr(text, PROXY) != NULL);
}

static gboolean
firefox_knows(const char *module)
{
	g_autofree char *home = g_build_filename(g_get_home_dir(), ".mozilla", "firefox", NULL);
	g_autoptr(GDir) dir = g_dir_open(home, 0, NULL);
	const char *name;

	for (size_t i = 0; i < G_N_ELEMENTS(firefox_policies); i++)
		if (file_names(firefox_policies[i], module))
			return TRUE;
	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *list = g_build_filename(home, name, "pkcs11.txt", NULL);

		if (file_names(list, module))
			return TRUE;
	}
	return FALSE;
}

/* Chromium and its relatives share the user's NSS data base. */
static gboolean
chromium_knows(const char *module)
{
	g_autofree char *list =
		g_build_filename(g_get_home_dir(), ".pki", "nssdb", "pkcs11.txt", NULL);

	return file_names(list, module);
}

static gboolean
is_installed(const char *const *programs)
{
	for (size_t i = 0; programs[i] != NULL; i++) {
		g_autofree char *path = g_find_program_in_path(programs[i]);
		g_autofree char *text = NULL;

		if (path == NULL || g_str_has_prefix(path, "/snap/") ||
		    strstr(path, "flatpak") != NULL)
			continue;
		/* Ubuntu's "firefox" is a script that starts the Snap */
		if (g_file_get_contents(path, &text, NULL, NULL) && strncmp(text, "#!", 2) == 0 &&
		    strstr(text, "/snap/bin/") != NULL)
			continue;
		return TRUE;
	}
	return FALSE;
}

static gboolean
is_isolated(const char *const *sandboxes)
{
	for (size_t i = 0; sandboxes[i] != NULL; i++) {
		g_autofree char *path = sandboxes[i][0] == '~' ? g_strconcat(g_get_home_dir(),
									     sandboxes[i] + 1, NULL)
							       : g_strdup(sandboxes[i]);

		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			return TRUE;
	}
	return FALSE;
}

void
browsers_look(const char *module, OukBrowsers *ret)
{
	*ret = (OukBrowsers){g_ptr_array_new(), g_ptr_array_new(), g_ptr_array_new()};
	for (size_t i = 0; i < G_N_ELEMENTS(browsers); i++) {
		gpointer name = (char *)(uintptr_t)browsers[i].name;

		if (is_isolated(browsers[i].sandboxes))
			g_ptr_array_add(ret->isolated, name);
		if (!is_installed(browsers[i].programs))
			continue;
		if (browsers[i].is_firefox ? firefox_knows(module) : chromium_knows(module))
			g_ptr_array_add(ret->ready, name);
		else
			g_ptr_array_add(ret->unaware, name);
	}
}

void
browsers_clear(OukBrowsers *browsers_seen)
{
	g_ptr_array_unref(browsers_seen->ready);
	g_ptr_array_unref(browsers_seen->unaware);
	g_ptr_array_unref(browsers_seen->isolated);
}
