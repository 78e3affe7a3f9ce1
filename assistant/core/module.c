/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/module.h"

#include "assistant/core/errors.h"
#include "assistant/core/token.h"

#include <dlfcn.h>
#include <p11-kit/p11-kit.h>

struct OukModules {
	CK_FUNCTION_LIST **list; /* ends with NULL */
	CK_FUNCTION_LIST *single[2];
};

static CK_FUNCTION_LIST **
load_single(OukModules *modules, const char *path, GError **error)
{
	CK_FUNCTION_LIST *module = p11_kit_module_load(path, 0);
	CK_RV rv;

	if (module == NULL) {
		ouk_fail_with(error, OUK_E_MODULE, "(%s)", path);
		return NULL;
	}
	rv = p11_kit_module_initialize(module);
	if (rv != CKR_OK) {
		p11_kit_module_release(module);
		ouk_fail_with(error, OUK_E_MODULE, "(%s, CKR 0x%08lx)", path, rv);
		return NULL;
	}
	modules->single[0] = module;
	return modules->single;
}

OukModules *
ouk_modules_load(const char *path, GError **error)
{
	OukModules *modules = g_new0(OukModules, 1);

	p11_kit_be_quiet();
	if (path != NULL) {
		modules->list = load_single(modules, path, error);
	} else {
		modules->list = p11_kit_modules_load_and_initialize(0);
		if (modules->list == NULL)
			ouk_fail(error, OUK_E_NO_MODULE);
	}
	if (modules->list == NULL)
		g_clear_pointer(&modules, g_free);
	return modules;
}

void
ouk_modules_free(OukModules *modules)
{
	if (modules == NULL)
		return;
	if (modules->list == modules->single) {
		p11_kit_module_finalize(modules->single[0]);
		p11_kit_module_release(modules->single[0]);
	} else {
		p11_kit_modules_finalize_and_release(modules->list);
	}
	g_free(modules);
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
	return vendor->version >= 1 && vendor->size >= sizeof(*vendor) ? vendor : NULL;
}

/* A module that only holds the system's trusted CAs. */
static gboolean
is_trust_module(CK_FUNCTION_LIST *module)
{
	g_autofree char *policy = p11_kit_config_option(module, "trust-policy");

	return g_strcmp0(policy, "yes") == 0;
}

static void
add_tokens(CK_FUNCTION_LIST *module, GPtrArray *tokens)
{
	const struct openukey_functions *vendor = vendor_find(module);
	g_autofree CK_SLOT_ID *slots = NULL;
	CK_ULONG count = 0;

	if (module->C_GetSlotList(CK_TRUE, NULL, &count) != CKR_OK || count == 0)
		return;
	slots = g_new0(CK_SLOT_ID, count);
	if (module->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
		return;
	for (CK_ULONG i = 0; i < count; i++) {
		OukToken *token = ouk_token_new(module, slots[i], vendor);

		if (token != NULL)
			g_ptr_array_add(tokens, token);
	}
}

GPtrArray *
ouk_modules_tokens(OukModules *modules, GError **error)
{
	g_autoptr(GPtrArray) tokens =
		g_ptr_array_new_with_free_func((GDestroyNotify)ouk_token_free);

	for (size_t i = 0; modules->list[i] != NULL; i++)
		if (!is_trust_module(modules->list[i]))
			add_tokens(modules->list[i], tokens);
	if (tokens->len == 0) {
		ouk_fail(error, OUK_E_NO_KEY);
		return NULL;
	}
	return g_steal_pointer(&tokens);
}
