/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/pcscd.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_PATH "/run/pcscd/pcscd.comm"
#define RETRY_MS    1000

struct _OukPcscd {
	void (*changed)(gpointer data);
	gpointer data;
	int fd; /* -1: not connected */
	GSource *wake;
	GMainContext *context;
};

static void pcscd_look(OukPcscd *pcscd);

/* As libpcsclite finds it. */
static int
pcscd_connect(void)
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
wake_clear(OukPcscd *pcscd)
{
	if (pcscd->wake == NULL)
		return;
	g_source_destroy(pcscd->wake);
	g_clear_pointer(&pcscd->wake, g_source_unref);
}

static void
wake_set(OukPcscd *pcscd, GSource *source, GSourceFunc fn)
{
	wake_clear(pcscd);
	pcscd->wake = source;
	g_source_set_callback(source, fn, pcscd, NULL);
	g_source_attach(source, pcscd->context);
}

static gboolean
on_retry(gpointer data)
{
	OukPcscd *pcscd = data;

	pcscd_look(pcscd);
	if (pcscd->fd >= 0)
		pcscd->changed(pcscd->data);
	return G_SOURCE_REMOVE;
}

/* It went away, or does not want us. */
static gboolean
on_hangup(int fd, GIOCondition condition, gpointer data)
{
	OukPcscd *pcscd = data;

	close(pcscd->fd);
	pcscd->fd = -1;
	wake_set(pcscd, g_timeout_source_new(RETRY_MS), on_retry);
	pcscd->changed(pcscd->data);
	return G_SOURCE_REMOVE;
}

static void
pcscd_look(OukPcscd *pcscd)
{
	pcscd->fd = pcscd_connect();
	if (pcscd->fd >= 0)
		wake_set(pcscd, g_unix_fd_source_new(pcscd->fd, G_IO_IN | G_IO_HUP | G_IO_ERR),
			 G_SOURCE_FUNC(on_hangup));
	else
		wake_set(pcscd, g_timeout_source_new(RETRY_MS), on_retry);
}

OukPcscd *
ouk_pcscd_new(void (*changed)(gpointer data), gpointer data)
{
	OukPcscd *pcscd = g_new0(OukPcscd, 1);

	pcscd->changed = changed;
	pcscd->data = data;
	pcscd->context = g_main_context_ref_thread_default();
	pcscd_look(pcscd);
	return pcscd;
}

void
ouk_pcscd_free(OukPcscd *pcscd)
{
	if (pcscd == NULL)
		return;
	wake_clear(pcscd);
	if (pcscd->fd >= 0)
		close(pcscd->fd);
	g_main_context_unref(pcscd->context);
	g_free(pcscd);
}

gboolean
ouk_pcscd_is_up(const OukPcscd *pcscd)
{
	return pcscd->fd >= 0;
}
