/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two halves of ukey init: making a request, importing what the CA sent back. */
#ifndef UKEY_INIT_H
#define UKEY_INIT_H

#include "assistant/cli/cli.h"

typedef struct {
	/* a blank key */
	char *application, *label;
	int tries, admin_tries;
	int new_device_key_fd;
	/* a request */
	char *request, *container, *algorithm, *subject, *unit;
	int bits;
	gboolean force;
	/* an import */
	gboolean import;
	char *sign_cert, *enc_cert, *envelope, *wrapped_key, *key_blob;
	/* a list of keys */
	char *batch, *papers, *approvals, *unlockd, *out;
} InitOptions;

extern InitOptions init_options;

/*
 * Personalises a blank token: application, PINs, device key and label where they are given. The
 * user PIN that was set is returned for the login that follows.
 */
gboolean init_blank(OukToken *token, struct uk_secret *ret_pin, GError **error);
/* Makes a key pair on the token and writes its PKCS #10. */
gboolean init_request(OukToken *token, const struct uk_secret *pin, GError **error);
/* Reads the device authentication key of a blank key: 16 bytes. */
gboolean init_device_key(OukToken *token, struct uk_secret *ret_key, GError **error);
/* A list of keys at a CA's counter: batch.h. */
gboolean init_batch(GError **error);
/* Checks every file, then writes them to the token. */
gboolean init_import(OukToken *token, GError **error);

/* The CKA_ID that the container's signing (encryption) objects have on this token. */
GBytes *init_object_id(const OukToken *token, const char *container, gboolean encryption);

#endif
