/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Our folder among the files that live as long as the user's session. */
#ifndef UK_PKCS11_RUNTIME_DIR_H
#define UK_PKCS11_RUNTIME_DIR_H

/*
 * Opens, and makes if need be, openukey in $XDG_RUNTIME_DIR (ignored in setuid programs), in
 * /run/user/UID, or /tmp/openukey-UID: the first that belongs to this user and that nobody else can
 * write to.  A directory descriptor, to be closed by the caller, or -1.
 */
int runtime_dir_open(void);

#endif
