/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of hosts that a person may take for another one. */
#ifndef OUK_CORE_LOOKALIKE_H
#define OUK_CORE_LOOKALIKE_H

#include <glib.h>

/*
 * Whether host is none of real's but may be taken for it: other letters drawn the same (also behind
 * "xn--"), one letter off, another ending, or real's name as a part of a stranger's. Both as
 * origins have them: lower case ASCII. A host of the same owner (the part of the name that one
 * registers) is no look-alike unless one letter is off.
 */
gboolean lookalike_of(const char *host, const char *real);

/* As it looks: two hosts with the same are easily mistaken. The caller frees. */
char *lookalike_skeleton(const char *host);

#endif
