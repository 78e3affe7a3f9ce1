/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OukWatch's threads: one loads the modules, one for each module looks for keys coming and going,
 * and a few read keys. What they find is told on the main context.
 */
#ifndef OUK_CORE_ENGINE_H
#define OUK_CORE_ENGINE_H

#include "assistant/core/snapshot.h"

#include <gio/gio.h>

typedef struct _OukEngine OukEngine;

/* One slot of a module; lives as long as the engine. */
typedef struct {
	OukPlace place;
	GMutex busy;      /* held while something is done to the key */
	gint generation;  /* atomic: grows whenever a key came or went */
	gboolean present; /* its module's thread only */
	gboolean dirty;   /* its module's thread only */
} OukSlot;

/* All on the main context. */
typedef struct {
	void (*loaded)(guint modules, gpointer data);
	/* A module has looked for keys for the first time. */
	void (*looked)(gpointer data);
	void (*coming)(OukSlot *slot, gint generation, gpointer data);
	void (*gone)(OukSlot *slot, gpointer data);
	/* view: NULL when there is none to show. task: the one given to ouk_engine_read. */
	void (*read)(OukSlot *slot, gint generation, OukTokenView *view, GTask *task,
		     gpointer data);
	/* More was found out about a key that was read just before. */
	void (*more)(OukSlot *slot, gint generation, OukTokenView *view, gpointer data);
} OukEngineReport;

/* data: passed to the report's functions. */
OukEngine *ouk_engine_new(const char *modules, const OukEngineReport *report, gpointer data);
/* Waits for threads and jobs, unloads the modules. Nothing is reported any more. */
void ouk_engine_free(OukEngine *engine);

/* Looks again at once: the service came back, a person asked. */
void ouk_engine_kick(OukEngine *engine);
/* Reads a slot's key again; before and task may be NULL. */
void ouk_engine_read(OukEngine *engine, OukSlot *slot, OukTokenView *before, GTask *task);

/*
 * For jobs: keeps the modules loaded until ouk_engine_leave. FALSE when the engine is ending.
 */
gboolean ouk_engine_enter(OukEngine *engine);
void ouk_engine_leave(OukEngine *engine);

#endif
