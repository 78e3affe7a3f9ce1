/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/doctor.h"

#include "assistant/core/errors.h"

OukRepair *
ouk_repair_new(OukDoctor *doctor, const OukFinding *finding, GError **error)
{
	ouk_fail(error, OUK_E_NO_REPAIR);
	return NULL;
}

void
ouk_repair_free(OukRepair *repair)
{
}

OukRepair *
ouk_repair_undo(GError **error)
{
	ouk_fail(error, OUK_E_NOTHING_TO_UNDO);
	return NULL;
}
