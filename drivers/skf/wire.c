/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/skf/wire.h"

#define OP(name, secret, spends) {#name, secret, spends},
static const struct skf_op_row ops[] = {
#include "drivers/skf/ops.def"
};
#undef OP

#define SAR(name, value, status) {value, status},
static const struct {
	uint32_t sar;
	enum uk_status status;
} sars[] = {
#include "drivers/skf/sar.def"
};
#undef SAR

const struct skf_op_row *
skf_op_row(unsigned int op)
{
	return op < ARRAY_SIZE(ops) ? &ops[op] : NULL;
}

enum uk_status
skf_status(uint32_t sar)
{
	for (size_t i = 0; i < ARRAY_SIZE(sars); i++)
		if (sars[i].sar == sar)
			return sars[i].status;
	return UK_E_CARD;
}
