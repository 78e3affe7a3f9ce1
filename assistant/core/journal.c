/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/journal.h"

#include "assistant/core/errors.h"
#include "common/defs.h"

#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
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

struct _OukJournal {
	GMutex lock;
	int fd;
	guint64 number;            /* of the last line */
	char last[HASH_CHARS + 1]; /* its hash */
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

	memcpy(journal->last, first_prev, sizeof(first_prev));
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
	if (end + 1 < tail + len && ftruncate(journal->fd, from + (end + 1 - tail)) != 0)
		return FALSE;
	*end = '\0';
	start = strrchr(tail, '\n');
	start = start != NULL ? start + 1 : tail;
	/* One that was altered is not mended: verifying will name it. */
	if (!line_check(start, (gsize)(end - start), &journal->number, prev, journal->last))
		journal->number++;
	return TRUE;
}

OukJournal *
ouk_journal_open(GError **error)
{
	g_autofree char *path = ouk_journal_path();
	g_autofree char *dir = g_path_get_dirname(path);
	g_autoptr(OukJournal) journal = g_new0(OukJournal, 1);

	g_mutex_init(&journal->lock);
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
	return g_steal_pointer(&journal);
}

void
ouk_journal_free(OukJournal *journal)
{
	if (journal == NULL)
		return;
	if (journal->fd >= 0)
		close(journal->fd);
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

static char *
body_make(const OukJournal *journal, const OukJournalEntry *entry)
{
	g_autoptr(JsonBuilder) json = json_builder_new();
	g_autoptr(JsonNode) root = NULL;
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *time = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");

	json_builder_begin_object(json);
	json_builder_set_member_name(json, "n");
	json_builder_add_int_value(json, (gint64)(journal->number + 1));
	put_text(json, "time", time);
	put_text(json, "event", entry->event);
	put_text(json, "origin", entry->origin);
	put_text(json, "hall", entry->hall);
	put_text(json, "function", entry->function);
	put_text(json, "key", entry->key);
	put_text(json, "cert", entry->cert);
	put_text(json, "program", entry->program);
	put_text(json, "result", entry->result);
	if (entry->skipped > 0) {
		json_builder_set_member_name(json, "skipped");
		json_builder_add_int_value(json, entry->skipped);
	}
	put_text(json, "prev", journal->last);
	json_builder_end_object(json);
	root = json_builder_get_root(json);
	return json_to_string(root, FALSE);
}

static gboolean
line_write(OukJournal *journal, const char *body, const char *hash)
{
	g_autofree char *line = g_strdup_printf("%.*s" HASH_OPEN "%s" HASH_CLOSE "\n",
						(int)strlen(body) - 1, body, hash);
	gsize len = strlen(line);
	struct stat before;

	if (fstat(journal->fd, &before) != 0)
		return FALSE;
	if (write(journal->fd, line, len) == (gssize)len && fdatasync(journal->fd) == 0)
		return TRUE;
	/* a disk that is full: no half line may stay */
	if (ftruncate(journal->fd, before.st_size) != 0)
		g_warning("the journal ends in half a line");
	return FALSE;
}

gboolean
ouk_journal_add(OukJournal *journal, const OukJournalEntry *entry, GError **error)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&journal->lock);
	g_autofree char *body = body_make(journal, entry);
	g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, body, -1);

	if (strlen(body) + HASH_CHARS + 32 > ROW_MAX || !line_write(journal, body, hash))
		return ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s)", g_strerror(errno));
	journal->number++;
	memcpy(journal->last, hash, HASH_CHARS + 1);
	return TRUE;
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
