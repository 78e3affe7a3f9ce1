/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands of openukey-certadm share. */
#ifndef CS_ADMIN_ADMIN_H
#define CS_ADMIN_ADMIN_H

#include "service/store/store.h"

#define ADMIN_ARGUMENTS 16

struct options {
	const char *store, *ca, *key, *head;
	enum cs_schema schema;
	const char *vault, *profile, *operators, *unlock, *issue; /* as for openukey-certd */
	const char *as;                                           /* the operator at the desk */
	const char *state, *kind, *sn;                            /* what orders are looked for */
	const char *list, *paper, *answers, *roles, *days;        /* of the list of operators */
	const char *argument;                                     /* the first one, or NULL */
	char **arguments;
	int arguments_len;
};

/* "openukey-certadm: what: why" unless all is well. Returns st. */
enum cs_status admin_report(enum cs_status st, const char *what);

/* Commands that want more than a database: 0 or 1; 2: wrong arguments; -1: none of these. */
int admin_orders(const char *command, const struct options *options);
int admin_operators(const char *command, const struct options *options);

#endif
