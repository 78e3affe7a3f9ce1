/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/papers/form.h"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>
#include <qrencode.h>
#include <string.h>

/* A4 and its parts, in points. */
#define PAGE_WIDTH  595.0
#define PAGE_HEIGHT 842.0
#define MARGIN      48.0
#define WIDTH       (PAGE_WIDTH - 2 * MARGIN)
#define BOTTOM      (PAGE_HEIGHT - MARGIN)
#define LABEL_WIDTH 130.0
#define PAD         3.0
#define QR_SIDE     90.0
#define BOX         9.0
#define BOXES_A_ROW 4
#define LINES_MAX   2 /* of a value in a table */
#define TEXT_MAX    4096

#define FONT_TITLE   "Sans Bold 16"
#define FONT_HEADING "Sans Bold 11"
#define FONT_TEXT    "Sans 10"

struct page {
	cairo_t *cairo;
	double y; /* how far it is full */
};

struct text {
	const char *words, *font;
	double x, y, width;
	int lines_max; /* 0: as many as it takes */
	bool centred;
};

/* Plain text, never markup. Returns its height; draws it when it fits on the page. */
static double
text_draw(const struct page *page, const struct text *text)
{
	PangoLayout *layout = pango_cairo_create_layout(page->cairo);
	PangoFontDescription *font = pango_font_description_from_string(text->font);
	int width = 0, height = 0;

	pango_layout_set_font_description(layout, font);
	pango_font_description_free(font);
	pango_layout_set_width(layout, (int)(text->width * PANGO_SCALE));
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	if (text->lines_max > 0) {
		pango_layout_set_height(layout, -text->lines_max);
		pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
	}
	pango_layout_set_alignment(layout, text->centred ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT);
	pango_layout_set_text(layout, text->words, (int)strnlen(text->words, TEXT_MAX));
	pango_layout_get_pixel_size(layout, &width, &height);
	if (text->y + height <= BOTTOM) {
		cairo_move_to(page->cairo, text->x, text->y);
		pango_cairo_show_layout(page->cairo, layout);
	}
	g_object_unref(layout);
	return height;
}

static const char *
word_of(const json_t *value)
{
	return json_is_string(value) ? json_string_value(value) : "";
}

static void
title_draw(struct page *page, const json_t *value)
{
	const struct text text = {word_of(value), FONT_TITLE, MARGIN, page->y, WIDTH, 2, true};

	page->y += text_draw(page, &text) + 2 * PAD;
}

static void
heading_draw(struct page *page, const json_t *value)
{
	const struct text text = {word_of(value), FONT_HEADING, MARGIN, page->y + PAD, WIDTH, 1,
				  false};

	page->y += text_draw(page, &text) + 2 * PAD;
}

static void
paragraph_draw(struct page *page, const json_t *value)
{
	const struct text text = {word_of(value), FONT_TEXT, MARGIN, page->y, WIDTH, 0, false};

	page->y += text_draw(page, &text) + 2 * PAD;
}

static void
rows_draw(struct page *page, const json_t *value)
{
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *row = json_array_get(value, i);
		const struct text name = {
			word_of(json_array_get(row, 0)), FONT_TEXT, MARGIN + PAD, page->y + PAD,
			LABEL_WIDTH - 2 * PAD,           LINES_MAX, false};
		const struct text told = {word_of(json_array_get(row, 1)),
					  FONT_TEXT,
					  MARGIN + LABEL_WIDTH + PAD,
					  page->y + PAD,
					  WIDTH - LABEL_WIDTH - 2 * PAD,
					  LINES_MAX,
					  false};
		double height = MAX(text_draw(page, &name), text_draw(page, &told)) + 2 * PAD;

		if (page->y + height > BOTTOM)
			return;
		cairo_rectangle(page->cairo, MARGIN, page->y, LABEL_WIDTH, height);
		cairo_rectangle(page->cairo, MARGIN + LABEL_WIDTH, page->y, WIDTH - LABEL_WIDTH,
				height);
		cairo_stroke(page->cairo);
		page->y += height;
	}
	page->y += PAD;
}

static void
box_draw(const struct page *page, double x, double y, bool ticked)
{
	cairo_rectangle(page->cairo, x, y, BOX, BOX);
	if (ticked) {
		cairo_move_to(page->cairo, x + 1, y + BOX / 2);
		cairo_line_to(page->cairo, x + BOX / 2 - 1, y + BOX - 1);
		cairo_line_to(page->cairo, x + BOX - 1, y + 1);
	}
	cairo_stroke(page->cairo);
}

static void
boxes_draw(struct page *page, const json_t *value)
{
	double cell = WIDTH / BOXES_A_ROW, tallest = 0;
	size_t len = json_array_size(value);

	for (size_t i = 0; i < len; i++) {
		const json_t *box = json_array_get(value, i);
		double x = MARGIN + cell * (double)(i % BOXES_A_ROW);
		const struct text text = {word_of(json_array_get(box, 0)),
					  FONT_TEXT,
					  x + BOX + PAD,
					  page->y + PAD,
					  cell - BOX - 2 * PAD,
					  1,
					  false};

		tallest = MAX(tallest, text_draw(page, &text));
		if (page->y + tallest <= BOTTOM)
			box_draw(page, x, page->y + 2 * PAD, json_is_true(json_array_get(box, 1)));
		if (i % BOXES_A_ROW == BOXES_A_ROW - 1 || i == len - 1)
			page->y += tallest + 2 * PAD;
	}
}

/* Side by side, each above a line to write on. */
static void
sign_draw(struct page *page, const json_t *value)
{
	size_t len = json_array_size(value);
	double cell = len > 0 ? WIDTH / (double)len : WIDTH;

	page->y += 4 * PAD;
	for (size_t i = 0; i < len; i++) {
		double x = MARGIN + cell * (double)i;
		const struct text text = {word_of(json_array_get(value, i)),
					  FONT_TEXT,
					  x,
					  page->y,
					  cell - 2 * PAD,
					  1,
					  false};

		(void)text_draw(page, &text);
		cairo_move_to(page->cairo, x, page->y + 60);
		cairo_line_to(page->cairo, x + cell - 4 * PAD, page->y + 60);
		cairo_stroke(page->cairo);
	}
	page->y += 60 + 2 * PAD;
}

static void
qr_draw(struct page *page, const json_t *value)
{
	QRcode *code = QRcode_encodeString8bit(word_of(value), 0, QR_ECLEVEL_M);
	double module;

	if (code == NULL)
		return;
	module = QR_SIDE / code->width;
	for (int y = 0; y < code->width; y++)
		for (int x = 0; x < code->width; x++)
			if ((code->data[y * code->width + x] & 1U) != 0)
				cairo_rectangle(page->cairo,
						PAGE_WIDTH - MARGIN - QR_SIDE + module * x,
						MARGIN / 2 + module * y, module, module);
	cairo_fill(page->cairo);
	QRcode_free(code);
	page->y = MAX(page->y, MARGIN / 2 + QR_SIDE + PAD);
}

static const struct {
	const char *name;
	void (*draw)(struct page *page, const json_t *value);
} items[] = {
	{"title", title_draw}, {"heading", heading_draw}, {"text", paragraph_draw},
	{"rows", rows_draw},   {"boxes", boxes_draw},     {"sign", sign_draw},
	{"qr", qr_draw},
};

static void
page_draw(cairo_t *cairo, const json_t *list)
{
	struct page page = {cairo, MARGIN};

	for (size_t i = 0; i < json_array_size(list); i++)
		for (size_t kind = 0; kind < ARRAY_SIZE(items); kind++) {
			const json_t *value =
				json_object_get(json_array_get(list, i), items[kind].name);

			if (value != NULL && page.y < BOTTOM)
				items[kind].draw(&page, value);
		}
	cairo_show_page(cairo);
}

struct output {
	struct cs_blob bytes;
	size_t len;
};

static cairo_status_t
output_write(void *ctx, const unsigned char *bytes, unsigned int len)
{
	struct output *output = ctx;

	if (output->len + len > output->bytes.len) {
		CS_BLOB grown = {NULL, 0};

		if (cs_blob_room(&grown, 2 * (output->len + len)) != CS_OK)
			return CAIRO_STATUS_NO_MEMORY;
		if (output->len > 0)
			memcpy(grown.ptr, output->bytes.ptr, output->len);
		cs_blob_free(&output->bytes);
		output->bytes = grown;
		grown = (struct cs_blob){NULL, 0};
	}
	memcpy(output->bytes.ptr + output->len, bytes, len);
	output->len += len;
	return CAIRO_STATUS_SUCCESS;
}

enum cs_status
cs_form_draw(const json_t *json, struct cs_blob *ret)
{
	const json_t *pages = json_object_get(json, "pages");
	size_t len = json_array_size(pages);
	struct output output = {.len = 0};
	cairo_surface_t *surface;
	cairo_t *cairo;
	enum cs_status st;

	if (len == 0 || len > CS_PAGES_MAX)
		return CS_E_ARGUMENTS;
	surface =
		cairo_pdf_surface_create_for_stream(output_write, &output, PAGE_WIDTH, PAGE_HEIGHT);
	cairo = cairo_create(surface);
	cairo_set_line_width(cairo, 0.6);
	for (size_t i = 0; i < len; i++)
		page_draw(cairo, json_array_get(pages, i));
	cairo_destroy(cairo);
	cairo_surface_finish(surface);
	st = cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS
		     ? cs_blob_set(ret, uk_span_of(output.bytes.ptr, output.len))
		     : CS_E_MEMORY;
	cairo_surface_destroy(surface);
	cs_blob_free(&output.bytes);
	return st;
}
