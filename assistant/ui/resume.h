/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was begun with a CA and is not finished: from the disk at once, from the services from time
 * to time; a notification tells when the state of an order has changed. The signal "changed" comes
 * when there is something else to show.
 */
#ifndef OUK_UI_RESUME_H
#define OUK_UI_RESUME_H

#include "assistant/core/profile.h"
#include "assistant/core/watch.h"
#include "assistant/service-client/order.h"

#include <gio/gio.h>

#define OUK_TYPE_RESUME ouk_resume_get_type()
G_DECLARE_FINAL_TYPE(OukResume, ouk_resume, OUK, RESUME, GObject)

/* application: told what to notify; watch: whose keys are looked up. Both outlive it. */
OukResume *ouk_resume_new(GApplication *application, OukWatch *watch);
/* From when on services are asked, too. profiles: kept while it lives. */
void ouk_resume_set_profiles(OukResume *self, const OukProfiles *profiles);
/* Something was begun, gone on with or ended. */
void ouk_resume_refresh(OukResume *self);

/* The person has just seen it in this state: only what comes after is told. */
void ouk_resume_note(OukResume *self, OukOrder *order);

/* The state it was last known in, the service's word; "" when nobody has asked yet. Borrowed. */
const char *ouk_resume_state(OukResume *self, OukOrder *order);

/* Whether the key's PIN is one that nobody knows: no field for it is offered. */
gboolean ouk_resume_is_unlocking(OukResume *self, const char *serial);
/* The open order of that kind ("unlock", "renewal", ...) for the key; NULL. Borrowed. */
OukOrder *ouk_resume_order(OukResume *self, const char *serial, const char *kind);

typedef struct {
	const OukProfile *profile;
	OukOrder *order;
} OukResumed;
/* Of OukResumed, newest first. Borrowed. */
const GPtrArray *ouk_resume_list(OukResume *self);

#endif
