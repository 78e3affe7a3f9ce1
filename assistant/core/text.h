/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that comes from certificates and keys, made safe to show. */
#ifndef OUK_CORE_TEXT_H
#define OUK_CORE_TEXT_H

#include <glib.h>

/*
 * UTF-8 from bytes that may be anything: what is no UTF-8 is replaced, control characters and
 * those that turn the direction of writing become spaces. The caller frees.
 */
char *ouk_text_of(const void *bytes, gsize len);

#endif
