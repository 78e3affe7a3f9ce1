/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a target on every file of a folder, and on mutations of them from a seeded generator: the
 * same each time, with any compiler.  Usage: TARGET FOLDER [MUTATIONS [SEED]]
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define INPUT_MAX  4096
#define INPUTS_MAX 64

struct input {
	uint8_t bytes[INPUT_MAX];
	size_t len;
};

static struct input corpus[INPUTS_MAX];
static size_t corpus_len;
static uint64_t seed = 1;

/* xorshift64 */
static size_t
random_below(size_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (size_t)(seed % n);
}

static bool
corpus_read(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	if (dir == NULL)
		return false;
	while (corpus_len < INPUTS_MAX && (entry = readdir(dir)) != NULL) {
		char path[1024];
		FILE *file;

		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
		if (file == NULL)
			continue;
		corpus[corpus_len].len = fread(corpus[corpus_len].bytes, 1, INPUT_MAX, file);
		corpus_len++;
		(void)fclose(file);
	}
	(void)closedir(dir);
	return corpus_len > 0;
}

static void
mutate(struct input *in)
{
	static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff};

	for (size_t n = 1 + random_below(4); n > 0; n--) {
		size_t at = in->len > 0 ? random_below(in->len) : 0;
		size_t len = 1 + random_below(16);

		switch (random_below(6)) {
		case 0: /* one bit */
			if (in->len > 0)
				in->bytes[at] ^= (uint8_t)(1U << random_below(8));
			break;
		case 1: /* a byte that parsers stumble over */
			if (in->len > 0)
				in->bytes[at] = edges[random_below(sizeof(edges))];
			break;
		case 2: /* shorter */
			in->len = at;
			break;
		case 3: /* longer */
			for (; len > 0 && in->len < INPUT_MAX; len--)
				in->bytes[in->len++] = (uint8_t)random_below(256);
			break;
		case 4: /* a piece taken out */
			if (at + len < in->len) {
				memmove(in->bytes + at, in->bytes + at + len, in->len - at - len);
				in->len -= len;
			}
			break;
		default: /* a piece twice */
			if (at + 2 * len < in->len)
				memmove(in->bytes + at + len, in->bytes + at, len);
			break;
		}
	}
}

/* In memory of exactly its size, so that a sanitizer sees one byte too many. */
static void
run(const struct input *in)
{
	uint8_t *bytes = malloc(in->len > 0 ? in->len : 1);

	must(bytes != NULL);
	memcpy(bytes, in->bytes, in->len);
	(void)LLVMFuzzerTestOneInput(bytes, in->len);
	free(bytes);
}

int
main(int argc, char **argv)
{
	unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	struct input in;

	if (argc < 2 || !corpus_read(argv[1])) {
		(void)fprintf(stderr, "%s: no input\n", argv[0]);
		return 2;
	}
	if (argc > 3)
		seed = strtoul(argv[3], NULL, 10) | 1;
	for (size_t i = 0; i < corpus_len; i++)
		run(&corpus[i]);
	in.len = 0;
	run(&in);
	for (; count > 0; count--) {
		in = corpus[random_below(corpus_len)];
		mutate(&in);
		run(&in);
	}
	return 0;
}
