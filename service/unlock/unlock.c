/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/unlock/inside.h"

static const struct cs_op ops[] = {
	{"enrol", cs_op_enrol},
	{"contact", cs_op_contact},
	{"lost", cs_op_lost},
	{"found", cs_op_found},
	{"key", cs_op_key},
	{"begin", cs_op_begin},
	{"send", cs_op_send},
	{"check", cs_op_check},
	{"again", cs_op_again},
	{"counter", cs_op_counter},
	{"command", cs_op_command},
	{"ack", cs_op_ack},
	{"foreign", cs_op_foreign},
	{"status", cs_op_status},
	{"personalise", cs_op_personalise},
	{"device-key", cs_op_device_key},
};

json_t *
cs_unlock_answer(void *unlockd, const json_t *request, uid_t peer)
{
	return cs_dispatch(ops, ARRAY_SIZE(ops), unlockd, request);
}
