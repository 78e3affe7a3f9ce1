/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The browsers of this computer and user, and whether they load OpenUKey's module. Only looking. */
#ifndef OUK_CORE_DOCTOR_BROWSERS_H
#define OUK_CORE_DOCTOR_BROWSERS_H

#include <glib.h>

typedef struct {
	GPtrArray *ready;    /* names of browsers that load the module */
	GPtrArray *unaware;  /* that do not */
	GPtrArray *isolated; /* in a sandbox that keeps keys out */
} OukBrowsers;

/* module: its file name. Names are constants. */
void browsers_look(const char *module, OukBrowsers *ret);
void browsers_clear(OukBrowsers *browsers);

#endif
