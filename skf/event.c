/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "skf/event.h"

void
events_forget(void)
{
}
