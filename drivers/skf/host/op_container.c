/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers, and what comes into and out of them. */
#include "drivers/skf/host/serve.h"

#include <string.h>

#define CERT_MOST 16384
#define BLOB_ROOM 1024

uint32_t
op_containers(struct client *client, struct uk_span in, struct uk_writer *out)
{
	char list[SKF_NAMES_MAX];
	struct uk_span names;
	struct app *app;
	uint32_t sar = client_app(client, &app);

	(void)in;
	if (sar == SAR_OK)
		sar = names_list(ENTRY_EnumContainer, app->handle, list, sizeof(list), &names);
	if (sar == SAR_OK)
		skf_put_bytes(out, names);
	return sar;
}

static bool
container_exists(const struct app *app, const char *wanted)
{
	char list[SKF_NAMES_MAX];
	struct uk_span names, name;

	if (names_list(ENTRY_EnumContainer, app->handle, list, sizeof(list), &names) != SAR_OK)
		return false;
	while (uk_take_name(&names, &name))
		if (uk_span_equal(name, uk_span_str(wanted)))
			return true;
	return false;
}

uint32_t
op_create_container(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct abi_cell handle = {0};
	struct uk_span text;
	char name[NAME_ROOM];
	struct app *app;
	uint32_t sar = client_app(client, &app);

	(void)out;
	if (sar != SAR_OK)
		return sar;
	if (!skf_take_bytes(&in, &text))
		return SAR_HOST_REQUEST;
	if (!name_copy(name, sizeof(name), text))
		return SAR_NAMELENERR;
	sar = CALL(CreateContainer, app->handle, (uintptr_t)name, abi_cell_at(&handle));
	if (sar == SAR_OK)
		(void)CALL(CloseContainer, abi_cell_handle(library_config(), &handle));
	/* The standard has no code of its own for that. */
	else if (sar != SAR_DEVICE_REMOVED && sar != SAR_USER_NOT_LOGGED_IN &&
		 container_exists(app, name))
		sar = SAR_HOST_EXISTS;
	return sar;
}

uint32_t
op_delete_container(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct uk_span text;
	char name[NAME_ROOM];
	struct app *app;
	uint32_t sar = client_app(client, &app);

	(void)out;
	if (sar != SAR_OK)
		return sar;
	if (!skf_take_bytes(&in, &text) || !name_copy(name, sizeof(name), text))
		return SAR_HOST_REQUEST;
	return CALL(DeleteContainer, app->handle, (uintptr_t)name);
}

/* ---- reading ---- */

/* Libraries say "nothing there" in many ways. */
static bool
means_none(uint32_t sar)
{
	static const uint32_t codes[] = {SAR_FAIL,           SAR_UNKNOWNERR,  SAR_CERTNOTFOUNTERR,
					 SAR_KEYNOTFOUNTERR, SAR_KEYUSAGEERR, SAR_KEYINFOTYPEERR,
					 SAR_FILE_NOT_EXIST, 0x0a00000d /* OBJERR */};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i] == sar)
			return true;
	return false;
}

struct export
{
	enum entry entry;
	uint8_t pair;
	uint8_t *room;
	size_t size, len;
};

/* ExportCertificate, ExportPublicKey: (container, isSign, out, len) */
static uint32_t
run_export(uintptr_t container, void *data)
{
	const struct skf_config *config = library_config();
	struct export *export = data;
	struct abi_cell len = abi_cell_of(config, (uint32_t) export->size);
	uint32_t sar;

	memset(export->room, 0, export->size);
	sar = library_call(export->entry, (const uintptr_t[LIBRARY_ARGS]){container, export->pair,
									  (uintptr_t) export->room,
									  abi_cell_at(&len)});
	if (sar != SAR_OK)
		return sar;
	if (abi_cell_value(config, &len) > export->size)
		return SAR_HOST_DAMAGED;
	export->len = abi_cell_value(config, &len);
	return SAR_OK;
}

static uint32_t
export_run(struct client *client, struct uk_span in, struct export *export, uint32_t none)
{
	struct uk_span container;
	uint32_t sar;

	if (!skf_take_bytes(&in, &container) || !uk_take_u8(&in, &export->pair) ||
	    export->pair > GM_PAIR_SIGN)
		return SAR_HOST_REQUEST;
	sar = with_container(client, container, run_export, export);
	if (means_none(sar) || (sar == SAR_OK && export->len == 0))
		return none;
	return sar;
}

uint32_t
op_certificate(struct client *client, struct uk_span in, struct uk_writer *out)
{
	static uint8_t room[CERT_MOST];
	struct export export = {.entry = ENTRY_ExportCertificate, .room = room, .size = CERT_MOST};
	uint32_t sar = export_run(client, in, &export, SAR_CERTNOTFOUNTERR);

	if (sar == SAR_OK)
		skf_put_bytes(out, uk_span_of(room, export.len));
	return sar;
}

uint32_t
op_public_key(struct client *client, struct uk_span in, struct uk_writer *out)
{
	uint8_t room[BLOB_ROOM];
	struct export export = {.entry = ENTRY_ExportPublicKey, .room = room, .size = BLOB_ROOM};
	uint32_t sar = export_run(client, in, &export, SAR_KEYNOTFOUNTERR);

	return sar != SAR_OK ? sar : blob_public_key(uk_span_of(room, export.len), out);
}

/* What can be read of one pair: bits of the key, whether there is a certificate. */
static uint32_t
pair_look(uintptr_t container, uint8_t pair, uint32_t *bits, uint8_t *cert)
{
	static uint8_t room[CERT_MOST];
	struct export key = {
		.entry = ENTRY_ExportPublicKey, .pair = pair, .room = room, .size = BLOB_ROOM};
	struct export certificate = {
		.entry = ENTRY_ExportCertificate, .pair = pair, .room = room, .size = CERT_MOST};
	uint8_t message[BLOB_ROOM];
	struct uk_writer out = uk_writer_of(message, sizeof(message));
	uint32_t sar = run_export(container, &key);
	struct uk_span fields;
	uint8_t type;

	*bits = 0;
	if (sar == SAR_OK && key.len > 0) {
		sar = blob_public_key(uk_span_of(room, key.len), &out);
		fields = uk_writer_span(&out);
		if (sar == SAR_OK && (!uk_take_u8(&fields, &type) || !skf_take_u32(&fields, bits)))
			return SAR_HOST_DAMAGED;
	}
	if (sar != SAR_OK && !means_none(sar))
		return sar;
	sar = run_export(container, &certificate);
	*cert = sar == SAR_OK && certificate.len > 0 ? 1 : 0;
	return sar == SAR_OK || means_none(sar) ? SAR_OK : sar;
}

static uint32_t
run_info(uintptr_t container, void *data)
{
	const struct skf_config *config = library_config();
	struct uk_writer *out = data;
	struct abi_cell type = {0};
	uint32_t sar = CALL(GetContainerType, container, abi_cell_at(&type));

	if (sar != SAR_OK)
		return sar;
	uk_put_u8(out, (uint8_t)abi_cell_value(config, &type));
	for (uint8_t i = 0; i < 2; i++) {
		uint8_t pair = i == 0 ? GM_PAIR_SIGN : GM_PAIR_ENCRYPT;
		uint32_t bits;
		uint8_t cert;

		sar = pair_look(container, pair, &bits, &cert);
		if (sar != SAR_OK)
			return sar;
		skf_put_u32(out, bits);
		uk_put_u8(out, cert);
	}
	return SAR_OK;
}

uint32_t
op_container_info(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct uk_span container;

	if (!skf_take_bytes(&in, &container))
		return SAR_HOST_REQUEST;
	return with_container(client, container, run_info, out);
}

/* ---- writing ---- */

struct import {
	struct uk_span in;
	uint8_t pair;
};

static uint32_t
run_certificate(uintptr_t container, void *data)
{
	const struct import *import = data;

	return CALL(ImportCertificate, container, import->pair, (uintptr_t)import->in.ptr,
		    import->in.len);
}

uint32_t
op_import_certificate(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct uk_span container;
	struct import import;

	(void)out;
	if (!skf_take_bytes(&in, &container) || !uk_take_u8(&in, &import.pair) ||
	    import.pair > GM_PAIR_SIGN || !skf_take_bytes(&in, &import.in))
		return SAR_HOST_REQUEST;
	/* The standard does not say what an empty one does, and some would not survive it. */
	if (import.in.len == 0)
		return SAR_INDATALENERR;
	return with_container(client, container, run_certificate, &import);
}

/* ENVELOPEDKEYBLOB. */
static uint32_t
run_sm2(uintptr_t container, void *data)
{
	const struct import *import = data;
	const struct skf_config *config = library_config();
	uint8_t room[BLOB_ROOM] = {0};
	struct abi_writer blob = {config, uk_writer_of(room, sizeof(room))};
	struct uk_span in = import->in, private_key, x, y, parts[4];
	uint32_t alg;

	if (!skf_take_u32(&in, &alg) || !uk_take(&in, ABI_NUMBER_ROOM, &private_key) ||
	    !uk_take(&in, GM_SM2_LEN, &x) || !uk_take(&in, GM_SM2_LEN, &y) ||
	    !uk_take(&in, GM_SM2_LEN, &parts[0]) || !uk_take(&in, GM_SM2_LEN, &parts[1]) ||
	    !uk_take(&in, GM_SM3_LEN, &parts[2]) || !skf_take_bytes(&in, &parts[3]))
		return SAR_HOST_REQUEST;
	abi_put_ulong(&blob, 1); /* Version */
	abi_put_ulong(&blob, alg);
	abi_put_ulong(&blob, 8 * GM_SM2_LEN);
	abi_put(&blob, private_key);
	abi_put_ulong(&blob, 8 * GM_SM2_LEN);
	abi_put_number(&blob, ABI_NUMBER_ROOM, x);
	abi_put_number(&blob, ABI_NUMBER_ROOM, y);
	blob_put_cipher(&blob, parts);
	if (blob.out.overflow)
		return SAR_HOST_REQUEST;
	return CALL(ImportECCKeyPair, container, (uintptr_t)room);
}

uint32_t
op_import_sm2(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct uk_span container;
	struct import import;

	(void)out;
	if (!skf_take_bytes(&in, &container))
		return SAR_HOST_REQUEST;
	import = (struct import){.in = in};
	return with_container(client, container, run_sm2, &import);
}

static uint32_t
run_rsa(uintptr_t container, void *data)
{
	const struct import *import = data;
	struct uk_span in = import->in, wrapped, blob;
	uint32_t alg;

	if (!skf_take_u32(&in, &alg) || !skf_take_bytes(&in, &wrapped) ||
	    !skf_take_bytes(&in, &blob))
		return SAR_HOST_REQUEST;
	return CALL(ImportRSAKeyPair, container, alg, (uintptr_t)wrapped.ptr, wrapped.len,
		    (uintptr_t)blob.ptr, blob.len);
}

uint32_t
op_import_rsa(struct client *client, struct uk_span in, struct uk_writer *out)
{
	struct uk_span container;
	struct import import;

	(void)out;
	if (!skf_take_bytes(&in, &container))
		return SAR_HOST_REQUEST;
	import = (struct import){.in = in};
	return with_container(client, container, run_rsa, &import);
}
