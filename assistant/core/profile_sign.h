/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who vouches for a profile: the detached signature beside it. Written by data/profiles/sign. */
#ifndef OUK_CORE_PROFILE_SIGN_H
#define OUK_CORE_PROFILE_SIGN_H

#include <glib.h>

/* Larger files are not read at all, bytes. */
#define PROFILE_MAX      (256U * 1024U)
#define PROFILE_SIG_MAX  1024U
#define PROFILE_KEY_HEX  64
#define PROFILE_SIG_SIZE 64

typedef struct {
	char key[PROFILE_KEY_HEX + 1]; /* SHA-256 of the signer's SubjectPublicKeyInfo */
	guint64 size; /* of the profile, bytes: tells a cut one from a changed one */
	guint8 bytes[PROFILE_SIG_SIZE];
} ProfileSignature;

/* FALSE when it is not the text of a signature. */
gboolean profile_signature_parse(GBytes *text, ProfileSignature *ret);

/*
 * Whether `profile` is as one who may sign left it. `name` goes into the message.
 * OUK_E_PROFILE_UNSIGNED, _TRUNCATED, _TAMPERED, _FOREIGN, _REHEARSAL_KEY.
 */
gboolean profile_signature_check(const char *name, GBytes *profile, GBytes *signature,
				 GError **error);

#endif
