/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sizes and places that programs built against other headers count on (gm-keys 1.2). */
#include "skf/skf.h"

#include <stddef.h>

#ifdef OPENUKEY_SKF_NATURAL
#define PAD 2
#else
#define PAD 0
#endif

#define SIZE(type, bytes)      _Static_assert(sizeof(type) == (bytes), #type)
#define PLACE(type, field, at) _Static_assert(offsetof(type, field) == (at), #type "." #field)

SIZE(ULONG, 4);
SIZE(BOOL, 4);
SIZE(VERSION, 2);
SIZE(DEVINFO, 294 + PAD);
PLACE(DEVINFO, Manufacturer, 2);
PLACE(DEVINFO, Issuer, 66);
PLACE(DEVINFO, Label, 130);
PLACE(DEVINFO, SerialNumber, 162);
PLACE(DEVINFO, HWVersion, 194);
PLACE(DEVINFO, FirmwareVersion, 196);
PLACE(DEVINFO, AlgSymCap, 198 + PAD);
PLACE(DEVINFO, MaxBufferSize, 226 + PAD);
PLACE(DEVINFO, Reserved, 230 + PAD);
SIZE(RSAPUBLICKEYBLOB, 268);
SIZE(RSAPRIVATEKEYBLOB, 1164);
SIZE(ECCPUBLICKEYBLOB, 132);
SIZE(ECCPRIVATEKEYBLOB, 68);
PLACE(ECCCIPHERBLOB, CipherLen, 160);
PLACE(ECCCIPHERBLOB, Cipher, 164);
SIZE(ECCSIGNATUREBLOB, 128);
SIZE(BLOCKCIPHERPARAM, 44);
PLACE(ENVELOPEDKEYBLOB, cbEncryptedPriKey, 12);
PLACE(ENVELOPEDKEYBLOB, PubKey, 76);
PLACE(ENVELOPEDKEYBLOB, ECCCipherBlob, 208);
SIZE(FILEATTRIBUTE, 44);
PLACE(FILEATTRIBUTE, FileSize, 32);
