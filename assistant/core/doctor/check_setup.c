/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether programs and browsers on this computer know of our module. */
#include "assistant/core/doctor/exam.h"

#include <glib/gi18n.h>
#include <p11-kit/p11-kit.h>
#include <string.h>

#define MODULE_NAME "openukey-pkcs11"
#define PROXY_NAME  "p11-kit-proxy"

static gboolean
p11kit_lists(const char *module_path)
{
	g_autofree char *name = g_path_get_basename(module_path);
	CK_FUNCTION_LIST **modules = p11_kit_modules_load(NULL, 0);
	gboolean found = FALSE;

	for (size_t i = 0; modules != NULL && modules[i] != NULL; i++) {
		g_autofree char *path = p11_kit_module_get_filename(modules[i]);
		g_autofree char *base = path != NULL ? g_path_get_basename(path) : NULL;

		found = found || g_strcmp0(base, name) == 0;
	}
	if (modules != NULL)
		p11_kit_modules_release(modules);
	return found;
}

void
check_module(OukExam *exam, OukLinkResult *ret)
{
	if (p11kit_lists(exam->module_path))
		exam_ok(ret, NULL);
	else
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_MODULE_UNREGISTERED, NULL);
}
