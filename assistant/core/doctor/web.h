/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One question to a web server, through the proxy that the desktop is set to. */
#ifndef OUK_CORE_DOCTOR_WEB_H
#define OUK_CORE_DOCTOR_WEB_H

#include "assistant/core/doctor/exam.h"

/* Unix time as a server of the CA or hall says it; FALSE when none could be asked. */
gboolean web_date(OukExam *exam, gint64 *ret);

#endif
