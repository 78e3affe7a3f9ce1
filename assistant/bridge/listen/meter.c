/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/listen/meter.h"

struct _OukMeter {
	GIOStream parent_instance;
	GIOStream *base;
	GInputStream *in;
	GOutputStream *out;
	guint64 most, read, written;
};

/* ---- incoming ---- */

#define METER_TYPE_IN meter_in_get_type()
G_DECLARE_FINAL_TYPE(MeterIn, meter_in, METER, IN, GFilterInputStream)

struct _MeterIn {
	GFilterInputStream parent_instance;
	OukMeter *meter; /* owns this */
};

static void meter_in_pollable(GPollableInputStreamInterface *iface);

G_DEFINE_TYPE_WITH_CODE(MeterIn, meter_in, G_TYPE_FILTER_INPUT_STREAM,
			G_IMPLEMENT_INTERFACE(G_TYPE_POLLABLE_INPUT_STREAM, meter_in_pollable))

static GInputStream *
base_in(gpointer stream)
{
	return g_filter_input_stream_get_base_stream(G_FILTER_INPUT_STREAM(stream));
}

/* What may be read, or 0 and an error. */
static gsize
allowed(MeterIn *self, gsize count, GError **error)
{
	OukMeter *meter = self->meter;

	if (meter->read >= meter->most) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
				    "more than a message may be long");
		return 0;
	}
	return (gsize)MIN(count, meter->most - meter->read);
}

static gssize
counted(MeterIn *self, gssize got)
{
	if (got > 0)
		self->meter->read += (guint64)got;
	return got;
}

static gssize
meter_in_read(GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
	      GError **error)
{
	MeterIn *self = METER_IN(stream);
	gsize most = allowed(self, count, error);

	if (most == 0)
		return count == 0 ? 0 : -1;
	return counted(self, g_input_stream_read(base_in(self), buffer, most, cancellable, error));
}

static gboolean
meter_in_can_poll(GPollableInputStream *stream)
{
	return g_pollable_input_stream_can_poll(G_POLLABLE_INPUT_STREAM(base_in(stream)));
}

static gboolean
meter_in_is_readable(GPollableInputStream *stream)
{
	return g_pollable_input_stream_is_readable(G_POLLABLE_INPUT_STREAM(base_in(stream)));
}

static GSource *
meter_in_create_source(GPollableInputStream *stream, GCancellable *cancellable)
{
	g_autoptr(GSource) base = g_pollable_input_stream_create_source(
		G_POLLABLE_INPUT_STREAM(base_in(stream)), cancellable);

	return g_pollable_source_new_full(stream, base, NULL);
}

static gssize
meter_in_read_nonblocking(GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
	MeterIn *self = METER_IN(stream);
	gsize most = allowed(self, count, error);

	if (most == 0)
		return count == 0 ? 0 : -1;
	return counted(self,
		       g_pollable_input_stream_read_nonblocking(
			       G_POLLABLE_INPUT_STREAM(base_in(self)), buffer, most, NULL, error));
}

static void
meter_in_class_init(MeterInClass *class)
{
	G_INPUT_STREAM_CLASS(class)->read_fn = meter_in_read;
}

static void
meter_in_init(MeterIn *self)
{
}

static void
meter_in_pollable(GPollableInputStreamInterface *iface)
{
	iface->can_poll = meter_in_can_poll;
	iface->is_readable = meter_in_is_readable;
	iface->create_source = meter_in_create_source;
	iface->read_nonblocking = meter_in_read_nonblocking;
}

/* ---- outgoing ---- */

#define METER_TYPE_OUT meter_out_get_type()
G_DECLARE_FINAL_TYPE(MeterOut, meter_out, METER, OUT, GFilterOutputStream)

struct _MeterOut {
	GFilterOutputStream parent_instance;
	OukMeter *meter; /* owns this */
};

static void meter_out_pollable(GPollableOutputStreamInterface *iface);

G_DEFINE_TYPE_WITH_CODE(MeterOut, meter_out, G_TYPE_FILTER_OUTPUT_STREAM,
			G_IMPLEMENT_INTERFACE(G_TYPE_POLLABLE_OUTPUT_STREAM, meter_out_pollable))

static GOutputStream *
base_out(gpointer stream)
{
	return g_filter_output_stream_get_base_stream(G_FILTER_OUTPUT_STREAM(stream));
}

static gssize
meter_out_write(GOutputStream *stream, const void *buffer, gsize count, GCancellable *cancellable,
		GError **error)
{
	MeterOut *self = METER_OUT(stream);
	gssize put = g_output_stream_write(base_out(self), buffer, count, cancellable, error);

	if (put > 0)
		self->meter->written += (guint64)put;
	return put;
}

static gboolean
meter_out_can_poll(GPollableOutputStream *stream)
{
	return g_pollable_output_stream_can_poll(G_POLLABLE_OUTPUT_STREAM(base_out(stream)));
}

static gboolean
meter_out_is_writable(GPollableOutputStream *stream)
{
	return g_pollable_output_stream_is_writable(G_POLLABLE_OUTPUT_STREAM(base_out(stream)));
}

static GSource *
meter_out_create_source(GPollableOutputStream *stream, GCancellable *cancellable)
{
	g_autoptr(GSource) base = g_pollable_output_stream_create_source(
		G_POLLABLE_OUTPUT_STREAM(base_out(stream)), cancellable);

	return g_pollable_source_new_full(stream, base, NULL);
}

static gssize
meter_out_write_nonblocking(GPollableOutputStream *stream, const void *buffer, gsize count,
			    GError **error)
{
	MeterOut *self = METER_OUT(stream);
	gssize put = g_pollable_output_stream_write_nonblocking(
		G_POLLABLE_OUTPUT_STREAM(base_out(self)), buffer, count, NULL, error);

	if (put > 0)
		self->meter->written += (guint64)put;
	return put;
}

static void
meter_out_class_init(MeterOutClass *class)
{
	G_OUTPUT_STREAM_CLASS(class)->write_fn = meter_out_write;
}

static void
meter_out_init(MeterOut *self)
{
}

static void
meter_out_pollable(GPollableOutputStreamInterface *iface)
{
	iface->can_poll = meter_out_can_poll;
	iface->is_writable = meter_out_is_writable;
	iface->create_source = meter_out_create_source;
	iface->write_nonblocking = meter_out_write_nonblocking;
}

/* ---- both ---- */

G_DEFINE_TYPE(OukMeter, ouk_meter, G_TYPE_IO_STREAM)

static GInputStream *
meter_get_in(GIOStream *stream)
{
	return OUK_METER(stream)->in;
}

static GOutputStream *
meter_get_out(GIOStream *stream)
{
	return OUK_METER(stream)->out;
}

static gboolean
meter_close(GIOStream *stream, GCancellable *cancellable, GError **error)
{
	return g_io_stream_close(OUK_METER(stream)->base, cancellable, error);
}

static void
base_closed(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GTask) task = data;
	GError *error = NULL;

	if (g_io_stream_close_finish(G_IO_STREAM(source), result, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void
meter_close_async(GIOStream *stream, int priority, GCancellable *cancellable,
		  GAsyncReadyCallback callback, gpointer data)
{
	GTask *task = g_task_new(stream, cancellable, callback, data);

	g_io_stream_close_async(OUK_METER(stream)->base, priority, cancellable, base_closed, task);
}

static gboolean
meter_close_finish(GIOStream *stream, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}

static void
meter_dispose(GObject *object)
{
	OukMeter *self = OUK_METER(object);

	G_OBJECT_CLASS(ouk_meter_parent_class)->dispose(object);
	g_clear_object(&self->in);
	g_clear_object(&self->out);
	g_clear_object(&self->base);
}

static void
ouk_meter_class_init(OukMeterClass *class)
{
	GIOStreamClass *stream = G_IO_STREAM_CLASS(class);

	stream->get_input_stream = meter_get_in;
	stream->get_output_stream = meter_get_out;
	stream->close_fn = meter_close;
	stream->close_async = meter_close_async;
	stream->close_finish = meter_close_finish;
	G_OBJECT_CLASS(class)->dispose = meter_dispose;
}

static void
ouk_meter_init(OukMeter *self)
{
}

OukMeter *
ouk_meter_new(GIOStream *base, guint64 most)
{
	OukMeter *self = g_object_new(OUK_TYPE_METER, NULL);

	self->base = g_object_ref(base);
	self->most = most;
	self->in = g_object_new(METER_TYPE_IN, "base-stream", g_io_stream_get_input_stream(base),
				"close-base-stream", FALSE, NULL);
	METER_IN(self->in)->meter = self;
	self->out = g_object_new(METER_TYPE_OUT, "base-stream", g_io_stream_get_output_stream(base),
				 "close-base-stream", FALSE, NULL);
	METER_OUT(self->out)->meter = self;
	return self;
}

void
ouk_meter_reset(OukMeter *meter)
{
	meter->read = 0;
}

guint64
ouk_meter_written(OukMeter *meter)
{
	return meter->written;
}
