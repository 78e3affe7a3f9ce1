/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-unlockd: the one process that can make a key believe that it knows the admin PIN. */
#include "service/base/clock.h"
#include "service/base/daemon.h"
#include "service/deliver/letter.h"
#include "service/store/outbox.h"
#include "service/unlock/ceremony.h"
#include "service/unlock/unlock.h"

#include <stdio.h>

struct settings {
	const char *store, *ca, *vault, *module, *token, *pin_file, *operators, *socket, *spool;
	const char *peers; /* user ids, with commas between */
	const char *backup, *shares;
};

struct process {
	struct cs_unlockd unlockd;
	struct cs_vault vault;
	struct cs_operators operators;
	struct cs_spool spool;
};

static void
deliver(void *ctx)
{
	struct process *process = ctx;
	static const char *const topics[] = {"sms", "memo"};

	for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
		enum cs_status st = cs_spool_run(&process->spool, topics[i], cs_now());

		if (st != CS_OK)
			cs_daemon_say("unlockd", topics[i], st);
	}
}

/* Besides delivering, once a minute: what has been told and counted long ago is dropped. */
static void
tick(void *ctx)
{
	struct process *process = ctx;
	int64_t now = cs_now();

	deliver(process);
	if (now % CS_MINUTE == 0)
		(void)cs_daemon_say("unlockd", "outbox",
				    cs_store_outbox_forget(process->unlockd.store,
							   now - 30 * CS_DAY, now - 2 * CS_DAY));
}

static json_t *
handle(void *ctx, const json_t *request, uid_t peer)
{
	struct process *process = ctx;
	json_t *answer = cs_unlock_answer(&process->unlockd, request, peer);

	/* A code that was just drawn is not to wait for the next tick. */
	deliver(process);
	return answer;
}

static enum cs_status
hsm_open(const struct settings *settings, struct cs_hsm **ret)
{
	UK_SECRET pin = {.len = 0};
	enum cs_status st = cs_daemon_secret(settings->pin_file, &pin);

	if (st != CS_OK)
		return cs_daemon_say("unlockd", "--pin-file", st);
	return cs_daemon_say(
		"unlockd", "the HSM",
		cs_hsm_open(settings->module, settings->token, uk_secret_peek(&pin), ret));
}

static void
process_close(struct process *process)
{
	cs_store_close(process->unlockd.store);
	cs_hsm_close(process->unlockd.hsm);
	cs_operators_free(&process->operators);
	cs_vault_wipe(&process->vault);
}

static enum cs_status
process_open(const struct settings *settings, struct process *process)
{
	struct cs_unlockd *unlockd = &process->unlockd;
	enum cs_status st = hsm_open(settings, &unlockd->hsm);

	if (st == CS_OK)
		st = cs_daemon_say("unlockd", "--vault",
				   cs_vault_open(settings->vault, &process->vault));
	if (st == CS_OK)
		st = cs_daemon_say("unlockd", "--operators",
				   cs_operators_read(settings->operators, &process->operators));
	if (st == CS_OK)
		st = cs_daemon_say("unlockd", "--store",
				   cs_store_open(settings->store, CS_SCHEMA_UNLOCK, settings->ca,
						 &unlockd->store));
	unlockd->vault = &process->vault;
	unlockd->operators = &process->operators;
	unlockd->chain = "unlockd";
	unlockd->clock = cs_now;
	process->spool =
		(struct cs_spool){unlockd->store, &process->vault, settings->spool, "unlockd"};
	return st;
}

static int
run(const struct settings *settings)
{
	struct process process = {.unlockd = {.store = NULL}};
	struct cs_server_settings server = {
		.path = settings->socket, .handle = handle, .idle = tick, .ctx = &process};
	enum cs_status st;

	st = process_open(settings, &process);
	if (st == CS_OK)
		st = cs_serve_process("unlockd", settings->peers, &server);
	process_close(&process);
	return st == CS_OK ? 0 : 1;
}

static int
ceremony(const struct settings *settings, const char *command)
{
	struct cs_hsm *hsm = NULL;
	enum cs_status st = hsm_open(settings, &hsm);

	if (st == CS_OK)
		st = cs_daemon_say("unlockd", command,
				   cs_ceremony(hsm, command, settings->backup, settings->shares));
	cs_hsm_close(hsm);
	return st == CS_OK ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct settings settings = {.ca = "default", .peers = ""};
	const struct cs_option options[] = {
		{"module", &settings.module, true},
		{"token", &settings.token, true},
		{"pin-file", &settings.pin_file, true},
		{"store", &settings.store, false},
		{"ca", &settings.ca, false},
		{"vault", &settings.vault, false},
		{"operators", &settings.operators, false},
		{"socket", &settings.socket, false},
		{"spool", &settings.spool, false},
		{"peers", &settings.peers, false},
		{"backup", &settings.backup, false},
		{"shares", &settings.shares, false},
	};
	const char *command = cs_daemon_options(argc, argv, options, ARRAY_SIZE(options));

	cs_daemon_harden();
	if (command != NULL && cs_ceremony_known(command))
		return ceremony(&settings, command);
	if (command != NULL && strcmp(command, "run") == 0 && settings.store != NULL &&
	    settings.vault != NULL && settings.operators != NULL && settings.socket != NULL &&
	    settings.spool != NULL)
		return run(&settings);
	(void)fprintf(stderr, "Usage: openukey-unlockd run|init|rotate|restore|masters OPTIONS,"
			      " see openukey-unlockd(8)\n");
	return 2;
}
