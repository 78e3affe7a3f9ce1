/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/buttons.h"

#include <glib/gi18n.h>
#include <string.h>

static const OukButton buttons[] = {
	{"app.doctor", N_("_Check and Repair")},
	{"app.refresh", N_("_Look Again")},
	{"app.help", N_("_Help")},
	{"win.unlock-help", N_("How to _Unlock It")},
};

const OukButton *
ouk_button_find(const char *action)
{
	for (size_t i = 0; action != NULL && i < G_N_ELEMENTS(buttons); i++)
		if (strcmp(buttons[i].action, action) == 0)
			return &buttons[i];
	return NULL;
}
