/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "skf/gate.h"

#include "common/log.h"
#include "skf/module.h"

#include <time.h>

enum gate_need { ANYONE, USER, CLOSE };

enum gate_what {
	NOTHING = 0,
	DEV = KIND_DEV,
	APP = KIND_APP,
	CON = KIND_CON,
	KEY = KIND_KEY,
	HASH = KIND_HASH,
	MAC = KIND_MAC,
	AGREEMENT = KIND_AGREEMENT,
	OBJECT = KIND_KEY | KIND_HASH | KIND_MAC | KIND_AGREEMENT,
};

#define FN(name, what, need) [FN_##name] = {#name, what, need},
static const struct {
	const char *name;
	enum gate_what what;
	enum gate_need need;
} fns[] = {
#include "skf/functions.def"
};
#undef FN

ULONG
gate_enter(struct gate *gate, enum fn fn, HANDLE handle)
{
	uk_debug("api", "%s", fns[fn].name);
	module_enter();
	if (fns[fn].what == NOTHING)
		return SAR_OK;
	gate->device = handle_device(handle, fns[fn].what);
	if (gate->device == NULL)
		return SAR_INVALIDHANDLEERR;
	device_lock(gate->device);
	gate->locked = true;
	/* Another thread may have closed it while we waited. */
	gate->object = handle_object(handle, fns[fn].what);
	if (gate->object == NULL)
		return SAR_INVALIDHANDLEERR;
	if (gate->object->seating != gate->device->seating)
		return fns[fn].need == CLOSE ? SAR_OK : SAR_DEVICE_REMOVED;
	gate->app = gate->object->app;
	gate->token = gate->app != NULL ? gate->app->token : gate->device->token;
	if (fns[fn].need == USER && (gate->app == NULL || !gate->app->logged_in[TOKEN_USER]))
		return SAR_USER_NOT_LOGGED_IN;
	return SAR_OK;
}

ULONG
gate_wait(struct gate *gate, enum fn fn, HANDLE handle, unsigned int ms)
{
	const struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};

	gate_leave(gate);
	*gate = (struct gate){0};
	(void)nanosleep(&time, NULL);
	return gate_enter(gate, fn, handle);
}

ULONG
gate_sar(struct gate *gate, enum uk_status status)
{
	device_note(gate->device, gate->app, status);
	return sar_of(status);
}

void
gate_leave(struct gate *gate)
{
	if (gate->locked)
		device_unlock(gate->device);
}
