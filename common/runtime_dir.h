/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where processes of one user meet: $XDG_RUNTIME_DIR/openukey, or the next best place. */
#ifndef UK_COMMON_RUNTIME_DIR_H
#define UK_COMMON_RUNTIME_DIR_H

/*
 * Opens, and if need be makes, a directory of ours that nobody else can write to: below
 * XDG_RUNTIME_DIR (not looked at in setuid programs), /run/user/UID or /tmp/openukey-UID.  The
 * caller closes it; -1 when there is none, as in a sandbox.
 */
int uk_runtime_dir(void);

#endif
