/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-issuerd: the one process with the CA's key. "run" answers, "work" publishes lists. */
#include "service/base/daemon.h"
#include "service/issue/issue.h"
#include "service/issue/publish.h"
#include "service/orders/profile.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DAYS_MAX 3650

struct settings {
	struct cs_authority_settings authority;
	const char *store, *ca, *profile, *operators, *socket, *peers, *node;
	const char *kmc, *payments, *supersede, *upstream, *upstream_options;
	const char *out, *spool, *rounds;
};

struct process {
	struct cs_issuerd issuerd;
	struct cs_authority authority;
	struct cs_operators operators;
	struct cs_profile profile;
};

static enum cs_status
upstream_open(const struct settings *settings, struct process *process)
{
	struct cs_issuerd *issuerd = &process->issuerd;

	if (settings->upstream == NULL)
		return CS_OK;
	issuerd->upstream = cs_upstream_find(settings->upstream);
	if (issuerd->upstream == NULL)
		return CS_E_ARGUMENTS;
	return issuerd->upstream->open(settings->upstream_options, process->authority.cert,
				       &issuerd->upstream_ctx);
}

static enum cs_status
days_read(const char *text, int64_t *ret)
{
	char *end;
	long days;

	*ret = -1;
	if (text == NULL)
		return CS_OK;
	days = strtol(text, &end, 10);
	if (end == text || *end != '\0' || days < 0 || days > DAYS_MAX)
		return CS_E_ARGUMENTS;
	*ret = days;
	return CS_OK;
}

static enum cs_status
process_open(struct settings *settings, struct process *process)
{
	struct cs_issuerd *issuerd = &process->issuerd;
	enum cs_status st;

	settings->authority.foreign = settings->upstream != NULL;
	st = cs_daemon_say("issuerd", "the CA's certificate and key",
			   cs_authority_open(&settings->authority, &process->authority));
	if (st == CS_OK)
		st = cs_daemon_say("issuerd", "--upstream", upstream_open(settings, process));
	if (st == CS_OK)
		st = cs_daemon_say("issuerd", "--supersede-days",
				   days_read(settings->supersede, &issuerd->supersede_days));
	if (st == CS_OK)
		st = cs_daemon_say("issuerd", "--operators",
				   cs_operators_read(settings->operators, &process->operators));
	if (st == CS_OK)
		st = cs_daemon_say("issuerd", "--profile",
				   cs_profile_read(settings->profile, &process->profile));
	if (st == CS_OK)
		st = cs_daemon_say("issuerd", "--store",
				   cs_store_open(settings->store, CS_SCHEMA_ISSUE, settings->ca,
						 &issuerd->store));
	issuerd->authority = &process->authority;
	issuerd->operators = &process->operators;
	issuerd->terms = &process->profile.terms;
	issuerd->kmc_socket = settings->kmc;
	issuerd->payments = settings->payments;
	issuerd->chain = settings->node;
	issuerd->clock = cs_now;
	return st;
}

static void
process_close(struct process *process)
{
	if (process->issuerd.upstream_ctx != NULL)
		process->issuerd.upstream->close(process->issuerd.upstream_ctx);
	cs_store_close(process->issuerd.store);
	cs_operators_free(&process->operators);
	cs_authority_close(&process->authority);
}

static enum cs_status
run(const struct settings *settings, struct process *process)
{
	struct cs_server_settings server = {
		.path = settings->socket, .handle = cs_issue_answer, .ctx = &process->issuerd};

	return cs_serve_process("issuerd", settings->peers, &server);
}

/* A round each second, or as many as were asked for; a failed one is tried again. */
static enum cs_status
work(const struct settings *settings, struct process *process)
{
	struct cs_publisher publisher = {
		.issuerd = &process->issuerd, .folder = settings->out, .spool = settings->spool};
	const volatile int *stop = cs_daemon_stop();
	long rounds = settings->rounds != NULL ? strtol(settings->rounds, NULL, 10) : -1;
	enum cs_status st = CS_OK;

	while (*stop == 0 && rounds != 0) {
		st = cs_daemon_say("issuerd", "work", cs_publish(&publisher, cs_now()));
		if (rounds > 0)
			rounds--;
		if (*stop == 0 && rounds != 0)
			(void)sleep(1);
	}
	return rounds < 0 ? CS_OK : st;
}

int
main(int argc, char **argv)
{
	struct settings settings = {.ca = "default", .peers = "", .node = "issuerd"};
	const struct cs_option options[] = {
		{"store", &settings.store, true},
		{"profile", &settings.profile, true},
		{"operators", &settings.operators, true},
		{"socket", &settings.socket, false},
		{"ca-cert", &settings.authority.cert, true},
		{"ca-key", &settings.authority.key, false},
		{"module", &settings.authority.module, false},
		{"token", &settings.authority.token, false},
		{"pin-file", &settings.authority.pin_file, false},
		{"ca-label", &settings.authority.label, false},
		{"crl-url", &settings.authority.crl_url, false},
		{"ocsp-url", &settings.authority.ocsp_url, false},
		{"kmc", &settings.kmc, false},
		{"payments", &settings.payments, false},
		{"supersede-days", &settings.supersede, false},
		{"upstream", &settings.upstream, false},
		{"upstream-options", &settings.upstream_options, false},
		{"out", &settings.out, false},
		{"spool", &settings.spool, false},
		{"rounds", &settings.rounds, false},
		{"node", &settings.node, false},
		{"ca", &settings.ca, false},
		{"peers", &settings.peers, false},
	};
	const char *command = cs_daemon_options(argc, argv, options, ARRAY_SIZE(options));
	struct process process = {.issuerd = {.store = NULL}};
	bool runs = command != NULL && strcmp(command, "run") == 0 && settings.socket != NULL;
	bool works = command != NULL && strcmp(command, "work") == 0 && settings.out != NULL;
	enum cs_status st;

	if (!runs && !works) {
		(void)fprintf(stderr, "Usage: openukey-issuerd run|work OPTIONS,"
				      " see openukey-issuerd(8)\n");
		return 2;
	}
	cs_daemon_harden();
	st = process_open(&settings, &process);
	if (st == CS_OK)
		st = runs ? run(&settings, &process) : work(&settings, &process);
	process_close(&process);
	return st == CS_OK ? 0 : 1;
}
