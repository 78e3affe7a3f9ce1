/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/certd/pace.h"

#include "service/base/clock.h"
#include "service/base/random.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * Addresses that meet in one place share its bucket: with a key nobody knows, and four places
 * tried, that is rare; and the table never grows, however many addresses there are.
 */
#define PLACES 16384U
#define TRIED  4U
#define WHOLE  INT64_C(1000)

struct bucket {
	uint64_t owner;
	int64_t tokens; /* thousandths */
	int64_t at;     /* ms */
};

struct cs_pace {
	pthread_mutex_t lock;
	uint8_t key[16];
	int64_t per_second, burst;
	struct bucket buckets[PLACES];
};

struct cs_pace *
cs_pace_new(unsigned int per_second, unsigned int burst)
{
	struct cs_pace *pace = calloc(1, sizeof(*pace));

	if (pace == NULL || cs_random(pace->key, sizeof(pace->key)) != CS_OK) {
		free(pace);
		return NULL;
	}
	(void)pthread_mutex_init(&pace->lock, NULL);
	pace->per_second = per_second;
	pace->burst = burst;
	return pace;
}

void
cs_pace_free(struct cs_pace *pace)
{
	if (pace == NULL)
		return;
	(void)pthread_mutex_destroy(&pace->lock);
	free(pace);
}

/* The address's own bucket, or that one of its places that has been left alone the longest. */
static struct bucket *
bucket_find(struct cs_pace *pace, const uint8_t hash[CS_HASH_LEN], int64_t now)
{
	struct bucket *oldest = NULL;
	uint64_t owner;

	memcpy(&owner, hash, sizeof(owner));
	for (size_t i = 0; i < TRIED; i++) {
		uint32_t place;
		struct bucket *bucket;

		memcpy(&place, hash + sizeof(owner) + 4 * i, sizeof(place));
		bucket = &pace->buckets[place % PLACES];
		if (bucket->owner == owner)
			return bucket;
		if (oldest == NULL || bucket->at < oldest->at)
			oldest = bucket;
	}
	*oldest = (struct bucket){owner, pace->burst * WHOLE, now};
	return oldest;
}

bool
cs_pace_allows(struct cs_pace *pace, const char *address)
{
	int64_t now = cs_now_ms();
	uint8_t hash[CS_HASH_LEN];
	struct bucket *bucket;
	bool allowed;

	if (pace->per_second == 0)
		return true;
	if (cs_hmac(uk_span_of(pace->key, sizeof(pace->key)), uk_span_str(address), hash) != CS_OK)
		return false;
	(void)pthread_mutex_lock(&pace->lock);
	bucket = bucket_find(pace, hash, now);
	bucket->tokens += (now - bucket->at) * pace->per_second;
	if (bucket->tokens > pace->burst * WHOLE)
		bucket->tokens = pace->burst * WHOLE;
	bucket->at = now;
	allowed = bucket->tokens >= WHOLE;
	if (allowed)
		bucket->tokens -= WHOLE;
	(void)pthread_mutex_unlock(&pace->lock);
	return allowed;
}
