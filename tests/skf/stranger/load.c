/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/skf/stranger/abi.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#define SK_POINTER(name, parameters) sk_ulong(*name) parameters;
SK_FUNCTIONS(SK_POINTER)
#undef SK_POINTER

static void *
find(void *library, const char *name)
{
	void *symbol = dlsym(library, name);

	if (symbol == NULL) {
		fprintf(stderr, "%s is missing\n", name);
		exit(1);
	}
	return symbol;
}

void
stranger_load(const char *library)
{
	void *opened = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	if (opened == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
#define SK_POINTER(name, parameters) *(void **)&name = find(opened, #name);
	SK_FUNCTIONS(SK_POINTER)
#undef SK_POINTER
}
