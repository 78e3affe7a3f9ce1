/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/skf/host/abi.h"

#include <string.h>

static size_t
ulong_width(const struct skf_config *config)
{
	return config->ulong_bits / 8;
}

/* ---- cells ---- */

struct abi_cell
abi_cell_of(const struct skf_config *config, uint32_t value)
{
	struct abi_cell cell = {value};

	if (ulong_width(config) == sizeof(value))
		memcpy(&cell.room, &value, sizeof(value));
	return cell;
}

uint32_t
abi_cell_value(const struct skf_config *config, const struct abi_cell *cell)
{
	uint32_t narrow;

	if (ulong_width(config) == sizeof(cell->room))
		return cell->room > UINT32_MAX ? UINT32_MAX : (uint32_t)cell->room;
	memcpy(&narrow, &cell->room, sizeof(narrow));
	return narrow;
}

uintptr_t
abi_cell_handle(const struct skf_config *config, const struct abi_cell *cell)
{
	int32_t number;
	uintptr_t pointer;

	if (config->handle == SKF_HANDLE_INT) {
		memcpy(&number, &cell->room, sizeof(number));
		return (uintptr_t)(intptr_t)number;
	}
	memcpy(&pointer, &cell->room, sizeof(pointer));
	return pointer;
}

uintptr_t
abi_cell_at(struct abi_cell *cell)
{
	return (uintptr_t)&cell->room;
}

/* ---- members ---- */

/* Bytes before a ULONG. */
static size_t
gap(const struct skf_config *config, size_t at)
{
	size_t width = ulong_width(config);

	return config->packing == SKF_PACKING_NATURAL ? (width - at % width) % width : 0;
}

struct uk_span
abi_take(struct abi_reader *reader, size_t len)
{
	struct uk_span rest = uk_span_of(reader->in.ptr + reader->at, reader->in.len - reader->at);
	struct uk_span taken = {0};

	if (reader->bad || !uk_take(&rest, len, &taken)) {
		reader->bad = true;
		return (struct uk_span){0};
	}
	reader->at += len;
	return taken;
}

uint32_t
abi_take_ulong(struct abi_reader *reader)
{
	struct abi_cell cell = {0};
	struct uk_span bytes;

	(void)abi_take(reader, gap(reader->config, reader->at));
	bytes = abi_take(reader, ulong_width(reader->config));
	if (bytes.len > 0)
		memcpy(&cell.room, bytes.ptr, bytes.len);
	return abi_cell_value(reader->config, &cell);
}

static bool
is_zero(struct uk_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.ptr[i] != 0)
			return false;
	return true;
}

struct uk_span
abi_take_number(struct abi_reader *reader, size_t room, size_t len)
{
	struct uk_span first, second;
	bool left = reader->config->numbers == SKF_LEFT;

	if (len > room) {
		reader->bad = true;
		return (struct uk_span){0};
	}
	first = abi_take(reader, left ? len : room - len);
	second = abi_take(reader, left ? room - len : len);
	if (!is_zero(left ? second : first))
		reader->bad = true;
	return left ? first : second;
}

void
abi_put(struct abi_writer *writer, struct uk_span bytes)
{
	uk_put(&writer->out, bytes);
}

void
abi_put_ulong(struct abi_writer *writer, uint32_t value)
{
	struct abi_cell cell = abi_cell_of(writer->config, value);

	uk_put_fill(&writer->out, 0, gap(writer->config, writer->out.len));
	uk_put(&writer->out, uk_span_of(&cell.room, ulong_width(writer->config)));
}

void
abi_put_number(struct abi_writer *writer, size_t room, struct uk_span number)
{
	size_t fill = number.len <= room ? room - number.len : 0;

	if (writer->config->numbers == SKF_LEFT) {
		uk_put_padded(&writer->out, number, room);
	} else {
		uk_put_fill(&writer->out, 0, fill);
		uk_put(&writer->out, number);
	}
}
