/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a page is told when a call fails: its own family's way of saying so. */
#ifndef OUK_BRIDGE_TOLD_H
#define OUK_BRIDGE_TOLD_H

#include "assistant/bridge/page.h"

/* NULL: the family has no way. The caller frees. */
JsonNode *ouk_family_told(const OukFamily *family, const char *function, const GError *error);

/* "", "false" or "-1": what the page's script takes for a failure of that function. */
const char *ouk_bjca_told(const char *function);
/* {"ret":number,"msg":sentence} */
JsonNode *ouk_hebca_told(const GError *error);
/* "", FALSE, or the number of the error. */
JsonNode *ouk_xjca_told(const char *function, const GError *error);

#endif
