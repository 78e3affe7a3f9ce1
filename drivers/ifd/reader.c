/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/ifd/reader.h"

#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const struct ifd_link *const links[] = {
	&ifd_link_socket,
	&ifd_link_usb,
};

static struct ifd_reader readers[IFD_READERS_MAX];
/* Guards `used` and `lun` of all rows: pcscd opens readers from several threads. */
static pthread_mutex_t readers_lock = PTHREAD_MUTEX_INITIALIZER;

static const struct ifd_link *
link_find(const char *device_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (strncmp(device_name, links[i]->prefix, strlen(links[i]->prefix)) == 0)
			return links[i];
	return NULL;
}

struct ifd_reader *
ifd_reader_find(unsigned long lun)
{
	struct ifd_reader *found = NULL;

	pthread_mutex_lock(&readers_lock);
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		if (readers[i].used && readers[i].lun == lun)
			found = &readers[i];
	pthread_mutex_unlock(&readers_lock);
	return found;
}

static enum uk_status
take_row(const struct ifd_reader *value)
{
	struct ifd_reader *row = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		if (readers[i].used && readers[i].lun == value->lun)
			return UK_E_EXISTS;
		if (!readers[i].used)
			row = &readers[i];
	}
	if (row == NULL)
		return UK_E_ROOM;
	*row = *value;
	return UK_OK;
}

enum uk_status
ifd_reader_open(unsigned long lun, const char *device_name)
{
	struct ifd_reader reader = {.used = true, .lun = lun, .link = link_find(device_name)};
	enum uk_status st;

	if (reader.link == NULL)
		return UK_E_NOT_SUPPORTED;
	reader.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (reader.stop_fd < 0)
		return UK_E_MEMORY;

	st = reader.link->open(device_name + strlen(reader.link->prefix), &reader.conn);
	if (st != UK_OK) {
		close(reader.stop_fd);
		return st;
	}

	pthread_mutex_lock(&readers_lock);
	st = take_row(&reader);
	pthread_mutex_unlock(&readers_lock);
	if (st != UK_OK) {
		reader.link->close(reader.conn);
		close(reader.stop_fd);
	}
	return st;
}

void
ifd_reader_close(struct ifd_reader *reader)
{
	reader->link->close(reader->conn);
	close(reader->stop_fd);
	pthread_mutex_lock(&readers_lock);
	*reader = (struct ifd_reader){0};
	pthread_mutex_unlock(&readers_lock);
}

enum uk_status
ifd_reader_power(struct ifd_reader *reader, enum ifd_power action)
{
	struct uk_writer atr = uk_writer_of(reader->atr, sizeof(reader->atr));
	enum uk_status st;

	reader->atr_len = 0;
	st = reader->link->power(reader->conn, action, &atr);
	if (st == UK_OK)
		reader->atr_len = uk_writer_span(&atr).len;
	return st;
}

void
ifd_reader_wait(struct ifd_reader *reader, int timeout_ms)
{
	eventfd_t ignored;

	reader->link->wait(reader->conn, timeout_ms, reader->stop_fd);
	(void)eventfd_read(reader->stop_fd, &ignored);
}

void
ifd_reader_stop_wait(const struct ifd_reader *reader)
{
	(void)eventfd_write(reader->stop_fd, 1);
}
