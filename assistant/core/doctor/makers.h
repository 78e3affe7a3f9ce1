/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Libraries that makers of keys ship (GM/T 0016, "libskf"), by the places where their packages for
 * Debian, UOS and Kylin put them. Nothing is loaded here.
 */
#ifndef OUK_CORE_DOCTOR_MAKERS_H
#define OUK_CORE_DOCTOR_MAKERS_H

#include <glib.h>

/* Path of one that is there and not entered yet, or NULL. The caller frees. */
char *makers_library_new(void);
/* Name of the first file in which one is entered, or NULL. The caller frees. */
char *makers_library_entered(void);

#endif
