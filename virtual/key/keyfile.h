/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private keys and certificates from files (PEM, certificates also DER), for provisioning. */
#ifndef VK_KEYFILE_H
#define VK_KEYFILE_H

#include "virtual/key/state.h"

UK_CHECKED bool vk_keyfile_load_key(const char *path, struct vk_key *key);
UK_CHECKED bool vk_keyfile_load_cert(const char *path, struct vk_blob *cert);

#endif
