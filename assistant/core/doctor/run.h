/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the repairs may know of a walk that is over. */
#ifndef OUK_CORE_DOCTOR_RUN_H
#define OUK_CORE_DOCTOR_RUN_H

#include "assistant/core/doctor/exam.h"

/* Borrowed until the next walk. */
const OukClues *doctor_clues(OukDoctor *doctor);

#endif
