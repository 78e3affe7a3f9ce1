# SPDX-License-Identifier: LGPL-2.1-or-later
"""Orders of years gone by, put into the databases in bulk: rows as the service would have left them, in
all tables that keep any. The engines make them up themselves, as fast as they can."""
import sqlite3

# A renewal a month old and older: long confirmed, its letters sent.  {…}: see EXPRESSIONS.
TABLES = {
    "orders": [
        ("orders", "ca, id, number, kind, state, ver, key_sn, profile, method, unit_mark, person,"
         " created, changed, deadline, retain, body",
         "'default', {id}, {number}, 'renewal', 'confirmed', 10, {sn}, 'rehearsal', 'sms', {mark}, {id},"
         " {at}, {at}, 0, {at} + 300000000, {blob:256}", 1),
        ("persons", "ca, id, sealed_key, made", "'default', {id}, {blob:64}, {at}", 1),
        ("order_caps", "ca, hash, order_id, made", "'default', {blob:32}, {id}, {at}", 1),
        ("payments", "ca, order_id, provider, reference, amount, state, changed",
         "'default', {id}, 'sandbox', {id}, 22000, 'paid', {at}", 1),
        ("notices", "ca, provider, notice, order_id, at", "'default', 'sandbox', {id}, {id}, {at}", 1),
        ("consents", "ca, order_id, text_id, version, text_hash, form_hash, agreed, voided",
         "'default', {id}, 'text' || {part}, '1', {blob:32}, {blob:32}, {at}, 0", 3),
        ("audit_entries", "ca, chain, seq, at, body, hash",
         "'default', 'old-' || {part}, i, {at}, {blob:160}, {blob:32}", 10),
        # Letters are kept for a month: every twelfth order's.
        ("outbox", "ca, id, topic, once, due, lease_until, lease_owner, tries, done, payload",
         "'default', {id} || {part}, 'notice', {id} || {part}, {at}, {at}, 'worker', 1, {at}, NULL",
         0.5),
    ],
    "issue": [
        ("issue_orders", "ca, order_id, kind, state, ver, key_sn, subject, code, years, old_cert,"
         " spki_hash, requests, changed",
         "'default', {id}, 'renewal', 'confirmed', 2, {sn}, {blob:96}, 'CODE', 1, {blob:640}, {blob:32},"
         " 1, {at}", 1),
        ("certificates", "ca, serial, order_id, spki_hash, state, ver, not_after, draft, cert, changed",
         "'default', {mark}, {id}, {blob:32}, 'confirmed', 2, {at} + 31536000, {blob:640}, {blob:640},"
         " {at}", 1),
        ("audit_entries", "ca, chain, seq, at, body, hash",
         "'default', 'old-' || {part}, i, {at}, {blob:160}, {blob:32}", 4),
    ],
    "unlock": [
        ("keys", "ca, key_sn, master, model, state, ver, person, contact, contact_since, enrolled",
         "'default', {sn}, 1, 'OpenUKey Virtual V0', 'good', 1, {id}, {blob:160}, {at}, {at}", 1),
        ("persons", "ca, id, sealed_key, made", "'default', {id}, {blob:64}, {at}", 1),
        # One key in seven is unlocked once a year.
        ("unlocks", "ca, order_id, key_sn, state, ver, method, code_mac, grant_hash, until, changed",
         "'default', {id}, {sn}, 'done', 6, 'sms', {blob:32}, {blob:32}, {at}, {at}", 0.15),
        ("audit_entries", "ca, chain, seq, at, body, hash",
         "'default', 'old-' || {part}, i, {at}, {blob:160}, {blob:32}", 1),
    ],
}
# The order's own number i, from the oldest on; instants ten seconds apart.
EXPRESSIONS = {
    "sqlite": {
        "id": "printf('%012x%020x', (1500000000 + i * 10) * 1000, i)",
        "number": "printf('2017%04dA%06d', i / 1000000, i % 1000000)",
        "sn": "printf('OLD%012d', i)", "mark": "lower(hex(randomblob(32)))",
        "at": "(1500000000 + i * 10)", "blob": "randomblob({})",
        "series": "WITH RECURSIVE n(i) AS (SELECT {} UNION ALL SELECT i + 1 FROM n WHERE i < {}) ",
    },
    "postgresql": {
        "id": "lpad(to_hex((1500000000 + i * 10) * 1000), 12, '0') || lpad(to_hex(i), 20, '0')",
        "number": "'2017' || lpad((i / 1000000)::text, 4, '0') || 'A' || lpad((i % 1000000)::text, 6, '0')",
        "sn": "'OLD' || lpad(i::text, 12, '0')",
        "mark": "md5(random()::text) || md5(random()::text)",
        "at": "(1500000000 + i * 10)", "blob": "decode(repeat(md5(random()::text), {} / 16), 'hex')",
        "series": "WITH n(i) AS (SELECT generate_series({}::bigint, {}::bigint)) ",
    },
}


def select(engine, values, part, first, last):
    words = EXPRESSIONS[engine]
    for size in (32, 64, 96, 160, 256, 640):
        values = values.replace(f"{{blob:{size}}}", words["blob"].format(size))
    for name in ("id", "number", "sn", "mark", "at"):
        values = values.replace(f"{{{name}}}", words[name])
    return (words["series"].format(first, last), f"SELECT {values.replace('{part}', repr(str(part)))} FROM n")


def statements(engine, database, first, last):
    for table, columns, values, share in TABLES[database]:
        for part in range(max(1, int(share))):
            until = last if share >= 1 else first + int((last - first) * share)
            series, rows = select(engine, values, part, first, until)
            yield f"{series}INSERT INTO {table} ({columns}) {rows}"


def indexes(rig, database):
    """What has to be dropped, and made again, so that rows come in without them: name, table, DDL."""
    lines = rig.postgres.sql(database, """
        SELECT i.indexrelid::regclass, i.indrelid::regclass, coalesce(c.conname, ''),
               coalesce(pg_get_constraintdef(c.oid), pg_get_indexdef(i.indexrelid))
        FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid
        JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE n.nspname = 'public' AND t.relname IN (%s)"""
                             % ", ".join(f"'{row[0]}'" for row in TABLES[database]))
    return [line.split("|", 3) for line in lines.splitlines()]


def fill_postgres(rig, database, first, last):
    """Sorted into the indexes at the end, which is many times as fast as one by one."""
    made = indexes(rig, database)
    for name, table, constraint, _ in made:
        rig.postgres.sql(database, f"ALTER TABLE {table} DROP CONSTRAINT {constraint}" if constraint
                         else f"DROP INDEX {name}")
    rig.postgres.sql(database, ";".join(
        ["SET synchronous_commit = off", *statements("postgresql", database, first, last)]))
    rig.postgres.sql(database, ";".join(
        ["SET maintenance_work_mem = '1GB'"]
        + [f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {words}" if constraint else words
           for _, table, constraint, words in made]))
    rig.postgres.sql(database, "VACUUM ANALYZE")
    rig.postgres.sql(database, "CHECKPOINT")


STEP = 200_000  # orders at once: a log that has to be written back does not grow over all of them


def fill_sqlite(rig, database, first, last):
    link = sqlite3.connect(rig.file(f"{database}.db"), timeout=60, isolation_level=None)
    link.execute("PRAGMA cache_size=-1500000")
    for begin in range(first, last + 1, STEP):
        link.execute("BEGIN IMMEDIATE")
        for statement in statements("sqlite", database, begin, min(begin + STEP - 1, last)):
            link.execute(statement)
        link.execute("COMMIT")
        link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    link.close()


def fill(rig, first, last):
    """Orders first..last, everywhere; nobody else should be writing."""
    for database in TABLES:
        (fill_sqlite if rig.postgres is None else fill_postgres)(rig, database, first, last)
