/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/issues.h"

#include "service/store/engine.h"

#define CERT_FIELDS                                                                           \
	"c.serial, c.order_id, c.spki_hash, c.state, c.ver, c.not_after, c.changed, c.draft," \
	" c.cert, c.pair, c.envelope, c.wrapped"

static enum cs_status
one_row(enum cs_status st, int64_t rows, enum cs_status otherwise)
{
	return st == CS_OK && rows != 1 ? otherwise : st;
}

static struct cs_arg
hash_arg(const uint8_t hash[CS_HASH_LEN])
{
	return cs_bytes(uk_span_of(hash, CS_HASH_LEN));
}

enum cs_status
cs_store_issue_add(struct cs_store *store, const struct cs_issue_row *row)
{
	static const char sql[] =
		"INSERT INTO issue_orders (ca, order_id, kind, state, key_sn, subject, code, years,"
		" old_cert, spki_hash, changed, csr_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8,"
		" $9, $10, $11, $12) ON CONFLICT DO NOTHING";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(
		store, sql, &rows, cs_text(store->ca), cs_text(row->order_id), cs_text(row->kind),
		cs_text(row->state), cs_text(row->key_sn), cs_bytes(cs_blob_span(&row->subject)),
		cs_text(row->code), cs_int(row->years), cs_bytes(cs_blob_span(&row->old_cert)),
		hash_arg(row->spki_hash), cs_int(row->changed), hash_arg(row->csr_hash));

	return one_row(st, rows, CS_E_EXISTS);
}

static enum cs_status
issue_row(const struct cs_row *row, void *ctx)
{
	struct cs_issue_row *issue = ctx;
	enum cs_status st;

	cs_row_text(row, 0, issue->order_id, sizeof(issue->order_id));
	cs_row_text(row, 1, issue->kind, sizeof(issue->kind));
	cs_row_text(row, 2, issue->state, sizeof(issue->state));
	issue->ver = row->number(row->row, 3);
	cs_row_text(row, 4, issue->key_sn, sizeof(issue->key_sn));
	cs_row_text(row, 6, issue->code, sizeof(issue->code));
	issue->years = row->number(row->row, 7);
	issue->requests = row->number(row->row, 10);
	issue->changed = row->number(row->row, 11);
	st = cs_row_blob(row, 5, &issue->subject);
	if (st == CS_OK)
		st = cs_row_blob(row, 8, &issue->old_cert);
	if (st == CS_OK)
		st = cs_row_blob(row, 12, &issue->csr);
	/* An order from before there was this column has none. */
	if (st == CS_OK && row->bytes(row->row, 13).len > 0)
		st = cs_row_fixed(row, 13, issue->csr_hash, CS_HASH_LEN);
	return st == CS_OK ? cs_row_fixed(row, 9, issue->spki_hash, CS_HASH_LEN) : st;
}

enum cs_status
cs_store_issue_get(struct cs_store *store, const char *order_id, struct cs_issue_row *ret)
{
	static const char sql[] = "SELECT order_id, kind, state, ver, key_sn, subject, code, years,"
				  " old_cert, spki_hash, requests, changed, csr, csr_hash"
				  " FROM issue_orders WHERE ca = $1 AND order_id = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, issue_row, ret, cs_text(store->ca), cs_text(order_id));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_issue_put(struct cs_store *store, struct cs_issue_row *row)
{
	static const char sql[] = "UPDATE issue_orders SET state = $1, ver = ver + 1,"
				  " spki_hash = $2, requests = $3, changed = $4, key_sn = $5,"
				  " csr = $6, csr_hash = $7"
				  " WHERE ca = $8 AND order_id = $9 AND ver = $10";
	int64_t rows = 0;
	enum cs_status st =
		CS_EXECUTE(store, sql, &rows, cs_text(row->state), hash_arg(row->spki_hash),
			   cs_int(row->requests), cs_int(row->changed), cs_text(row->key_sn),
			   cs_bytes(cs_blob_span(&row->csr)), hash_arg(row->csr_hash),
			   cs_text(store->ca), cs_text(row->order_id), cs_int(row->ver));

	st = one_row(st, rows, CS_E_CHANGED);
	row->ver += st == CS_OK;
	return st;
}

enum cs_status
cs_store_cert_add(struct cs_store *store, const struct cs_cert_row *row)
{
	static const char sql[] =
		"INSERT INTO certificates (ca, serial, order_id, spki_hash, state, not_after,"
		" changed, draft, cert, pair, envelope, wrapped)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
		" ON CONFLICT DO NOTHING";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(
		store, sql, &rows, cs_text(store->ca), cs_text(row->serial), cs_text(row->order_id),
		hash_arg(row->spki_hash), cs_text(row->state), cs_int(row->not_after),
		cs_int(row->changed), cs_bytes(cs_blob_span(&row->draft)),
		cs_bytes(cs_blob_span(&row->cert)), cs_text(row->pair),
		cs_bytes(cs_blob_span(&row->envelope)), cs_bytes(cs_blob_span(&row->wrapped)));

	return one_row(st, rows, CS_E_EXISTS);
}

static enum cs_status
cert_row(const struct cs_row *row, void *ctx)
{
	struct cs_cert_row *cert = ctx;
	enum cs_status st;

	cs_row_text(row, 0, cert->serial, sizeof(cert->serial));
	cs_row_text(row, 1, cert->order_id, sizeof(cert->order_id));
	cs_row_text(row, 3, cert->state, sizeof(cert->state));
	cert->ver = row->number(row->row, 4);
	cert->not_after = row->number(row->row, 5);
	cert->changed = row->number(row->row, 6);
	st = cs_row_fixed(row, 2, cert->spki_hash, CS_HASH_LEN);
	if (st == CS_OK)
		st = cs_row_blob(row, 7, &cert->draft);
	if (st == CS_OK)
		st = cs_row_blob(row, 8, &cert->cert);
	cs_row_text(row, 9, cert->pair, sizeof(cert->pair));
	if (st == CS_OK)
		st = cs_row_blob(row, 10, &cert->envelope);
	return st == CS_OK ? cs_row_blob(row, 11, &cert->wrapped) : st;
}

enum cs_status
cs_store_cert_of(struct cs_store *store, const char *order_id, const uint8_t spki_hash[CS_HASH_LEN],
		 struct cs_cert_row *ret)
{
	static const char sql[] = "SELECT " CERT_FIELDS " FROM certificates c"
				  " WHERE ca = $1 AND order_id = $2 AND spki_hash = $3";
	struct cs_statement ask = CS_STATEMENT(sql, cert_row, ret, cs_text(store->ca),
					       cs_text(order_id), hash_arg(spki_hash));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_cert_by_serial(struct cs_store *store, const char *serial, struct cs_cert_row *ret)
{
	static const char sql[] =
		"SELECT " CERT_FIELDS " FROM certificates c WHERE ca = $1 AND serial = $2";
	struct cs_statement ask =
		CS_STATEMENT(sql, cert_row, ret, cs_text(store->ca), cs_text(serial));

	return cs_fetch(store, &ask);
}

enum cs_status
cs_store_cert_put(struct cs_store *store, struct cs_cert_row *row)
{
	static const char sql[] = "UPDATE certificates SET state = $1, ver = ver + 1, cert = $2,"
				  " changed = $3 WHERE ca = $4 AND serial = $5 AND ver = $6";
	int64_t rows = 0;
	enum cs_status st = CS_EXECUTE(store, sql, &rows, cs_text(row->state),
				       cs_bytes(cs_blob_span(&row->cert)), cs_int(row->changed),
				       cs_text(store->ca), cs_text(row->serial), cs_int(row->ver));

	st = one_row(st, rows, CS_E_CHANGED);
	row->ver += st == CS_OK;
	return st;
}

enum cs_status
cs_store_cert_pair(struct cs_store *store, const char *order_id, const char *serial,
		   struct cs_cert_row *ret)
{
	static const char sql[] = "SELECT " CERT_FIELDS " FROM certificates c"
				  " WHERE ca = $1 AND order_id = $2 AND pair = $3";
	struct cs_statement ask = CS_STATEMENT(sql, cert_row, ret, cs_text(store->ca),
					       cs_text(order_id), cs_text(serial));

	return cs_fetch(store, &ask);
}

struct each_cert {
	cs_cert_fn each;
	void *ctx;
};

static enum cs_status
each_cert_row(const struct cs_row *row, void *ctx)
{
	const struct each_cert *each = ctx;
	CS_CERT_ROW cert = {.ver = 0};
	enum cs_status st = cert_row(row, &cert);

	return st == CS_OK ? each->each(&cert, each->ctx) : st;
}

enum cs_status
cs_store_certs_others(struct cs_store *store, const char *order_id,
		      const uint8_t spki_hash[CS_HASH_LEN], cs_cert_fn each, void *ctx)
{
	static const char sql[] = "SELECT " CERT_FIELDS " FROM certificates c"
				  " WHERE ca = $1 AND order_id = $2 AND spki_hash <> $3"
				  " AND state <> 'revoked'";
	static const uint8_t none[CS_HASH_LEN] = {0};
	struct each_cert one = {each, ctx};
	struct cs_statement ask =
		CS_STATEMENT(sql, each_cert_row, &one, cs_text(store->ca), cs_text(order_id),
			     hash_arg(spki_hash != NULL ? spki_hash : none));

	return cs_run(store, &ask);
}

enum cs_status
cs_store_certs_on(struct cs_store *store, const char *key_sn, cs_cert_fn each, void *ctx)
{
	static const char sql[] = "SELECT " CERT_FIELDS " FROM issue_orders o JOIN certificates c"
				  " ON c.ca = o.ca AND c.order_id = o.order_id"
				  " WHERE o.ca = $1 AND o.key_sn = $2 AND c.state <> 'revoked'";
	struct each_cert one = {each, ctx};
	struct cs_statement ask =
		CS_STATEMENT(sql, each_cert_row, &one, cs_text(store->ca), cs_text(key_sn));

	return cs_run(store, &ask);
}

struct each_der {
	cs_der_fn each;
	void *ctx;
};

static enum cs_status
each_der_row(const struct cs_row *row, void *ctx)
{
	const struct each_der *each = ctx;
	struct uk_span der = row->bytes(row->row, 0);

	return der.len > 0 ? each->each(der, each->ctx) : CS_OK;
}

enum cs_status
cs_store_old_certs(struct cs_store *store, const char *key_sn, cs_der_fn each, void *ctx)
{
	static const char sql[] = "SELECT old_cert FROM issue_orders WHERE ca = $1 AND key_sn = $2";
	struct each_der one = {each, ctx};
	struct cs_statement ask =
		CS_STATEMENT(sql, each_der_row, &one, cs_text(store->ca), cs_text(key_sn));

	return cs_run(store, &ask);
}
