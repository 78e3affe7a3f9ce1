/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kind of image bytes are, by the bytes alone. */
#ifndef CS_PAPERS_SNIFF_H
#define CS_PAPERS_SNIFF_H

#include "common/bytes.h"

#define CS_IMAGE_BYTES_MAX ((size_t)1536 * 1024) /* S11: 1.5 MB */
#define CS_IMAGE_SIDE_MAX  10000U
#define CS_IMAGE_PIXELS    25000000U

enum cs_image_type { CS_IMAGE_NONE, CS_IMAGE_GIF, CS_IMAGE_JPEG, CS_IMAGE_PNG };

/* CS_IMAGE_NONE for anything else. Looks at the beginning only: decoding decides. */
enum cs_image_type cs_image_sniff(struct uk_span bytes);
/* "gif", "jpeg", "png"; "" for none */
const char *cs_image_word(enum cs_image_type type);
/* Whether a picture may have that size at all: not nothing, not a bomb. */
bool cs_image_size_good(unsigned long width, unsigned long height);

#endif
