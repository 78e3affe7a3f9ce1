/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How repairs are planned, made and kept for undoing. */
#ifndef OUK_CORE_DOCTOR_REPAIR_H
#define OUK_CORE_DOCTOR_REPAIR_H

#include "assistant/core/doctor/exam.h"

/* A file as it is to be. */
typedef struct {
	char *path;
	GBytes *before; /* NULL: it is not there */
	GBytes *after;  /* NULL: it is to go */
	guint mode;
} OukFileChange;

struct _OukRepair {
	const char *title; /* untranslated */
	char *change;
	GPtrArray *files; /* of OukFileChange: changes the user may make; NULL: none */
	char **root;      /* words for openukey-repair(8); NULL: none */
	GPid end;         /* a process to be ended; 0: none */
	guint64 end_start;
	gboolean has_undo;
	char *undoes; /* the record that this repair takes back, else NULL */
};

/* FALSE with OUK_E_NO_REPAIR where this computer does not allow it. */
#define REPAIR(name, title, plan) \
	gboolean plan(OukRepair *repair, const OukClues *clues, GError **error);
#include "assistant/core/doctor/repairs.def"
#undef REPAIR

/* ---- files of the user ---- */

/* Notes a change; after is taken, NULL deletes. OUK_E_FILE_READ. */
gboolean change_add(OukRepair *repair, const char *path, GBytes *after, GError **error);
/* The lines that go and come, for all files of the repair. */
char *change_text(GPtrArray *files);
gboolean change_make(const OukFileChange *change, GError **error);
/* Whether the file still is as the change found it. OUK_E_CHANGED_SINCE. */
gboolean change_check(const OukFileChange *change, GError **error);
void change_free(gpointer data);

/* ---- the administrator's part ---- */

/* What openukey-repair says it would do. The caller frees. */
char *root_show(char **words, GError **error);
/* Does it; the number to undo it by in *ret_id, "" when it cannot be undone. */
gboolean root_run(char **words, GCancellable *cancellable, char **ret_id, GError **error);

/* ---- what can be undone, in $XDG_STATE_HOME/openukey/undo ---- */

/* Before the change is made, so that a power cut loses nothing. */
char *undo_keep(const OukRepair *repair, GError **error);
/* What the administrator's part was called; or that it failed (NULL). */
gboolean undo_finish(const char *record, const char *root_id, GError **error);
void undo_drop(const char *record);
/* The newest record as a repair. OUK_E_NOTHING_TO_UNDO, OUK_E_CHANGED_SINCE. */
gboolean undo_plan(OukRepair *repair, GError **error);

#endif
