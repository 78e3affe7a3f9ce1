/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices: coming, going, and what belongs to no application. */
#include "common/apdu.h"
#include "common/secret.h"
#include "skf/event.h"
#include "skf/gate.h"
#include "token-share/policy.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- list ---- */

struct list_args {
	struct name_list names;
	bool present_only;
};

/* A key that is in, or a reader that one could come to; what holds somebody else's card is neither.
 */
static void
list_reader(void *data, const struct token_reader *seen)
{
	struct list_args *args = data;

	if (seen->present ? seen->ours : !args->present_only)
		name_list_add(&args->names, uk_span_str(seen->name));
}

ULONG DEVAPI
SKF_EnumDev(BOOL bPresent, LPSTR szNameList, ULONG *pulSize)
{
	struct list_args args = {.present_only = bPresent != FALSE};
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_EnumDev, NULL);

	if (sar == SAR_OK && pulSize == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar != SAR_OK)
		return sar;
	/* Without the smart card service there are no devices: it may come yet. */
	if (devices_refresh() == UK_OK)
		devices_each(list_reader, &args);
	sar = name_list_answer(&args.names, szNameList, pulSize);
	name_list_free(&args.names);
	return sar;
}

/* ---- state and connection ---- */

static ULONG
device_of_name(const char *name, struct device **ret)
{
	struct uk_span span;
	ULONG sar = name_read(name, TOKEN_READER_NAME_MAX - 1, &span);
	enum uk_status st;

	if (sar != SAR_OK)
		return sar;
	st = devices_refresh();
	if (st != UK_OK)
		return sar_of(st);
	*ret = device_find(name);
	return *ret == NULL ? sar_of(UK_E_NO_KEY) : SAR_OK;
}

ULONG DEVAPI
SKF_ConnectDev(LPSTR szName, DEVHANDLE *phDev)
{
	struct device *device = NULL;
	struct object *object;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ConnectDev, NULL);

	if (sar == SAR_OK && phDev == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK)
		sar = device_of_name(szName, &device);
	if (sar != SAR_OK)
		return sar;
	device_lock(device);
	sar = sar_of(device_connect(device));
	if (sar == SAR_OK) {
		object = object_new(KIND_DEV, device, NULL);
		if (object != NULL)
			*phDev = object->handle;
		else
			sar = SAR_MEMORYERR;
	}
	device_unlock(device);
	return sar;
}

/* The login stays, as the standard has it: with the process, and not with the handle. */
ULONG DEVAPI
SKF_DisConnectDev(DEVHANDLE hDev)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_DisConnectDev, hDev);

	if (sar == SAR_OK)
		object_close(gate.object);
	return sar;
}

struct state_args {
	const char *name;
	ULONG state;
};

static void
state_of_reader(void *data, const struct token_reader *seen)
{
	struct state_args *args = data;

	if (strcmp(seen->name, args->name) == 0 && seen->present)
		args->state = seen->ours ? DEV_PRESENT_STATE : DEV_UNKNOW_STATE;
}

ULONG DEVAPI
SKF_GetDevState(LPSTR szDevName, ULONG *pulDevState)
{
	struct state_args args = {szDevName, DEV_ABSENT_STATE};
	struct uk_span name;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_GetDevState, NULL);

	if (sar == SAR_OK && pulDevState == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK)
		sar = name_read(szDevName, TOKEN_READER_NAME_MAX - 1, &name);
	if (sar != SAR_OK)
		return sar;
	if (devices_refresh() == UK_OK)
		devices_each(state_of_reader, &args);
	*pulDevState = args.state;
	return SAR_OK;
}

/* ---- what it is ---- */

static void
put_text(CHAR *out, size_t size, const char *text)
{
	size_t len = strnlen(text, size);

	memcpy(out, text, len);
	memset(out + len, 0, size - len);
}

static VERSION
version_of(const uint8_t *numbers)
{
	return (VERSION){numbers[0], numbers[1]};
}

/* Most of what one call encrypts; longer data comes in pieces. */
#define BUFFER_MOST 4096

static void
info_fill(const struct token_info *info, DEVINFO *ret)
{
	DEVINFO out = {
		.Version = {1, 0},
		.HWVersion = version_of(info->hardware),
		.FirmwareVersion = version_of(info->firmware),
		.AlgSymCap = info->alg_sym,
		.AlgAsymCap = info->alg_asym,
		.AlgHashCap = info->alg_hash,
		.DevAuthAlgId = info->dev_auth_alg,
		.TotalSpace = info->total_space,
		.FreeSpace = info->free_space,
		.MaxECCBufferSize = info->max_apdu_data,
		.MaxBufferSize = BUFFER_MOST,
	};

	put_text(out.Manufacturer, sizeof(out.Manufacturer), info->manufacturer);
	put_text(out.Issuer, sizeof(out.Issuer), info->issuer);
	put_text(out.Label, sizeof(out.Label), info->label);
	put_text(out.SerialNumber, sizeof(out.SerialNumber), info->serial);
	*ret = out;
}

ULONG DEVAPI
SKF_GetDevInfo(DEVHANDLE hDev, DEVINFO *pDevInfo)
{
	struct token_info info;
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_GetDevInfo, hDev);

	if (sar == SAR_OK && pDevInfo == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar != SAR_OK)
		return sar;
	TOKEN_AGAIN(st, gate.token->ops->info(gate.token, &info));
	if (st == UK_OK)
		info_fill(&info, pDevInfo);
	return gate_sar(&gate, st);
}

ULONG DEVAPI
SKF_SetLabel(DEVHANDLE hDev, LPSTR szLabel)
{
	struct uk_span label;
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_SetLabel, hDev);

	if (sar == SAR_OK)
		sar = name_read(szLabel, GM_LABEL_MAX - 1, &label);
	if (sar != SAR_OK)
		return sar;
	TOKEN_AGAIN(st, gate.token->ops->set_label(gate.token, label));
	return gate_sar(&gate, st);
}

/* ---- for one program alone ---- */

#define LOCK_STEP_MS 20

/* How many ms of a time-out are gone. */
static uint64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

ULONG DEVAPI
SKF_LockDev(DEVHANDLE hDev, ULONG ulTimeOut)
{
	uint64_t begun = now_ms();
	enum uk_status st = UK_E_BUSY;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_LockDev, hDev);

	while (sar == SAR_OK) {
		st = device_lock_key(gate.device, gate.object);
		if (st != UK_E_BUSY)
			return gate_sar(&gate, st);
		if (ulTimeOut != INFINITE_TIMEOUT && now_ms() - begun >= ulTimeOut)
			return SAR_TIMEOUTERR;
		sar = gate_wait(&gate, FN_SKF_LockDev, hDev, LOCK_STEP_MS);
	}
	return sar;
}

ULONG DEVAPI
SKF_UnlockDev(DEVHANDLE hDev)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_UnlockDev, hDev);

	if (sar == SAR_OK && gate.device->locker != gate.object)
		sar = SAR_FAIL;
	if (sar == SAR_OK)
		device_unlock_key(gate.device);
	return sar;
}

/* ---- a command as it is ---- */

/*
 * There is no asking for the length first: the command would be sent twice.  Without a buffer the
 * answer is how long one can be.
 */
ULONG DEVAPI
SKF_Transmit(DEVHANDLE hDev, BYTE *pbCommand, ULONG ulCommandLen, BYTE *pbData, ULONG *pulDataLen)
{
	uint8_t *bytes;
	struct uk_writer out;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_Transmit, hDev);

	if (sar == SAR_OK && (pbCommand == NULL || pulDataLen == NULL))
		sar = SAR_INVALIDPARAMERR;
	if (sar != SAR_OK)
		return sar;
	if (pbData == NULL) {
		*pulDataLen = UK_REPLY_MAX;
		return SAR_OK;
	}
	bytes = malloc(UK_REPLY_MAX);
	if (bytes == NULL)
		return SAR_MEMORYERR;
	out = uk_writer_of(bytes, UK_REPLY_MAX);
	sar = gate_sar(&gate, gate.token->ops->raw(gate.token, uk_span_of(pbCommand, ulCommandLen),
						   policy_get()->raw_commands, &out));
	if (sar == SAR_OK)
		sar = answer_put(uk_writer_span(&out), pbData, pulDataLen);
	uk_wipe(bytes, UK_REPLY_MAX);
	free(bytes);
	return sar;
}

/* ---- coming and going ---- */

/* Without a buffer the answer is how long a name can be, and nothing is waited for. */
ULONG DEVAPI
SKF_WaitForDevEvent(LPSTR szDevName, ULONG *pulDevNameLen, ULONG *pulEvent)
{
	struct event event;
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_WaitForDevEvent, NULL);

	if (sar == SAR_OK && (pulDevNameLen == NULL || pulEvent == NULL))
		sar = SAR_INVALIDPARAMERR;
	if (sar != SAR_OK)
		return sar;
	if (szDevName == NULL) {
		*pulDevNameLen = TOKEN_READER_NAME_MAX;
		return SAR_OK;
	}
	st = event_wait(*pulDevNameLen, &event);
	if (st != UK_OK && st != UK_E_DATA_LEN)
		return sar_of(st);
	sar = answer_put(uk_span_of(event.name, strlen(event.name) + 1), szDevName, pulDevNameLen);
	if (sar == SAR_OK)
		*pulEvent = event.inserted ? DEV_EVENT_INSERTED : DEV_EVENT_REMOVED;
	return sar;
}

ULONG DEVAPI
SKF_CancelWaitForDevEvent(void)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_CancelWaitForDevEvent, NULL);

	if (sar == SAR_OK)
		events_cancel();
	return sar;
}
