/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of the application.  A file has a fixed size, is written in place, and the key has neither
 * a rename nor a journal that spans commands: what fits one command is as whole as the key makes
 * one write; for more see run_write.
 */
#include "drivers/gm/ops.h"

#define READ_COMMANDS_MAX 1024 /* the largest file in small pieces, with room to spare */
#define WRITE_HEADER      (GM_ID_LEN + 2 + 2 + 2) /* besides the name */
#define MARK_LEN          16

struct name_args {
	struct uk_span name;
	const struct token_file *file; /* create */
	struct token_file *ret;        /* file_info */
	struct uk_span data;           /* write */
	struct uk_writer *out;         /* read */
	size_t offset, len;            /* read_at, write_at */
};

/* Begins a command whose P1 P2 are the AppID. */
static enum uk_status
begin_file(struct gm_token *token, enum gm_ins ins, struct uk_writer *ret)
{
	enum uk_status st = gm_app_open(token);

	if (st == UK_OK)
		*ret = gm_cmd_begin(token, ins, token->app.id[0], token->app.id[1]);
	return st;
}

static bool
name_fits(struct uk_span name)
{
	return name.len > 0 && name.len <= GM_FILE_NAME_MAX;
}

/*
 * Whether we hold one of these rights, as far as we know.  Asked before the key is, because its
 * 6982 does not tell a login that is gone from one that is not enough.
 */
static enum uk_status
rights_check(const struct gm_token *token, uint32_t wanted)
{
	bool admin = (token->rights & 1U << TOKEN_ADMIN) != 0;
	bool user = (token->rights & 1U << TOKEN_USER) != 0;

	if (wanted == GM_RIGHT_ANYONE || (admin && (wanted & GM_RIGHT_ADMIN) != 0) ||
	    (user && (wanted & GM_RIGHT_USER) != 0))
		return UK_OK;
	return admin || user || wanted == GM_RIGHT_NEVER ? UK_E_NO_RIGHT : UK_E_NOT_LOGGED_IN;
}

/* ---- list, properties ---- */

struct list_args {
	void (*fn)(void *data, struct uk_span name);
	void *data;
};

static enum uk_status
run_files(struct gm_token *token, void *data)
{
	const struct list_args *args = data;
	struct uk_writer out;
	struct uk_span list;
	struct uk_span name;
	enum uk_status st = begin_file(token, GM_INS_ENUM_FILES, &out);

	if (st == UK_OK)
		st = gm_cmd_send(token, &out, UK_LE_MAX, &list);
	if (st != UK_OK)
		return st;
	while (gm_take_list_name(&list, &name, &st))
		args->fn(args->data, name);
	return st;
}

enum uk_status
gm_files(struct token *base, void (*fn)(void *data, struct uk_span name), void *data)
{
	struct list_args args = {fn, data};

	return gm_op_run(gm_token_of(base), GM_INS_ENUM_FILES, 0, run_files, &args);
}

static enum uk_status
file_info_read(struct gm_token *token, struct uk_span name, struct token_file *ret)
{
	struct uk_writer out;
	struct uk_span reply;
	enum uk_status st = begin_file(token, GM_INS_GET_FILE_INFO, &out);

	if (st != UK_OK)
		return st;
	uk_put(&out, name);
	st = gm_cmd_send(token, &out, GM_FILE_REPLY_LEN, &reply);
	return st == UK_OK ? gm_read_file_info(token->base.model, reply, ret) : st;
}

static enum uk_status
run_file_info(struct gm_token *token, void *data)
{
	const struct name_args *args = data;

	return file_info_read(token, args->name, args->ret);
}

enum uk_status
gm_file_info(struct token *base, struct uk_span name, struct token_file *ret)
{
	struct name_args args = {.name = name, .ret = ret};

	if (!name_fits(name))
		return UK_E_NOT_FOUND;
	return gm_op_run(gm_token_of(base), GM_INS_GET_FILE_INFO, 0, run_file_info, &args);
}

/* ---- read ---- */

/* AppID, offset, name: how ReadFile and WriteFile begin. */
static enum uk_status
begin_at(struct gm_token *token, enum gm_ins ins, struct uk_span name, size_t offset,
	 struct uk_writer *ret)
{
	enum uk_order order = token->base.model->order;
	enum uk_status st = gm_cmd_begin_app(token, ins, 0, ret);

	if (st != UK_OK)
		return st;
	uk_put_u16(ret, order, (uint16_t)offset);
	uk_put_u16(ret, order, (uint16_t)name.len);
	uk_put(ret, name);
	return UK_OK;
}

/* `size` bytes from the offset in args. */
static enum uk_status
read_pieces(struct gm_token *token, const struct name_args *args, size_t size, size_t piece_max)
{
	size_t done = args->offset;

	size += args->offset;
	for (int i = 0; done < size; i++) {
		size_t len = size - done < piece_max ? size - done : piece_max;
		struct uk_writer out;
		struct uk_span reply;
		enum uk_status st = begin_at(token, GM_INS_READ_FILE, args->name, done, &out);

		if (st == UK_OK)
			st = gm_cmd_send(token, &out, (uint32_t)len, &reply);
		if (st != UK_OK)
			return st;
		/* A key may give less at a time than it was asked for. */
		if (reply.len == 0 || reply.len > len || i == READ_COMMANDS_MAX)
			return UK_E_REPLY;
		uk_put(args->out, reply);
		uk_wipe(token->reply, reply.len);
		done += reply.len;
	}
	return UK_OK;
}

static enum uk_status
run_read(struct gm_token *token, void *data)
{
	const struct name_args *args = data;
	struct token_file file;
	size_t piece_max;
	size_t len = 0;
	size_t start = args->out->len;
	enum uk_status st = file_info_read(token, args->name, &file);

	if (st == UK_OK)
		st = rights_check(token, file.read_rights);
	if (st == UK_OK && file.size > TOKEN_FILE_MAX)
		st = UK_E_NOT_SUPPORTED;
	if (st == UK_OK && args->offset > file.size)
		st = UK_E_DATA_LEN;
	if (st == UK_OK)
		len = file.size - args->offset < args->len ? file.size - args->offset : args->len;
	if (st == UK_OK && len > args->out->cap - args->out->len)
		st = UK_E_DATA_LEN;
	if (st == UK_OK)
		st = gm_piece_max(token, len, &piece_max);
	if (st == UK_OK)
		st = read_pieces(token, args, len, piece_max);
	if (st != UK_OK) {
		uk_wipe(args->out->ptr + start, args->out->len - start);
		args->out->len = start;
	}
	return st;
}

enum uk_status
gm_read_file(struct token *base, struct uk_span name, struct uk_writer *out)
{
	return gm_read_file_at(base, name, 0, TOKEN_FILE_MAX, out);
}

enum uk_status
gm_read_file_at(struct token *base, struct uk_span name, size_t offset, size_t len,
		struct uk_writer *out)
{
	struct name_args args = {.name = name, .out = out, .offset = offset, .len = len};

	if (!name_fits(name))
		return UK_E_NOT_FOUND;
	/* One transaction: nobody changes it between two pieces. */
	return gm_op_run(gm_token_of(base), GM_INS_READ_FILE, GM_OP_TRANSACTION, run_read, &args);
}

/* ---- create, delete ---- */

static enum uk_status
run_create(struct gm_token *token, void *data)
{
	const struct name_args *args = data;
	enum uk_order order = token->base.model->order;
	struct uk_writer out;
	enum uk_status st = begin_file(token, GM_INS_CREATE_FILE, &out);

	if (st == UK_OK)
		st = rights_check(token, token->app.create_file_rights);
	if (st != UK_OK)
		return st;
	uk_put_padded(&out, args->name, token->base.model->name_len);
	uk_put_u32(&out, order, args->file->size);
	uk_put_u32(&out, order, args->file->read_rights);
	uk_put_u32(&out, order, args->file->write_rights);
	return gm_cmd_send_only(token, &out);
}

enum uk_status
gm_create_file(struct token *base, struct uk_span name, const struct token_file *file)
{
	struct name_args args = {.name = name, .file = file};

	if (!name_fits(name) || file->size == 0 || file->size > TOKEN_FILE_MAX)
		return UK_E_DATA_LEN;
	return gm_op_run(gm_token_of(base), GM_INS_CREATE_FILE, 0, run_create, &args);
}

static enum uk_status
run_delete(struct gm_token *token, void *data)
{
	const struct name_args *args = data;
	struct uk_writer out;
	enum uk_status st = begin_file(token, GM_INS_DELETE_FILE, &out);

	if (st == UK_OK)
		st = rights_check(token, token->app.create_file_rights);
	if (st != UK_OK)
		return st;
	uk_put(&out, args->name);
	return gm_cmd_send_only(token, &out);
}

enum uk_status
gm_delete_file(struct token *base, struct uk_span name)
{
	struct name_args args = {.name = name};

	if (!name_fits(name))
		return UK_E_NOT_FOUND;
	return gm_op_run(gm_token_of(base), GM_INS_DELETE_FILE, 0, run_delete, &args);
}

/* ---- write ---- */

static enum uk_status
write_at(struct gm_token *token, struct uk_span name, size_t offset, struct uk_span piece)
{
	struct uk_writer out;
	enum uk_status st = begin_at(token, GM_INS_WRITE_FILE, name, offset, &out);

	if (st != UK_OK)
		return st;
	uk_put_u16(&out, token->base.model->order, (uint16_t)piece.len);
	uk_put(&out, piece);
	st = gm_cmd_send_only(token, &out);
	gm_cmd_wipe(token, out.len);
	return st;
}

/*
 * Several commands: the beginning is zeroed first and written last, so that a file whose writing
 * was cut short begins with zeros, and is never old and new data that look like one.
 */
static enum uk_status
write_pieces(struct gm_token *token, const struct name_args *args, size_t piece_max)
{
	static const uint8_t mark[MARK_LEN];
	enum uk_status st = write_at(token, args->name, 0, uk_span_of(mark, sizeof(mark)));

	for (size_t at = piece_max; st == UK_OK && at < args->data.len; at += piece_max) {
		size_t left = args->data.len - at;

		st = write_at(token, args->name, at,
			      uk_span_of(args->data.ptr + at, left < piece_max ? left : piece_max));
	}
	if (st == UK_OK)
		st = write_at(token, args->name, 0, uk_span_of(args->data.ptr, piece_max));
	return st;
}

static enum uk_status
run_write(struct gm_token *token, void *data)
{
	const struct name_args *args = data;
	size_t header = WRITE_HEADER + args->name.len;
	struct token_file file;
	size_t piece_max;
	enum uk_status st = file_info_read(token, args->name, &file);

	/* What can be known to fail fails before the first byte is written. */
	if (st == UK_OK)
		st = rights_check(token, file.write_rights);
	if (st == UK_OK && args->data.len > file.size)
		st = UK_E_DATA_LEN;
	if (st == UK_OK)
		st = gm_piece_max(token, header + args->data.len, &piece_max);
	if (st != UK_OK || args->data.len == 0)
		return st;
	if (header + args->data.len <= piece_max)
		return write_at(token, args->name, 0, args->data);
	return write_pieces(token, args, piece_max - header);
}

enum uk_status
gm_write_file(struct token *base, struct uk_span name, struct uk_span data)
{
	struct name_args args = {.name = name, .data = data};

	if (!name_fits(name))
		return UK_E_NOT_FOUND;
	if (data.len > TOKEN_FILE_MAX)
		return UK_E_DATA_LEN;
	return gm_op_run(gm_token_of(base), GM_INS_WRITE_FILE, GM_OP_TRANSACTION, run_write, &args);
}

/* Into the midst of a file: in order, as no mark could say that it was cut short. */
static enum uk_status
run_write_at(struct gm_token *token, void *data)
{
	const struct name_args *args = data;
	size_t header = WRITE_HEADER + args->name.len;
	struct token_file file;
	size_t piece_max;
	enum uk_status st = file_info_read(token, args->name, &file);

	if (st == UK_OK)
		st = rights_check(token, file.write_rights);
	if (st == UK_OK && (args->offset > file.size || args->data.len > file.size - args->offset))
		st = UK_E_DATA_LEN;
	if (st == UK_OK)
		st = gm_piece_max(token, header + args->data.len, &piece_max);
	if (st != UK_OK)
		return st;
	piece_max -= header;
	for (size_t at = 0; st == UK_OK && at < args->data.len; at += piece_max) {
		size_t left = args->data.len - at;

		st = write_at(token, args->name, args->offset + at,
			      uk_span_of(args->data.ptr + at, left < piece_max ? left : piece_max));
	}
	return st;
}

enum uk_status
gm_write_file_at(struct token *base, struct uk_span name, size_t offset, struct uk_span data)
{
	struct name_args args = {.name = name, .data = data, .offset = offset};

	if (offset == 0)
		return gm_write_file(base, name, data);
	if (!name_fits(name))
		return UK_E_NOT_FOUND;
	if (offset > TOKEN_FILE_MAX || data.len > TOKEN_FILE_MAX - offset)
		return UK_E_DATA_LEN;
	return gm_op_run(gm_token_of(base), GM_INS_WRITE_FILE, GM_OP_TRANSACTION, run_write_at,
			 &args);
}
