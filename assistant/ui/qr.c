/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/qr.h"

#include <qrencode.h>

#define SIDE   240 /* pixels at scale 1 */
#define MARGIN 4   /* modules */

static gboolean
draw(GtkWidget *widget, cairo_t *cr, QRcode *code)
{
	double size = MIN(gtk_widget_get_allocated_width(widget),
			  gtk_widget_get_allocated_height(widget));
	double module = size / (code->width + 2 * MARGIN);

	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_rectangle(cr, 0, 0, size, size);
	cairo_fill(cr);
	cairo_set_source_rgb(cr, 0, 0, 0);
	/* no grey seams between modules */
	cairo_set_antialias(cr, CAIRO_ANTIALIAS_NONE);
	for (int y = 0; y < code->width; y++)
		for (int x = 0; x < code->width; x++)
			if (code->data[y * code->width + x] & 1)
				cairo_rectangle(cr, (x + MARGIN) * module, (y + MARGIN) * module,
						module, module);
	cairo_fill(cr);
	return FALSE;
}

static void
code_free(gpointer data)
{
	QRcode_free(data);
}

GtkWidget *
ouk_qr_new(const char *text, const char *spoken)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	GtkWidget *area = NULL;

	if (code == NULL)
		return NULL;
	area = gtk_drawing_area_new();
	g_object_set_data_full(G_OBJECT(area), "code", code, code_free);
	gtk_widget_set_size_request(area, SIDE, SIDE);
	gtk_widget_set_halign(area, GTK_ALIGN_START);
	g_signal_connect(area, "draw", G_CALLBACK(draw), code);
	atk_object_set_role(gtk_widget_get_accessible(area), ATK_ROLE_IMAGE);
	atk_object_set_name(gtk_widget_get_accessible(area), spoken);
	gtk_widget_show(area);
	return area;
}
