/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of what a copy of the PKCS#11 headers says; header_copy.c makes them. */
#ifndef TESTS_P11_HEADER_COPY_H
#define TESTS_P11_HEADER_COPY_H

/* A number, size or offset by name; the last row's name is NULL. */
struct header_row {
	const char *name;
	unsigned long value;
};

/* ours and p11-kit's where both know the name; ours and NSS's likewise */
extern const struct header_row ours_of_p11kit[], theirs_p11kit[];
extern const struct header_row ours_of_nss[], theirs_nss[];

#endif
