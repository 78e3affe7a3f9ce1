/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a page is given when it has logged in, and brings back. */
#ifndef OUK_BRIDGE_TOKEN_H
#define OUK_BRIDGE_TOKEN_H

/* 128 random bits, hexadecimal; NULL when there are none to be had. The caller frees. */
char *ouk_login_token_new(void);

#endif
