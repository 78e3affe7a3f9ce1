/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the key remembers without power: device, applications, PINs, containers, files; and how
 * that becomes bytes.  Everything in here is the key's memory; nothing in here is volatile.
 */
#ifndef VK_STATE_H
#define VK_STATE_H

#include "common/bytes.h"
#include "common/gm.h"

#define VK_APPS_MAX       8
#define VK_CONTAINERS_MAX 32
#define VK_FILES_MAX      64
#define VK_NAME_MAX       64
#define VK_SPACE_DEFAULT  65536u
#define VK_SPACE_MAX      131072u
#define VK_TRIES_DEFAULT  10
#define VK_TRIES_MAX      15 /* what 63Cx can say */

/* Owned bytes on the heap, wiped when freed: certificates, files, private keys. */
struct vk_blob {
	uint8_t *ptr;
	size_t len;
};

struct vk_name {
	uint8_t bytes[VK_NAME_MAX];
	uint8_t len;
};

/* An SM2 pair is d || X || Y (96 bytes), an RSA pair its PKCS #1 RSAPrivateKey. */
struct vk_key {
	struct vk_blob secret;
	uint16_t bits;
	uint8_t type; /* enum gm_container_type; EMPTY: no key */
};

/* Both arrays are indexed by enum gm_pair. */
struct vk_container {
	struct vk_key keys[2];
	struct vk_blob certs[2];
	struct vk_name name;
	bool used;
};

struct vk_file {
	struct vk_blob data;
	uint32_t read_rights;
	uint32_t write_rights;
	struct vk_name name;
	bool used;
};

/* The PIN itself is not kept: both cryptograms need its key only (gm-keys 2.5). */
struct vk_pin {
	uint8_t key[GM_BLOCK_LEN];
	uint8_t max;
	uint8_t left; /* 0 = locked */
	bool is_default;
};

struct vk_app {
	struct vk_container containers[VK_CONTAINERS_MAX];
	struct vk_file files[VK_FILES_MAX];
	struct vk_pin pins[2]; /* by enum gm_pin_type */
	uint32_t create_rights;
	uint16_t max_files;
	uint8_t max_containers;
	uint8_t max_certs;
	struct vk_name name;
	bool used;
};

struct vk_state {
	struct vk_app apps[VK_APPS_MAX];
	struct vk_name model;
	struct vk_name serial;
	struct vk_name label;
	uint8_t device_key[GM_BLOCK_LEN];
	uint8_t device_tries;
	uint32_t space; /* bytes for applications and what is in them */
};

/* False when it is longer than VK_NAME_MAX. Zeros at the end are not part of a name. */
UK_CHECKED bool vk_name_set(struct vk_name *name, struct uk_span bytes);
bool vk_name_is(const struct vk_name *name, struct uk_span bytes);
static inline struct uk_span
vk_name_peek(const struct vk_name *name)
{
	return uk_span_of(name->bytes, name->len);
}

/* Replaces what the blob held by a copy of bytes. False without memory: nothing changed. */
UK_CHECKED bool vk_blob_set(struct vk_blob *blob, struct uk_span bytes);
void vk_blob_clear(struct vk_blob *blob);
static inline struct uk_span
vk_blob_peek(const struct vk_blob *blob)
{
	return uk_span_of(blob->ptr, blob->len);
}

void vk_key_clear(struct vk_key *key);
void vk_container_clear(struct vk_container *container);
void vk_file_clear(struct vk_file *file);
void vk_app_clear(struct vk_app *app);
void vk_state_clear(struct vk_state *state);

/*
 * A blank key of a model: factory device key, no application.  serial NULL: one of its own at
 * random; label NULL: "VIRTUAL OpenUKey".  False: a name is too long.
 */
UK_CHECKED bool vk_state_blank(struct vk_state *state, const char *model, const char *serial,
			       const char *label);

/* What one object of this many bytes takes of the key's space, its header included. */
static inline uint32_t
vk_space_of(size_t bytes)
{
	return (uint32_t)bytes + 128;
}

uint32_t vk_state_used(const struct vk_state *state);
/* Whether one more object of so many bytes fits. */
bool vk_state_room(const struct vk_state *state, size_t bytes);

void vk_state_put(const struct vk_state *state, struct uk_writer *out);
/* state must be empty; it is cleared again on failure. */
UK_CHECKED bool vk_state_take(struct vk_state *state, struct uk_span in);

#endif
