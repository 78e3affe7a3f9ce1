/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/families/bjca_handlers.h"
#include "assistant/bridge/families/told.h"

#define ouk_bjca_NULL NULL
#define BJCA(name, gate, handler, pins, told) \
	{#name, OUK_GATE_##gate, ouk_bjca_##handler, pins, NULL},
static const OukFamilyRow rows[] = {
#include "assistant/bridge/families/bjca.def"
};
#undef BJCA

const OukFamily ouk_family_bjca = {"bjca", rows, G_N_ELEMENTS(rows)};

#define TEXT                                  ""
#define TRUTH                                 "false"
#define NUMBER                                "-1"
#define BJCA(name, gate, handler, pins, told) {#name, told},
static const struct {
	const char *name, *told;
} failures[] = {
#include "assistant/bridge/families/bjca.def"
};
#undef BJCA

const char *
ouk_bjca_told(const char *function)
{
	for (gsize i = 0; i < G_N_ELEMENTS(failures); i++)
		if (g_strcmp0(failures[i].name, function) == 0)
			return failures[i].told;
	return "";
}
