/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificates taken back.  Two operators sign for a revocation and for a release; anybody who may
 * ask can suspend, as whoever has lost a key must not wait: an attacker in the front end can stop
 * certificates, so many a day, and neither revoke one nor let one be used again.
 */
#include "service/issue/inside.h"

#include "service/store/outbox.h"

#include <stdio.h>
#include <string.h>

#define LIST_MAX  64
#define CERTS_MAX 8

/* CRLReason of RFC 5280. */
static const struct {
	const char *word;
	int64_t number;
} reasons[] = {
	{"unspecified", 0}, {"key-compromise", 1}, {"affiliation-changed", 3},
	{"superseded", 4},  {"cessation", 5},      {"withdrawn", 9},
};
#define REASON_HOLD 6

/* ---- one certificate ---- */

/* Told to whoever watches: "serial=", "state=", "reason=", "order=". */
static enum cs_status
announce(const struct cs_issue_job *job, const struct cs_revocation_row *row, const char *state)
{
	char payload[256], once[160];
	int len = snprintf(payload, sizeof(payload), "serial=%s\nstate=%s\nreason=%ld\norder=%s\n",
			   row->serial, state, (long)row->reason, row->order_id);

	(void)snprintf(once, sizeof(once), "%s/%s/%ld", row->serial, state, (long)job->now);
	return cs_store_post(job->issuerd->store, "revoked", once, row->at,
			     uk_span_of(payload, (size_t)len));
}

/* Lists and answers are made anew. */
static enum cs_status
publish(const struct cs_issue_job *job, const struct cs_revocation_row *row)
{
	struct cs_store *store = job->issuerd->store;
	int64_t count;
	enum cs_status st = cs_store_answer_due(store, row->serial, row->at, row->not_after);

	return st == CS_OK ? cs_store_count(store, "revocations", &count) : st;
}

/* A revocation stays; a suspension gives way to one; an earlier date counts. */
static bool
changes(const struct cs_revocation_row *old, const struct cs_taking *taking)
{
	if (strcmp(old->state, "held") == 0)
		return strcmp(taking->state, "revoked") == 0;
	return taking->at < old->at;
}

static enum cs_status
cert_mark(const struct cs_issue_job *job, const char *serial)
{
	CS_CERT_ROW cert = {.ver = 0};
	enum cs_status st = cs_store_cert_by_serial(job->issuerd->store, serial, &cert);

	if (st != CS_OK) /* from before this database */
		return st == CS_E_NOT_FOUND ? CS_OK : st;
	memcpy(cert.state, "revoked", 8);
	cert.changed = job->now;
	return cs_store_cert_put(job->issuerd->store, &cert);
}

enum cs_status
cs_issue_take(const struct cs_issue_job *job, const char *serial, int64_t not_after,
	      const struct cs_taking *taking)
{
	struct cs_revocation_row row = {
		.reason = taking->reason, .at = taking->at, .not_after = not_after};
	struct cs_revocation_row old = {.at = 0};
	enum cs_status st = cs_store_revocation_get(job->issuerd->store, serial, &old);

	if (st == CS_OK && !changes(&old, taking))
		return CS_OK;
	if (st != CS_OK && st != CS_E_NOT_FOUND)
		return st;
	memcpy(row.serial, serial, strlen(serial) + 1);
	memcpy(row.order_id, taking->order_id, strlen(taking->order_id) + 1);
	memcpy(row.state, taking->state, strlen(taking->state) + 1);
	st = cs_store_revocation_put(job->issuerd->store, &row);
	if (st == CS_OK && strcmp(row.state, "revoked") == 0 && row.at <= job->now)
		st = cert_mark(job, serial);
	if (st == CS_OK)
		st = publish(job, &row);
	if (st == CS_OK)
		st = announce(job, &row, row.state);
	return st == CS_OK ? cs_issue_log(job, row.state, row.order_id, serial) : st;
}

enum cs_status
cs_issue_stands(const struct cs_issue_job *job, const struct cs_cert_row *cert)
{
	struct cs_revocation_row row = {.at = 0};
	enum cs_status st;

	if (strcmp(cert->state, "confirmed") == 0)
		return CS_OK;
	st = cs_store_revocation_get(job->issuerd->store, cert->serial, &row);
	if (st == CS_E_NOT_FOUND)
		return CS_OK;
	return st == CS_OK ? CS_E_REVOKED : st;
}

/* ---- several ---- */

struct list {
	struct {
		char serial[CS_SERIAL_TEXT];
		int64_t not_after;
	} rows[LIST_MAX];
	size_t len;
};

/* The same one may be met twice. */
static enum cs_status
list_add(struct list *list, const char *serial, int64_t not_after)
{
	for (size_t i = 0; i < list->len; i++)
		if (strcmp(list->rows[i].serial, serial) == 0)
			return CS_OK;
	if (list->len == LIST_MAX)
		return CS_E_TOO_LARGE;
	memcpy(list->rows[list->len].serial, serial, strlen(serial) + 1);
	list->rows[list->len++].not_after = not_after;
	return CS_OK;
}

static enum cs_status
list_row(const struct cs_cert_row *row, void *list)
{
	return list_add(list, row->serial, row->not_after);
}

static enum cs_status
list_take(const struct cs_issue_job *job, const struct list *list, const struct cs_taking *taking)
{
	json_t *told = json_array();
	enum cs_status st = CS_OK;

	for (size_t i = 0; i < list->len && st == CS_OK; i++) {
		st = cs_issue_take(job, list->rows[i].serial, list->rows[i].not_after, taking);
		(void)json_array_append_new(told, json_string(list->rows[i].serial));
	}
	(void)json_object_set_new(job->answer, "serials", told);
	return st;
}

enum cs_status
cs_issue_take_others(const struct cs_issue_job *job, const struct cs_issue_row *row)
{
	struct cs_taking taking = {row->order_id, "revoked", 4, job->now};
	struct list list = {.len = 0};
	enum cs_status st = cs_store_certs_others(job->issuerd->store, row->order_id,
						  row->spki_hash, list_row, &list);

	for (size_t i = 0; i < list.len && st == CS_OK; i++)
		st = cs_issue_take(job, list.rows[i].serial, list.rows[i].not_after, &taking);
	return st;
}

struct ders {
	const struct cs_issue_job *job;
	struct list *list;
};

/* One of ours, and the one for encryption that goes with it, if we know of one. */
static enum cs_status
der_add(struct uk_span der, void *ctx)
{
	const struct ders *ders = ctx;
	CS_X509 *cert = NULL;
	char serial[CS_SERIAL_TEXT];
	int64_t not_after;
	enum cs_status st = cs_own_cert_read(ders->job->issuerd->authority->cert, der, &cert);

	if (st == CS_OK)
		st = cs_cert_serial(cert, serial, sizeof(serial));
	if (st == CS_OK)
		st = cs_cert_end(cert, &not_after);
	return st == CS_OK ? list_add(ders->list, serial, not_after) : st;
}

/* With each certificate for signing goes the one for encryption. */
static enum cs_status
pairs_add(const struct cs_issue_job *job, struct list *list)
{
	size_t len = list->len;
	enum cs_status st = CS_OK;

	for (size_t i = 0; i < len && st == CS_OK; i++) {
		CS_CERT_ROW cert = {.ver = 0}, pair = {.ver = 0};

		st = cs_store_cert_by_serial(job->issuerd->store, list->rows[i].serial, &cert);
		if (st == CS_OK)
			st = cs_store_cert_pair(job->issuerd->store, cert.order_id, cert.serial,
						&pair);
		if (st == CS_OK)
			st = list_add(list, pair.serial, pair.not_after);
		if (st == CS_E_NOT_FOUND)
			st = CS_OK;
	}
	return st;
}

enum cs_status
cs_issue_take_old(const struct cs_issue_job *job, const struct cs_issue_row *row, int64_t at)
{
	const struct cs_issue_rule *rule = cs_issue_rule_find(row->kind);
	struct cs_taking taking = {row->order_id, "revoked", rule != NULL ? rule->reason : 0, at};
	struct list list = {.len = 0};
	struct ders ders = {job, &list};
	enum cs_status st = der_add(cs_blob_span(&row->old_cert), &ders);

	if (st == CS_OK)
		st = pairs_add(job, &list);
	for (size_t i = 0; i < list.len && st == CS_OK; i++)
		st = cs_issue_take(job, list.rows[i].serial, list.rows[i].not_after, &taking);
	return st;
}

/* ---- ops ---- */

struct order {
	const char *id, *sn;
};

static enum cs_status
order_read(const struct cs_issue_job *job, struct order *ret)
{
	ret->id = cs_json_word(job->request, "order", CS_ID_TEXT - 1);
	ret->sn = cs_json_word(job->request, "sn", CS_SN_TEXT - 1);
	return ret->id != NULL && ret->id[0] != '\0' && ret->sn != NULL ? CS_OK : CS_E_ARGUMENTS;
}

/* The certificates that are named, and a line for each. */
static enum cs_status
certs_read(const struct cs_issue_job *job, struct list *list, char *body, size_t room)
{
	const json_t *certs = json_object_get(job->request, "certs");
	struct ders ders = {job, list};
	enum cs_status st = CS_OK;

	if (certs == NULL)
		return CS_OK;
	if (!json_is_array(certs) || json_array_size(certs) > CERTS_MAX)
		return CS_E_ARGUMENTS;
	for (size_t i = 0; i < json_array_size(certs) && st == CS_OK; i++) {
		CS_JSON *holder = json_object();
		CS_BLOB der = {NULL, 0};
		char hash[CS_HASH_TEXT];
		size_t len = strlen(body);

		if (json_object_set(holder, "der", json_array_get(certs, i)) != 0 ||
		    !cs_json_blob(holder, "der", CS_DER_MAX, &der))
			return CS_E_ARGUMENTS;
		st = der_add(cs_blob_span(&der), &ders);
		if (st == CS_OK)
			st = cs_issue_hash_text(cs_blob_span(&der), hash);
		if (st == CS_OK)
			(void)snprintf(body + len, room - len, "cert=%s\n", hash);
	}
	return st;
}

/* All that is on a key, by our own records. */
static enum cs_status
key_add(const struct cs_issue_job *job, const char *sn, struct list *list)
{
	struct ders ders = {job, list};
	enum cs_status st;

	if (sn[0] == '\0')
		return CS_OK;
	st = cs_store_certs_on(job->issuerd->store, sn, list_row, list);
	return st == CS_OK ? cs_store_old_certs(job->issuerd->store, sn, der_add, &ders) : st;
}

static enum cs_status
ended_drop(struct list *list, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->len; i++)
		if (list->rows[i].not_after >= now)
			list->rows[kept++] = list->rows[i];
	list->len = kept;
	return kept > 0 ? CS_OK : CS_E_NOT_FOUND;
}

enum cs_status
cs_issue_revoke(struct cs_store *store, void *ctx)
{
	const struct cs_issue_job *job = ctx;
	const char *word = cs_json_word(job->request, "reason", CS_WORD_TEXT - 1);
	struct order order = {.id = NULL};
	struct cs_taking taking = {.state = "revoked", .reason = -1, .at = job->now};
	struct list list = {.len = 0};
	char body[CS_BODY_ROOM];
	enum cs_status st = order_read(job, &order);

	for (size_t i = 0; word != NULL && i < ARRAY_SIZE(reasons); i++)
		if (strcmp(reasons[i].word, word) == 0)
			taking.reason = reasons[i].number;
	if (st != CS_OK || taking.reason < 0)
		return CS_E_ARGUMENTS;
	(void)snprintf(body, sizeof(body), "revoke\norder=%s\nsn=%s\nreason=%s\n", order.id,
		       order.sn, word);
	st = certs_read(job, &list, body, sizeof(body));
	if (st == CS_OK)
		st = cs_issue_approved(job, body);
	if (st == CS_OK && list.len == 0) /* none is named: all of the key */
		st = key_add(job, order.sn, &list);
	if (st == CS_OK)
		st = pairs_add(job, &list);
	if (st == CS_OK)
		st = ended_drop(&list, job->now);
	taking.order_id = order.id;
	return st == CS_OK ? list_take(job, &list, &taking) : st;
}

enum cs_status
cs_issue_suspend(struct cs_store *store, void *ctx)
{
	const struct cs_issue_job *job = ctx;
	const struct cs_limit limit = {"suspend", CS_SUSPENSIONS_MAX, CS_DAY};
	struct order order = {.id = NULL};
	struct cs_taking taking = {.state = "held", .reason = REASON_HOLD, .at = job->now};
	struct list list = {.len = 0};
	char body[CS_BODY_ROOM] = "";
	enum cs_status st = order_read(job, &order);

	if (st == CS_OK)
		st = certs_read(job, &list, body, sizeof(body));
	if (st == CS_OK)
		st = key_add(job, order.sn, &list);
	if (st == CS_OK)
		st = pairs_add(job, &list);
	if (st == CS_OK)
		st = ended_drop(&list, job->now);
	if (st == CS_OK)
		st = cs_store_limit(store, &limit, job->now);
	taking.order_id = order.id;
	return st == CS_OK ? list_take(job, &list, &taking) : st;
}

static enum cs_status
held_row(const struct cs_revocation_row *row, void *list)
{
	return list_add(list, row->serial, row->not_after);
}

/* What that order has suspended, and only that. */
static enum cs_status
held_list(struct cs_store *store, const char *order_id, struct list *list)
{
	return cs_store_held_by(store, order_id, held_row, list);
}

static enum cs_status
lift(const struct cs_issue_job *job, const struct order *order, const char *serial, json_t *told)
{
	struct cs_revocation_row row = {.at = 0};
	enum cs_status st = cs_store_revocation_get(job->issuerd->store, serial, &row);

	if (st != CS_OK)
		return st;
	row.at = job->now;
	st = cs_store_revocation_lift(job->issuerd->store, serial);
	if (st == CS_OK)
		st = publish(job, &row);
	if (st == CS_OK)
		st = announce(job, &row, "released");
	(void)json_array_append_new(told, json_string(serial));
	return st == CS_OK ? cs_issue_log(job, "released", order->id, serial) : st;
}

enum cs_status
cs_issue_release(struct cs_store *store, void *ctx)
{
	const struct cs_issue_job *job = ctx;
	struct order order = {.id = NULL};
	struct list list = {.len = 0};
	json_t *told = json_array();
	char body[CS_BODY_ROOM];
	enum cs_status st = order_read(job, &order);

	(void)json_object_set_new(job->answer, "serials", told);
	if (st != CS_OK)
		return st;
	(void)snprintf(body, sizeof(body), "release\norder=%s\nsn=%s\n", order.id, order.sn);
	st = cs_issue_approved(job, body);
	if (st == CS_OK)
		st = held_list(store, order.id, &list);
	for (size_t i = 0; i < list.len && st == CS_OK; i++)
		st = lift(job, &order, list.rows[i].serial, told);
	return st;
}

enum cs_status
cs_issue_held(struct cs_store *store, void *ctx)
{
	const struct cs_issue_job *job = ctx;
	struct order order = {.id = NULL};
	struct list list = {.len = 0};
	json_t *told = json_array();
	enum cs_status st = order_read(job, &order);

	(void)json_object_set_new(job->answer, "serials", told);
	if (st == CS_OK)
		st = held_list(store, order.id, &list);
	for (size_t i = 0; i < list.len && st == CS_OK; i++)
		(void)json_array_append_new(told, json_string(list.rows[i].serial));
	return st;
}
