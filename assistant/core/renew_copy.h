/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A copy of a certificate that a renewal writes over, where a key has room for one only. */
#ifndef OUK_CORE_RENEW_COPY_H
#define OUK_CORE_RENEW_COPY_H

#include <glib.h>

/* NULL: there is nothing to keep; a copy that is there stays. OUK_E_FILE_WRITE. */
gboolean renew_copy_keep(const char *number, GBytes *certificate, GError **error);

#endif
