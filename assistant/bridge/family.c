/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/families.h"

#include <string.h>

static const OukFamily *const families[] = {
	&ouk_family_bjca,
	&ouk_family_hebca,
	&ouk_family_modern,
	&ouk_family_xjca,
};

const OukFamily *
ouk_family_find(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(families); i++)
		if (strcmp(families[i]->name, name) == 0)
			return families[i];
	return NULL;
}

const OukFamilyRow *
ouk_family_row(const OukFamily *family, const char *function)
{
	for (gsize i = 0; i < family->count; i++)
		if (strcmp(family->rows[i].name, function) == 0)
			return &family->rows[i];
	return NULL;
}
