/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/journal.h"

#include "assistant/core/errors.h"
#include "common/defs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX   (256 * 1024 * 1024)
#define ROW_MAX    8192
#define TEXT_MAX   1024
#define HASH_CHARS 64 /* SHA-256 in hexadecimal */
#define HASH_OPEN  ",\"hash\":\""
#define HASH_CLOSE "\"}"

static const char first_prev[] = "0000000000000000000000000000000000000000000000000000000000000000";

/* The end of the file behind one line. */
struct end {
	guint64 number;
	char hash[HASH_CHARS + 1];
	off_t size;
};

typedef enum { LINE_GOING, LINE_KEPT, LINE_LOST } LineState;

struct _OukJournalLine {
	guint64 number;
	LineState state;
};

struct _OukJournal {
	GMutex lock;
	GCond moved; /* a line was written, or is on the disk, or this is the end */
	GThread *syncer;
	gboolean closing;
	int fd;
	struct end written, kept; /* in the file; on the disk */
	GPtrArray *going;         /* of OukJournalLine, borrowed: that somebody waits for */
};

char *
ouk_journal_path(void)
{
	return g_build_filename(g_get_user_state_dir(), "openukey", "journal", NULL);
}

/* ---- lines ---- */

/* What is hashed is the line without its own hash. NULL: not a line of ours. */
static char *
line_hash(const char *line, gsize len, const char **ret_stated)
{
	const gsize tail = strlen(HASH_OPEN) + HASH_CHARS + strlen(HASH_CLOSE);
	g_autoptr(GString) body = NULL;
	const char *mark;

	if (len <= tail)
		return NULL;
	mark = line + len - tail;
	if (strncmp(mark, HASH_OPEN, strlen(HASH_OPEN)) != 0 ||
	    strncmp(line + len - strlen(HASH_CLOSE), HASH_CLOSE, strlen(HASH_CLOSE)) != 0)
		return NULL;
	*ret_stated = mark + strlen(HASH_OPEN);
	body = g_string_new_len(line, mark - line);
	g_string_append_c(body, '}');
	return g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)body->str, body->len);
}

/* Whether it is whole in itself; its number and the hash before it. */
static gboolean
line_check(const char *line, gsize len, guint64 *ret_number, char *ret_prev, char *ret_hash)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	const char *stated = NULL, *prev = NULL;
	g_autofree char *hash = line_hash(line, len, &stated);
	JsonNode *root;
	JsonObject *object;

	if (hash == NULL || strncmp(hash, stated, HASH_CHARS) != 0 ||
	    !json_parser_load_from_data(parser, line, (gssize)len, NULL))
		return FALSE;
	root = json_parser_get_root(parser);
	if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root))
		return FALSE;
	object = json_node_get_object(root);
	prev = json_object_get_string_member_with_default(object, "prev", "");
	if (strlen(prev) != HASH_CHARS)
		return FALSE;
	*ret_number = (guint64)json_object_get_int_member_with_default(object, "n", 0);
	memcpy(ret_prev, prev, HASH_CHARS + 1);
	memcpy(ret_hash, hash, HASH_CHARS + 1);
	return TRUE;
}

/* ---- writing ---- */

/* Cuts off what a power cut left of a last line: its page never had an answer. */
static gboolean
tail_read(OukJournal *journal)
{
	struct stat status;
	g_autofree char *tail = g_malloc(ROW_MAX + 1);
	g_autofree char *prev = g_malloc(HASH_CHARS + 1);
	gssize len;
	char *start, *end;
	off_t from;

	memcpy(journal->written.hash, first_prev, sizeof(first_prev));
	if (fstat(journal->fd, &status) != 0)
		return FALSE;
	from = status.st_size > ROW_MAX ? status.st_size - ROW_MAX : 0;
	len = pread(journal->fd, tail, ROW_MAX, from);
	if (len < 0)
		return FALSE;
	tail[len] = '\0';
	end = memrchr(tail, '\n', (gsize)len);
	if (end == NULL)
		return len == 0 || (from == 0 && ftruncate(journal->fd, 0) == 0);
	journal->written.size = from + (end + 1 - tail);
	if (end + 1 < tail + len && ftruncate(journal->fd, journal->written.size) != 0)
		return FALSE;
	*end = '\0';
	start = strrchr(tail, '\n');
	start = start != NULL ? start + 1 : tail;
	/* One that was altered is not mended: verifying will name it. */
	if (!line_check(start, (gsize)(end - start), &journal->written.number, prev,
			journal->written.hash))
		journal->written.number++;
	return TRUE;
}

/* ---- to the disk ---- */

static void
lines_settle(OukJournal *journal, guint64 upto, LineState state)
{
	for (guint i = journal->going->len; i > 0; i--) {
		OukJournalLine *line = g_ptr_array_index(journal->going, i - 1);

		if (line->number > upto)
			continue;
		line->state = state;
		g_ptr_array_remove_index(journal->going, i - 1);
	}
}

/* What the disk did not take leaves the file, too: the next line follows the last that is kept. */
static void
lines_lose(OukJournal *journal, int reason)
{
	struct stat status;

	g_warning("the journal: %s", g_strerror(reason));
	lines_settle(journal, G_MAXUINT64, LINE_LOST);
	if (fstat(journal->fd, &status) == 0 && status.st_size > journal->kept.size &&
	    ftruncate(journal->fd, journal->kept.size) == 0)
		journal->written = journal->kept;
	else
		journal->kept = journal->written;
}

/* Whatever was written while the disk was busy goes together. */
static gpointer
syncer_run(gpointer data)
{
	OukJournal *journal = data;

	g_mutex_lock(&journal->lock);
	for (;;) {
		struct end upto = journal->written;
		int reason;

		if (upto.number == journal->kept.number && journal->closing)
			break;
		if (upto.number == journal->kept.number) {
			g_cond_wait(&journal->moved, &journal->lock);
			continue;
		}
		g_mutex_unlock(&journal->lock);
		reason = fdatasync(journal->fd) == 0 ? 0 : errno;
		g_mutex_lock(&journal->lock);
		if (reason == 0) {
			journal->kept = upto;
			lines_settle(journal, upto.number, LINE_KEPT);
		} else {
			lines_lose(journal, reason);
		}
		g_cond_broadcast(&journal->moved);
	}
	g_mutex_unlock(&journal->lock);
	return NULL;
}

OukJournal *
ouk_journal_open(GError **error)
{
	g_autofree char *path = ouk_journal_path();
	g_autofree char *dir = g_path_get_dirname(path);
	g_autoptr(OukJournal) journal = g_new0(OukJournal, 1);

	g_mutex_init(&journal->lock);
	g_cond_init(&journal->moved);
	journal->going = g_ptr_array_new();
	journal->fd = -1;
	if (g_mkdir_with_parents(dir, 0700) == 0)
		journal->fd =
			open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (journal->fd >= 0 && flock(journal->fd, LOCK_EX | LOCK_NB) != 0 &&
	    errno == EWOULDBLOCK) {
		ouk_fail_with(error, OUK_E_BRIDGE, "(%s)", "another one is running");
		return NULL;
	}
	if (journal->fd < 0 || !tail_read(journal)) {
		ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s: %s)", path, g_strerror(errno));
		return NULL;
	}
	journal->kept = journal->written;
	journal->syncer = g_thread_new("journal", syncer_run, journal);
	return g_steal_pointer(&journal);
}

static void
syncer_end(OukJournal *journal)
{
	g_mutex_lock(&journal->lock);
	journal->closing = TRUE;
	g_cond_broadcast(&journal->moved);
	g_mutex_unlock(&journal->lock);
	g_thread_join(journal->syncer);
}

void
ouk_journal_free(OukJournal *journal)
{
	if (journal == NULL)
		return;
	if (journal->syncer != NULL)
		syncer_end(journal);
	if (journal->fd >= 0)
		close(journal->fd);
	g_ptr_array_unref(journal->going);
	g_cond_clear(&journal->moved);
	g_mutex_clear(&journal->lock);
	g_free(journal);
}

static void
put_text(JsonBuilder *json, const char *name, const char *text)
{
	g_autofree char *valid = NULL;

	if (text == NULL)
		return;
	valid = g_utf8_make_valid(text, (gssize)MIN(strlen(text), TEXT_MAX));
	json_builder_set_member_name(json, name);
	json_builder_add_string_value(json, valid);
}

static void
put_number(JsonBuilder *json, const char *name, guint64 number)
{
	json_builder_set_member_name(json, name);
	json_builder_add_int_value(json, (gint64)number);
}

/* begun: the number of its first line; 0: it has none. */
static char *
body_make(const OukJournal *journal, const OukJournalEntry *entry, guint64 begun)
{
	g_autoptr(JsonBuilder) json = json_builder_new();
	g_autoptr(JsonNode) root = NULL;
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *time = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");

	json_builder_begin_object(json);
	put_number(json, "n", journal->written.number + 1);
	put_text(json, "time", time);
	put_text(json, "event", entry->event);
	put_text(json, "origin", entry->origin);
	put_text(json, "hall", entry->hall);
	put_text(json, "function", entry->function);
	put_text(json, "key", entry->key);
	put_text(json, "cert", entry->cert);
	put_text(json, "program", entry->program);
	put_text(json, "result", entry->result);
	if (begun > 0)
		put_number(json, "begun", begun);
	if (entry->skipped > 0)
		put_number(json, "skipped", entry->skipped);
	put_text(json, "prev", journal->written.hash);
	json_builder_end_object(json);
	root = json_builder_get_root(json);
	return json_to_string(root, FALSE);
}

/* The file's length behind it; -1: it could not be written, and nothing of it is left. */
static off_t
line_write(OukJournal *journal, const char *body, const char *hash)
{
	g_autofree char *line = g_strdup_printf("%.*s" HASH_OPEN "%s" HASH_CLOSE "\n",
						(int)strlen(body) - 1, body, hash);
	gsize len = strlen(line);
	struct stat before;
	gssize done;

	if (fstat(journal->fd, &before) != 0)
		return -1;
	errno = 0;
	done = write(journal->fd, line, len);
	if (done == (gssize)len)
		return before.st_size + (off_t)len;
	/* a disk that is full: no half line may stay */
	if (done >= 0)
		errno = ENOSPC;
	if (done > 0 && ftruncate(journal->fd, before.st_size) != 0)
		g_warning("the journal ends in half a line");
	return -1;
}

/* The lock is held. */
static gboolean
line_append(OukJournal *journal, const OukJournalEntry *entry, guint64 begun, GError **error)
{
	g_autofree char *body = body_make(journal, entry, begun);
	g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, body, -1);
	off_t size = -1;

	if (strlen(body) + HASH_CHARS + 32 <= ROW_MAX)
		size = line_write(journal, body, hash);
	if (size < 0)
		return ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s)", g_strerror(errno));
	journal->written.number++;
	memcpy(journal->written.hash, hash, HASH_CHARS + 1);
	journal->written.size = size;
	g_cond_broadcast(&journal->moved);
	return TRUE;
}

gboolean
ouk_journal_add(OukJournal *journal, const OukJournalEntry *entry, GError **error)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&journal->lock);

	return line_append(journal, entry, 0, error);
}

OukJournalLine *
ouk_journal_begin(OukJournal *journal, const OukJournalEntry *entry, GError **error)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&journal->lock);
	OukJournalEntry first = *entry;
	OukJournalLine *line;

	first.result = OUK_JOURNAL_BEGUN;
	if (!line_append(journal, &first, 0, error))
		return NULL;
	line = g_new0(OukJournalLine, 1);
	line->number = journal->written.number;
	g_ptr_array_add(journal->going, line);
	return line;
}

gboolean
ouk_journal_finish(OukJournal *journal, OukJournalLine *line, const OukJournalEntry *entry,
		   GError **error)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&journal->lock);
	g_autofree OukJournalLine *first = line;

	while (first->state == LINE_GOING)
		g_cond_wait(&journal->moved, &journal->lock);
	if (first->state == LINE_LOST)
		return ouk_fail(error, OUK_E_FILE_WRITE);
	return line_append(journal, entry, first->number, error);
}

/* ---- reading ---- */

/* Empty where there is none. */
static GMappedFile *
journal_map(const char *path, GError **error)
{
	g_autoptr(GError) reason = NULL;
	g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, &reason);

	if (file != NULL && g_mapped_file_get_length(file) <= FILE_MAX)
		return g_steal_pointer(&file);
	ouk_fail_with(error, OUK_E_FILE_READ, "(%s)", reason != NULL ? reason->message : path);
	return NULL;
}

gboolean
ouk_journal_verify(const char *path, OukJournalCheck *ret, GError **error)
{
	g_autofree char *own = path == NULL ? ouk_journal_path() : NULL;
	g_autoptr(GMappedFile) file = NULL;
	char prev[HASH_CHARS + 1] = "", hash[HASH_CHARS + 1] = "", last[HASH_CHARS + 1];
	const char *at, *end;
	guint64 number = 0;

	*ret = (OukJournalCheck){0};
	if (path == NULL && !g_file_test(own, G_FILE_TEST_EXISTS))
		return TRUE;
	file = journal_map(path != NULL ? path : own, error);
	if (file == NULL)
		return FALSE;
	memcpy(last, first_prev, sizeof(first_prev));
	at = g_mapped_file_get_contents(file);
	end = at + g_mapped_file_get_length(file);
	while (at < end) {
		const char *stop = memchr(at, '\n', (gsize)(end - at));

		ret->lines++;
		if (stop == NULL || stop - at > ROW_MAX ||
		    !line_check(at, (gsize)(stop - at), &number, prev, hash) ||
		    strcmp(prev, last) != 0 || number != ret->lines) {
			ret->broken = ret->lines;
			return ouk_fail_with(error, OUK_E_JOURNAL, "(%u)", ret->lines);
		}
		memcpy(last, hash, sizeof(last));
		at = stop + 1;
	}
	ret->head = ret->lines > 0 ? g_strdup(last) : NULL;
	return TRUE;
}

void
ouk_journal_check_clear(OukJournalCheck *check)
{
	g_clear_pointer(&check->head, g_free);
}

GPtrArray *
ouk_journal_lines(guint most, GError **error)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *path = ouk_journal_path();
	g_autoptr(GMappedFile) file = NULL;
	const char *start, *end;

	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return g_steal_pointer(&lines);
	file = journal_map(path, error);
	if (file == NULL)
		return NULL;
	start = g_mapped_file_get_contents(file);
	end = start + g_mapped_file_get_length(file);
	while (start < end && (most == 0 || lines->len < most)) {
		const char *stop = end[-1] == '\n' ? end - 1 : end;
		const char *before = memrchr(start, '\n', (gsize)(stop - start));
		const char *from = before != NULL ? before + 1 : start;

		g_ptr_array_add(lines, g_strndup(from, (gsize)(stop - from)));
		end = from;
	}
	for (guint i = 0; i < lines->len / 2; i++) {
		gpointer first = lines->pdata[i];

		lines->pdata[i] = lines->pdata[lines->len - 1 - i];
		lines->pdata[lines->len - 1 - i] = first;
	}
	return g_steal_pointer(&lines);
}
