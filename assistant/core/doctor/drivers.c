/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/drivers.h"

#include <string.h>

#define BUNDLE_SUFFIX ".bundle"
#define INFO          "Contents/Info.plist"

/* Where distributions have pcscd look; the first is Debian's. */
static const char *const folders[] = {"/usr/lib/pcsc/drivers", "/usr/lib64/pcsc/drivers",
				      "/usr/local/lib/pcsc/drivers"};

/* The <string>s of the <array> behind <key>name</key>. */
static char **
plist_array(const char *plist, const char *name)
{
	g_autofree char *key = g_strdup_printf("<key>%s</key>", name);
	const char *start = strstr(plist, key), *end;
	g_autofree char *part = NULL;

	start = start != NULL ? strstr(start, "<array>") : NULL;
	end = start != NULL ? strstr(start, "</array>") : NULL;
	if (end == NULL)
		return g_new0(char *, 1);
	part = g_strndup(start, (gsize)(end - start));
	return g_strsplit(part, "<string>", -1);
}

static guint64
hex_of(const char *text)
{
	return g_ascii_strtoull(text, NULL, 16);
}

static gboolean
plist_lists(const char *plist, guint16 vendor, guint16 product)
{
	g_auto(GStrv) vendors = plist_array(plist, "ifdVendorID");
	g_auto(GStrv) products = plist_array(plist, "ifdProductID");
	guint count = MIN(g_strv_length(vendors), g_strv_length(products));

	/* the first piece is what stands before the first number */
	for (guint i = 1; i < count; i++)
		if (hex_of(vendors[i]) == vendor && hex_of(products[i]) == product)
			return TRUE;
	return FALSE;
}

static gboolean
bundle_lists(const char *folder, const char *bundle, guint16 vendor, guint16 product)
{
	g_autofree char *path = g_build_filename(folder, bundle, INFO, NULL);
	g_autofree char *plist = NULL;

	return g_file_get_contents(path, &plist, NULL, NULL) && plist_lists(plist, vendor, product);
}

gboolean
drivers_know(guint16 vendor, guint16 product)
{
	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autoptr(GDir) dir = g_dir_open(folders[i], 0, NULL);
		const char *name;

		while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
			if (g_str_has_suffix(name, BUNDLE_SUFFIX) &&
			    bundle_lists(folders[i], name, vendor, product))
				return TRUE;
	}
	return FALSE;
}

gboolean
drivers_have_ccid(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *path = g_build_filename(folders[i], "ifd-ccid.bundle", INFO, NULL);

		if (g_file_test(path, G_FILE_TEST_EXISTS))
			return TRUE;
	}
	return FALSE;
}
