/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/browsers.h"

#include "assistant/core/browsers/look.h"

#include <stdint.h>

void
browsers_look(const char *module, OukBrowsers *ret)
{
	const OukBrowserSetup setup = {
		.ground = {.root = "", .home = g_get_home_dir(), .module = module}};
	g_autoptr(GPtrArray) states = ouk_browsers_look(&setup);

	*ret = (OukBrowsers){g_ptr_array_new(), g_ptr_array_new(), g_ptr_array_new()};
	for (guint i = 0; i < states->len; i++) {
		const OukBrowserState *state = g_ptr_array_index(states, i);
		gpointer name = (char *)(uintptr_t)state->row->name;

		if (state->module == OUK_WAY_SHUT_OFF)
			g_ptr_array_add(ret->isolated, name);
		else if (state->module == OUK_WAY_READY)
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
