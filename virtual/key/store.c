/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/store.h"

#include "common/secret.h"
#include "virtual/key/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A slot: magic8 || sequence8 || length4 || SHA-256(magic, sequence, length, body)32 || body.
 * It has room for the largest space with every object's framing.
 */
#define SLOT_LEN  0x40000u
#define MAGIC     "OUVKEY\0\1"
#define MAGIC_LEN 8
#define SUM_AT    (MAGIC_LEN + 8 + 4)
#define SUM_LEN   32
#define BODY_AT   (SUM_AT + SUM_LEN)
#define TORN_LEN  64 /* bytes of erased memory after a torn write */

enum vk_loaded
vk_store_open(struct vk_store *store, const char *path)
{
	*store = (struct vk_store){.fd = -1};
	store->buffer = calloc(1, SLOT_LEN);
	if (store->buffer == NULL)
		return VK_LOAD_FAILED;
	store->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->fd < 0)
		return VK_LOAD_FAILED;
	if (flock(store->fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? VK_LOAD_BUSY : VK_LOAD_FAILED;
	return VK_LOADED;
}

void
vk_store_close(struct vk_store *store)
{
	if (store->fd >= 0)
		close(store->fd);
	store->fd = -1;
	if (store->buffer != NULL)
		uk_wipe(store->buffer, SLOT_LEN);
	free(store->buffer);
	store->buffer = NULL;
}

static ssize_t
read_all(int fd, uint8_t *buffer, size_t len, off_t at)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(fd, buffer + got, len - got, at + (off_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

static bool
write_all(int fd, const uint8_t *buffer, size_t len, off_t at)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pwrite(fd, buffer + done, len - done, at + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return fdatasync(fd) == 0;
}

/* The sum over everything of the slot but itself. */
static bool
slot_sum(const uint8_t *slot, size_t body_len, uint8_t sum[SUM_LEN])
{
	struct uk_span parts[] = {{slot, SUM_AT}, {slot + BODY_AT, body_len}};

	return vk_digest(VK_SHA256, parts, ARRAY_SIZE(parts), sum);
}

/* Takes a slot apart that lies in store->buffer; false when it is not whole. */
static bool
slot_check(const struct vk_store *store, size_t len, uint64_t *ret_sequence,
	   struct uk_span *ret_body)
{
	struct uk_span in = uk_span_of(store->buffer, len);
	struct uk_span magic, body, stored;
	uint32_t high, low, body_len;
	uint8_t sum[SUM_LEN];

	if (!uk_take(&in, MAGIC_LEN, &magic) || memcmp(magic.ptr, MAGIC, MAGIC_LEN) != 0 ||
	    !uk_take_u32(&in, UK_BIG_ENDIAN, &high) || !uk_take_u32(&in, UK_BIG_ENDIAN, &low) ||
	    !uk_take_u32(&in, UK_BIG_ENDIAN, &body_len) || !uk_take(&in, SUM_LEN, &stored) ||
	    !uk_take(&in, body_len, &body))
		return false;
	if (!slot_sum(store->buffer, body_len, sum) || memcmp(sum, stored.ptr, SUM_LEN) != 0)
		return false;
	*ret_sequence = (uint64_t)high << 32 | low;
	*ret_body = body;
	return true;
}

/* Reads one slot; *ret_sequence stays 0 when it is not whole. */
static bool
slot_read(struct vk_store *store, unsigned int slot, uint64_t *ret_sequence,
	  struct uk_span *ret_body)
{
	ssize_t got = read_all(store->fd, store->buffer, SLOT_LEN, (off_t)slot * SLOT_LEN);

	*ret_sequence = 0;
	return got >= 0 && slot_check(store, (size_t)got, ret_sequence, ret_body);
}

enum vk_loaded
vk_store_load(struct vk_store *store, struct vk_state *state)
{
	uint64_t sequence[2];
	unsigned int newest;
	struct uk_span body;
	struct stat st;

	vk_state_clear(state);
	if (fstat(store->fd, &st) != 0)
		return VK_LOAD_FAILED;
	if (st.st_size == 0)
		return VK_LOAD_EMPTY;
	for (unsigned int i = 0; i < 2; i++)
		if (!slot_read(store, i, &sequence[i], &body))
			sequence[i] = 0;
	newest = sequence[1] > sequence[0];
	if (!slot_read(store, newest, &store->sequence, &body) || !vk_state_take(state, body))
		return VK_LOAD_DAMAGED;
	return VK_LOADED;
}

/* Lays the next slot out in store->buffer; 0 when the state does not fit. */
static size_t
slot_build(struct vk_store *store, const struct vk_state *state)
{
	struct uk_writer head = uk_writer_of(store->buffer, BODY_AT);
	struct uk_writer body = uk_writer_of(store->buffer + BODY_AT, SLOT_LEN - BODY_AT);
	uint64_t sequence = store->sequence + 1;
	uint8_t sum[SUM_LEN];

	vk_state_put(state, &body);
	if (body.overflow)
		return 0;
	uk_put(&head, uk_span_of(MAGIC, MAGIC_LEN));
	uk_put_u32(&head, UK_BIG_ENDIAN, (uint32_t)(sequence >> 32));
	uk_put_u32(&head, UK_BIG_ENDIAN, (uint32_t)sequence);
	uk_put_u32(&head, UK_BIG_ENDIAN, (uint32_t)body.len);
	if (!slot_sum(store->buffer, body.len, sum))
		return 0;
	uk_put(&head, uk_span_of(sum, sizeof(sum)));
	return BODY_AT + body.len;
}

/* Half of the slot gets written, and a stretch after it is left erased. */
static void
write_torn(struct vk_store *store, size_t len, off_t at)
{
	size_t half = len / 2;

	memset(store->buffer + half, 0xff, TORN_LEN < len - half ? TORN_LEN : len - half);
	(void)write_all(store->fd, store->buffer, half + TORN_LEN < len ? half + TORN_LEN : len,
			at);
}

/* Whether the write that comes now is the one to cut; counts down. */
static enum vk_cut
cut_now(struct vk_store *store)
{
	enum vk_cut cut = store->cut;

	if (cut == VK_CUT_NONE || --store->cut_at > 0)
		return VK_CUT_NONE;
	store->cut = VK_CUT_NONE;
	return cut;
}

enum vk_stored
vk_store_save(struct vk_store *store, const struct vk_state *state)
{
	size_t len = slot_build(store, state);
	off_t at = (off_t)((store->sequence + 1) & 1) * SLOT_LEN;
	enum vk_cut cut;

	if (len == 0)
		return VK_STORE_FAILED;
	cut = cut_now(store);
	if (cut == VK_CUT_BEFORE)
		return VK_STORE_CUT;
	store->writes++;
	if (cut == VK_CUT_INSIDE) {
		write_torn(store, len, at);
		return VK_STORE_CUT;
	}
	if (!write_all(store->fd, store->buffer, len, at))
		return VK_STORE_FAILED;
	store->sequence++;
	return cut == VK_CUT_AFTER ? VK_STORE_CUT : VK_STORED;
}
