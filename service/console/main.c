/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-console: the operators' pages, behind nginx. */
#include "service/base/clock.h"
#include "service/base/daemon.h"
#include "service/console/console.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define PEERS_MAX 8

struct settings {
	const char *store, *ca, *node, *vault, *profile, *operators, *unlock, *issue;
	const char *socket, *url, *peers, *documents, *papers;
};

static void
desk_drop(void *desk)
{
	cs_desk_close(desk);
}

static enum cs_status
console_open(const struct settings *settings, struct console *console)
{
	struct cs_certd *certd = &console->certd;
	enum cs_status st =
		cs_daemon_say("console", "--vault", cs_vault_open(settings->vault, &certd->vault));

	certd->store = settings->store;
	certd->ca = settings->ca;
	certd->node = settings->node;
	certd->unlock_socket = settings->unlock;
	certd->issue_socket = settings->issue;
	certd->documents = settings->documents;
	cs_papers_find(certd->papers);
	if (settings->papers != NULL)
		(void)snprintf(certd->papers, sizeof(certd->papers), "%s", settings->papers);
	console->url = settings->url;
	if (st == CS_OK)
		st = cs_daemon_say("console", "--profile",
				   cs_profile_read(settings->profile, &certd->profile));
	if (st == CS_OK)
		st = cs_daemon_say("console", "--operators",
				   cs_operators_read(settings->operators, &certd->operators));
	if (st == CS_OK && pthread_key_create(&console->desks, desk_drop) != 0)
		st = cs_daemon_say("console", "threads", CS_E_MEMORY);
	return st;
}

static void
console_close(struct console *console)
{
	cs_profile_free(&console->certd.profile);
	cs_operators_free(&console->certd.operators);
	cs_vault_wipe(&console->certd.vault);
}

/* Makes or migrates the tables before anybody asks. */
static enum cs_status
store_try(struct console *console)
{
	struct cs_desk *desk = cs_desk_open(&console->certd, "console");
	enum cs_status st = desk != NULL ? CS_OK : CS_E_UNAVAILABLE;

	cs_desk_close(desk);
	return cs_daemon_say("console", "--store", st);
}

static int
run(const struct settings *settings)
{
	const struct timespec pause = {0, 100000000};
	struct console console = {.opened = 0};
	uid_t peers[PEERS_MAX];
	struct con_settings http = {
		.path = settings->socket, .peers = peers, .answer = con_visit, .ctx = &console};
	const volatile int *stop = cs_daemon_stop();
	struct con_http *server = NULL;
	enum cs_status st = console_open(settings, &console);

	http.peers_len = cs_daemon_users(settings->peers, peers, PEERS_MAX);
	if (st == CS_OK)
		st = store_try(&console);
	if (st == CS_OK)
		st = cs_daemon_say("console", settings->socket, con_http_start(&http, &server));
	while (st == CS_OK && *stop == 0)
		(void)nanosleep(&pause, NULL);
	if (server != NULL)
		con_http_stop(server);
	console_close(&console);
	return st == CS_OK ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct settings settings = {.ca = "default", .node = "console", .peers = ""};
	const struct cs_option options[] = {
		{"store", &settings.store, true},
		{"vault", &settings.vault, true},
		{"profile", &settings.profile, true},
		{"operators", &settings.operators, true},
		{"socket", &settings.socket, true},
		{"url", &settings.url, true},
		{"unlock", &settings.unlock, false},
		{"issue", &settings.issue, false},
		{"documents", &settings.documents, false},
		{"papers", &settings.papers, false},
		{"peers", &settings.peers, false},
		{"node", &settings.node, false},
		{"ca", &settings.ca, false},
	};
	const char *command = cs_daemon_options(argc, argv, options, ARRAY_SIZE(options));

	cs_daemon_harden();
	if (command != NULL && strcmp(command, "serve") == 0)
		return run(&settings);
	(void)fprintf(stderr, "Usage: openukey-console serve OPTIONS, see openukey-console(8)\n");
	return 2;
}
