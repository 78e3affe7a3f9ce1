/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unix stream sockets as the program uses them: close-on-exec, mode 0600, no SIGPIPE. */
#ifndef VK_SOCKETS_H
#define VK_SOCKETS_H

#include "common/bytes.h"

/* Listens at path, in place of a socket that nobody listens at any more. -1: errno. */
int vk_socket_listen(const char *path);
/* -1 when nobody came after all. */
int vk_socket_accept(int listener);
/* -1: errno */
int vk_socket_connect(const char *path);
/* Sends all of it, waiting at most 5 s for the other side. */
UK_CHECKED bool vk_socket_send(int fd, struct uk_span bytes);

#endif
