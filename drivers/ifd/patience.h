/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long a key may take for an answer. */
#ifndef IFD_PATIENCE_H
#define IFD_PATIENCE_H

/*
 * Milliseconds: a minute, as an RSA key pair takes a slow key half of one; less where
 * OPENUKEY_IFD_TIMEOUT_MS says so: tests of silent keys cannot wait that long.
 */
int ifd_patience_ms(void);

#endif
