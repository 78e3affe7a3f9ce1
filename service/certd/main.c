/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-certd: "serve" answers HTTP, "work" does what waits; as many of either as one likes. */
#include "service/base/daemon.h"
#include "service/certd/certd.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

struct settings {
	const char *store, *ca, *node, *vault, *profile, *operators, *identities, *pay_key;
	const char *unlock, *issue, *listen, *spool, *rate, *behind_proxy;
	const char *documents, *papers, *anchors, *drivers;
};

struct process {
	struct cs_certd certd;
	pthread_key_t desks;
	unsigned int opened;
};

static void
desk_drop(void *desk)
{
	cs_desk_close(desk);
}

/* Each thread of the HTTP server has a connection and a chain of its own. */
static void *
desk_enter(void *ctx)
{
	struct process *process = ctx;
	struct cs_desk *desk = pthread_getspecific(process->desks);
	char chain[CS_CHAIN_TEXT];

	if (desk != NULL)
		return desk;
	(void)snprintf(chain, sizeof(chain), "%.20s-%u", process->certd.node,
		       __atomic_add_fetch(&process->opened, 1, __ATOMIC_SEQ_CST));
	desk = cs_desk_open(&process->certd, chain);
	if (desk != NULL && pthread_setspecific(process->desks, desk) != 0) {
		cs_desk_close(desk);
		desk = NULL;
	}
	return desk;
}

static enum cs_status
certd_open(const struct settings *settings, struct cs_certd *certd)
{
	enum cs_status st =
		cs_daemon_say("certd", "--vault", cs_vault_open(settings->vault, &certd->vault));

	certd->store = settings->store;
	certd->ca = settings->ca;
	certd->node = settings->node;
	certd->unlock_socket = settings->unlock;
	certd->issue_socket = settings->issue;
	certd->documents = settings->documents;
	cs_papers_find(certd->papers);
	if (settings->papers != NULL)
		(void)snprintf(certd->papers, sizeof(certd->papers), "%s", settings->papers);
	if (st == CS_OK)
		st = cs_daemon_say("certd", "--profile",
				   cs_profile_read(settings->profile, &certd->profile));
	if (st == CS_OK && settings->operators != NULL)
		st = cs_daemon_say("certd", "--operators",
				   cs_operators_read(settings->operators, &certd->operators));
	if (st == CS_OK && settings->pay_key != NULL)
		st = cs_daemon_say("certd", "--pay-key",
				   cs_daemon_secret(settings->pay_key, &certd->pay_key));
	if (st == CS_OK && settings->anchors != NULL)
		st = cs_daemon_say("certd", "--anchors",
				   cs_anchors_read(settings->anchors, &certd->anchors));
	if (st == CS_OK && settings->drivers != NULL)
		st = cs_daemon_say("certd", "--drivers",
				   cs_drivers_read(settings->drivers, &certd->drivers));
	if (st == CS_OK && settings->identities != NULL) {
		certd->identities = json_load_file(settings->identities, 0, NULL);
		if (certd->identities == NULL)
			st = cs_daemon_say("certd", "--identities", CS_E_ARGUMENTS);
	}
	return st;
}

static void
certd_close(struct cs_certd *certd)
{
	json_decref(certd->identities);
	cs_profile_free(&certd->profile);
	cs_anchors_free(&certd->anchors);
	cs_drivers_free(&certd->drivers);
	cs_operators_free(&certd->operators);
	cs_vault_wipe(&certd->vault);
	uk_secret_wipe(&certd->pay_key);
}

static void
pause_ms(long ms)
{
	const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

	(void)nanosleep(&pause, NULL);
}

static int
serve(const struct settings *settings, struct process *process)
{
	const struct cs_http_settings http = {
		.listen = settings->listen,
		.routes = cs_certd_routes,
		.routes_len = cs_certd_routes_len,
		.enter = desk_enter,
		.ctx = process,
		.per_second = (unsigned int)strtoul(settings->rate, NULL, 10),
		.behind_proxy = strcmp(settings->behind_proxy, "yes") == 0,
	};
	const volatile int *stop = cs_daemon_stop();
	struct cs_http *server = NULL;
	/* Also makes or migrates the tables before anybody asks. */
	struct cs_desk *desk = desk_enter(process);
	enum cs_status st = desk != NULL ? CS_OK : CS_E_UNAVAILABLE;

	if (cs_daemon_say("certd", "--store", st) != CS_OK ||
	    cs_daemon_say("certd", settings->listen, cs_http_start(&http, &server)) != CS_OK)
		return 1;
	while (*stop == 0)
		pause_ms(100);
	cs_http_stop(server);
	return 0;
}

static int
work(const struct settings *settings, struct process *process)
{
	const volatile int *stop = cs_daemon_stop();
	struct cs_desk *desk = desk_enter(process);

	if (desk == NULL)
		return cs_daemon_say("certd", "--store", CS_E_UNAVAILABLE) != CS_OK;
	while (*stop == 0) {
		(void)cs_daemon_say("certd", "work",
				    cs_work_round(desk, settings->spool, cs_now()));
		pause_ms(200);
	}
	return 0;
}

static int
usage(void)
{
	(void)fprintf(stderr,
		      "Usage: openukey-certd serve|work|courier OPTIONS, see openukey-certd(8)\n");
	return 2;
}

/* Needs no database: what it carries belongs to others. */
static int
courier(int argc, char **argv)
{
	const char *spool = NULL, *path = NULL;
	const struct cs_option options[] = {{"spool", &spool, true}, {"drivers", &path, true}};
	const char *command = cs_daemon_options(argc, argv, options, ARRAY_SIZE(options));
	const volatile int *stop = cs_daemon_stop();
	struct cs_drivers drivers = {NULL};

	if (command == NULL)
		return usage();
	cs_daemon_harden();
	if (cs_daemon_say("certd", "--drivers", cs_drivers_read(path, &drivers)) != CS_OK)
		return 1;
	while (*stop == 0) {
		bool failed =
			cs_daemon_say("certd", spool, cs_courier_round(spool, &drivers)) != CS_OK;

		for (int i = 0; i < (failed ? 50 : 2) && *stop == 0; i++)
			pause_ms(100);
	}
	cs_drivers_free(&drivers);
	return 0;
}

int
main(int argc, char **argv)
{
	struct settings settings = {.ca = "default", .rate = "20", .behind_proxy = "no"};
	const struct cs_option options[] = {
		{"store", &settings.store, true},
		{"vault", &settings.vault, true},
		{"profile", &settings.profile, true},
		{"node", &settings.node, true},
		{"ca", &settings.ca, false},
		{"operators", &settings.operators, false},
		{"identities", &settings.identities, false},
		{"pay-key", &settings.pay_key, false},
		{"unlock", &settings.unlock, false},
		{"issue", &settings.issue, false},
		{"listen", &settings.listen, false},
		{"spool", &settings.spool, false},
		{"rate", &settings.rate, false},
		{"documents", &settings.documents, false},
		{"papers", &settings.papers, false},
		{"anchors", &settings.anchors, false},
		{"drivers", &settings.drivers, false},
		{"behind-proxy", &settings.behind_proxy, false},
	};
	const char *command;
	struct process process = {.opened = 0};
	bool serves;
	int code = 1;

	if (argc > 1 && strcmp(argv[1], "courier") == 0)
		return courier(argc, argv);
	command = cs_daemon_options(argc, argv, options, ARRAY_SIZE(options));
	serves = command != NULL && strcmp(command, "serve") == 0;
	if (command == NULL || (!serves && strcmp(command, "work") != 0) ||
	    (serves ? settings.listen : settings.spool) == NULL)
		return usage();
	cs_daemon_harden();
	if (pthread_key_create(&process.desks, desk_drop) == 0 &&
	    certd_open(&settings, &process.certd) == CS_OK)
		code = serves ? serve(&settings, &process) : work(&settings, &process);
	desk_drop(pthread_getspecific(process.desks));
	certd_close(&process.certd);
	return code;
}
