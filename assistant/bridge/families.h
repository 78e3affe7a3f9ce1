/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The families there are; family.c lists them. */
#ifndef OUK_BRIDGE_FAMILIES_H
#define OUK_BRIDGE_FAMILIES_H

#include "assistant/bridge/page.h"

extern const OukFamily ouk_family_bjca;   /* families/bjca.def */
extern const OukFamily ouk_family_hebca;  /* families/hebca.c */
extern const OukFamily ouk_family_modern; /* modern.c */
extern const OukFamily ouk_family_xjca;   /* families/xjca.c */

#endif
