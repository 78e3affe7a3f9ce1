/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/papers/image.h"

#include "service/papers/sniff.h"

#include <stdio.h> /* libjpeg needs it before its own */

#include <gif_lib.h>
#include <jpeglib.h>
#include <png.h>
#include <setjmp.h>

static enum cs_status
room_make(struct cs_image *image, unsigned long width, unsigned long height)
{
	if (!cs_image_size_good(width, height))
		return CS_E_ARGUMENTS;
	image->width = (uint32_t)width;
	image->height = (uint32_t)height;
	return cs_blob_room(&image->pixels, (size_t)3 * width * height);
}

static enum cs_status
png_decode(struct uk_span bytes, struct cs_image *ret)
{
	const png_color white = {255, 255, 255};
	png_image png = {.version = PNG_IMAGE_VERSION};
	enum cs_status st = CS_E_ARGUMENTS;

	if (png_image_begin_read_from_memory(&png, bytes.ptr, bytes.len) != 0) {
		st = room_make(ret, png.width, png.height);
		png.format = PNG_FORMAT_RGB;
		if (st == CS_OK &&
		    png_image_finish_read(&png, &white, ret->pixels.ptr, 0, NULL) == 0)
			st = CS_E_ARGUMENTS;
	}
	png_image_free(&png);
	return st;
}

struct jpeg_failure {
	struct jpeg_error_mgr manager; /* first: libjpeg knows only this */
	jmp_buf out;
};

static void
on_jpeg_error(j_common_ptr info)
{
	struct jpeg_failure *failure = (struct jpeg_failure *)(void *)info->err;

	longjmp(failure->out, 1);
}

/* Warnings of libjpeg are about damage it could paint over: that is good enough for a photograph.
 */
static void
on_jpeg_message(j_common_ptr info, int level)
{
}

static enum cs_status
jpeg_rows(struct jpeg_decompress_struct *jpeg, struct cs_image *ret)
{
	size_t row = (size_t)3 * ret->width;

	while (jpeg->output_scanline < jpeg->output_height) {
		JSAMPROW at = ret->pixels.ptr + row * jpeg->output_scanline;

		if (jpeg_read_scanlines(jpeg, &at, 1) != 1)
			return CS_E_ARGUMENTS;
	}
	return CS_OK;
}

static enum cs_status
jpeg_decode(struct uk_span bytes, struct cs_image *ret)
{
	struct jpeg_decompress_struct jpeg;
	struct jpeg_failure failure;
	volatile enum cs_status st = CS_E_ARGUMENTS;

	jpeg.err = jpeg_std_error(&failure.manager);
	failure.manager.error_exit = on_jpeg_error;
	failure.manager.emit_message = on_jpeg_message;
	jpeg_create_decompress(&jpeg);
	if (setjmp(failure.out) != 0) {
		jpeg_destroy_decompress(&jpeg);
		return CS_E_ARGUMENTS;
	}
	jpeg_mem_src(&jpeg, bytes.ptr, bytes.len);
	if (jpeg_read_header(&jpeg, TRUE) == JPEG_HEADER_OK &&
	    cs_image_size_good(jpeg.image_width, jpeg.image_height)) {
		jpeg.out_color_space = JCS_RGB;
		(void)jpeg_start_decompress(&jpeg);
		st = jpeg.output_components == 3
			     ? room_make(ret, jpeg.output_width, jpeg.output_height)
			     : CS_E_ARGUMENTS;
		if (st == CS_OK)
			st = jpeg_rows(&jpeg, ret);
	}
	jpeg_destroy_decompress(&jpeg);
	return st;
}

static int
gif_read(GifFileType *gif, GifByteType *ret, int len)
{
	struct uk_span *left = gif->UserData;
	struct uk_span got;
	size_t wanted = len > 0 ? (size_t)len : 0;

	if (wanted > left->len)
		wanted = left->len;
	if (!uk_take(left, wanted, &got))
		return 0;
	if (wanted > 0)
		memcpy(ret, got.ptr, wanted);
	return (int)wanted;
}

/* The colour of one pixel; white where there is none. */
static void
gif_pixel(const ColorMapObject *map, unsigned int index, int transparent, uint8_t ret[3])
{
	memset(ret, 255, 3);
	if (map == NULL || (int)index >= map->ColorCount || (int)index == transparent)
		return;
	ret[0] = map->Colors[index].Red;
	ret[1] = map->Colors[index].Green;
	ret[2] = map->Colors[index].Blue;
}

static int
gif_transparent(const GifFileType *gif)
{
	GraphicsControlBlock control;

	for (int i = 0; i < gif->ExtensionBlockCount; i++)
		if (gif->ExtensionBlocks[i].Function == GRAPHICS_EXT_FUNC_CODE &&
		    gif->ExtensionBlocks[i].ByteCount == 4 &&
		    DGifExtensionToGCB(4, gif->ExtensionBlocks[i].Bytes, &control) == GIF_OK)
			return control.TransparentColor;
	return NO_TRANSPARENT_COLOR;
}

/* Interlaced rows come in four passes. */
static enum cs_status
gif_rows(GifFileType *gif, struct cs_image *ret)
{
	static const struct {
		uint32_t first, step;
	} passes[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}, {0, 1}};
	const ColorMapObject *map =
		gif->Image.ColorMap != NULL ? gif->Image.ColorMap : gif->SColorMap;
	size_t pass = gif->Image.Interlace ? 0 : 4, last = gif->Image.Interlace ? 4 : 5;
	int transparent = gif_transparent(gif);
	CS_BLOB line = {NULL, 0};
	enum cs_status st = cs_blob_room(&line, ret->width);

	for (; st == CS_OK && pass < last; pass++)
		for (uint32_t y = passes[pass].first; y < ret->height; y += passes[pass].step) {
			uint8_t *row = ret->pixels.ptr + (size_t)3 * ret->width * y;

			if (DGifGetLine(gif, line.ptr, (int)ret->width) != GIF_OK)
				return CS_E_ARGUMENTS;
			for (uint32_t x = 0; x < ret->width; x++)
				gif_pixel(map, line.ptr[x], transparent, row + (size_t)3 * x);
		}
	return st;
}

/* Extensions before the first picture are read past, but for the one that says what is clear. */
static enum cs_status
gif_extension(GifFileType *gif)
{
	GifByteType *block = NULL;
	int function = 0;

	if (DGifGetExtension(gif, &function, &block) != GIF_OK)
		return CS_E_ARGUMENTS;
	while (block != NULL) {
		if (function == GRAPHICS_EXT_FUNC_CODE && gif->ExtensionBlockCount == 0 &&
		    GifAddExtensionBlock(&gif->ExtensionBlockCount, &gif->ExtensionBlocks, function,
					 block[0], block + 1) != GIF_OK)
			return CS_E_MEMORY;
		if (DGifGetExtensionNext(gif, &block) != GIF_OK)
			return CS_E_ARGUMENTS;
	}
	return CS_OK;
}

static enum cs_status
gif_first(GifFileType *gif, struct cs_image *ret)
{
	GifRecordType record;
	enum cs_status st = CS_OK;

	while (st == CS_OK) {
		if (DGifGetRecordType(gif, &record) != GIF_OK || record == TERMINATE_RECORD_TYPE)
			return CS_E_ARGUMENTS;
		if (record == EXTENSION_RECORD_TYPE)
			st = gif_extension(gif);
		if (record != IMAGE_DESC_RECORD_TYPE)
			continue;
		if (DGifGetImageDesc(gif) != GIF_OK || gif->Image.Width <= 0 ||
		    gif->Image.Height <= 0)
			return CS_E_ARGUMENTS;
		st = room_make(ret, (unsigned long)gif->Image.Width,
			       (unsigned long)gif->Image.Height);
		return st == CS_OK ? gif_rows(gif, ret) : st;
	}
	return st;
}

static enum cs_status
gif_decode(struct uk_span bytes, struct cs_image *ret)
{
	int error = 0;
	GifFileType *gif = DGifOpen(&bytes, gif_read, &error);
	enum cs_status st = gif != NULL ? gif_first(gif, ret) : CS_E_ARGUMENTS;

	if (gif != NULL)
		(void)DGifCloseFile(gif, &error);
	return st;
}

enum cs_status
cs_image_decode(struct uk_span bytes, struct cs_image *ret)
{
	static enum cs_status (*const decoders[])(struct uk_span, struct cs_image *) = {
		[CS_IMAGE_GIF] = gif_decode,
		[CS_IMAGE_JPEG] = jpeg_decode,
		[CS_IMAGE_PNG] = png_decode,
	};
	enum cs_image_type type = cs_image_sniff(bytes);

	return type != CS_IMAGE_NONE ? decoders[type](bytes, ret) : CS_E_ARGUMENTS;
}
