/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/families.h"
#include "assistant/bridge/families/args.h"
#include "assistant/bridge/families/bjca_handlers.h"

#define ouk_bjca_NULL NULL
#define BJCA(name, gate, handler, pins, told) \
	{#name, OUK_GATE_##gate, ouk_bjca_##handler, pins, NULL},
static const OukFamilyRow rows[] = {
#include "assistant/bridge/families/bjca.def"
};
#undef BJCA

#define TEXT                                  ""
#define TRUTH                                 "false"
#define NUMBER                                "-1"
#define BJCA(name, gate, handler, pins, told) told,
static const char *const failures[] = {
#include "assistant/bridge/families/bjca.def"
};
#undef BJCA

/* What the page's script takes for a failure of that function. */
static JsonNode *
failed(const OukFamilyRow *row, const GError *error)
{
	return ouk_answer_text(row != NULL ? failures[row - rows] : TEXT);
}

const OukFamily ouk_family_bjca = {"bjca", rows, G_N_ELEMENTS(rows), failed};
