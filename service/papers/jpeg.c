/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/papers/image.h"

#include <stdio.h> /* libjpeg needs it before its own */

#include <jpeglib.h>

#define QUALITY 85 /* stamps and small print stay readable */

/* Written by ourselves from pixels of ours: libjpeg's own way with errors (the end) will do. */
enum cs_status
cs_image_encode(const struct cs_image *image, struct cs_blob *ret)
{
	struct jpeg_compress_struct jpeg;
	struct jpeg_error_mgr errors;
	unsigned char *out = NULL;
	unsigned long len = 0;
	enum cs_status st;

	jpeg.err = jpeg_std_error(&errors);
	jpeg_create_compress(&jpeg);
	jpeg_mem_dest(&jpeg, &out, &len);
	jpeg.image_width = image->width;
	jpeg.image_height = image->height;
	jpeg.input_components = 3;
	jpeg.in_color_space = JCS_RGB;
	jpeg_set_defaults(&jpeg);
	jpeg_set_quality(&jpeg, QUALITY, TRUE);
	jpeg_start_compress(&jpeg, TRUE);
	while (jpeg.next_scanline < jpeg.image_height) {
		JSAMPROW row = image->pixels.ptr + (size_t)3 * image->width * jpeg.next_scanline;

		(void)jpeg_write_scanlines(&jpeg, &row, 1);
	}
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	st = cs_blob_set(ret, uk_span_of(out, len));
	free(out);
	return st;
}
