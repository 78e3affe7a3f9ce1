/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is to be told to the outside world, written in the same transaction as the reason for it;
 * a worker takes it under a lease and tells it at least once.  And counters that stop floods.
 */
#ifndef CS_STORE_OUTBOX_H
#define CS_STORE_OUTBOX_H

#include "service/base/blob.h"
#include "service/base/random.h"
#include "service/store/store.h"

#define CS_TOPIC_TEXT 24

struct cs_letter {
	char id[CS_ID_TEXT];
	char topic[CS_TOPIC_TEXT];
	int64_t tries; /* this one included */
	struct cs_blob payload;
};

/*
 * once: what makes it the same letter, such as "ORDER/paid"; the second one with it is not added.
 * due: not before that instant.
 */
UK_CHECKED enum cs_status cs_store_post(struct cs_store *store, const char *topic, const char *once,
					int64_t due, struct uk_span payload);

struct cs_lease {
	const char *topic, *owner;
	int64_t now, until;
};
/* Some letters that were taken together; begins empty. */
#define CS_LETTERS_MAX 16
struct cs_letters {
	struct cs_letter list[CS_LETTERS_MAX];
	size_t len;
};

static inline void
cs_letters_clear(struct cs_letters *letters)
{
	for (size_t i = 0; i < letters->len; i++)
		cs_blob_free(&letters->list[i].payload);
	letters->len = 0;
}

#define CS_LETTERS UK_CLEANUP(cs_letters_clear) struct cs_letters

/*
 * Those that wait longest, the oldest first, at most that many and CS_LETTERS_MAX; others do not
 * get them before `until`.  None is no error.
 */
UK_CHECKED enum cs_status cs_store_letters_take(struct cs_store *store,
						const struct cs_lease *lease, size_t most,
						struct cs_letters *ret);
/* All that still have that owner. The payloads are dropped. */
UK_CHECKED enum cs_status cs_store_letters_done(struct cs_store *store,
						const struct cs_letters *letters, const char *owner,
						int64_t now);
/* The letter that waits longest; others do not get it before `until`. CS_E_NOT_FOUND: none. */
UK_CHECKED enum cs_status cs_store_letter_take(struct cs_store *store, const struct cs_lease *lease,
					       struct cs_letter *ret);
/* CS_E_CHANGED when the lease had run out and another worker has it now. The payload is dropped. */
UK_CHECKED enum cs_status cs_store_letter_done(struct cs_store *store, const char *id,
					       const char *owner, int64_t now);
/* Gives it back, to be tried again at `due`. */
UK_CHECKED enum cs_status cs_store_letter_again(struct cs_store *store, const char *id,
						const char *owner, int64_t due);

/*
 * Counts one more in the window of `length` seconds that began with the bucket's first use;
 * CS_E_LIMIT when `most` were counted already.  bucket: no personal data, a pseudonym.
 */
struct cs_limit {
	const char *bucket;
	int64_t most, length;
};
UK_CHECKED enum cs_status cs_store_limit(struct cs_store *store, const struct cs_limit *limit,
					 int64_t now);

/* Letters that were told before that instant, and counters whose window began before it, are
 * dropped. */
UK_CHECKED enum cs_status cs_store_outbox_forget(struct cs_store *store, int64_t letters_before,
						 int64_t limits_before);

#endif
