/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/orders/rules.h"

#define RETAIN_YEARS 10
#define RETAIN_DAYS  30

int64_t
cs_day_end(struct cs_date date, int64_t offset)
{
	return cs_date_start(date, offset) + CS_DAY - 1;
}

static bool
term_offered(const struct cs_terms *terms, int years)
{
	for (size_t i = 0; i < CS_TERMS_MAX && terms->years[i] != 0; i++)
		if (terms->years[i] == years)
			return true;
	return false;
}

static int64_t
years_after(const struct cs_terms *terms, int64_t from, int years)
{
	struct cs_date date = cs_date_at(from, terms->offset);

	return cs_day_end(cs_date_add_years(date, years), terms->offset);
}

enum cs_status
cs_renewed_end(const struct cs_terms *terms, int64_t old_end, int64_t now, int years, int64_t *ret)
{
	if (!term_offered(terms, years))
		return CS_E_ARGUMENTS;
	/* notAfter is the last second at which the certificate is valid. */
	*ret = years_after(terms, now <= old_end ? old_end : now, years);
	return CS_OK;
}

enum cs_status
cs_new_end(const struct cs_terms *terms, int64_t now, int years, int64_t *ret)
{
	if (!term_offered(terms, years))
		return CS_E_ARGUMENTS;
	*ret = years_after(terms, now, years);
	return CS_OK;
}

static enum cs_status
renewal_window(const struct cs_terms *terms, const struct cs_key_facts *facts, int64_t now)
{
	if (facts->not_after == 0)
		return CS_E_NEW_ONLY;
	if (now < facts->not_after - terms->renew_before * CS_DAY)
		return CS_E_TOO_EARLY;
	if (now > facts->not_after + terms->renew_after * CS_DAY)
		return CS_E_TOO_LATE;
	return CS_OK;
}

#define K(name)    (1U << CS_KIND_##name)
#define WRITING    (K(RENEWAL) | K(CHANGE) | K(OPEN))
#define NEEDS_CERT (WRITING | K(UNLOCK))

/* What stands in the way, in the order in which it has to be put right. First match wins. */
static const struct {
	unsigned int kinds;
	size_t fact; /* offset of a bool in struct cs_key_facts */
	enum cs_status status;
} obstacles[] = {
	{NEEDS_CERT | K(RETURN), offsetof(struct cs_key_facts, revoked), CS_E_REVOKED},
	{NEEDS_CERT, offsetof(struct cs_key_facts, suspended), CS_E_REVOKED},
	{K(UNLOCK), offsetof(struct cs_key_facts, counter_only), CS_E_COUNTER},
	{WRITING, offsetof(struct cs_key_facts, locked), CS_E_UNLOCK_FIRST},
};

enum cs_status
cs_need(const struct cs_terms *terms, enum cs_kind kind, const struct cs_key_facts *facts,
	int64_t now)
{
	for (size_t i = 0; i < ARRAY_SIZE(obstacles); i++)
		if ((obstacles[i].kinds & 1U << kind) != 0 &&
		    *(const bool *)((const char *)facts + obstacles[i].fact))
			return obstacles[i].status;
	if ((WRITING & 1U << kind) != 0 && facts->name_changed && facts->code_changed)
		return CS_E_NEW_ONLY;
	if (kind == CS_KIND_RENEWAL)
		return renewal_window(terms, facts, now);
	if ((kind == CS_KIND_CHANGE || kind == CS_KIND_OPEN) && now > facts->not_after)
		return CS_E_EXPIRED;
	return CS_OK;
}

int64_t
cs_price(const struct cs_terms *terms, enum cs_kind kind, int years)
{
	if (!cs_kind_paid(kind))
		return 0;
	if (kind == CS_KIND_NEW || kind == CS_KIND_RENEWAL)
		return terms->price[kind] * years;
	return terms->price[kind];
}

int64_t
cs_retain_until(const struct cs_terms *terms, enum cs_state state, int64_t now, int64_t not_after)
{
	static const enum cs_state kept[] = {
		CS_STATE_CONFIRMED, CS_STATE_HANDED_OVER, CS_STATE_REVOKED, CS_STATE_REFUNDED,
		CS_STATE_DONE,      CS_STATE_REPLACED,    CS_STATE_RELEASED};
	int64_t end = not_after > now ? not_after : now;

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (kept[i] == state)
			return years_after(terms, end, RETAIN_YEARS);
	return now + RETAIN_DAYS * CS_DAY;
}
