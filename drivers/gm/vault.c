/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/gm/vault.h"

#include "common/gm.h"

#include <sys/mman.h>
#include <unistd.h>

struct vault_page {
	bool full; /* in the page, so that it is false in a child */
	uint8_t key[GM_BLOCK_LEN];
};

static size_t
page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static struct vault_page *
page_new(void)
{
	void *page =
		mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return NULL;
	if (mlock(page, page_size()) == 0 && madvise(page, page_size(), MADV_DONTDUMP) == 0 &&
	    madvise(page, page_size(), MADV_WIPEONFORK) == 0)
		return page;
	(void)munmap(page, page_size());
	return NULL;
}

enum uk_status
vault_set(struct vault *vault, const uint8_t *key)
{
	if (vault->page == NULL)
		vault->page = page_new();
	if (vault->page == NULL)
		return UK_E_MEMORY;
	memcpy(vault->page->key, key, GM_BLOCK_LEN);
	vault->page->full = true;
	return UK_OK;
}

const uint8_t *
vault_peek(const struct vault *vault)
{
	return vault->page != NULL && vault->page->full ? vault->page->key : NULL;
}

void
vault_clear(struct vault *vault)
{
	if (vault->page != NULL)
		uk_wipe(vault->page, sizeof(*vault->page));
}

void
vault_free(struct vault *vault)
{
	vault_clear(vault);
	if (vault->page != NULL)
		(void)munmap(vault->page, page_size());
	vault->page = NULL;
}
