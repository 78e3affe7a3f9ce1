/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-papers: one image or one PDF, by a process that can do nothing else. */
#include "service/papers/confine.h"
#include "service/papers/form.h"
#include "service/papers/image.h"
#include "service/papers/sniff.h"

#include <stdio.h>
#include <unistd.h>

#define INPUT_MAX (CS_IMAGE_BYTES_MAX * 4)
#define WORDS_MAX 256U

static enum cs_status
input_read(struct cs_blob *ret)
{
	CS_BLOB room = {NULL, 0};
	enum cs_status st = cs_blob_room(&room, INPUT_MAX + 1);
	size_t len = 0;
	ssize_t got = 1;

	while (st == CS_OK && got > 0 && len < room.len) {
		got = read(STDIN_FILENO, room.ptr + len, room.len - len);
		if (got < 0)
			st = CS_E_UNAVAILABLE;
		else
			len += (size_t)got;
	}
	if (len > INPUT_MAX)
		return CS_E_TOO_LARGE;
	return st == CS_OK ? cs_blob_set(ret, uk_span_of(room.ptr, len)) : st;
}

static enum cs_status
output_write(struct uk_span bytes)
{
	while (bytes.len > 0) {
		ssize_t put = write(STDOUT_FILENO, bytes.ptr, bytes.len);
		struct uk_span done;

		if (put <= 0 || !uk_take(&bytes, (size_t)put, &done))
			return CS_E_UNAVAILABLE;
	}
	return CS_OK;
}

static enum cs_status
run_image(struct uk_span in, struct cs_blob *ret)
{
	CS_IMAGE image = {.width = 0};
	enum cs_status st = cs_image_decode(in, &image);

	return st == CS_OK ? cs_image_encode(&image, ret) : st;
}

static enum cs_status
run_mark(struct uk_span in, struct cs_blob *ret)
{
	CS_IMAGE image = {.width = 0};
	char words[WORDS_MAX];
	uint32_t len;
	struct uk_span picture;
	enum cs_status st;

	if (!uk_take_u32(&in, UK_BIG_ENDIAN, &len) || !uk_take(&in, len, &picture) ||
	    in.len >= sizeof(words))
		return CS_E_ARGUMENTS;
	memcpy(words, in.ptr, in.len);
	words[in.len] = '\0';
	st = cs_image_decode(picture, &image);
	if (st == CS_OK)
		st = cs_image_mark(&image, words);
	return st == CS_OK ? cs_image_encode(&image, ret) : st;
}

static enum cs_status
run_form(struct uk_span in, struct cs_blob *ret)
{
	CS_JSON *json = cs_json_read(in);

	return json != NULL ? cs_form_draw(json, ret) : CS_E_ARGUMENTS;
}

static const struct {
	const char *name;
	bool fonts;
	enum cs_status (*run)(struct uk_span in, struct cs_blob *ret);
} commands[] = {
	{"image", false, run_image},
	{"mark", true, run_mark},
	{"form", true, run_form},
};

static int
command_run(size_t at)
{
	CS_BLOB in = {NULL, 0}, out = {NULL, 0};
	enum cs_status st = cs_confine(commands[at].fonts);

	if (st == CS_OK)
		st = input_read(&in);
	if (st == CS_OK)
		st = commands[at].run(cs_blob_span(&in), &out);
	if (st == CS_OK)
		st = output_write(cs_blob_span(&out));
	return st == CS_OK ? 0 : st == CS_E_ARGUMENTS ? 3 : 1;
}

static int
check(bool fonts)
{
	const char *hole = cs_confine(fonts) == CS_OK ? cs_confine_hole(fonts) : "confinement";

	if (hole == NULL)
		return 0;
	(void)fprintf(stderr, "openukey-papers: not shut: %s\n", hole);
	return 1;
}

/*
 * Ends without destructors: a leak detector would look around, and everything goes with the
 * process anyway.
 */
int
main(int argc, char **argv)
{
	int code = 2;

	for (size_t i = 0; i < ARRAY_SIZE(commands) && argc == 2; i++)
		if (strcmp(commands[i].name, argv[1]) == 0)
			code = command_run(i);
	if (argc == 3 && strcmp(argv[1], "check") == 0)
		code = check(strcmp(argv[2], "fonts") == 0);
	if (code == 2)
		(void)fprintf(stderr,
			      "Usage: openukey-papers image|mark|form, or check image|fonts\n");
	(void)fflush(stderr);
	_exit(code);
}
