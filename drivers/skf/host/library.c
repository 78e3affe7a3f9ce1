/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/skf/host/library.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IV_ROOM 32 /* MAX_IV_LEN */

typedef uint64_t entry_fn(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t,
			  uintptr_t, uintptr_t);

/* BLOCKCIPHERPARAM with either ULONG; packing makes no difference to it. */
struct param_32 {
	uint8_t iv[IV_ROOM];
	uint32_t iv_len, padding, feed_bits;
};
struct param_64 {
	uint8_t iv[IV_ROOM];
	uint64_t iv_len, padding, feed_bits;
};
typedef uint64_t init_32_fn(uintptr_t, struct param_32);
typedef uint64_t init_64_fn(uintptr_t, struct param_64);

static struct {
	const struct skf_config *config;
	void *handle;
	void *entries[ENTRY_COUNT];
	timer_t timer;
} library;

#define ENTRY(name, needed) {"SKF_" #name, needed},
static const struct {
	const char *name;
	bool needed;
} rows[] = {
#include "drivers/skf/host/entries.def"
};
#undef ENTRY

const struct skf_config *
library_config(void)
{
	return library.config;
}

bool
library_has(enum entry entry)
{
	return library.entries[entry] != NULL;
}

/* ---- the limit ---- */

/* SIGKILL by the kernel's hand: no handler, no mask and no hung thread of the library keeps it. */
static bool
timer_make(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};

	return timer_create(CLOCK_MONOTONIC, &event, &library.timer) == 0;
}

static void
timer_set(uint32_t ms)
{
	struct itimerspec time = {.it_value = {ms / 1000, (long)(ms % 1000) * 1000000}};

	(void)timer_settime(library.timer, 0, &time, NULL);
}

/* ---- loading ---- */

/* What the library finds: its own settings, and no further library behind it. */
static void
environment_set(const struct skf_config *config)
{
	(void)setenv("OPENUKEY_SKF_DIR", "", 1);
	for (size_t i = 0; i < config->set_count; i++) {
		char name[SKF_SETTING_LEN];
		size_t len = strcspn(config->set[i], "=");

		memcpy(name, config->set[i], len);
		name[len] = '\0';
		(void)setenv(name, config->set[i] + len + 1, 1);
	}
}

enum uk_status
library_load(const struct skf_config *config)
{
	if (library.handle != NULL)
		return UK_OK;
	library.config = config;
	if (!timer_make())
		return UK_E_MEMORY;
	environment_set(config);
	timer_set(config->timeout_ms);
	library.handle = dlopen(config->library, RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; library.handle != NULL && i < ARRAY_SIZE(rows); i++) {
		library.entries[i] = dlsym(library.handle, rows[i].name);
		if (library.entries[i] == NULL && rows[i].needed)
			library.handle = NULL; /* it stays loaded, and is never called */
	}
	timer_set(0);
	return library.handle != NULL ? UK_OK : UK_E_LIBRARY;
}

/* ---- calling ---- */

static uint32_t
call(void *entry, const uintptr_t a[LIBRARY_ARGS])
{
	entry_fn *fn;

	memcpy(&fn, &entry, sizeof(fn));
	return (uint32_t)fn(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
}

uint32_t
library_call_untimed(enum entry entry, const uintptr_t args[LIBRARY_ARGS])
{
	if (library.entries[entry] == NULL)
		return SAR_HOST_NO_ENTRY;
	return call(library.entries[entry], args);
}

uint32_t
library_call(enum entry entry, const uintptr_t args[LIBRARY_ARGS])
{
	uint32_t sar;

	timer_set(library.config->timeout_ms);
	sar = library_call_untimed(entry, args);
	timer_set(0);
	return sar;
}

uint32_t
library_cipher_init(enum entry entry, uintptr_t key, const uint8_t *iv, size_t iv_len)
{
	struct param_32 narrow = {.iv_len = (uint32_t)iv_len};
	struct param_64 wide = {.iv_len = iv_len};
	init_32_fn *init_narrow;
	init_64_fn *init_wide;
	uint32_t sar;

	if (library.entries[entry] == NULL)
		return SAR_HOST_NO_ENTRY;
	if (iv_len > IV_ROOM)
		return SAR_HOST_REQUEST;
	memcpy(narrow.iv, iv, iv_len);
	memcpy(wide.iv, iv, iv_len);
	timer_set(library.config->timeout_ms);
	if (library.config->ulong_bits == 64) {
		memcpy(&init_wide, &library.entries[entry], sizeof(init_wide));
		sar = (uint32_t)init_wide(key, wide);
	} else {
		memcpy(&init_narrow, &library.entries[entry], sizeof(init_narrow));
		sar = (uint32_t)init_narrow(key, narrow);
	}
	timer_set(0);
	return sar;
}
