/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a card, for the files that implement its commands. */
#ifndef VK_CARD_H
#define VK_CARD_H

#include "virtual/key/crypto.h"
#include "virtual/key/faults.h"
#include "virtual/key/model.h"
#include "virtual/key/state.h"
#include "virtual/key/store.h"
#include "virtual/key/tracelog.h"
#include "virtual/key/vk.h"

#define VK_DATA_MAX UK_APDU_DATA_MAX /* what GetDevInfo calls MaxApduDataLen */

/* A certificate that goes out in parts (6A9E). */
struct vk_export {
	bool active;
	uint8_t p1;
	uint8_t app, container;
	size_t offset;
};

#define VK_SESSION_KEYS_MAX 8

enum vk_operation_kind { VK_IDLE, VK_ENCRYPTING, VK_DECRYPTING, VK_MACING };

/* What an Init began with a session key. */
struct vk_operation {
	uint8_t kind; /* enum vk_operation_kind */
	bool cbc, padded;
	bool updated; /* too late for a one-shot */
	uint8_t chain[GM_BLOCK_LEN];
	uint8_t held[GM_BLOCK_LEN]; /* data that no block was made of yet */
	size_t held_len;
};

/* An SM4 key that came in wrapped or was made inside; it belongs to one container. */
struct vk_session_key {
	bool used;
	uint8_t app, container;
	uint8_t bytes[GM_BLOCK_LEN];
	struct vk_operation operation;
};

/* Volatile: gone with power or a reset. */
struct vk_session {
	struct {
		bool open;
		bool rights[2]; /* by enum gm_pin_type */
		bool containers_open[VK_CONTAINERS_MAX];
	} apps[VK_APPS_MAX];
	bool device_right;

	bool has_random;
	uint8_t random[GM_RANDOM_LEN];

	struct vk_export export;

	struct vk_session_key keys[VK_SESSION_KEYS_MAX];
	struct vk_hash_run *digest; /* owned; NULL: none runs */
	bool digest_updated;        /* too late for a one-shot */
};

/* Command chaining in, GET RESPONSE out (ISO 7816-4). */
struct vk_chain {
	bool active;
	uint8_t header[4];
	size_t len;
	uint8_t data[VK_DATA_MAX];
};

struct vk_pending {
	size_t len, sent;
	uint8_t data[UK_REPLY_MAX];
};

struct vk_counts {
	uint64_t commands, bytes_in, bytes_out;
	uint64_t by_ins[256];
	uint64_t due_us; /* what the chosen timing says that the answers take */
};

struct vk_card {
	struct vk_options options;
	const struct vk_model *model;
	struct vk_state state;
	struct vk_store store;
	struct vk_session session;
	struct vk_chain chain;
	struct vk_pending pending;
	struct vk_faults faults;
	struct vk_counts since_start, since_reset;
	struct vk_tracelog log;
	unsigned int plugging; /* odd: in */
	uint8_t atr[VK_ATR_LEN];
	uint8_t answer[UK_REPLY_MAX]; /* of the command that is being done */
};

/* One command on its way through the card. */
struct vk_call {
	struct vk_card *card;
	uint8_t cla, ins, p1, p2;
	uint32_t le;
	uint32_t room;           /* what an answer may have in this length form and with this Le */
	struct uk_span data;     /* what is left after AppID and ContainerID */
	struct uk_span all_data; /* as it came */
	struct uk_writer *out;
	struct vk_app *app;
	struct vk_container *container;
	uint8_t app_index, container_index;
};

static inline enum uk_order
vk_order(const struct vk_call *call)
{
	return call->card->model->order;
}

/*
 * Makes the state's changes last: one non-volatile write.  GM_SW_OK, or what the command has to
 * answer at once; then the changes are undone (or power is gone and nobody sees the answer).
 */
UK_CHECKED uint16_t vk_commit(struct vk_card *card);

/* Ends the rights, open ids and session keys of an application that goes or comes. */
void vk_session_drop_app(struct vk_session *session, size_t app);

bool vk_right_held(const struct vk_call *call, unsigned int pin_type);
/* Whether one of the rights is held that GM_RIGHT_* bits name. */
bool vk_rights_held(const struct vk_call *call, uint32_t rights);

#endif
