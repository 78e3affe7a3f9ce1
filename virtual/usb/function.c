/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/usb/function.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* bmRequestType (USB 2.0, 9.3.1) */
#define TYPE_CLASS      0x20
#define TYPE_MASK       0x60
#define TO_INTERFACE_IN 0x81
#define GET_DESCRIPTOR  0x06
#define STRINGS         5

enum { DESC_DEVICE = 1, DESC_CONFIG = 2, DESC_STRING = 3 };

static const struct usb_kind *const kinds[] = {
	&usb_ccid,      &usb_ccid_short, &usb_hid,         &usb_hid_set_report,
	&usb_hid_reset, &usb_hid_keep,   &usb_hid_unknown, &usb_storage,
};

const struct usb_kind *
usb_kind_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

struct usb_function *
usb_function_new(const struct usb_kind *kind, const char *serial, const struct usb_key *key,
		 void *data)
{
	struct usb_function *function = kind->create();

	if (function == NULL)
		return NULL;
	function->kind = kind;
	function->key = key;
	function->data = data;
	(void)snprintf(function->serial, sizeof(function->serial), "%s", serial);
	kind->reset(function);
	return function;
}

void
usb_function_free(struct usb_function *function)
{
	free(function);
}

void
usb_complain(const struct usb_function *function, const char *what)
{
	(void)fprintf(stderr, "virtual %s key %s: %s\n", function->kind->name, function->serial,
		      what);
}

/* ---- descriptors ---- */

void
usb_put_device_descriptor(const struct usb_function *function, struct uk_writer *out)
{
	static const uint8_t before[] = {18, 1, 0x00, 0x02, 0, 0, 0, 64};
	static const uint8_t after[] = {0x00, 0x01, 1, 2, 3, 1};

	uk_put(out, uk_span_of(before, sizeof(before)));
	uk_put_u16(out, UK_LITTLE_ENDIAN, USB_VENDOR);
	uk_put_u16(out, UK_LITTLE_ENDIAN, function->kind->product);
	uk_put(out, uk_span_of(after, sizeof(after)));
}

/* UTF-16LE, with length and type before it (USB 2.0, 9.6.7). */
static void
put_string(struct uk_writer *out, const char *text)
{
	size_t len = strlen(text);

	uk_put_u8(out, (uint8_t)(2 + 2 * len));
	uk_put_u8(out, DESC_STRING);
	for (size_t i = 0; i < len; i++)
		uk_put_u16(out, UK_LITTLE_ENDIAN, (uint8_t)text[i]);
}

static bool
put_string_descriptor(const struct usb_function *function, uint8_t number, struct uk_writer *out)
{
	static const uint8_t languages[] = {4, DESC_STRING, 9, 4};
	const char *const texts[STRINGS] = {
		NULL,
		"OpenUKey (virtual)",
		"OpenUKey Virtual Key",
		function->serial,
		function->kind->interface,
	};

	if (number >= ARRAY_SIZE(texts))
		return false;
	if (number == 0)
		uk_put(out, uk_span_of(languages, sizeof(languages)));
	else
		put_string(out, texts[number]);
	return true;
}

static bool
put_descriptor(const struct usb_function *function, uint16_t value, struct uk_writer *out)
{
	switch (value >> 8) {
	case DESC_DEVICE:
		usb_put_device_descriptor(function, out);
		return true;
	case DESC_CONFIG:
		function->kind->put_config_descriptor(function, out);
		return true;
	case DESC_STRING:
		return put_string_descriptor(function, (uint8_t)(value & 0xff), out);
	default:
		return false;
	}
}

/* ---- requests ---- */

/* The standard ones with a fixed answer (USB 2.0, 9.4). */
static const struct {
	uint8_t type, request, len, bytes[2];
} requests[] = {
	{0x80, 0x00, 2, {0, 0}}, /* GET_STATUS */
	{0x80, 0x08, 1, {1, 0}}, /* GET_CONFIGURATION */
	{0x81, 0x0a, 1, {0, 0}}, /* GET_INTERFACE */
	{0x00, 0x09, 0, {0, 0}}, /* SET_CONFIGURATION */
	{0x01, 0x0b, 0, {0, 0}}, /* SET_INTERFACE */
	{0x02, 0x01, 0, {0, 0}}, /* CLEAR_FEATURE: halt of an endpoint */
};

static bool
standard_request(const struct usb_function *function, const struct usb_setup *setup,
		 struct uk_writer *out)
{
	if (setup->type == 0x80 && setup->request == GET_DESCRIPTOR)
		return put_descriptor(function, setup->value, out);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		if (requests[i].type != setup->type || requests[i].request != setup->request)
			continue;
		uk_put(out, uk_span_of(requests[i].bytes, requests[i].len));
		return true;
	}
	return false;
}

static bool
take_setup(struct uk_span bytes, struct usb_setup *ret)
{
	return uk_take_u8(&bytes, &ret->type) && uk_take_u8(&bytes, &ret->request) &&
	       uk_take_u16(&bytes, UK_LITTLE_ENDIAN, &ret->value) &&
	       uk_take_u16(&bytes, UK_LITTLE_ENDIAN, &ret->index) &&
	       uk_take_u16(&bytes, UK_LITTLE_ENDIAN, &ret->length);
}

bool
usb_control(struct usb_function *function, struct uk_span setup_bytes, struct uk_span data,
	    struct uk_writer *out)
{
	uint8_t whole[256];
	struct uk_writer all = uk_writer_of(whole, sizeof(whole));
	struct usb_setup setup;
	bool of_class, done;

	if (!take_setup(setup_bytes, &setup))
		return false;
	/* A class's own descriptors are asked for at the interface, by the standard request. */
	of_class = (setup.type & TYPE_MASK) == TYPE_CLASS ||
		   (setup.type == TO_INTERFACE_IN && setup.request == GET_DESCRIPTOR);
	done = of_class ? function->kind->control(function, &setup, data, &all)
			: standard_request(function, &setup, &all);
	if (!done || all.overflow)
		return false;
	uk_put(out, uk_span_of(whole, all.len < setup.length ? all.len : setup.length));
	return true;
}
