/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What registering changes, step by step; nothing is changed here. */
#ifndef OUK_CORE_BROWSERS_PLAN_H
#define OUK_CORE_BROWSERS_PLAN_H

#include "assistant/core/browsers/register.h"
#include "assistant/core/doctor/repair.h"

/* One place where something is to be done: a file, or the folder of a data base. */
typedef enum { PLACE_POLICY, PLACE_MANAGED, PLACE_DATA } PlaceKind;

typedef struct {
	PlaceKind kind;
	char *path;
	gboolean module; /* PLACE_DATA: the module works there; else only the leaf may go in */
	gboolean make;   /* PLACE_DATA: made where it is not there yet */
	gboolean gecko;  /* PLACE_DATA: a profile of Firefox */
} Place;

/* Of Place, none twice, for the browsers that are installed. Never NULL. */
GPtrArray *plan_places(const OukBrowserSetup *setup);

/* Notes the changes of one place: the policy or the module. */
gboolean plan_place(const OukBrowserSetup *setup, const Place *place, OukRepair *repair,
		    GError **error);
/* The certificate of the bridge's listeners. */
gboolean plan_leaf(const OukBrowserSetup *setup, const Place *place, OukRepair *repair,
		   GError **error);

/*
 * The file by which a Firefox has the module from a policy, so that its profiles need no entry;
 * NULL: none. The caller frees.
 */
char *plan_policy_of(const OukGround *ground, const OukBrowserRow *row);

/* The data bases of a row: of the user's profiles. The caller frees. */
GPtrArray *plan_data_folders(const OukGround *ground, const OukBrowserRow *row);

#endif
