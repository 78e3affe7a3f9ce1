/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Firefox looks at trust for CAs only. A server that vouches for itself is let in by a line in the
 * profile's cert_override.txt: host, port and fingerprint, nothing else.
 */
#ifndef OUK_CORE_BROWSERS_OVERRIDE_H
#define OUK_CORE_BROWSERS_OVERRIDE_H

#include "assistant/core/doctor/repair.h"

/* Notes the file of the profile with lines for the bridge's https port and this certificate. */
gboolean override_plan(OukRepair *repair, const char *profile, const char *leaf, GError **error);
/* Without lines for that port; NULL when nothing else is left. */
GBytes *override_without(GBytes *now);

#endif
