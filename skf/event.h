/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys coming and going, told one at a time. */
#ifndef UK_SKF_EVENT_H
#define UK_SKF_EVENT_H

/* After a fork: what the parent has been told is not the child's. */
void events_forget(void);

#endif
