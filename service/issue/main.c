/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-issuerd: the one process with the CA's key. */
#include "service/base/daemon.h"
#include "service/issue/issue.h"
#include "service/orders/profile.h"

#include <stdio.h>

#define PEERS_MAX 8

struct settings {
	const char *store, *ca, *profile, *operators, *socket, *peers, *ca_cert, *ca_key;
};

struct process {
	struct cs_issuerd issuerd;
	struct cs_authority authority;
	struct cs_operators operators;
	struct cs_profile profile;
};

static enum cs_status
process_open(const struct settings *settings, struct process *process)
{
	struct cs_issuerd *issuerd = &process->issuerd;
	enum cs_status st = cs_daemon_say(
		"issuerd", "--ca-cert, --ca-key",
		cs_authority_open(settings->ca_cert, settings->ca_key, &process->authority));

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
	issuerd->chain = "issuerd";
	issuerd->clock = cs_now;
	return st;
}

int
main(int argc, char **argv)
{
	struct settings settings = {.ca = "default", .peers = ""};
	const struct cs_option options[] = {
		{"store", &settings.store, true},
		{"profile", &settings.profile, true},
		{"operators", &settings.operators, true},
		{"socket", &settings.socket, true},
		{"ca-cert", &settings.ca_cert, true},
		{"ca-key", &settings.ca_key, true},
		{"ca", &settings.ca, false},
		{"peers", &settings.peers, false},
	};
	const char *command = cs_daemon_options(argc, argv, options, ARRAY_SIZE(options));
	struct process process = {.issuerd = {.store = NULL}};
	uid_t peers[PEERS_MAX];
	struct cs_server_settings server = {.path = settings.socket,
					    .peers = peers,
					    .handle = cs_issue_answer,
					    .ctx = &process.issuerd};
	enum cs_status st;

	if (command == NULL || strcmp(command, "run") != 0) {
		(void)fprintf(stderr, "Usage: openukey-issuerd run OPTIONS,"
				      " see openukey-issuerd(8)\n");
		return 2;
	}
	cs_daemon_harden();
	server.peers_len = cs_daemon_users(settings.peers, peers, PEERS_MAX);
	st = process_open(&settings, &process);
	if (st == CS_OK)
		st = cs_daemon_say("issuerd", settings.socket, cs_serve(&server, cs_daemon_stop()));
	cs_store_close(process.issuerd.store);
	cs_operators_free(&process.operators);
	cs_authority_close(&process.authority);
	return st == CS_OK ? 0 : 1;
}
