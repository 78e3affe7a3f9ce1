/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hall's session is over and the key still plugged in: 我的证书 reminds the person to take it
 * out, once; where that is not running, the desktop is asked for the notification itself.
 */
#ifndef OUK_CORE_TAKE_OUT_H
#define OUK_CORE_TAKE_OUT_H

/* title: of the key. Returns at once; nothing happens where there is no desktop. Any thread. */
void ouk_take_out_tell(const char *title);

#endif
