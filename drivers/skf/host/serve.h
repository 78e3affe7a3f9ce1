/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is connected, and what each of them has; the operations' own interface. */
#ifndef UK_DRIVERS_SKF_HOST_SERVE_H
#define UK_DRIVERS_SKF_HOST_SERVE_H

#include "common/gm.h"
#include "common/secret.h"
#include "drivers/skf/host/abi.h"
#include "drivers/skf/host/device.h"

#define CLIENTS_MAX       64
#define SESSION_KEYS_MAX  16
#define SESSION_KEY_MODES 3 /* ECB, CBC, MAC */
#define WRAPPED_MAX       512

/* Secrets in memory of their own: locked, and left out of dumps and forks. */
struct client_secret {
	char admin_pin[UK_SECRET_MAX]; /* "": none */
	char pin[2][UK_SECRET_MAX];    /* of the request under way */
};

/*
 * A session key hangs on its container, which stays open as long as the key is there.  The library
 * has a handle for one algorithm: for another mode what came in is imported again.
 */
struct session_key {
	uintptr_t container; /* 0: free */
	struct {
		uint32_t alg;
		uintptr_t handle;
	} as[SESSION_KEY_MODES];
	uint8_t wrapped[WRAPPED_MAX]; /* as the library takes it; none for a key it made itself */
	size_t wrapped_len;
};

struct client {
	int fd; /* -1: free */
	bool greeted, crashed, watching, once, once_over;
	uint32_t watch_number;
	struct device *device; /* NULL: none opened */
	uint32_t events;       /* the device's when it was opened */
	char app[NAME_ROOM];   /* "": not yet asked for */
	struct session_key session[SESSION_KEYS_MAX];
	bool keep_container; /* the operation under way put it into `session` */
	uint8_t tries;       /* for the answer under way */
	struct client_secret *secret;
};

/* One request. in: its fields; out: room for the answer's. Returns the answer's code. */
typedef uint32_t op_fn(struct client *client, struct uk_span in, struct uk_writer *out);

enum op_needs { NEEDS_NOTHING, NEEDS_DEVICE, NEEDS_APP };

struct op {
	op_fn *run;
	enum op_needs needs;
};

extern const struct op ops[SKF_OP_COUNT];

/* Runs a request; never fails: what went wrong is the answer. */
void request_run(struct client *client, struct uk_span request, struct uk_writer *answer);

/* Gives up what it held and kept: the connection has ended. */
void client_end(struct client *client);
/* The user right for one use ends: cleared, and the others may come in. */
void client_once_end(struct client *client);
/* The client's key is gone from it: its session keys are no more. */
void client_keys_forget(struct client *client);
/* Closes a session key and its container. */
void client_key_close(struct client *client, struct session_key *key);

/* The client's application, open. */
UK_CHECKED uint32_t client_app(struct client *client, struct app **ret);
/* Runs fn with the container open, and closes it. */
UK_CHECKED uint32_t with_container(struct client *client, struct uk_span name,
				   uint32_t (*fn)(uintptr_t container, void *data), void *data);

/* Clients that wait are told when the number has changed. main.c */
void watchers_tell(void);
/* A key is watched from now on. watch.c */
UK_CHECKED bool watch_start(void);
/* Readable when a key may have come or gone; -1 before watch_start. */
int watch_fd(void);
/* SKF_WaitForDevEvent does not work: look each second. */
bool watch_must_poll(void);
void watch_taken(void);

/* confine.c: what the library may do is cut down, for good. UK_E_POLICY when that fails. */
UK_CHECKED enum uk_status confine(const struct skf_config *config);

/* op_pin.c */
op_fn op_pin_info, op_verify, op_change_pin, op_unblock, op_clear, op_forget, op_verify_once,
	op_release, op_unblock_by_admin, op_hold, op_let_go;
/* op_device.c */
op_fn op_hello, op_list, op_watch, op_open, op_application, op_info, op_applications, op_random,
	op_set_label, op_device_random, op_device_auth, op_change_device_key, op_create_application,
	op_delete_application, op_raw;
/* op_container.c */
op_fn op_containers, op_container_info, op_certificate, op_public_key, op_create_container,
	op_delete_container, op_import_certificate, op_import_sm2, op_import_rsa;
/* op_key.c */
op_fn op_sign_rsa, op_sign_sm2, op_generate, op_import_session_key, op_session_cipher,
	op_export_session_key, op_encrypt_sm2, op_destroy_session_key;
/* op_file.c */
op_fn op_files, op_file_info, op_read_file, op_create_file, op_write_file, op_delete_file;

/* blob.c: public keys and ciphers between the library's structures and our messages */
UK_CHECKED uint32_t blob_public_key(struct uk_span blob, struct uk_writer *out);
/* Builds a public key's blob out of a request's fields; *ret_type: enum gm_container_type. */
UK_CHECKED bool blob_of_recipient(struct uk_span *in, struct abi_writer *blob, uint8_t *ret_type);
/* An ECCCIPHERBLOB into C1x C1y C3 and the cipher text, which is appended as a field or bare. */
UK_CHECKED uint32_t blob_cipher(struct uk_span blob, bool as_field, struct uk_writer *out);
void blob_put_cipher(struct abi_writer *blob, const struct uk_span parts[4]);

#endif
