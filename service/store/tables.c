/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every table of every process.  ca, the tenant, comes first in each key. */
#include "service/store/schema.h"

#define I CS_TYPE_INT
#define T CS_TYPE_TEXT
#define B CS_TYPE_BYTES

/* The log and the keys of persons' data, in every process. */
#define COMMON_TABLES                                                                              \
	{"audit_entries",                                                                          \
	 {{"ca", T}, {"chain", T}, {"seq", I}, {"at", I}, {"body", B}, {"hash", B}},               \
	 "ca, chain, seq"},                                                                        \
		{"audit_heads", {{"ca", T}, {"chain", T}, {"seq", I}, {"hash", B}}, "ca, chain"},  \
		{"audit_signed", {{"ca", T}, {"at", I}, {"body", B}, {"signature", B}}, "ca, at"}, \
		{"persons", {{"ca", T}, {"id", T}, {"sealed_key", B}, {"made", I}}, "ca, id"},     \
		{"outbox",                                                                         \
		 {{"ca", T},                                                                       \
		  {"id", T},                                                                       \
		  {"topic", T},                                                                    \
		  {"once", T},                                                                     \
		  {"due", I},                                                                      \
		  {"lease_until", I},                                                              \
		  {"lease_owner", T},                                                              \
		  {"tries", I},                                                                    \
		  {"done", I},                                                                     \
		  {"payload", B}},                                                                 \
		 "ca, id",                                                                         \
		 "ca, topic, once",                                                                \
		 "ca, topic, done, due"},                                                          \
	{                                                                                          \
		"limits", {{"ca", T}, {"bucket", T}, {"begins", I}, {"used", I}}, "ca, bucket",    \
			NULL, "ca, begins"                                                         \
	}

static const struct cs_table orders_tables[] = {
	COMMON_TABLES,
	{"orders",
	 {{"ca", T},
	  {"id", T},
	  {"number", T},
	  {"kind", T},
	  {"state", T},
	  {"ver", I},
	  {"key_sn", T},
	  {"profile", T},
	  {"method", T},
	  {"unit_mark", T},
	  {"person", T},
	  {"created", I},
	  {"changed", I},
	  {"deadline", I},
	  {"retain", I},
	  {"body", B},
	  {"checked", I, 2},
	  {"paper", I, 2}},
	 "ca, id",
	 "ca, number",
	 "ca, unit_mark, created"},
	/* the orders that may be forgotten one day */
	{"order_retains",
	 {{"ca", T}, {"order_id", T}, {"at", I}},
	 "ca, order_id",
	 NULL,
	 "ca, at",
	 2},
	/* a code that somebody got for something about an order */
	{"order_codes",
	 {{"ca", T},
	  {"order_id", T},
	  {"purpose", T},
	  {"code_hash", B},
	  {"tries", I},
	  {"until", I},
	  {"passed", I}},
	 "ca, order_id, purpose",
	 NULL,
	 NULL,
	 2},
	{"deliveries",
	 {{"ca", T},
	  {"order_id", T},
	  {"key_sn", T},
	  {"pin", T},
	  {"post", T},
	  {"tracking", T},
	  {"invoice", T},
	  {"invoice_number", T},
	  {"body", B},
	  {"changed", I}},
	 "ca, order_id",
	 NULL,
	 NULL,
	 2},
	/* who was set as a unit's handler after its orders were made */
	{"handlers",
	 {{"ca", T}, {"unit_mark", T}, {"person", T}, {"body", B}, {"since", I}},
	 "ca, unit_mark",
	 NULL,
	 NULL,
	 2},
	{"challenges",
	 {{"ca", T}, {"challenge", T}, {"at", I}},
	 "ca, challenge",
	 NULL,
	 "ca, at",
	 2},
	/* the orders that have something to wait for, and those of a key */
	{"order_deadlines",
	 {{"ca", T}, {"order_id", T}, {"at", I}},
	 "ca, order_id",
	 NULL,
	 "ca, at"},
	{"key_claims", {{"ca", T}, {"key_sn", T}, {"order_id", T}}, "ca, key_sn"},
	{"key_blocks",
	 {{"ca", T}, {"key_sn", T}, {"reason", T}, {"order_id", T}, {"since", I}},
	 "ca, key_sn, reason"},
	{"order_caps",
	 {{"ca", T}, {"hash", B}, {"order_id", T}, {"made", I}},
	 "ca, hash",
	 NULL,
	 "ca, order_id"},
	{"idempotency",
	 {{"ca", T}, {"hash", B}, {"body_hash", B}, {"order_id", T}, {"made", I}},
	 "ca, hash",
	 NULL,
	 "ca, made"},
	{"number_blocks", {{"ca", T}, {"day", T}, {"letter", T}, {"next", I}}, "ca, day, letter"},
	{"consents",
	 {{"ca", T},
	  {"order_id", T},
	  {"text_id", T},
	  {"version", T},
	  {"text_hash", B},
	  {"form_hash", B},
	  {"agreed", I},
	  {"voided", I}},
	 "ca, order_id, text_id, agreed"},
	{"documents",
	 {{"ca", T},
	  {"order_id", T},
	  {"slot", T},
	  {"hash", B},
	  {"type", T},
	  {"size", I},
	  {"state", T},
	  {"uploaded", I},
	  {"reason", T, 2}},
	 "ca, order_id, slot"},
	{"payments",
	 {{"ca", T},
	  {"order_id", T},
	  {"provider", T},
	  {"reference", T},
	  {"amount", I},
	  {"state", T},
	  {"changed", I},
	  {"way", T, 2},
	  {"qr", T, 2}},
	 "ca, order_id",
	 "ca, provider, reference"},
	{"notices",
	 {{"ca", T}, {"provider", T}, {"notice", T}, {"order_id", T}, {"at", I}},
	 "ca, provider, notice"},
	/* what the provider sent and signed when money came, as it came */
	{"kept_notices",
	 {{"ca", T}, {"order_id", T}, {"provider", T}, {"stamp", T}, {"body", B}, {"signature", T}},
	 "ca, order_id",
	 NULL,
	 NULL,
	 3},
	{"grants",
	 {{"ca", T},
	  {"hash", B},
	  {"unit_mark", T},
	  {"code_hash", B},
	  {"tries", I},
	  {"until", I},
	  {"passed", I},
	  {"contact_mark", T, 2},
	  {"person", T, 2},
	  {"body", B, 2}},
	 "ca, hash",
	 NULL,
	 "ca, until"},
	/* what operators are asked to sign about an order, and who has */
	{"asks",
	 {{"ca", T},
	  {"id", T},
	  {"order_id", T},
	  {"act", T},
	  {"state", T},
	  {"by_operator", T},
	  {"ver", I},
	  {"made", I},
	  {"changed", I},
	  {"body", B},
	  {"members", B}},
	 "ca, id",
	 NULL,
	 "ca, order_id, made",
	 2},
	{"ask_signatures",
	 {{"ca", T}, {"ask_id", T}, {"name", T}, {"signature", B}, {"at", I}},
	 "ca, ask_id, name",
	 NULL,
	 NULL,
	 2},
};

static const struct cs_table unlock_tables[] = {
	COMMON_TABLES,
	{"keys",
	 {{"ca", T},
	  {"key_sn", T},
	  {"master", I},
	  {"model", T},
	  {"state", T},
	  {"ver", I},
	  {"person", T},
	  {"contact", B},
	  {"contact_since", I},
	  {"admin_seen", I},
	  {"enrolled", I}},
	 "ca, key_sn"},
	{"unlocks",
	 {{"ca", T},
	  {"order_id", T},
	  {"key_sn", T},
	  {"state", T},
	  {"ver", I},
	  {"method", T},
	  {"code_mac", B},
	  {"code_until", I},
	  {"guesses", I},
	  {"sent", I},
	  {"grant_hash", B},
	  {"attempts", I},
	  {"until", I},
	  {"changed", I}},
	 "ca, order_id",
	 NULL,
	 "ca, key_sn"},
	/* what was answered, so that nothing is answered in two ways: one random, one stage */
	{"unlock_answers",
	 {{"ca", T}, {"order_id", T}, {"random", B}, {"attempt", I}, {"stage", T}, {"app", B}},
	 "ca, order_id, random",
	 "ca, order_id, attempt, stage"},
};

static const struct cs_table issue_tables[] = {
	COMMON_TABLES,
	{"issue_orders",
	 {{"ca", T},
	  {"order_id", T},
	  {"kind", T},
	  {"state", T},
	  {"ver", I},
	  {"key_sn", T},
	  {"subject", B},
	  {"code", T},
	  {"years", I},
	  {"old_cert", B},
	  {"spki_hash", B},
	  {"requests", I},
	  {"changed", I},
	  {"csr_hash", B, 2},
	  {"csr", B, 2}},
	 "ca, order_id",
	 NULL,
	 "ca, key_sn"},
	/* draft: complete but for the CA's signature; stored before that is made */
	{"certificates",
	 {{"ca", T},
	  {"serial", T},
	  {"order_id", T},
	  {"spki_hash", B},
	  {"state", T},
	  {"ver", I},
	  {"not_after", I},
	  {"draft", B},
	  {"cert", B},
	  {"changed", I},
	  {"pair", T, 2}, /* serial of the signing certificate that one for encryption goes with */
	  {"envelope", B, 2},
	  {"wrapped", B, 2}},
	 "ca, serial",
	 "ca, order_id, spki_hash"},
	/* at: from when on; a renewed one's may lie ahead */
	{"revocations",
	 {{"ca", T},
	  {"serial", T},
	  {"order_id", T},
	  {"state", T},
	  {"reason", I},
	  {"at", I},
	  {"not_after", I}},
	 "ca, serial",
	 NULL,
	 "ca, not_after",
	 2},
	/* certificates whose pre-signed answer is to be made anew at `due` */
	{"answers",
	 {{"ca", T}, {"serial", T}, {"due", I}, {"not_after", I}},
	 "ca, serial",
	 NULL,
	 "ca, due",
	 2},
	{"counters", {{"ca", T}, {"name", T}, {"value", I}}, "ca, name", NULL, NULL, 2},
	/* a payment pays for one order */
	{"receipts",
	 {{"ca", T}, {"provider", T}, {"reference", T}, {"order_id", T}, {"at", I}},
	 "ca, provider, reference",
	 NULL,
	 NULL,
	 2},
};

static const struct cs_table kmc_tables[] = {
	COMMON_TABLES,
	/* private keys under a key of the HSM; a spare one stands under its own hash */
	{"pairs",
	 {{"ca", T},
	  {"public_hash", B},
	  {"signer_hash", B},
	  {"order_id", T},
	  {"alg", T},
	  {"state", T},
	  {"ver", I},
	  {"made", I},
	  {"spki", B},
	  {"sealed", B},
	  {"envelope", B},
	  {"wrapped", B}},
	 "ca, public_hash",
	 "ca, order_id, signer_hash",
	 "ca, state, alg"},
	{"recoveries",
	 {{"ca", T},
	  {"public_hash", B},
	  {"signer_hash", B},
	  {"order_id", T},
	  {"at", I},
	  {"envelope", B},
	  {"wrapped", B}},
	 "ca, public_hash, signer_hash"},
};

static const struct cs_tables schemas[CS_SCHEMA_COUNT] = {
	[CS_SCHEMA_ORDERS] = {"orders", 3, orders_tables, ARRAY_SIZE(orders_tables)},
	[CS_SCHEMA_UNLOCK] = {"unlock", 1, unlock_tables, ARRAY_SIZE(unlock_tables)},
	[CS_SCHEMA_ISSUE] = {"issue", 2, issue_tables, ARRAY_SIZE(issue_tables)},
	[CS_SCHEMA_KMC] = {"kmc", 1, kmc_tables, ARRAY_SIZE(kmc_tables)},
};

const struct cs_tables *
cs_schema_tables(enum cs_schema schema)
{
	return &schemas[schema];
}

int64_t
cs_store_version(enum cs_schema schema)
{
	return schemas[schema].version;
}
