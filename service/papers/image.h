/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures as pixels: red, green, blue, a byte each, rows from the top. */
#ifndef CS_PAPERS_IMAGE_H
#define CS_PAPERS_IMAGE_H

#include "service/base/blob.h"

struct cs_image {
	uint32_t width, height;
	struct cs_blob pixels; /* 3 * width * height */
};

static inline void
cs_image_clear(struct cs_image *image)
{
	cs_blob_free(&image->pixels);
}

#define CS_IMAGE UK_CLEANUP(cs_image_clear) struct cs_image

/* The first picture in a gif, jpg or png, on white. CS_E_ARGUMENTS: none of them, or damaged. */
UK_CHECKED enum cs_status cs_image_decode(struct uk_span bytes, struct cs_image *ret);
/* A JPEG of it, without anything else that the original may have carried. */
UK_CHECKED enum cs_status cs_image_encode(const struct cs_image *image, struct cs_blob *ret);
/* The words across the picture, again and again, so that no part of it is without them. */
UK_CHECKED enum cs_status cs_image_mark(struct cs_image *image, const char *words);

#endif
