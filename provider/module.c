/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/module.h"

#include "provider/reason.h"

#include <dlfcn.h>
#include <p11-kit/p11-kit.h>
#include <stdlib.h>
#include <string.h>

/* PKCS #11 3.0 (3.6) as far as it is needed; p11-kit's header in Debian 12 is 2.40. */
typedef struct CK_INTERFACE {
	CK_UTF8CHAR *pInterfaceName;
	void *pFunctionList;
	CK_FLAGS flags;
} CK_INTERFACE;
#include "common/openukey.h"

typedef CK_RV (*get_interface_fn)(CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **interface,
				  CK_FLAGS flags);

struct modules {
	CK_FUNCTION_LIST **listed; /* p11-kit's own list, or NULL */
	CK_FUNCTION_LIST **keys;   /* those that may hold keys, ends with NULL */
	bool ready;                /* initialised in this process */
};

/*
 * A program that ends may have run the destructors of modules before libcrypto's, from which we are
 * called: then they are left alone. This runs before any of them, since it is registered later.
 */
static atomic_bool exiting;

static void
on_exit_first(void)
{
	atomic_store(&exiting, true);
}

bool
modules_are_gone(void)
{
	return atomic_load(&exiting);
}

static void
text_free(char **text)
{
	free(*text);
}

/* Holds the system's trusted CAs, or the desktop's passwords. */
static bool
has_no_keys(CK_FUNCTION_LIST *module)
{
	UK_CLEANUP(text_free) char *policy = p11_kit_config_option(module, "trust-policy");
	UK_CLEANUP(text_free) char *name = p11_kit_module_get_name(module);

	return (policy != NULL && strcmp(policy, "yes") == 0) ||
	       (name != NULL &&
		(strcmp(name, "p11-kit-trust") == 0 || strcmp(name, "gnome-keyring") == 0));
}

static bool
load_one(struct modules *modules, const char *path)
{
	modules->keys = calloc(2, sizeof(modules->keys[0]));
	if (modules->keys == NULL)
		return false;
	modules->keys[0] = p11_kit_module_load(path, 0);
	return modules->keys[0] != NULL;
}

static bool
load_listed(struct modules *modules)
{
	size_t count = 0, used = 0;

	modules->listed = p11_kit_modules_load(NULL, 0);
	if (modules->listed == NULL)
		return false;
	while (modules->listed[count] != NULL)
		count++;
	modules->keys = calloc(count + 1, sizeof(modules->keys[0]));
	for (size_t i = 0; modules->keys != NULL && i < count; i++)
		if (!has_no_keys(modules->listed[i]))
			modules->keys[used++] = modules->listed[i];
	return used > 0;
}

/*
 * A module that does not start is no reason to do without the others. Slots exist once they have
 * been listed: a key of the parent's may be used in a forked child before any address is opened.
 */
static bool
initialize(struct modules *modules)
{
	size_t good = 0;

	for (size_t i = 0; modules->keys[i] != NULL; i++) {
		CK_RV rv = p11_kit_module_initialize(modules->keys[i]);
		CK_ULONG count = 0;

		if (rv != CKR_OK && modules->listed == NULL)
			return false;
		if (rv == CKR_OK)
			(void)modules->keys[i]->C_GetSlotList(CK_FALSE, NULL, &count);
		good += rv == CKR_OK;
	}
	modules->ready = true;
	return good > 0;
}

static struct modules *
modules_new(const struct provider *provider)
{
	const char *path = provider->module_path;
	struct modules *modules = calloc(1, sizeof(*modules));

	p11_kit_be_quiet();
	if (modules != NULL && (path != NULL ? load_one(modules, path) : load_listed(modules))) {
		(void)atexit(on_exit_first);
		return modules;
	}
	raise_error(provider, REASON_MODULE, "%s", path != NULL ? path : "p11-kit lists none");
	modules_free(modules);
	return NULL;
}

CK_FUNCTION_LIST *const *
modules_get(struct provider *provider)
{
	CK_FUNCTION_LIST *const *keys = NULL;

	provider_check_fork(provider);
	(void)pthread_mutex_lock(&provider->lock);
	if (provider->modules == NULL)
		provider->modules = modules_new(provider);
	if (provider->modules != NULL) {
		if (provider->modules->ready || initialize(provider->modules))
			keys = provider->modules->keys;
		else
			raise_error(provider, REASON_MODULE, "it does not start");
	}
	(void)pthread_mutex_unlock(&provider->lock);
	return keys;
}

void
modules_forget(struct modules *modules)
{
	if (modules != NULL)
		modules->ready = false;
}

void
modules_free(struct modules *modules)
{
	if (modules == NULL || atomic_load(&exiting))
		return;
	for (size_t i = 0; modules->keys != NULL && modules->keys[i] != NULL; i++) {
		if (modules->ready)
			(void)p11_kit_module_finalize(modules->keys[i]);
		if (modules->listed == NULL)
			p11_kit_module_release(modules->keys[i]);
	}
	if (modules->listed != NULL)
		p11_kit_modules_release(modules->listed);
	free(modules->keys);
	free(modules);
}

bool
module_is(CK_FUNCTION_LIST *module, const char *name, const char *path)
{
	UK_CLEANUP(text_free) char *own_name = p11_kit_module_get_name(module);
	UK_CLEANUP(text_free) char *own_path = p11_kit_module_get_filename(module);

	return (name == NULL || (own_name != NULL && strcmp(name, own_name) == 0)) &&
	       (path == NULL || (own_path != NULL && strcmp(path, own_path) == 0));
}

/* From the very instance that p11-kit has loaded: its own wrapper has no C_GetInterface. */
static const struct openukey_functions *
vendor_of(CK_FUNCTION_LIST *module)
{
	UK_CLEANUP(text_free) char *path = p11_kit_module_get_filename(module);
	CK_UTF8CHAR name[] = OPENUKEY_INTERFACE;
	const struct openukey_functions *vendor;
	CK_INTERFACE *interface = NULL;
	get_interface_fn get;
	void *object = path != NULL ? dlopen(path, RTLD_NOLOAD | RTLD_NOW) : NULL;

	if (object == NULL)
		return NULL;
	*(void **)&get = dlsym(object, "C_GetInterface");
	(void)dlclose(object);
	if (get == NULL || get(name, NULL, &interface, 0) != CKR_OK || interface == NULL)
		return NULL;
	vendor = interface->pFunctionList;
	return vendor->version >= 1 && vendor->size >= OPENUKEY_SIZE_1 ? vendor : NULL;
}

int
module_tries_left(CK_FUNCTION_LIST *module, CK_SLOT_ID slot)
{
	const struct openukey_functions *vendor = vendor_of(module);
	struct openukey_pin_info info = {0};

	if (vendor == NULL || vendor->get_pin_info(slot, CKU_USER, &info) != CKR_OK)
		return -1;
	return (int)info.left;
}
