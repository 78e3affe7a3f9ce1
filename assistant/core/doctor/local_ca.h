/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CAs that somebody added to this computer, as devices that read along need it. */
#ifndef OUK_CORE_DOCTOR_LOCAL_CA_H
#define OUK_CORE_DOCTOR_LOCAL_CA_H

#include "assistant/core/ossl.h"

/* Whether a certificate (of X509, it first, then what came along) leads to such a CA. */
gboolean local_ca_vouches(GPtrArray *chain);

#endif
