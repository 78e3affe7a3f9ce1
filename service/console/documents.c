/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was uploaded, with the name of whoever looks at it across it. */
#include "service/console/console.h"

void
con_documents(struct visit *visit, const json_t *order)
{
}
