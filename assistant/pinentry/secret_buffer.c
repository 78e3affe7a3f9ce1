/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/pinentry/secret_buffer.h"

#include "common/secret.h"

#include <string.h>
#include <sys/mman.h>

/* The page. */
struct typed {
	char bytes[OUK_SECRET_CHARS * 4 + 1];
	gsize len;
	guint chars;
};

struct _OukSecretBuffer {
	GtkEntryBuffer parent;
	struct typed *typed;
};

G_DEFINE_TYPE(OukSecretBuffer, ouk_secret_buffer, GTK_TYPE_ENTRY_BUFFER)

/* So many stars as there are characters are its end. */
static const char stars[] = "****************************************************************";
G_STATIC_ASSERT(sizeof(stars) == OUK_SECRET_CHARS + 1);

static const char *
buffer_get_text(GtkEntryBuffer *buffer, gsize *ret_bytes)
{
	const struct typed *typed = OUK_SECRET_BUFFER(buffer)->typed;

	if (ret_bytes != NULL)
		*ret_bytes = typed->chars;
	return stars + OUK_SECRET_CHARS - typed->chars;
}

static guint
buffer_get_length(GtkEntryBuffer *buffer)
{
	return OUK_SECRET_BUFFER(buffer)->typed->chars;
}

static guint
buffer_insert_text(GtkEntryBuffer *buffer, guint position, const char *chars, guint count)
{
	return 0;
}

static gsize
offset_of(const struct typed *typed, guint position)
{
	return (gsize)(g_utf8_offset_to_pointer(typed->bytes, position) - typed->bytes);
}

static guint
buffer_delete_text(GtkEntryBuffer *buffer, guint position, guint count)
{
	struct typed *typed = OUK_SECRET_BUFFER(buffer)->typed;
	gsize from, to;

	if (position >= typed->chars)
		return 0;
	count = MIN(count, typed->chars - position);
	from = offset_of(typed, position);
	to = offset_of(typed, position + count);
	memmove(typed->bytes + from, typed->bytes + to, typed->len - to);
	typed->len -= to - from;
	typed->chars -= count;
	uk_wipe(typed->bytes + typed->len, sizeof(typed->bytes) - typed->len);
	gtk_entry_buffer_emit_deleted_text(buffer, position, count);
	return count;
}

gboolean
ouk_secret_buffer_type(OukSecretBuffer *buffer, guint position, gunichar character)
{
	struct typed *typed = buffer->typed;
	gsize at = offset_of(typed, MIN(position, typed->chars));
	int size = g_unichar_to_utf8(character, NULL);

	if (typed->chars >= OUK_SECRET_CHARS)
		return FALSE;
	memmove(typed->bytes + at + size, typed->bytes + at, typed->len - at);
	g_unichar_to_utf8(character, typed->bytes + at);
	typed->len += (gsize)size;
	typed->chars++;
	gtk_entry_buffer_emit_inserted_text(GTK_ENTRY_BUFFER(buffer), position, "*", 1);
	return TRUE;
}

struct uk_span
ouk_secret_buffer_peek(const OukSecretBuffer *buffer)
{
	return uk_span_of(buffer->typed->bytes, buffer->typed->len);
}

static void
buffer_finalize(GObject *object)
{
	OukSecretBuffer *buffer = OUK_SECRET_BUFFER(object);

	uk_wipe(buffer->typed, sizeof(*buffer->typed));
	munmap(buffer->typed, sizeof(*buffer->typed));
	G_OBJECT_CLASS(ouk_secret_buffer_parent_class)->finalize(object);
}

static void
ouk_secret_buffer_class_init(OukSecretBufferClass *class)
{
	GtkEntryBufferClass *entry = GTK_ENTRY_BUFFER_CLASS(class);

	entry->get_text = buffer_get_text;
	entry->get_length = buffer_get_length;
	entry->insert_text = buffer_insert_text;
	entry->delete_text = buffer_delete_text;
	G_OBJECT_CLASS(class)->finalize = buffer_finalize;
}

static void
ouk_secret_buffer_init(OukSecretBuffer *buffer)
{
	buffer->typed = mmap(NULL, sizeof(*buffer->typed), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffer->typed == MAP_FAILED)
		g_error("no memory for a PIN");
	/* The best that can be had: a limit on locked memory does not keep people from their key.
	 */
	(void)mlock(buffer->typed, sizeof(*buffer->typed));
	(void)madvise(buffer->typed, sizeof(*buffer->typed), MADV_DONTDUMP);
	(void)madvise(buffer->typed, sizeof(*buffer->typed), MADV_WIPEONFORK);
}

GtkEntryBuffer *
ouk_secret_buffer_new(void)
{
	return g_object_new(OUK_TYPE_SECRET_BUFFER, NULL);
}
