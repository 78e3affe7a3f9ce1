/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-kmcd: the key centre. */
#include "service/base/clock.h"
#include "service/base/daemon.h"
#include "service/deliver/letter.h"
#include "service/kmc/kmc.h"
#include "service/store/outbox.h"

#include <openssl/pem.h>
#include <stdio.h>

#define SPARES_MAX 10000

struct settings {
	const char *store, *ca, *vault, *module, *token, *pin_file, *operators, *socket, *spool;
	const char *peers, *ca_cert, *spares, *node;
};

struct process {
	struct cs_kmcd kmcd;
	struct cs_vault vault;
	struct cs_operators operators;
	struct cs_spool spool;
};

/* Letters, spare pairs and, once a minute, forgetting what was told long ago. */
static void
tick(void *ctx)
{
	struct process *process = ctx;
	int64_t now = cs_now();

	(void)cs_daemon_say("kmcd", "sms", cs_spool_run(&process->spool, "sms", now));
	(void)cs_daemon_say("kmcd", "spare pairs", cs_kmc_tick(&process->kmcd));
	if (now % CS_MINUTE == 0)
		(void)cs_daemon_say("kmcd", "outbox",
				    cs_store_outbox_forget(process->kmcd.store, now - 30 * CS_DAY,
							   now - 2 * CS_DAY));
}

static json_t *
handle(void *ctx, const json_t *request, uid_t peer)
{
	return cs_kmc_answer(&((struct process *)ctx)->kmcd, request, peer);
}

static enum cs_status
hsm_open(const struct settings *settings, struct cs_hsm **ret)
{
	UK_SECRET pin = {.len = 0};
	enum cs_status st = cs_daemon_secret(settings->pin_file, &pin);

	if (st != CS_OK)
		return cs_daemon_say("kmcd", "--pin-file", st);
	return cs_daemon_say(
		"kmcd", "the HSM",
		cs_hsm_open(settings->module, settings->token, uk_secret_peek(&pin), ret));
}

static enum cs_status
ca_read(const char *path, X509 **ret)
{
	BIO *bio = BIO_new_file(path, "rb");

	if (bio != NULL)
		*ret = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free_all(bio);
	return *ret != NULL ? CS_OK : CS_E_ARGUMENTS;
}

static void
process_close(struct process *process)
{
	cs_store_close(process->kmcd.store);
	cs_hsm_close(process->kmcd.hsm);
	X509_free(process->kmcd.ca);
	cs_operators_free(&process->operators);
	cs_vault_wipe(&process->vault);
}

static enum cs_status
process_open(const struct settings *settings, struct process *process)
{
	struct cs_kmcd *kmcd = &process->kmcd;
	enum cs_status st = hsm_open(settings, &kmcd->hsm);

	if (st == CS_OK)
		st = cs_daemon_say("kmcd", "--ca-cert", ca_read(settings->ca_cert, &kmcd->ca));
	if (st == CS_OK)
		st = cs_daemon_say("kmcd", "--vault",
				   cs_vault_open(settings->vault, &process->vault));
	if (st == CS_OK)
		st = cs_daemon_say("kmcd", "--operators",
				   cs_operators_read(settings->operators, &process->operators));
	if (st == CS_OK)
		st = cs_daemon_say(
			"kmcd", "--store",
			cs_store_open(settings->store, CS_SCHEMA_KMC, settings->ca, &kmcd->store));
	kmcd->vault = &process->vault;
	kmcd->operators = &process->operators;
	kmcd->chain = settings->node;
	kmcd->spares = strtol(settings->spares, NULL, 10);
	kmcd->clock = cs_now;
	process->spool =
		(struct cs_spool){kmcd->store, &process->vault, settings->spool, settings->node};
	if (st == CS_OK && (kmcd->spares < 0 || kmcd->spares > SPARES_MAX))
		st = cs_daemon_say("kmcd", "--spares", CS_E_ARGUMENTS);
	return st;
}

static int
run(const struct settings *settings)
{
	struct process process = {.kmcd = {.store = NULL}};
	struct cs_server_settings server = {
		.path = settings->socket, .handle = handle, .idle = tick, .ctx = &process};
	enum cs_status st;

	st = process_open(settings, &process);
	if (st == CS_OK)
		st = cs_serve_process("kmcd", settings->peers, &server);
	process_close(&process);
	return st == CS_OK ? 0 : 1;
}

static int
init(const struct settings *settings)
{
	struct cs_hsm *hsm = NULL;
	enum cs_status st = hsm_open(settings, &hsm);

	if (st == CS_OK)
		st = cs_daemon_say("kmcd", "init", cs_kmc_init(hsm));
	cs_hsm_close(hsm);
	return st == CS_OK ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct settings settings = {.ca = "default", .peers = "", .spares = "0", .node = "kmcd"};
	const struct cs_option options[] = {
		{"module", &settings.module, true},
		{"token", &settings.token, true},
		{"pin-file", &settings.pin_file, true},
		{"store", &settings.store, false},
		{"ca", &settings.ca, false},
		{"ca-cert", &settings.ca_cert, false},
		{"vault", &settings.vault, false},
		{"operators", &settings.operators, false},
		{"socket", &settings.socket, false},
		{"spool", &settings.spool, false},
		{"spares", &settings.spares, false},
		{"node", &settings.node, false},
		{"peers", &settings.peers, false},
	};
	const char *command = cs_daemon_options(argc, argv, options, ARRAY_SIZE(options));

	cs_daemon_harden();
	if (command != NULL && strcmp(command, "init") == 0)
		return init(&settings);
	if (command != NULL && strcmp(command, "run") == 0 && settings.store != NULL &&
	    settings.ca_cert != NULL && settings.vault != NULL && settings.operators != NULL &&
	    settings.socket != NULL && settings.spool != NULL)
		return run(&settings);
	(void)fprintf(stderr, "Usage: openukey-kmcd init|run OPTIONS, see openukey-kmcd(8)\n");
	return 2;
}
