/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/module.h"

#include "assistant/core/errors.h"
#include "assistant/core/token.h"

#include <dlfcn.h>
#include <p11-kit/p11-kit.h>

struct OukModules {
	CK_FUNCTION_LIST **list; /* all of p11-kit's, ends with NULL; NULL: loaded one by one */
	GPtrArray *modules;      /* of OukModule, those that may hold keys */
	gboolean initialized;
};

static void
module_free(OukModule *module)
{
	g_free(module->name);
	g_free(module);
}

/*
 * The vendor interface of our own module, or NULL.  p11-kit 0.24 has no C_GetInterface, so it is
 * taken from the very instance that p11-kit has loaded and initialised.
 */
static const struct openukey_functions *
vendor_find(CK_FUNCTION_LIST *module)
{
	g_autofree char *path = p11_kit_module_get_filename(module);
	const struct openukey_functions *vendor;
	CK_C_GetInterface get;
	CK_INTERFACE *itf = NULL;
	CK_UTF8CHAR name[] = OPENUKEY_INTERFACE;
	void *object;

	object = path != NULL ? dlopen(path, RTLD_NOLOAD | RTLD_NOW) : NULL;
	if (object == NULL)
		return NULL;
	*(void **)&get = dlsym(object, "C_GetInterface");
	dlclose(object); /* p11-kit's own reference keeps it loaded */
	if (get == NULL || get(name, NULL, &itf, 0) != CKR_OK || itf == NULL)
		return NULL;
	vendor = itf->pFunctionList;
	return vendor->version >= 1 && vendor->size >= OPENUKEY_SIZE_1 ? vendor : NULL;
}

/* Modules that many desktops have, and that no key is behind. */
static const char *const others[] = {"gnome-keyring", "p11-kit-trust"};

/* A module that only holds the system's trusted CAs, or the desktop's passwords. */
static gboolean
has_no_keys(CK_FUNCTION_LIST *module)
{
	g_autofree char *policy = p11_kit_config_option(module, "trust-policy");
	g_autofree char *name = p11_kit_module_get_name(module);

	for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
		if (g_strcmp0(name, others[i]) == 0)
			return TRUE;
	return g_strcmp0(policy, "yes") == 0;
}

/* As it is told to people: p11-kit's name, else the file's. */
static char *
name_of(CK_FUNCTION_LIST *functions)
{
	g_autofree char *path = NULL;
	char *name = p11_kit_module_get_name(functions);

	if (name != NULL)
		return name;
	path = p11_kit_module_get_filename(functions);
	return path != NULL ? g_path_get_basename(path) : g_strdup("");
}

static void
module_add(OukModules *modules, CK_FUNCTION_LIST *functions)
{
	OukModule *module = g_new0(OukModule, 1);

	module->functions = functions;
	module->vendor = vendor_find(functions);
	module->name = name_of(functions);
	g_ptr_array_add(modules->modules, module);
}

static gboolean
load_one(OukModules *modules, const char *path, GError **error)
{
	CK_FUNCTION_LIST *functions = p11_kit_module_load(path, 0);
	CK_RV rv;

	if (functions == NULL)
		return ouk_fail_with(error, OUK_E_MODULE, "(%s)", path);
	rv = p11_kit_module_initialize(functions);
	if (rv != CKR_OK) {
		p11_kit_module_release(functions);
		return ouk_fail_with(error, OUK_E_MODULE, "(%s, CKR 0x%08lx)", path, rv);
	}
	module_add(modules, functions);
	return TRUE;
}

static gboolean
load_named(OukModules *modules, const char *paths, GError **error)
{
	g_auto(GStrv) each = g_strsplit(paths, ":", -1);

	for (char **path = each; *path != NULL; path++)
		if (**path != '\0' && !load_one(modules, *path, error))
			return FALSE;
	return modules->modules->len > 0 || ouk_fail(error, OUK_E_NO_MODULE);
}

static gboolean
load_listed(OukModules *modules, GError **error)
{
	modules->list = p11_kit_modules_load_and_initialize(0);
	if (modules->list == NULL)
		return ouk_fail(error, OUK_E_NO_MODULE);
	for (size_t i = 0; modules->list[i] != NULL; i++)
		if (!has_no_keys(modules->list[i]))
			module_add(modules, modules->list[i]);
	return TRUE;
}

OukModules *
ouk_modules_load(const char *path, GError **error)
{
	g_autoptr(OukModules) modules = g_new0(OukModules, 1);

	p11_kit_be_quiet();
	modules->initialized = TRUE;
	modules->modules = g_ptr_array_new_with_free_func((GDestroyNotify)module_free);
	if (path != NULL ? !load_named(modules, path, error) : !load_listed(modules, error))
		return NULL;
	return g_steal_pointer(&modules);
}

void
ouk_modules_finalize(OukModules *modules)
{
	if (!modules->initialized)
		return;
	modules->initialized = FALSE;
	if (modules->list != NULL)
		p11_kit_modules_finalize(modules->list);
	for (guint i = 0; modules->list == NULL && i < modules->modules->len; i++)
		p11_kit_module_finalize(ouk_modules_get(modules, i)->functions);
}

void
ouk_modules_free(OukModules *modules)
{
	if (modules == NULL)
		return;
	ouk_modules_finalize(modules);
	if (modules->list != NULL)
		p11_kit_modules_release(modules->list);
	for (guint i = 0; modules->list == NULL && i < modules->modules->len; i++)
		p11_kit_module_release(ouk_modules_get(modules, i)->functions);
	g_ptr_array_unref(modules->modules);
	g_free(modules);
}

guint
ouk_modules_count(const OukModules *modules)
{
	return modules->modules->len;
}

const OukModule *
ouk_modules_get(const OukModules *modules, guint index)
{
	return g_ptr_array_index(modules->modules, index);
}

static void
add_tokens(const OukModule *module, GPtrArray *tokens)
{
	g_autofree CK_SLOT_ID *slots = NULL;
	CK_ULONG count = 0;

	if (module->functions->C_GetSlotList(CK_TRUE, NULL, &count) != CKR_OK || count == 0)
		return;
	slots = g_new0(CK_SLOT_ID, count);
	if (module->functions->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
		return;
	for (CK_ULONG i = 0; i < count; i++) {
		OukToken *token = ouk_token_new(module->functions, slots[i], module->vendor);

		if (token != NULL)
			g_ptr_array_add(tokens, token);
	}
}

GPtrArray *
ouk_modules_tokens(OukModules *modules, GError **error)
{
	g_autoptr(GPtrArray) tokens =
		g_ptr_array_new_with_free_func((GDestroyNotify)ouk_token_free);

	for (guint i = 0; i < modules->modules->len; i++)
		add_tokens(ouk_modules_get(modules, i), tokens);
	if (tokens->len == 0) {
		ouk_fail(error, OUK_E_NO_KEY);
		return NULL;
	}
	return g_steal_pointer(&tokens);
}
