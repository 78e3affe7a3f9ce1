/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A key on the USB bus that is no CCID device.  pcscd opens the link when the device comes and
 * closes it when it goes, so that reader and key are one: the key counts as pulled in between only
 * after a failure that nobody can repair in the middle of a command.
 */
#include "drivers/ifd/link.h"
#include "drivers/ifd/log.h"
#include "drivers/ifd/model.h"
#include "drivers/ifd/patience.h"

#include "common/secret.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define APDU_MIN         4
#define APPLICATIONS_MAX 8
#define APPLICATION_ID   2

struct connection {
	const struct ifd_model *model;
	struct exchange exchange;
	/* OpenApplication's answers since the last power-down (gm-keys 2.2) */
	uint8_t applications[APPLICATIONS_MAX][APPLICATION_ID];
	size_t applications_len;
	bool broken; /* the last exchange failed: recover before the next */

	/* Guards what follows: wait looks at it from its own thread. */
	pthread_mutex_t lock;
	bool gone;   /* for good */
	bool lost;   /* counts as pulled */
	bool waited; /* wait has come back since, so that pcscd looks */
	int lost_fd; /* an eventfd: ends wait when that begins */
};

/* ---- pcscd's names ---- */

#define BUS_MAX 999U

static bool
word_take(const char **at, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*at, word, len) != 0)
		return false;
	*at += len;
	return true;
}

/* Digits only, and what they say is at most `most`. */
static bool
number_take(const char **at, int base, unsigned long most, unsigned long *ret)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	char *end;
	unsigned long number;

	if (**at == '\0' || memchr(digits, **at, base == 10 ? 10 : sizeof(digits) - 1) == NULL)
		return false;
	number = strtoul(*at, &end, base);
	if (number > most)
		return false;
	*at = end;
	*ret = number;
	return true;
}

static bool
bus_take(const char **at, unsigned int *ret)
{
	unsigned long number;

	if (!number_take(at, 10, BUS_MAX, &number))
		return false;
	*ret = (unsigned int)number;
	return true;
}

static bool
id_take(const char **at, uint16_t *ret)
{
	unsigned long number;

	if (!number_take(at, 16, UINT16_MAX, &number))
		return false;
	*ret = (uint16_t)number;
	return true;
}

/* The end of libudev's path: .../BUS/DEVICE, in decimal. */
static bool
place_from_path(const char *path, struct usb_place *place)
{
	const char *last = strrchr(path, '/'), *bus = last;

	while (bus != NULL && bus > path && bus[-1] != '/')
		bus--;
	return last != NULL && bus_take(&bus, &place->bus) && word_take(&bus, "/") &&
	       bus_take(&bus, &place->address);
}

/* VENDOR/PRODUCT:libudev:INTERFACE:PATH or VENDOR/PRODUCT:libusb-1.0:BUS:DEVICE:INTERFACE */
static bool
place_read(const char *address, struct usb_place *ret)
{
	struct usb_place place = {0};

	if (!id_take(&address, &place.vendor) || !word_take(&address, "/") ||
	    !id_take(&address, &place.product) || !word_take(&address, ":"))
		return false;
	if (word_take(&address, "libudev:")) {
		if (!bus_take(&address, &place.interface) || !word_take(&address, ":") ||
		    !place_from_path(address, &place))
			return false;
	} else if (!word_take(&address, "libusb-1.0:") || !bus_take(&address, &place.bus) ||
		   !word_take(&address, ":") || !bus_take(&address, &place.address) ||
		   !word_take(&address, ":") || !bus_take(&address, &place.interface)) {
		return false;
	}
	*ret = place;
	return true;
}

/* ---- coming and going ---- */

static void
usb_close(void *data)
{
	struct connection *conn = data;

	if (conn->exchange.usb != NULL)
		usb_key_close(conn->exchange.usb);
	if (conn->lost_fd >= 0)
		close(conn->lost_fd);
	pthread_mutex_destroy(&conn->lock);
	uk_wipe(&conn->exchange, sizeof(conn->exchange));
	free(conn);
}

static enum uk_status
usb_open(const char *address, void **ret_conn)
{
	struct usb_place place;
	const struct ifd_model *model;
	struct connection *conn;
	enum uk_status st;

	if (!place_read(address, &place))
		return UK_E_ARGUMENTS;
	model = ifd_model_find(place.vendor, place.product);
	if (model == NULL)
		return UK_E_NOT_SUPPORTED;
	conn = calloc(1, sizeof(*conn));
	if (conn == NULL)
		return UK_E_MEMORY;
	conn->model = model;
	conn->exchange.answer_ms = ifd_patience_ms();
	pthread_mutex_init(&conn->lock, NULL);
	conn->lost_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	st = conn->lost_fd < 0 ? UK_E_MEMORY
			       : usb_key_open(&place, model->exchange->usb, &conn->exchange.usb);
	if (st != UK_OK) {
		usb_close(conn);
		return st;
	}
	/* Whoever had it before may have left an answer in it. */
	conn->broken = true;
	*ret_conn = conn;
	return UK_OK;
}

static void
lose(struct connection *conn, enum uk_status why)
{
	ifd_error("%s: command failed: %s", conn->model->name, uk_status_text(why));
	conn->broken = true;
	pthread_mutex_lock(&conn->lock);
	conn->gone = conn->gone || why == UK_E_REMOVED;
	conn->lost = true;
	pthread_mutex_unlock(&conn->lock);
	(void)eventfd_write(conn->lost_fd, 1);
}

static bool
usb_present(void *data)
{
	struct connection *conn = data;
	bool present;

	pthread_mutex_lock(&conn->lock);
	present = !conn->gone && !conn->lost;
	pthread_mutex_unlock(&conn->lock);
	return present;
}

/* Of two waits after a loss: pcscd looks and sees no key; then it looks and sees one. */
static bool
loss_passes(struct connection *conn)
{
	bool lost;

	pthread_mutex_lock(&conn->lock);
	lost = conn->lost;
	conn->lost = lost && !conn->waited;
	conn->waited = conn->lost;
	pthread_mutex_unlock(&conn->lock);
	return lost;
}

static void
usb_wait(void *data, int timeout_ms, int stop_fd)
{
	struct connection *conn = data;
	struct pollfd poll_fds[] = {
		{.fd = stop_fd, .events = POLLIN},
		{.fd = conn->lost_fd, .events = POLLIN},
	};
	eventfd_t ignored;

	if (!loss_passes(conn)) {
		(void)pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
		(void)poll(poll_fds, ARRAY_SIZE(poll_fds), timeout_ms);
		(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	}
	(void)eventfd_read(conn->lost_fd, &ignored);
}

/* ---- commands ---- */

/* A key that does not recover may be somebody else's since the computer slept. */
static enum uk_status
repair(struct connection *conn)
{
	enum uk_status st = conn->model->exchange->recover(&conn->exchange);

	if (st == UK_OK || st == UK_E_REMOVED)
		return st;
	st = usb_key_reopen(conn->exchange.usb);
	return st == UK_OK ? conn->model->exchange->recover(&conn->exchange) : st;
}

static enum uk_status
run(struct connection *conn, struct uk_span command, struct uk_span *ret_answer)
{
	enum uk_status st = UK_OK;

	if (conn->broken)
		st = repair(conn);
	conn->broken = st != UK_OK;
	if (st == UK_OK)
		st = conn->model->exchange->run(&conn->exchange, command, ret_answer);
	return st;
}

/* Remembers an application that was opened, so that its rights can be cleared. */
static void
application_note(struct connection *conn, struct uk_span command, struct uk_span answer)
{
	static const uint8_t open[] = {0x80, 0x26};
	static const uint8_t good[] = {0x90, 0x00};
	const uint8_t *id;

	if (command.len < sizeof(open) || memcmp(command.ptr, open, sizeof(open)) != 0 ||
	    answer.len < APPLICATION_ID + sizeof(good) ||
	    memcmp(answer.ptr + answer.len - sizeof(good), good, sizeof(good)) != 0)
		return;
	id = answer.ptr + answer.len - sizeof(good) - APPLICATION_ID;
	for (size_t i = 0; i < conn->applications_len; i++)
		if (memcmp(conn->applications[i], id, APPLICATION_ID) == 0)
			return;
	if (conn->applications_len < APPLICATIONS_MAX)
		memcpy(conn->applications[conn->applications_len++], id, APPLICATION_ID);
}

static enum uk_status
usb_transmit(void *data, struct uk_span command, struct uk_writer *reply)
{
	struct connection *conn = data;
	struct uk_span answer;
	enum uk_status st;

	if (!usb_present(conn))
		return UK_E_REMOVED;
	if (command.len < APDU_MIN || command.len > FRAME_APDU_MAX)
		return UK_E_ARGUMENTS;
	st = run(conn, command, &answer);
	if (st == UK_E_DATA_LEN)
		return UK_E_ARGUMENTS; /* too long for this key; nothing was sent */
	if (st != UK_OK) {
		lose(conn, st);
		return st;
	}
	application_note(conn, command, answer);
	if (answer.len > reply->cap - reply->len)
		return UK_E_DATA_LEN;
	uk_put(reply, answer);
	return UK_OK;
}

/* ---- power ---- */

/* 80 1C: ClearSecureState of each application; what the key says of it does not matter. */
static enum uk_status
clear_all(struct connection *conn)
{
	enum uk_status st = UK_OK;

	for (size_t i = 0; i < conn->applications_len && st == UK_OK; i++) {
		const uint8_t *id = conn->applications[i];
		const uint8_t clear[] = {0x80, 0x1c, 0, 0, 0, 0, APPLICATION_ID, id[0], id[1]};
		struct uk_span answer;

		st = run(conn, uk_span_of(clear, sizeof(clear)), &answer);
	}
	conn->applications_len = 0;
	return st;
}

static enum uk_status
port_reset(struct connection *conn)
{
	conn->applications_len = 0;
	conn->broken = true;
	return usb_key_port_reset(conn->exchange.usb);
}

static enum uk_status
nothing(struct connection *conn)
{
	conn->applications_len = 0;
	return UK_OK;
}

static enum uk_status (*const resets[])(struct connection *conn) = {
	[IFD_RESET_CLEAR] = clear_all,
	[IFD_RESET_USB] = port_reset,
	[IFD_RESET_NONE] = nothing,
};

static enum uk_status
usb_power(void *data, enum ifd_power action, struct uk_writer *atr)
{
	struct connection *conn = data;
	enum uk_status st;

	if (!usb_present(conn))
		return UK_E_REMOVED;
	st = resets[conn->model->reset](conn);
	if (st != UK_OK) {
		lose(conn, st);
		return st;
	}
	if (action != IFD_OFF)
		ifd_model_atr(conn->model, atr);
	return UK_OK;
}

static void
usb_describe(void *data, struct ifd_description *ret)
{
	const struct connection *conn = data;

	*ret = (struct ifd_description){.vendor = conn->model->vendor,
					.product = conn->model->product,
					.max_data = conn->model->exchange->max_data};
}

const struct ifd_link ifd_link_usb = {
	.prefix = "usb:",
	.open = usb_open,
	.close = usb_close,
	.power = usb_power,
	.transmit = usb_transmit,
	.present = usb_present,
	.wait = usb_wait,
	.cancellable = true,
	.describe = usb_describe,
};
