/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/ifd/usb.h"

#include <libusb-1.0/libusb.h>
#include <limits.h>
#include <stdlib.h>

#define SHORT_MS 1000 /* what the key answers without thinking */

#define HID_SET_REPORT 0x09
#define HID_OUTPUT     0x0200 /* report type 2, id 0 */
#define STORAGE_RESET  0xff
#define STORAGE_SCSI   0x06
#define STORAGE_BULK   0x50
#define CLASS_REQUEST  (LIBUSB_REQUEST_TYPE_CLASS | LIBUSB_RECIPIENT_INTERFACE | LIBUSB_ENDPOINT_OUT)

struct usb_key {
	libusb_context *context;
	libusb_device *device;
	libusb_device_handle *handle; /* NULL: it could not be opened again */
	enum usb_kind kind;
	int interface;
	bool claimed, was_free;
	uint8_t in, out; /* endpoints; out 0: none */
};

static const struct {
	int error;
	enum uk_status status;
} errors[] = {
	{LIBUSB_SUCCESS, UK_OK},
	{LIBUSB_ERROR_NO_DEVICE, UK_E_REMOVED},
	{LIBUSB_ERROR_NOT_FOUND, UK_E_REMOVED},
	{LIBUSB_ERROR_TIMEOUT, UK_E_TIMEOUT},
	{LIBUSB_ERROR_BUSY, UK_E_BUSY},
	{LIBUSB_ERROR_NO_MEM, UK_E_MEMORY},
	{LIBUSB_ERROR_NOT_SUPPORTED, UK_E_NOT_SUPPORTED},
};

static enum uk_status
status_of(int error)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].error == error)
			return errors[i].status;
	return UK_E_REPLY;
}

/* ---- finding ---- */

static const struct {
	uint8_t class_;
	int subclass, protocol; /* -1: any */
	uint8_t transfer;
	bool needs_out;
} kinds[] = {
	[USB_HID] = {LIBUSB_CLASS_HID, -1, -1, LIBUSB_TRANSFER_TYPE_INTERRUPT, false},
	[USB_STORAGE] = {LIBUSB_CLASS_MASS_STORAGE, STORAGE_SCSI, STORAGE_BULK,
			 LIBUSB_TRANSFER_TYPE_BULK, true},
};

/* Takes the endpoints of an interface that fits. */
static bool
interface_fits(struct usb_key *key, const struct libusb_interface_descriptor *setting)
{
	int subclass = kinds[key->kind].subclass, protocol = kinds[key->kind].protocol;

	if (setting->bInterfaceClass != kinds[key->kind].class_ ||
	    (subclass >= 0 && setting->bInterfaceSubClass != subclass) ||
	    (protocol >= 0 && setting->bInterfaceProtocol != protocol))
		return false;
	key->in = key->out = 0;
	for (int i = 0; i < setting->bNumEndpoints; i++) {
		const struct libusb_endpoint_descriptor *end = &setting->endpoint[i];

		if ((end->bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) != kinds[key->kind].transfer)
			continue;
		if ((end->bEndpointAddress & LIBUSB_ENDPOINT_DIR_MASK) == LIBUSB_ENDPOINT_IN)
			key->in = end->bEndpointAddress;
		else
			key->out = end->bEndpointAddress;
	}
	return key->in != 0 && (key->out != 0 || !kinds[key->kind].needs_out);
}

static enum uk_status
interface_look(struct usb_key *key, libusb_device *device, unsigned int number)
{
	struct libusb_config_descriptor *config;
	enum uk_status st = status_of(libusb_get_active_config_descriptor(device, &config));

	if (st != UK_OK)
		return st;
	st = UK_E_NOT_SUPPORTED;
	for (int i = 0; i < config->bNumInterfaces && st != UK_OK; i++) {
		const struct libusb_interface *interface = &config->interface[i];

		if (interface->num_altsetting > 0 &&
		    interface->altsetting->bInterfaceNumber == number &&
		    interface_fits(key, interface->altsetting))
			st = UK_OK;
	}
	libusb_free_config_descriptor(config);
	return st;
}

static bool
device_is(libusb_device *device, const struct usb_place *place)
{
	struct libusb_device_descriptor descriptor;

	return libusb_get_bus_number(device) == place->bus &&
	       libusb_get_device_address(device) == place->address &&
	       libusb_get_device_descriptor(device, &descriptor) == 0 &&
	       descriptor.idVendor == place->vendor && descriptor.idProduct == place->product;
}

static enum uk_status
take(struct usb_key *key, libusb_device *device, int number)
{
	enum uk_status st = status_of(libusb_open(device, &key->handle));

	if (st != UK_OK)
		return st;
	key->was_free = libusb_kernel_driver_active(key->handle, number) == 0;
	/* Given back by itself when the interface is released. */
	(void)libusb_set_auto_detach_kernel_driver(key->handle, 1);
	st = status_of(libusb_claim_interface(key->handle, number));
	key->claimed = st == UK_OK;
	return st;
}

static void
give_back(struct usb_key *key)
{
	if (key->claimed)
		(void)libusb_release_interface(key->handle, key->interface);
	if (key->handle != NULL)
		libusb_close(key->handle);
	key->claimed = false;
	key->handle = NULL;
}

static enum uk_status
device_open(struct usb_key *key, libusb_device *device, unsigned int number)
{
	enum uk_status st = interface_look(key, device, number);

	if (st != UK_OK)
		return st;
	key->device = libusb_ref_device(device);
	key->interface = (int)number;
	return take(key, device, key->interface);
}

enum uk_status
usb_key_open(const struct usb_place *place, enum usb_kind kind, struct usb_key **ret)
{
	struct usb_key *key = calloc(1, sizeof(*key));
	libusb_device **list = NULL;
	enum uk_status st = UK_E_REMOVED;
	ssize_t count;

	if (key == NULL)
		return UK_E_MEMORY;
	key->kind = kind;
	if (libusb_init(&key->context) != 0) {
		free(key);
		return UK_E_MEMORY;
	}
	count = libusb_get_device_list(key->context, &list);
	for (ssize_t i = 0; i < count && key->device == NULL; i++)
		if (device_is(list[i], place))
			st = device_open(key, list[i], place->interface);
	if (count >= 0)
		libusb_free_device_list(list, 1);
	if (st != UK_OK) {
		usb_key_close(key);
		return st;
	}
	*ret = key;
	return UK_OK;
}

void
usb_key_close(struct usb_key *key)
{
	give_back(key);
	if (key->device != NULL)
		libusb_unref_device(key->device);
	libusb_exit(key->context);
	free(key);
}

bool
usb_key_was_free(const struct usb_key *key)
{
	return key->was_free;
}

enum uk_status
usb_key_reopen(struct usb_key *key)
{
	give_back(key);
	return take(key, key->device, key->interface);
}

/* ---- transfers ---- */

static int
transfer(struct usb_key *key, uint8_t endpoint, uint8_t *bytes, size_t len, int *ret_done,
	 unsigned int timeout_ms)
{
	if (key->handle == NULL)
		return LIBUSB_ERROR_IO;
	if (len > INT_MAX)
		return LIBUSB_ERROR_INVALID_PARAM;
	return key->kind == USB_HID ? libusb_interrupt_transfer(key->handle, endpoint, bytes,
								(int)len, ret_done, timeout_ms)
				    : libusb_bulk_transfer(key->handle, endpoint, bytes, (int)len,
							   ret_done, timeout_ms);
}

/* libusb only reads what is sent, but its interface knows no const. */
static uint8_t *
unconst(struct uk_span bytes)
{
	return (uint8_t *)(uintptr_t)bytes.ptr;
}

static int
class_request(struct usb_key *key, uint8_t request, uint16_t value, struct uk_span bytes,
	      int timeout_ms)
{
	if (key->handle == NULL)
		return LIBUSB_ERROR_IO;
	return libusb_control_transfer(key->handle, CLASS_REQUEST, request, value,
				       (uint16_t)key->interface, unconst(bytes),
				       (uint16_t)bytes.len, (unsigned int)timeout_ms);
}

static enum uk_status
set_report(struct usb_key *key, struct uk_span bytes, int timeout_ms)
{
	int done;

	if (bytes.len > UINT16_MAX)
		return UK_E_DATA_LEN;
	done = class_request(key, HID_SET_REPORT, HID_OUTPUT, bytes, timeout_ms);
	if (done < 0)
		return status_of(done);
	return (size_t)done == bytes.len ? UK_OK : UK_E_REPLY;
}

enum uk_status
usb_key_write(struct usb_key *key, struct uk_span bytes, int timeout_ms)
{
	int done = 0;
	enum uk_status st;

	if (key->out == 0)
		return set_report(key, bytes, timeout_ms);
	st = status_of(transfer(key, key->out, unconst(bytes), bytes.len, &done,
				(unsigned int)timeout_ms));
	return st == UK_OK && (size_t)done != bytes.len ? UK_E_REPLY : st;
}

enum uk_status
usb_key_read(struct usb_key *key, struct uk_writer *out, int timeout_ms)
{
	int done = 0;
	enum uk_status st;

	if (out->overflow || out->len == out->cap)
		return UK_E_DATA_LEN;
	st = status_of(transfer(key, key->in, out->ptr + out->len, out->cap - out->len, &done,
				(unsigned int)timeout_ms));
	if (st == UK_OK)
		out->len += (size_t)done;
	return st;
}

/* ---- putting right ---- */

enum uk_status
usb_key_unstall(struct usb_key *key)
{
	int error;

	if (key->handle == NULL)
		return UK_E_REPLY;
	error = libusb_clear_halt(key->handle, key->in);
	if (error == 0 && key->out != 0)
		error = libusb_clear_halt(key->handle, key->out);
	return status_of(error);
}

enum uk_status
usb_key_storage_reset(struct usb_key *key)
{
	int done = class_request(key, STORAGE_RESET, 0, uk_span_of(NULL, 0), SHORT_MS);

	return done < 0 ? status_of(done) : usb_key_unstall(key);
}

enum uk_status
usb_key_port_reset(struct usb_key *key)
{
	return key->handle == NULL ? UK_E_REPLY : status_of(libusb_reset_device(key->handle));
}
