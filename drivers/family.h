/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ways to a key, side by side: gm over PC/SC, skf over makers' libraries.  drivers/bus.c makes
 * one bus of them; what token.h says of token_bus_* and token_* holds for the functions of the same
 * names here.
 */
#ifndef UK_DRIVERS_FAMILY_H
#define UK_DRIVERS_FAMILY_H

#include "drivers/token.h"

struct token_family {
	const char *name; /* as in OPENUKEY_WAYS */
	/* UK_E_NOT_SUPPORTED: this way is not configured, and is left alone. */
	enum uk_status (*open)(void **ret_bus);
	void (*close)(void *bus);
	enum uk_status (*list)(void *bus, struct token_reader *out, size_t cap, size_t *ret_count);
	/*
	 * [any thread] stop_fd: -1, or one that ends the wait with UK_OK when it becomes readable;
	 * the first family of the table need not look at it.
	 */
	enum uk_status (*wait)(void *bus, const struct token_reader *seen, size_t count,
			       int timeout_ms, int stop_fd);
	/* [any thread] */
	void (*cancel)(void *bus);

	enum uk_status (*token_open)(void *bus, const struct token_reader *reader,
				     struct token **ret_token);
	void (*token_set_application)(struct token *token, const char *name);
	void (*token_close)(struct token *token);
	const char *(*token_application)(const struct token *token);
};

extern const struct token_family gm_family;
extern const struct token_family skf_family;

#endif
