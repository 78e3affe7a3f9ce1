/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The journal of what web pages had done with keys: XDG_STATE_HOME/openukey/journal, a line of JSON
 * for each event. No contents, no digest of them, no PIN. What a private key does has two: that it
 * was begun, on the disk before the page gets its answer, and how it ended. One without the other
 * says that the bridge, or the computer, stopped in between. Each line names the hash of the line
 * before and its own, so that a line that was altered, taken out or put in between shows; lines cut
 * off at the end show only to somebody who has noted the last hash elsewhere, and whoever can write
 * the file can write a new one.
 */
#ifndef OUK_CORE_JOURNAL_H
#define OUK_CORE_JOURNAL_H

#include <glib.h>
#include <json-glib/json-glib.h>

#define OUK_JOURNAL_BEGUN "begun" /* result of a first line */

/* Texts may be NULL where there is none. */
typedef struct {
	const char *event;    /* "sign", "login", "refused", ... */
	const char *origin;   /* the site */
	const char *hall;     /* its name, when it is in the list */
	const char *function; /* what the page called */
	const char *key;      /* the key's serial number */
	const char *cert;     /* fingerprint of the certificate */
	const char *program;  /* who asked: the browser, or a program's path */
	const char *result;   /* "ok", or an error's name */
	guint skipped;        /* lines of this kind that were left out before this one */
} OukJournalEntry;

typedef struct _OukJournal OukJournal;
/* The first of two lines. */
typedef struct _OukJournalLine OukJournalLine;

/* For writing; one program at a time: OUK_E_FILE_WRITE. */
OukJournal *ouk_journal_open(GError **error);
void ouk_journal_free(OukJournal *journal);
/*
 * Any thread. The line is in the file, where it stays should this program die; a thread of the
 * journal's brings it to the disk right afterwards, all that are waiting at once.
 */
gboolean ouk_journal_add(OukJournal *journal, const OukJournalEntry *entry, GError **error);
/*
 * That something is begun (entry->result is not looked at), without waiting for the disk: the key
 * may work meanwhile. NULL: it cannot be written down, and must not be done.
 */
OukJournalLine *ouk_journal_begin(OukJournal *journal, const OukJournalEntry *entry,
				  GError **error);
/*
 * How it ended, once the first line is on the disk; takes the line. FALSE: it is not, or the end
 * cannot be written; the page must not get what it asked for.
 */
gboolean ouk_journal_finish(OukJournal *journal, OukJournalLine *line, const OukJournalEntry *entry,
			    GError **error);

/* The caller frees. */
char *ouk_journal_path(void);

typedef struct {
	guint lines;
	char *head;   /* hash of the last line; NULL when there is none */
	guint broken; /* the first line that does not fit, counted from 1; 0: all do */
} OukJournalCheck;

/* path NULL: the user's own. FALSE with OUK_E_JOURNAL (ret->broken is set) or OUK_E_FILE_READ. */
gboolean ouk_journal_verify(const char *path, OukJournalCheck *ret, GError **error);
void ouk_journal_check_clear(OukJournalCheck *check);

/* The last `most` lines (0: all), of char *, oldest first; none when there is no journal. */
GPtrArray *ouk_journal_lines(guint most, GError **error);

/*
 * The last `most` things that happened (0: all), of JsonObject, oldest first, for people: of what
 * was begun and ended, only the end. OUK_JOURNAL_BEGUN as result: nobody wrote how it ended. A line
 * that is none is an empty object.
 */
GPtrArray *ouk_journal_acts(guint most, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukJournal, ouk_journal_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OukJournalCheck, ouk_journal_check_clear)

#endif
