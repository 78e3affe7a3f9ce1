/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a prompt says beyond what its asker knows: from the CA's profile, from this computer. */
#ifndef OUK_CORE_PROMPT_FACTS_H
#define OUK_CORE_PROMPT_FACTS_H

#include "assistant/core/profile.h"
#include "assistant/core/prompt_wire.h"

/*
 * The rule, the first PIN, the way to unlock, the telephone. parts: as for ouk_pin_rule_new;
 * profile may be NULL. Set min_length and max_length before.
 */
void ouk_prompt_set_profile(OukPromptRequest *request, const OukProfile *profile,
			    const char *const *parts);

/*
 * Of a key that is known by its serial number and label alone: nickname, unit and profile, as this
 * computer remembers them (memory.h). Does I/O.
 */
void ouk_prompt_set_remembered(OukPromptRequest *request);

#endif
