/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/exam.h"
#include "assistant/core/doctor/web.h"

#include <glib/gi18n.h>

gboolean
web_date(OukExam *exam, gint64 *ret)
{
	return FALSE;
}

void
check_profile(OukExam *exam, OukLinkResult *ret)
{
	exam_not_tested(ret, _("not built in"));
}

void
check_settings(OukExam *exam, OukLinkResult *ret)
{
	exam_not_tested(ret, _("not built in"));
}

void
check_hall(OukExam *exam, OukLinkResult *ret)
{
	exam_not_tested(ret, _("not built in"));
}
