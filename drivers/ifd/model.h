/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The USB keys this driver makes readers of; the rows come from udev/keys.tsv. */
#ifndef IFD_MODEL_H
#define IFD_MODEL_H

#include "drivers/ifd/exchange.h"

/*
 * How a login ends when pcscd switches the key off or resets it, as these keys have no power line
 * for that: a ClearSecureState for each application that was opened, a reset of the port, or not at
 * all.
 */
enum ifd_reset { IFD_RESET_CLEAR, IFD_RESET_USB, IFD_RESET_NONE };

struct ifd_model {
	uint16_t vendor, product;
	const char *name; /* also in the ATR, cut to 15 bytes */
	const struct exchange_kind *exchange;
	enum ifd_reset reset;
};

/* NULL: not one of ours. */
const struct ifd_model *ifd_model_find(uint16_t vendor, uint16_t product);
/* The ATR that its reader shows: T=1, the name as historical bytes (ISO 7816-3, 8.2). */
void ifd_model_atr(const struct ifd_model *model, struct uk_writer *out);

#endif
