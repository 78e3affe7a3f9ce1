/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/unlock/ceremony.h"

#include "service/unlock/backup.h"
#include "service/unlock/secrets.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define PATH_ROOM 512

struct passphrases {
	struct uk_secret list[CS_CUSTODIANS];
};

static void
passphrases_wipe(struct passphrases *passphrases)
{
	for (size_t i = 0; i < CS_CUSTODIANS; i++)
		uk_secret_wipe(&passphrases->list[i]);
}

#define PASSPHRASES UK_CLEANUP(passphrases_wipe) struct passphrases

/* Byte by byte: nothing of the next custodian's line is left in a buffer. */
static enum cs_status
line_read(struct uk_secret *ret)
{
	UK_SECRET line = {.len = 0};
	char byte;

	while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n') {
		if (line.len == sizeof(line.bytes))
			return CS_E_TOO_LARGE;
		line.bytes[line.len++] = (uint8_t)byte;
	}
	if (line.len < CS_PASSPHRASE_MIN)
		return CS_E_ARGUMENTS;
	return uk_secret_set(ret, uk_secret_peek(&line)) == UK_OK ? CS_OK : CS_E_TOO_LARGE;
}

static enum cs_status
ask_once(const char *whose, const char *what, struct uk_secret *ret)
{
	struct termios shown, hidden;
	bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
	enum cs_status st;

	if (terminal) {
		(void)fprintf(stderr, "%s (%s, at least %d characters): ", what, whose,
			      CS_PASSPHRASE_MIN);
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	}
	st = line_read(ret);
	if (terminal) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
		(void)fprintf(stderr, "\n");
	}
	return st;
}

static enum cs_status
ask(const char *whose, bool fresh, struct uk_secret *ret)
{
	UK_SECRET again = {.len = 0};
	enum cs_status st = ask_once(whose, "Passphrase", ret);

	if (st != CS_OK || !fresh || isatty(STDIN_FILENO) == 0)
		return st;
	st = ask_once(whose, "Once more", &again);
	if (st == CS_OK && !cs_equal_secret(uk_secret_peek(ret), uk_secret_peek(&again)))
		st = CS_E_ARGUMENTS;
	return st;
}

static enum cs_status
told(struct cs_hsm *hsm, int64_t version)
{
	char check[CS_CHECK_TEXT];
	enum cs_status st = cs_master_check(hsm, version, check);

	if (st == CS_OK)
		(void)printf("master %ld, check value %s\n", (long)version, check);
	return st;
}

static enum cs_status
run_rotate(struct cs_hsm *hsm, const char *folder, const char *shares)
{
	static const char *const custodians[CS_CUSTODIANS] = {"custodian 1", "custodian 2",
							      "custodian 3"};
	PASSPHRASES passphrases = {.list = {{.len = 0}}};
	int64_t version;
	enum cs_status st = CS_OK;

	for (size_t i = 0; folder != NULL && i < CS_CUSTODIANS && st == CS_OK; i++)
		st = ask(custodians[i], true, &passphrases.list[i]);
	if (st == CS_OK)
		st = cs_master_new(hsm, folder, passphrases.list, &version);
	return st == CS_OK ? told(hsm, version) : st;
}

static enum cs_status
run_init(struct cs_hsm *hsm, const char *folder, const char *shares)
{
	int64_t newest;
	enum cs_status st = cs_master_newest(hsm, &newest);

	if (st == CS_OK && newest == 0)
		st = run_rotate(hsm, folder, shares);
	return st == CS_OK ? cs_pepper_init(hsm) : st;
}

static enum cs_status
run_restore(struct cs_hsm *hsm, const char *backup, const char *shares)
{
	const char *comma = shares != NULL ? strchr(shares, ',') : NULL;
	PASSPHRASES passphrases = {.list = {{.len = 0}}};
	char first[PATH_ROOM];
	int64_t version;
	enum cs_status st;

	if (backup == NULL || comma == NULL || (size_t)(comma - shares) >= sizeof(first))
		return CS_E_ARGUMENTS;
	(void)snprintf(first, sizeof(first), "%.*s", (int)(comma - shares), shares);
	const struct cs_share_file files[2] = {{first, &passphrases.list[0]},
					       {comma + 1, &passphrases.list[1]}};

	st = ask(files[0].path, false, &passphrases.list[0]);
	if (st == CS_OK)
		st = ask(files[1].path, false, &passphrases.list[1]);
	if (st == CS_OK)
		st = cs_master_restore(hsm, backup, files, &version);
	if (st == CS_OK)
		st = cs_pepper_init(hsm);
	return st == CS_OK ? told(hsm, version) : st;
}

static enum cs_status
run_masters(struct cs_hsm *hsm, const char *backup, const char *shares)
{
	int64_t newest;
	enum cs_status st = cs_master_newest(hsm, &newest);

	for (int64_t version = 1; version <= newest && st == CS_OK; version++) {
		st = told(hsm, version);
		if (st == CS_E_NOT_FOUND)
			st = CS_OK;
	}
	return st;
}

static const struct {
	const char *name;
	enum cs_status (*run)(struct cs_hsm *hsm, const char *backup, const char *shares);
} ceremonies[] = {
	{"init", run_init},
	{"rotate", run_rotate},
	{"restore", run_restore},
	{"masters", run_masters},
};

bool
cs_ceremony_known(const char *command)
{
	for (size_t i = 0; i < ARRAY_SIZE(ceremonies); i++)
		if (strcmp(ceremonies[i].name, command) == 0)
			return true;
	return false;
}

enum cs_status
cs_ceremony(struct cs_hsm *hsm, const char *command, const char *backup, const char *shares)
{
	for (size_t i = 0; i < ARRAY_SIZE(ceremonies); i++)
		if (strcmp(ceremonies[i].name, command) == 0)
			return ceremonies[i].run(hsm, backup, shares);
	return CS_E_ARGUMENTS;
}
