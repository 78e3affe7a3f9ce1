/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/papers/image.h"

#include <math.h>
#include <pango/pangocairo.h>

#define FONT   "Sans"
#define SLANT  (-M_PI / 8)
#define STRONG 64 /* of 255: the picture stays readable, and so do the words */

static PangoLayout *
layout_make(cairo_t *cairo, const char *words, uint32_t width)
{
	PangoLayout *layout = pango_cairo_create_layout(cairo);
	PangoFontDescription *font = pango_font_description_from_string(FONT);

	/* about four times across the picture, but never too small to read */
	pango_font_description_set_absolute_size(font, fmax(12.0, width / 40.0) * PANGO_SCALE);
	pango_layout_set_font_description(layout, font);
	pango_font_description_free(font);
	pango_layout_set_text(layout, words, -1);
	return layout;
}

static void
words_draw(cairo_t *cairo, const char *words, uint32_t width, uint32_t height)
{
	PangoLayout *layout = layout_make(cairo, words, width);
	int far = (int)(width + height), step_x, step_y;

	pango_layout_get_pixel_size(layout, &step_x, &step_y);
	step_x += step_x / 4 + 20;
	step_y *= 4;
	cairo_rotate(cairo, SLANT);
	for (int y = -far; y < far && step_y > 0; y += step_y)
		for (int x = -far; x < far; x += step_x) {
			cairo_move_to(cairo, x, y);
			pango_cairo_show_layout(cairo, layout);
		}
	g_object_unref(layout);
}

/* Darker where the picture is light and lighter where it is dark: seen on anything. */
static void
pixel_mark(uint8_t pixel[3], unsigned int alpha)
{
	unsigned int light = ((unsigned int)pixel[0] + pixel[1] + pixel[2]) / 3;
	unsigned int ink = light > 127 ? 0 : 255, part = alpha * STRONG / 255;

	for (int i = 0; i < 3; i++)
		pixel[i] = (uint8_t)((pixel[i] * (255 - part) + ink * part) / 255);
}

enum cs_status
cs_image_mark(struct cs_image *image, const char *words)
{
	cairo_surface_t *surface =
		cairo_image_surface_create(CAIRO_FORMAT_A8, (int)image->width, (int)image->height);
	cairo_t *cairo = cairo_create(surface);
	enum cs_status st = CS_E_MEMORY;

	words_draw(cairo, words, image->width, image->height);
	cairo_surface_flush(surface);
	if (cairo_status(cairo) == CAIRO_STATUS_SUCCESS) {
		const uint8_t *alpha = cairo_image_surface_get_data(surface);
		size_t stride = (size_t)cairo_image_surface_get_stride(surface);

		for (size_t y = 0; y < image->height; y++)
			for (size_t x = 0; x < image->width; x++)
				pixel_mark(image->pixels.ptr + 3 * (image->width * y + x),
					   alpha[stride * y + x]);
		st = CS_OK;
	}
	cairo_destroy(cairo);
	cairo_surface_destroy(surface);
	return st;
}
