/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is typed into a field for a PIN. The characters are in a page of locked memory that is left
 * out of core dumps; GTK gets one star for each and never a character, so that no layout, signal,
 * selection, drag or accessible text can have one. Text from GTK (paste, input methods, the
 * accessibility bus) is not taken.
 */
#ifndef OUK_PINENTRY_SECRET_BUFFER_H
#define OUK_PINENTRY_SECRET_BUFFER_H

#include "common/bytes.h"

#include <gtk/gtk.h>

/* Characters; more are not taken. */
#define OUK_SECRET_CHARS 64

#define OUK_TYPE_SECRET_BUFFER ouk_secret_buffer_get_type()
G_DECLARE_FINAL_TYPE(OukSecretBuffer, ouk_secret_buffer, OUK, SECRET_BUFFER, GtkEntryBuffer)

GtkEntryBuffer *ouk_secret_buffer_new(void);

/* Puts a character in; FALSE when there is no room. */
gboolean ouk_secret_buffer_type(OukSecretBuffer *buffer, guint position, gunichar character);
/* UTF-8; borrowed until the next change. */
struct uk_span ouk_secret_buffer_peek(const OukSecretBuffer *buffer);

#endif
