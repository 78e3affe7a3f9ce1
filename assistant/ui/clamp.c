/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/clamp.h"

/* In widths of the letter x, so that larger fonts get wider columns. */
#define WIDTH_CHARS 100

struct _OukClamp {
	GtkBin parent;
};

G_DEFINE_TYPE(OukClamp, ouk_clamp, GTK_TYPE_BIN)

static int
widest(GtkWidget *widget)
{
	PangoContext *context = gtk_widget_get_pango_context(widget);
	PangoFontMetrics *metrics = pango_context_get_metrics(context, NULL, NULL);
	int width = pango_font_metrics_get_approximate_digit_width(metrics) * WIDTH_CHARS;

	pango_font_metrics_unref(metrics);
	return PANGO_PIXELS(width);
}

static void
size_allocate(GtkWidget *widget, GtkAllocation *allocation)
{
	GtkWidget *child = gtk_bin_get_child(GTK_BIN(widget));
	GtkAllocation inner = *allocation;
	int minimum = 0;

	gtk_widget_set_allocation(widget, allocation);
	if (child == NULL || !gtk_widget_get_visible(child))
		return;
	gtk_widget_get_preferred_width(child, &minimum, NULL);
	inner.width = MIN(allocation->width, MAX(widest(widget), minimum));
	inner.x += (allocation->width - inner.width) / 2;
	gtk_widget_size_allocate(child, &inner);
}

/* Height follows the width that the child will really get. */
static void
height_for_width(GtkWidget *widget, int width, int *minimum, int *natural)
{
	GtkWidget *child = gtk_bin_get_child(GTK_BIN(widget));
	int least = 0;

	*minimum = *natural = 0;
	if (child == NULL || !gtk_widget_get_visible(child))
		return;
	gtk_widget_get_preferred_width(child, &least, NULL);
	width = MIN(width, MAX(widest(widget), least));
	gtk_widget_get_preferred_height_for_width(child, width, minimum, natural);
}

static GtkSizeRequestMode
request_mode(GtkWidget *widget)
{
	return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
ouk_clamp_class_init(OukClampClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

	widget_class->size_allocate = size_allocate;
	widget_class->get_preferred_height_for_width = height_for_width;
	widget_class->get_request_mode = request_mode;
}

static void
ouk_clamp_init(OukClamp *self)
{
}
