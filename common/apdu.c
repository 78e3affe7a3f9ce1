/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/apdu.h"

#include "common/secret.h"

#define SHORT_LC_MAX 255
#define SHORT_LE_MAX 256

struct uk_writer
uk_apdu_writer(struct uk_apdu *cmd)
{
	return uk_writer_of(cmd->data, sizeof(cmd->data));
}

enum uk_status
uk_apdu_seal(struct uk_apdu *cmd, const struct uk_writer *out)
{
	if (out->overflow || out->len > sizeof(cmd->data))
		return UK_E_DATA_LEN;
	cmd->lc = (uint16_t)out->len;
	return UK_OK;
}

static void
put_short(const struct uk_apdu *cmd, struct uk_writer *out)
{
	if (cmd->lc > 0) {
		uk_put_u8(out, (uint8_t)cmd->lc);
		uk_put(out, uk_span_of(cmd->data, cmd->lc));
	}
	if (cmd->le != UK_LE_NONE)
		uk_put_u8(out, cmd->le >= SHORT_LE_MAX ? 0 : (uint8_t)cmd->le);
}

static void
put_extended(const struct uk_apdu *cmd, struct uk_writer *out)
{
	if (cmd->lc > 0 || cmd->le != UK_LE_NONE)
		uk_put_u8(out, 0);
	if (cmd->lc > 0) {
		uk_put_u16(out, UK_BIG_ENDIAN, cmd->lc);
		uk_put(out, uk_span_of(cmd->data, cmd->lc));
	}
	if (cmd->le != UK_LE_NONE)
		uk_put_u16(out, UK_BIG_ENDIAN, cmd->le >= UK_LE_MAX ? 0 : (uint16_t)cmd->le);
}

enum uk_status
uk_apdu_encode(const struct uk_apdu *cmd, enum uk_apdu_form form, struct uk_writer *out)
{
	if (cmd->lc > sizeof(cmd->data) || cmd->le > UK_LE_MAX)
		return UK_E_DATA_LEN;
	if (form == UK_APDU_SHORT && cmd->lc > SHORT_LC_MAX)
		return UK_E_DATA_LEN;

	uk_put_u8(out, cmd->cla);
	uk_put_u8(out, cmd->ins);
	uk_put_u8(out, cmd->p1);
	uk_put_u8(out, cmd->p2);
	if (form == UK_APDU_SHORT)
		put_short(cmd, out);
	else
		put_extended(cmd, out);
	return out->overflow ? UK_E_DATA_LEN : UK_OK;
}

void
uk_apdu_wipe(struct uk_apdu *cmd)
{
	uk_wipe(cmd->data, cmd->lc);
}

enum uk_status
uk_reply_split(struct uk_span reply, struct uk_span *ret_data, uint16_t *ret_sw)
{
	if (reply.len < 2)
		return UK_E_REPLY;
	*ret_data = uk_span_of(reply.ptr, reply.len - 2);
	*ret_sw = (uint16_t)(reply.ptr[reply.len - 2] << 8 | reply.ptr[reply.len - 1]);
	return UK_OK;
}
