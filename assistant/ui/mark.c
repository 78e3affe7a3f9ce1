/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/mark.h"

#include <glib/gi18n.h>
#include <math.h>

struct _OukMark {
	GtkDrawingArea parent;
	guint colour, shape;
	double size;
};

G_DEFINE_TYPE(OukMark, ouk_mark, GTK_TYPE_DRAWING_AREA)

/* Dark enough to be seen on white, light enough for the edge to show on black. */
static const struct {
	const char *name;
	double red, green, blue;
} colours[OUK_MARKS] = {
	/* TRANSLATORS: colours and shapes are put together to "blue circle" */
	{N_("blue"), 0.13, 0.42, 0.74},  {N_("orange"), 0.80, 0.40, 0.00},
	{N_("green"), 0.13, 0.52, 0.25}, {N_("purple"), 0.48, 0.25, 0.65},
	{N_("red"), 0.73, 0.13, 0.18},   {N_("grey"), 0.33, 0.36, 0.40},
};

/* Corners on a circle (0 = the circle itself); inner: radius of the notches, 1 = none. */
static const struct {
	const char *name;
	guint corners;
	double inner, turn; /* turn in degrees; 0 = a corner on top */
} shapes[OUK_MARKS] = {
	{N_("circle"), 0, 1, 0},  {N_("square"), 4, 1, 45}, {N_("triangle"), 3, 1, 0},
	{N_("diamond"), 4, 1, 0}, {N_("star"), 5, 0.45, 0}, {N_("hexagon"), 6, 1, 0},
};

static void
trace(cairo_t *cr, guint shape, double radius)
{
	guint corners = shapes[shape].corners;
	guint points = shapes[shape].inner < 1 ? corners * 2 : corners;

	if (corners == 0) {
		cairo_arc(cr, 0, 0, radius * 0.92, 0, 2 * G_PI);
		return;
	}
	for (guint i = 0; i < points; i++) {
		double angle = (shapes[shape].turn - 90) / 180 * G_PI + i * 2 * G_PI / points;
		double far = i % 2 == 1 ? shapes[shape].inner : 1;

		cairo_line_to(cr, cos(angle) * radius * far, sin(angle) * radius * far);
	}
	cairo_close_path(cr);
}

static gboolean
draw(GtkWidget *widget, cairo_t *cr)
{
	OukMark *self = OUK_MARK(widget);
	int width = gtk_widget_get_allocated_width(widget);
	int height = gtk_widget_get_allocated_height(widget);
	double radius = MIN(width, height) / 2.0 - 1;

	cairo_translate(cr, width / 2.0, height / 2.0);
	cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
	trace(cr, self->shape, radius * 0.88);
	/* a white edge, for dark backgrounds and the blue one of a chosen row */
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_set_line_width(cr, MAX(2.5, radius * 0.18));
	cairo_stroke_preserve(cr);
	cairo_set_source_rgb(cr, colours[self->colour].red, colours[self->colour].green,
			     colours[self->colour].blue);
	cairo_fill(cr);
	return FALSE;
}

static void
measure(GtkWidget *widget)
{
	OukMark *self = OUK_MARK(widget);
	PangoContext *context = gtk_widget_get_pango_context(widget);
	PangoFontMetrics *metrics = pango_context_get_metrics(context, NULL, NULL);
	int line = pango_font_metrics_get_ascent(metrics) + pango_font_metrics_get_descent(metrics);
	int pixels = (int)(PANGO_PIXELS(line) * self->size);

	pango_font_metrics_unref(metrics);
	gtk_widget_set_size_request(widget, pixels, pixels);
}

static void
ouk_mark_class_init(OukMarkClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

	widget_class->draw = draw;
	widget_class->style_updated = measure;
	gtk_widget_class_set_accessible_role(widget_class, ATK_ROLE_ICON);
}

static void
ouk_mark_init(OukMark *self)
{
	self->size = 1;
	gtk_widget_set_halign(GTK_WIDGET(self), GTK_ALIGN_CENTER);
	gtk_widget_set_valign(GTK_WIDGET(self), GTK_ALIGN_CENTER);
}

GtkWidget *
ouk_mark_new(guint colour, guint shape, double size)
{
	OukMark *self = g_object_new(OUK_TYPE_MARK, "visible", TRUE, NULL);

	self->size = size;
	measure(GTK_WIDGET(self));
	ouk_mark_set(self, colour, shape);
	return GTK_WIDGET(self);
}

void
ouk_mark_set(OukMark *self, guint colour, guint shape)
{
	g_autofree char *name = NULL;

	self->colour = colour % OUK_MARKS;
	self->shape = shape % OUK_MARKS;
	/* TRANSLATORS: colour, shape */
	name = g_strdup_printf(_("%s %s"), _(colours[self->colour].name),
			       _(shapes[self->shape].name));
	atk_object_set_name(gtk_widget_get_accessible(GTK_WIDGET(self)), name);
	gtk_widget_set_tooltip_text(GTK_WIDGET(self), name);
	gtk_widget_queue_draw(GTK_WIDGET(self));
}
