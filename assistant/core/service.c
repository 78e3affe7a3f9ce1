/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/service.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_PATH "/run/pcscd/pcscd.comm"
#define RETRY_MS    1000

struct _OukService {
	void (*changed)(gpointer data);
	gpointer data;
	int fd; /* -1: not connected */
	GSource *wake;
	GMainContext *context;
};

static void service_look(OukService *service);

/* As libpcsclite finds it. */
static int
service_connect(void)
{
	const char *path = g_getenv("PCSCLITE_CSOCK_NAME");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (path == NULL || *path == '\0')
		path = SOCKET_PATH;
	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
wake_clear(OukService *service)
{
	if (service->wake == NULL)
		return;
	g_source_destroy(service->wake);
	g_clear_pointer(&service->wake, g_source_unref);
}

static void
wake_set(OukService *service, GSource *source, GSourceFunc fn)
{
	wake_clear(service);
	service->wake = source;
	g_source_set_callback(source, fn, service, NULL);
	g_source_attach(source, service->context);
}

static gboolean
on_retry(gpointer data)
{
	OukService *service = data;

	service_look(service);
	if (service->fd >= 0)
		service->changed(service->data);
	return G_SOURCE_REMOVE;
}

/* It went away, or does not want us. */
static gboolean
on_hangup(int fd, GIOCondition condition, gpointer data)
{
	OukService *service = data;

	close(service->fd);
	service->fd = -1;
	wake_set(service, g_timeout_source_new(RETRY_MS), on_retry);
	service->changed(service->data);
	return G_SOURCE_REMOVE;
}

static void
service_look(OukService *service)
{
	service->fd = service_connect();
	if (service->fd >= 0)
		wake_set(service, g_unix_fd_source_new(service->fd, G_IO_IN | G_IO_HUP | G_IO_ERR),
			 G_SOURCE_FUNC(on_hangup));
	else
		wake_set(service, g_timeout_source_new(RETRY_MS), on_retry);
}

OukService *
ouk_service_new(void (*changed)(gpointer data), gpointer data)
{
	OukService *service = g_new0(OukService, 1);

	service->changed = changed;
	service->data = data;
	service->context = g_main_context_ref_thread_default();
	service_look(service);
	return service;
}

void
ouk_service_free(OukService *service)
{
	if (service == NULL)
		return;
	wake_clear(service);
	if (service->fd >= 0)
		close(service->fd);
	g_main_context_unref(service->context);
	g_free(service);
}

gboolean
ouk_service_is_up(const OukService *service)
{
	return service->fd >= 0;
}
