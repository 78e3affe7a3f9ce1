/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state file.  Two slots are written in turn, each with a sequence number and a SHA-256: a
 * write that power cut short leaves a slot whose sum is wrong, and the other one counts.  Each
 * save is one non-volatile write of the key and has a number, at which power can be cut.
 */
#ifndef VK_STORE_H
#define VK_STORE_H

#include "virtual/key/state.h"

enum vk_cut { VK_CUT_NONE, VK_CUT_BEFORE, VK_CUT_INSIDE, VK_CUT_AFTER };

enum vk_stored {
	VK_STORED,
	VK_STORE_FAILED, /* the file could not be written: errno */
	VK_STORE_CUT,    /* power went: behave as pulled */
};

enum vk_loaded {
	VK_LOADED,
	VK_LOAD_EMPTY,   /* a new file: there is no state yet */
	VK_LOAD_DAMAGED, /* neither slot is whole, or not our file */
	VK_LOAD_BUSY,    /* another key runs on this file */
	VK_LOAD_FAILED,  /* errno */
};

struct vk_store {
	uint8_t *buffer; /* one slot */
	uint64_t sequence;
	uint64_t writes;     /* since it was opened */
	unsigned int cut_at; /* 1 = the next write */
	enum vk_cut cut;
	int fd;
};

/* Opens or makes the file (mode 0600) and holds its lock until vk_store_close. */
UK_CHECKED enum vk_loaded vk_store_open(struct vk_store *store, const char *path);
void vk_store_close(struct vk_store *store);

/* Replaces *state by what the file holds; on failure *state is cleared. */
UK_CHECKED enum vk_loaded vk_store_load(struct vk_store *store, struct vk_state *state);

/* One non-volatile write. */
UK_CHECKED enum vk_stored vk_store_save(struct vk_store *store, const struct vk_state *state);

#endif
