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
#define STATUS_LEN       2
#define MORE_DATA        0x61 /* the answer's first part (ISO 7816-4, 5.6) */
#define APPLICATIONS_MAX 16
#define APPLICATION_ID   2
/* OpenApplication (gm-keys 2.2); its answer ends in the id */
#define CLASS_VENDOR         0x80
#define INS_OPEN_APPLICATION 0x26
#define OPEN_ANSWER_LEN      10
#define NAME_MAX_LEN         64 /* of an application */

struct connection {
	const struct ifd_model *model;
	struct exchange exchange;
	/* OpenApplication's answers since the last power-down (gm-keys 2.2) */
	uint8_t applications[APPLICATIONS_MAX][APPLICATION_ID];
	size_t applications_len;
	bool broken;    /* the last exchange failed: recover before the next */
	bool powered;   /* there may be a login to end */
	bool inherited; /* and one that another process began */

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
connection_free(struct connection *conn)
{
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
		connection_free(conn);
		return st;
	}
	conn->inherited = usb_key_was_free(conn->exchange.usb);
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

/* Answers have a status, at least: frame_take_answer. */
static bool
is_good(struct uk_span answer)
{
	const uint8_t *status = answer.ptr + answer.len - STATUS_LEN;

	return status[0] == 0x90 && status[1] == 0x00;
}

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

static void
application_add(struct connection *conn, const uint8_t *id)
{
	for (size_t i = 0; i < conn->applications_len; i++)
		if (memcmp(conn->applications[i], id, APPLICATION_ID) == 0)
			return;
	if (conn->applications_len == APPLICATIONS_MAX)
		conn->inherited = true;
	else
		memcpy(conn->applications[conn->applications_len++], id, APPLICATION_ID);
}

/*
 * Remembers an application that was opened, so that its rights can be cleared.  One whose id is not
 * in the answer (it may come in pieces) is looked for then, as if it were somebody else's.
 */
static void
application_note(struct connection *conn, struct uk_span command, struct uk_span answer)
{
	const uint8_t *status = answer.ptr + answer.len - STATUS_LEN;

	if ((command.ptr[0] & CLASS_VENDOR) == 0 || command.ptr[1] != INS_OPEN_APPLICATION)
		return;
	if (is_good(answer) && answer.len >= APPLICATION_ID + STATUS_LEN)
		application_add(conn, status - APPLICATION_ID);
	else if (is_good(answer) || status[0] == MORE_DATA)
		conn->inherited = true;
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

/* The names in EnumApplication's answer, each with a zero behind it. */
static bool
name_take(struct uk_span *list, struct uk_span *ret)
{
	const uint8_t *end = list->len == 0 ? NULL : memchr(list->ptr, 0, list->len);

	return end != NULL && end != list->ptr &&
	       uk_take(list, (size_t)(end - list->ptr) + 1, ret) && --ret->len <= NAME_MAX_LEN;
}

static enum uk_status
application_open(struct connection *conn, struct uk_span name)
{
	uint8_t room[APDU_MIN + 3 + NAME_MAX_LEN + 2];
	struct uk_writer out = uk_writer_of(room, sizeof(room));
	struct uk_span answer;
	enum uk_status st;

	uk_put_u8(&out, CLASS_VENDOR);
	uk_put_u8(&out, INS_OPEN_APPLICATION);
	uk_put_fill(&out, 0, 4); /* P1, P2, and extended length */
	uk_put_u8(&out, (uint8_t)name.len);
	uk_put(&out, name);
	uk_put_u16(&out, UK_BIG_ENDIAN, OPEN_ANSWER_LEN);
	st = run(conn, uk_writer_span(&out), &answer);
	if (st == UK_OK)
		application_note(conn, uk_writer_span(&out), answer);
	return st;
}

/*
 * A service that was killed has ended no login. Which applications it had open nobody knows, so all
 * are opened (nothing is written by that, nor a try spent) and cleared.
 */
static enum uk_status
inherit(struct connection *conn)
{
	static const uint8_t enumerate[] = {0x80, 0x22, 0, 0, 0, 0, 0};
	uint8_t names[APPLICATIONS_MAX * (NAME_MAX_LEN + 1)];
	struct uk_writer copy = uk_writer_of(names, sizeof(names));
	struct uk_span answer, list, name;
	enum uk_status st = run(conn, uk_span_of(enumerate, sizeof(enumerate)), &answer);

	if (st != UK_OK)
		return st;
	answer.len = is_good(answer) ? answer.len - STATUS_LEN : 0;
	uk_put(&copy,
	       uk_span_of(answer.ptr, answer.len < sizeof(names) ? answer.len : sizeof(names)));
	list = uk_writer_span(&copy);
	while (st == UK_OK && name_take(&list, &name))
		st = application_open(conn, name);
	return st;
}

/* 80 1C: ClearSecureState of each application; what the key says of it does not matter. */
static enum uk_status
clear_all(struct connection *conn)
{
	enum uk_status st = conn->inherited ? inherit(conn) : UK_OK;

	conn->inherited = conn->inherited && st != UK_OK;
	for (size_t i = 0; i < conn->applications_len && st == UK_OK; i++) {
		const uint8_t *id = conn->applications[i];
		const uint8_t clear[] = {CLASS_VENDOR,   0x1c,  0,    0, 0, 0,
					 APPLICATION_ID, id[0], id[1]};
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
	conn->powered = action != IFD_OFF;
	if (conn->powered)
		ifd_model_atr(conn->model, atr);
	return UK_OK;
}

/* pcscd may close a reader without switching it off; a key that hangs may not keep it from ending.
 */
static void
usb_close(void *data)
{
	struct connection *conn = data;

	conn->exchange.answer_ms = EXCHANGE_NEXT_MS;
	if (conn->powered && !conn->gone)
		(void)resets[conn->model->reset](conn);
	connection_free(conn);
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
