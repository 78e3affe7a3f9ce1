/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The person's language, for programs without a window. */
#ifndef OUK_CORE_LANGUAGE_H
#define OUK_CORE_LANGUAGE_H

/* dir: where translations are; $OPENUKEY_LOCALEDIR goes before it. Once, at the start. */
void ouk_language_open(const char *dir);

#endif
