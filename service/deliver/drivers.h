/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How providers are asked: README.md has the configuration. */
#ifndef CS_DELIVER_DRIVERS_H
#define CS_DELIVER_DRIVERS_H

#include "service/wire/json.h"

struct cs_drivers {
	json_t *json; /* NULL: everything goes to the sandbox */
};

/* CS_E_ARGUMENTS for a file that is no such thing. */
UK_CHECKED enum cs_status cs_drivers_read(const char *path, struct cs_drivers *ret);
void cs_drivers_free(struct cs_drivers *drivers);
/* The row of that name, such as "sms"; of a row in it, such as "pay", "wechat", "create". Each but
 * the first may be NULL. NULL: there is none. Borrowed. */
const json_t *cs_driver(const struct cs_drivers *drivers, const char *name, const char *way,
			const char *what);
/* The first line of the row's secret_file; CS_E_NOT_FOUND when the row has none. */
UK_CHECKED enum cs_status cs_driver_secret(const json_t *driver, struct uk_secret *ret);

/*
 * Asks by HTTP. once: the idempotency key. CS_E_UNAVAILABLE: perhaps later; CS_E_DENIED: the
 * provider has said no.  ret_answer: the values that `answer` names, the caller drops; or NULL.
 */
UK_CHECKED enum cs_status cs_driver_ask(const json_t *driver, const json_t *values,
					const char *once, json_t **ret_answer);
/* One e-mail. id: of the letter. */
UK_CHECKED enum cs_status cs_driver_mail(const json_t *driver, const char *id, const char *to,
					 const char *text);

/* HMAC-SHA-256 of the timestamp, a newline and the body. */
UK_CHECKED enum cs_status cs_notice_mac(const struct uk_secret *secret, const char *timestamp,
					struct uk_span body, uint8_t ret[32]);

#endif
