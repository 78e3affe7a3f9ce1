/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-certadm: what whoever runs the service does to its databases and its log. */
#include "service/admin/admin.h"
#include "service/audit/audit.h"
#include "service/base/clock.h"
#include "service/base/signed.h"
#include "service/store/audit.h"
#include "service/vault/vault.h"

#include <getopt.h>
#include <stdio.h>

enum cs_status
admin_report(enum cs_status st, const char *what)
{
	if (st != CS_OK)
		(void)fprintf(stderr, "openukey-certadm: %s: %s\n", what, cs_status_text(st));
	return st;
}

static enum cs_status
report(enum cs_status st, const char *what)
{
	return admin_report(st, what);
}

static void
pkey_drop(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

#define PKEY UK_CLEANUP(pkey_drop) EVP_PKEY

static enum cs_status
run_backup(struct cs_store *store, const struct options *options)
{
	return report(cs_store_backup(store, options->argument), options->argument);
}

static enum cs_status
run_restore(struct cs_store *store, const struct options *options)
{
	return report(cs_store_restore(store, options->argument), options->argument);
}

static enum cs_status
run_audit_sign(struct cs_store *store, const struct options *options)
{
	PKEY *key = options->key != NULL ? cs_private_key_read(options->key) : NULL;

	if (key == NULL)
		return report(CS_E_ARGUMENTS, "--key: no private key in it");
	return report(cs_audit_sign(store, key, cs_now()), "audit-sign");
}

static enum cs_status
run_audit_head(struct cs_store *store, const struct options *options)
{
	CS_BLOB head = {NULL, 0};
	enum cs_status st = report(cs_audit_export(store, &head), "audit-head");

	if (st == CS_OK && fwrite(head.ptr, 1, head.len, stdout) != head.len)
		st = report(CS_E_UNAVAILABLE, "standard output");
	return st;
}

static enum cs_status
file_read(const char *path, struct cs_blob *ret)
{
	FILE *file = fopen(path, "rbe");
	enum cs_status st = CS_E_UNAVAILABLE;
	char text[65536];
	size_t len;

	if (file == NULL)
		return st;
	len = fread(text, 1, sizeof(text), file);
	if (ferror(file) == 0 && len < sizeof(text))
		st = cs_blob_set(ret, uk_span_of(text, len));
	(void)fclose(file);
	return st;
}

static enum cs_status
run_audit_verify(struct cs_store *store, const struct options *options)
{
	PKEY *key = options->key != NULL ? cs_public_key_read(options->key) : NULL;
	CS_BLOB head = {NULL, 0};
	struct cs_audit_fault fault;
	enum cs_status st = CS_OK;

	if (key == NULL)
		return report(CS_E_ARGUMENTS, "--key: no public key in it");
	if (options->head != NULL)
		st = report(file_read(options->head, &head), options->head);
	if (st != CS_OK)
		return st;
	st = cs_audit_verify(store, key, cs_blob_span(&head), &fault);
	if (st == CS_E_CORRUPT)
		(void)printf("NOT VALID: %s\n", fault.text);
	else if (st == CS_OK)
		(void)printf("valid: %ld entries, %ld signed heads\n", (long)fault.entries,
			     (long)fault.heads);
	return st == CS_E_CORRUPT ? st : report(st, "audit-verify");
}

static enum cs_status
run_erase(struct cs_store *store, const struct options *options)
{
	return report(cs_store_person_erase(store, options->argument), options->argument);
}

static enum cs_status
run_migrate(struct cs_store *store, const struct options *options)
{
	(void)printf("%s, version %ld\n", cs_store_engine(store),
		     (long)cs_store_version(options->schema));
	return CS_OK;
}

static const struct {
	const char *name;
	bool argument;
	enum cs_status (*run)(struct cs_store *store, const struct options *options);
} commands[] = {
	{"migrate", false, run_migrate},       {"backup", true, run_backup},
	{"restore", true, run_restore},        {"audit-sign", false, run_audit_sign},
	{"audit-head", false, run_audit_head}, {"audit-verify", false, run_audit_verify},
	{"erase-person", true, run_erase},
};

static const char *const schema_names[CS_SCHEMA_COUNT] = {
	[CS_SCHEMA_ORDERS] = "orders",
	[CS_SCHEMA_UNLOCK] = "unlock",
	[CS_SCHEMA_ISSUE] = "issue",
	[CS_SCHEMA_KMC] = "kmc",
};

static int
usage(void)
{
	(void)fprintf(
		stderr,
		"Usage: openukey-certadm --store WHERE --schema orders|unlock|issue [--ca CA]"
		" COMMAND\n"
		"  migrate                make or update the tables\n"
		"  backup FILE            write a backup, also while the service runs\n"
		"  restore FILE           into an empty database\n"
		"  audit-sign --key PEM   sign the heads of the log\n"
		"  audit-head             print the newest signed heads, to be kept elsewhere\n"
		"  audit-verify --key PEM [--head FILE]\n"
		"  erase-person ID        forget the key of a person's data\n"
		"  make-key FILE          a new key for sealing data (needs no database)\n"
		"Usage: openukey-certadm operators begin|add|remove|lost|take|list --list FILE "
		"...\n"
		"Usage: openukey-certadm orders|show|log|ask|paper|answer|carry-out|drop|resend\n"
		"  --store WHERE --vault FILE --profile FILE --operators WHERE [--as NAME] ...\n"
		"openukey-certadm(8) explains them all.\n");
	return 2;
}

static bool
schema_read(const char *name, enum cs_schema *ret)
{
	for (int i = 0; i < CS_SCHEMA_COUNT; i++)
		if (strcmp(schema_names[i], name) == 0) {
			*ret = (enum cs_schema)i;
			return true;
		}
	return false;
}

static bool
options_read(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{"schema", required_argument, NULL, 't'},
		{"store", required_argument, NULL, 's'},
		{"ca", required_argument, NULL, 'c'},
		{"key", required_argument, NULL, 'k'},
		{"head", required_argument, NULL, 'h'},
		{"vault", required_argument, NULL, 'v'},
		{"profile", required_argument, NULL, 'p'},
		{"operators", required_argument, NULL, 'o'},
		{"unlock", required_argument, NULL, 'u'},
		{"issue", required_argument, NULL, 'i'},
		{"as", required_argument, NULL, 'a'},
		{"state", required_argument, NULL, 'S'},
		{"kind", required_argument, NULL, 'K'},
		{"sn", required_argument, NULL, 'n'},
		{"list", required_argument, NULL, 'l'},
		{"paper", required_argument, NULL, 'P'},
		{"answers", required_argument, NULL, 'A'},
		{"roles", required_argument, NULL, 'r'},
		{"days", required_argument, NULL, 'd'},
		{NULL, 0, NULL, 0},
	};
	const char **const texts[] = {
		['s'] = &options->store,     ['c'] = &options->ca,     ['k'] = &options->key,
		['h'] = &options->head,      ['v'] = &options->vault,  ['p'] = &options->profile,
		['o'] = &options->operators, ['u'] = &options->unlock, ['i'] = &options->issue,
		['a'] = &options->as,        ['S'] = &options->state,  ['K'] = &options->kind,
		['n'] = &options->sn,        ['l'] = &options->list,   ['P'] = &options->paper,
		['A'] = &options->answers,   ['r'] = &options->roles,  ['d'] = &options->days};
	int name;

	while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (name == '?' || (name == 't' && !schema_read(optarg, &options->schema)))
			return false;
		if (name != 't')
			*texts[name] = optarg;
	}
	return true;
}

int
main(int argc, char **argv)
{
	struct options options = {.ca = "default", .schema = CS_SCHEMA_ORDERS};
	CS_STORE *store = NULL;
	enum cs_status st;
	int code;

	if (!options_read(argc, argv, &options) || optind >= argc)
		return usage();
	options.argument = optind + 1 < argc ? argv[optind + 1] : NULL;
	options.arguments = argv + optind + 1;
	options.arguments_len = argc - optind - 1;
	code = admin_operators(argv[optind], &options);
	if (code < 0)
		code = admin_orders(argv[optind], &options);
	if (code >= 0)
		return code == 2 ? usage() : code;
	if (strcmp(argv[optind], "make-key") == 0 && options.argument != NULL)
		return report(cs_vault_make(options.argument), options.argument) == CS_OK ? 0 : 1;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, argv[optind]) != 0)
			continue;
		if (options.store == NULL || commands[i].argument != (options.argument != NULL))
			return usage();
		st = report(cs_store_open(options.store, options.schema, options.ca, &store),
			    "the database");
		return st == CS_OK && commands[i].run(store, &options) == CS_OK ? 0 : 1;
	}
	return usage();
}
