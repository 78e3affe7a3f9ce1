/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program: one instance per session, its actions, and what goes on without a window. */
#ifndef OUK_UI_APPLICATION_H
#define OUK_UI_APPLICATION_H

#include "assistant/core/profile.h"
#include "assistant/core/watch.h"
#include "assistant/ui/resume.h"

#include <gtk/gtk.h>

#define OUK_TYPE_APPLICATION ouk_application_get_type()
G_DECLARE_FINAL_TYPE(OukApplication, ouk_application, OUK, APPLICATION, GtkApplication)

/* practice: the second instance, which lives in the rehearsal world and says so. */
OukApplication *ouk_application_new(gboolean practice);

/* Of the running application; borrowed. */
OukApplication *ouk_application_get(void);
OukWatch *ouk_application_watch(OukApplication *self);
OukMemory *ouk_application_memory(OukApplication *self);
/* NULL until the signal "profiles". */
const OukProfiles *ouk_application_profiles(OukApplication *self);
/* The profile of a key's best certificate; NULL when there is none. */
const OukProfile *ouk_application_profile_of(OukApplication *self, OukTokenView *token);
/* What is not finished with a CA. Borrowed; NULL before the first paint. */
OukResume *ouk_application_resume(OukApplication *self);
gboolean ouk_application_is_practice(OukApplication *self);
/*
 * After the run: the person wants it started anew, so that new modules are seen. *ret_option: with
 * that option, or NULL.
 */
gboolean ouk_application_again(OukApplication *self, const char **ret_option);

/*
 * Puts the keys that are plugged in into the memory, if the person wants that; the signal "memory"
 * tells that what is remembered has changed.
 */
void ouk_application_memory_changed(OukApplication *self);

#endif
