/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of the application. */
#include "drivers/skf/token.h"

/* A request about a file, once the application is open. */
static enum uk_status
file_begin(struct skf_token *token, enum skf_op op, struct uk_span name, struct uk_writer *ret)
{
	enum uk_status st = skf_ready_app(token);

	if (st != UK_OK)
		return st;
	*ret = skf_link_request(&token->link, op);
	skf_put_bytes(ret, name);
	return UK_OK;
}

enum uk_status
skf_file_info(struct token *base, struct uk_span name, struct token_file *ret)
{
	struct skf_token *token = skf_token_of(base);
	struct uk_writer request;
	struct skf_answer answer;
	struct token_file file;
	enum uk_status st = file_begin(token, SKF_OP_FILE_INFO, name, &request);

	if (st == UK_OK)
		st = skf_call(token, &request, &answer);
	if (st != UK_OK)
		return st;
	if (!skf_take_u32(&answer.fields, &file.size) ||
	    !skf_take_u32(&answer.fields, &file.read_rights) ||
	    !skf_take_u32(&answer.fields, &file.write_rights) || file.size > TOKEN_FILE_MAX)
		return UK_E_REPLY;
	*ret = file;
	return UK_OK;
}

enum uk_status
skf_read_file_at(struct token *base, struct uk_span name, size_t offset, size_t len,
		 struct uk_writer *out)
{
	struct skf_token *token = skf_token_of(base);
	struct uk_writer request;
	struct skf_answer answer;
	enum uk_status st = offset <= TOKEN_FILE_MAX && len <= TOKEN_FILE_MAX
				    ? file_begin(token, SKF_OP_READ_FILE, name, &request)
				    : UK_E_DATA_LEN;

	if (st != UK_OK)
		return st;
	skf_put_u32(&request, (uint32_t)offset);
	skf_put_u32(&request, (uint32_t)len);
	st = skf_call(token, &request, &answer);
	return st != UK_OK ? st : skf_copy_field(answer.fields, out);
}

enum uk_status
skf_read_file(struct token *base, struct uk_span name, struct uk_writer *out)
{
	struct token_file file;
	enum uk_status st = skf_file_info(base, name, &file);

	if (st != UK_OK || file.size == 0)
		return st;
	return skf_read_file_at(base, name, 0, file.size, out);
}

enum uk_status
skf_create_file(struct token *base, struct uk_span name, const struct token_file *file)
{
	struct skf_token *token = skf_token_of(base);
	struct uk_writer request;
	struct skf_answer answer;
	enum uk_status st = file_begin(token, SKF_OP_CREATE_FILE, name, &request);

	if (st != UK_OK)
		return st;
	skf_put_u32(&request, file->size);
	skf_put_u32(&request, file->read_rights);
	skf_put_u32(&request, file->write_rights);
	return skf_call(token, &request, &answer);
}

enum uk_status
skf_write_file_at(struct token *base, struct uk_span name, size_t offset, struct uk_span data)
{
	struct skf_token *token = skf_token_of(base);
	struct uk_writer request;
	struct skf_answer answer;
	enum uk_status st = offset <= TOKEN_FILE_MAX
				    ? file_begin(token, SKF_OP_WRITE_FILE, name, &request)
				    : UK_E_DATA_LEN;

	if (st != UK_OK)
		return st;
	skf_put_u32(&request, (uint32_t)offset);
	skf_put_bytes(&request, data);
	return skf_call(token, &request, &answer);
}

enum uk_status
skf_write_file(struct token *base, struct uk_span name, struct uk_span data)
{
	return skf_write_file_at(base, name, 0, data);
}

enum uk_status
skf_delete_file(struct token *base, struct uk_span name)
{
	struct skf_token *token = skf_token_of(base);
	struct uk_writer request;
	struct skf_answer answer;
	enum uk_status st = file_begin(token, SKF_OP_DELETE_FILE, name, &request);

	return st != UK_OK ? st : skf_call(token, &request, &answer);
}
