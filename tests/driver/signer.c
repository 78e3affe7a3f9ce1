/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that signs on a key, for queue_test.c:
 *   signer READER plain|once|hold START END
 * plain: logs in once; once: a PIN for each signature; hold: keeps the key to itself and waits to
 * be killed.  START and END are times of process_clock_ms.  Prints "ready", then how many
 * signatures there were and the longest wait for one in ms.
 */
#include "drivers/token.h"
#include "tests/rig/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIN       "123456"
#define CONTAINER "sm2"

#define RESETS_MAX 1

static struct token_bus *bus;

static struct token *
key_open(const char *name)
{
	static struct token_reader readers[TOKEN_READERS_MAX];
	struct token *token;
	size_t count;

	if (token_bus_open(&bus) != UK_OK ||
	    token_bus_list(bus, readers, ARRAY_SIZE(readers), &count) != UK_OK)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (strcmp(readers[i].name, name) == 0)
			return token_open(bus, &readers[i], &token) == UK_OK ? token : NULL;
	return NULL;
}

static enum uk_status
sign(struct token *token, bool once)
{
	static const uint8_t digest[GM_SM3_LEN] = {1, 2, 3};
	uint8_t rs[64];
	struct uk_writer out = uk_writer_of(rs, sizeof(rs));
	unsigned int tries;
	enum uk_status st = UK_OK;

	if (once)
		st = token->ops->verify_once(token, uk_span_str(PIN), &tries);
	if (st == UK_OK)
		st = token->ops->sign_sm2(token, uk_span_str(CONTAINER),
					  uk_span_of(digest, sizeof(digest)), &out);
	if (once)
		token->ops->release(token);
	return st;
}

static int
complain(const char *what, enum uk_status st)
{
	(void)fprintf(stderr, "signer: %s: %s\n", what, uk_status_text(st));
	return 1;
}

int
main(int argc, char **argv)
{
	struct token *token;
	enum uk_status st;
	unsigned int tries;
	long longest = 0;
	long end;
	unsigned int count = 0;
	unsigned int resets = 0;
	bool once;

	if (argc != 5)
		return complain("READER plain|once|hold START END", UK_E_ARGUMENTS);
	token = key_open(argv[1]);
	if (token == NULL)
		return complain("open", UK_E_NO_KEY);
	once = strcmp(argv[2], "once") == 0;
	st = UK_OK;
	if (!once)
		st = token->ops->verify(token, TOKEN_USER, uk_span_str(PIN), &tries);
	if (st == UK_OK && strcmp(argv[2], "hold") == 0)
		st = token->ops->verify_once(token, uk_span_str(PIN), &tries);
	if (st != UK_OK)
		return complain("login", st);
	(void)puts("ready");
	(void)fflush(stdout);
	if (strcmp(argv[2], "hold") == 0)
		(void)pause();
	process_sleep_ms(strtol(argv[3], NULL, 10) - process_clock_ms());
	end = strtol(argv[4], NULL, 10);
	for (long now = process_clock_ms(); now < end;) {
		long start = now;

		st = sign(token, once);
		/* pcscd resets the key for a program that died, and lets others begin a moment
		 * before: a PIN proved in that moment is lost, and typed again */
		if (st == UK_E_RESET && once && resets++ < RESETS_MAX)
			st = sign(token, once);
		if (st != UK_OK)
			return complain("sign", st);
		now = process_clock_ms();
		longest = now - start > longest ? now - start : longest;
		count++;
	}
	(void)printf("%u %ld\n", count, longest);
	token_close(token);
	token_bus_close(bus);
	return 0;
}
