/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this computer remembers of keys when they are not plugged in: certificates (their public
 * parts, so that their end can be told in time) and nicknames. One file of JSON in
 * XDG_DATA_HOME/openukey, written whole and renamed into place, shared by all programs of the user
 * (each change reads it anew under a lock). Never a PIN, never anything secret.
 *
 * Any thread; changes do I/O and sync the disk, so the window calls them in a GTask.
 */
#ifndef OUK_CORE_MEMORY_H
#define OUK_CORE_MEMORY_H

#include "assistant/core/view.h"

typedef struct _OukMemory OukMemory;

/*
 * dir: NULL for the user's own. A missing file is an empty memory; a damaged one is put aside (see
 * ouk_memory_damaged). OUK_E_FILE_READ when there is one that cannot be read.
 */
OukMemory *ouk_memory_open(const char *dir, GError **error);
OukMemory *ouk_memory_ref(OukMemory *memory);
void ouk_memory_unref(OukMemory *memory);
/* Reads the file again, after another program changed it. */
gboolean ouk_memory_reload(OukMemory *memory, GError **error);
/* The file, for g_file_monitor. Borrowed. */
const char *ouk_memory_path(OukMemory *memory);
/*
 * Where a damaged file was put: tell the person that what was remembered is in it. NULL when all
 * was well. The caller frees.
 */
char *ouk_memory_damaged(OukMemory *memory);

/* One remembered pair. */
typedef struct {
	char *id;                          /* SHA-256 of the certificate, hexadecimal with colons */
	char *key_id, *serial_end, *label; /* of the key it was last seen on */
	char *nickname;                    /* NULL */
	gint64 seen;                       /* Unix time */
	guint reminded;                    /* bits: stages of reminder.h that were told */
	OukPairView *pair;
} OukRemembered;

void ouk_remembered_free(OukRemembered *remembered);

/* Of OukRemembered, those that end first come first; old ones are marked SUPERSEDED. */
GPtrArray *ouk_memory_list(OukMemory *memory);
/* As they are at another time (Unix time). */
GPtrArray *ouk_memory_list_at(OukMemory *memory, gint64 now);

/* The key's order among those remembered; for one that is not, how many they are. */
guint ouk_memory_key_number(OukMemory *memory, const char *key_id);

/* All pairs of a key that can be read. FALSE: OUK_E_FILE_WRITE, nothing is changed. */
gboolean ouk_memory_remember(OukMemory *memory, OukTokenView *token, GError **error);
/* By id; NULL: everything, nicknames included. OUK_E_NO_CERT. */
gboolean ouk_memory_forget(OukMemory *memory, const char *id, GError **error);
/* Notes that a reminder was shown: see reminder.h. */
gboolean ouk_memory_set_reminded(OukMemory *memory, const char *id, guint stages, GError **error);

/* By OukTokenInfo's key_id; NULL when it has none. The caller frees. */
char *ouk_memory_nickname(OukMemory *memory, const char *key_id);
/* NULL or "" takes it away. */
gboolean ouk_memory_set_nickname(OukMemory *memory, const char *key_id, const char *nickname,
				 GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukMemory, ouk_memory_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukRemembered, ouk_remembered_free)

#endif
