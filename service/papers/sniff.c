/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/papers/sniff.h"

#include "common/defs.h"

#include <string.h>

static const struct {
	enum cs_image_type type;
	const char *word;
	const char *magic;
	size_t magic_len, least; /* bytes the smallest picture has */
} types[] = {
	{CS_IMAGE_GIF, "gif", "GIF87a", 6, 14},
	{CS_IMAGE_GIF, "gif", "GIF89a", 6, 14},
	{CS_IMAGE_JPEG, "jpeg", "\xff\xd8\xff", 3, 20},
	{CS_IMAGE_PNG, "png", "\x89PNG\r\n\x1a\n", 8, 57},
};

enum cs_image_type
cs_image_sniff(struct uk_span bytes)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (bytes.len >= types[i].least && bytes.len <= CS_IMAGE_BYTES_MAX &&
		    memcmp(bytes.ptr, types[i].magic, types[i].magic_len) == 0)
			return types[i].type;
	return CS_IMAGE_NONE;
}

const char *
cs_image_word(enum cs_image_type type)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == type)
			return types[i].word;
	return "";
}

bool
cs_image_size_good(unsigned long width, unsigned long height)
{
	return width > 0 && height > 0 && width <= CS_IMAGE_SIDE_MAX &&
	       height <= CS_IMAGE_SIDE_MAX && width * height <= CS_IMAGE_PIXELS;
}
