/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Virtual keys that kernels with vhci_hcd can import (usbip attach), each by one at a time. */
#ifndef VIRTUAL_USB_USBIP_SERVER_H
#define VIRTUAL_USB_USBIP_SERVER_H

#include "virtual/usb/function.h"

#include <gio/gio.h>

#define USBIP_KEYS_MAX 8

struct usbip_server;

struct usbip_server *usbip_server_new(void);
void usbip_server_free(struct usbip_server *server);

/*
 * A key of that kind with those numbers on the bus, in port "1-N", N from 1: there when one listens
 * at the path. False: too many of them, or out of memory.
 */
UK_CHECKED bool usbip_server_add(struct usbip_server *server, const struct usb_kind *kind,
				 uint16_t vendor, uint16_t product, const char *path);

/* On the loopback interface only; port 0 is any that is free, returned; 0 is failure, said on
 * stderr. */
uint16_t usbip_server_listen(struct usbip_server *server, uint16_t port);

#endif
