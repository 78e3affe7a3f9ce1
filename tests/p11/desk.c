/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/p11/desk.h"

#include "tests/p11/check.h"
#include "tests/rig/rig.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define OPTIONS_MAX 40

/* A test that would spoil those behind it, where its keys come by another way (tests/skf-in). */
__attribute__((constructor)) static void
skip_one(void)
{
	const char *name = getenv("OPENUKEY_TEST_SKIP");

	if (name != NULL)
		cmocka_set_skip_filter(name);
}

static void
module_load(struct desk *desk)
{
	CK_C_GetFunctionList get_list;
	CK_C_GetInterface get_interface;
	CK_UTF8CHAR name[] = OPENUKEY_INTERFACE;
	CK_INTERFACE *itf = NULL;

	desk->module = dlopen(getenv("OPENUKEY_MODULE"), RTLD_NOW | RTLD_LOCAL);
	if (desk->module == NULL)
		fail_msg("%s", dlerror());
	*(void **)&get_list = dlsym(desk->module, "C_GetFunctionList");
	*(void **)&get_interface = dlsym(desk->module, "C_GetInterface");
	assert_non_null(get_list);
	assert_non_null(get_interface);
	assert_rv(get_list(&desk->f), CKR_OK);
	assert_rv(get_interface(name, NULL, &itf, 0), CKR_OK);
	desk->uk = itf->pFunctionList;
}

static void
start_on(struct desk *desk, struct rig *rig)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};

	assert_non_null(rig);
	desk->rig = rig;
	module_load(desk);
	assert_rv(desk->f->C_Initialize(&args), CKR_OK);
}

void
desk_start(struct desk *desk, unsigned int readers)
{
	start_on(desk, rig_start(readers));
}

void
desk_start_port(struct desk *desk, const char *kind)
{
	start_on(desk, rig_start_port(kind));
}

void
desk_stop(struct desk *desk)
{
	(void)desk->f->C_Finalize(NULL);
	(void)dlclose(desk->module);
	rig_stop(desk->rig);
	memset(desk, 0, sizeof(*desk));
}

static void
state_path(struct desk *desk, unsigned int reader, char *out, size_t size)
{
	(void)snprintf(out, size, "%s/key-%u.state", rig_dir(desk->rig), reader);
}

struct option_list {
	const char *words[OPTIONS_MAX];
	char paths[4][512];
	size_t count, paths_used;
};

static void
option(struct option_list *list, const char *name, const char *value)
{
	assert_true(list->count + 2 < OPTIONS_MAX);
	list->words[list->count++] = name;
	list->words[list->count++] = value;
}

static void
option_fixture(struct option_list *list, const char *name, const char *alg, const char *file)
{
	char *path = list->paths[list->paths_used++];

	(void)snprintf(path, sizeof(list->paths[0]), "%s/%s-%s", getenv("OPENUKEY_FIXTURES"), alg,
		       file);
	option(list, name, path);
}

const char *
desk_state(struct desk *desk, const struct desk_key *key, unsigned int reader)
{
	static char path[512];
	char serial[32];
	struct option_list list = {.count = 0};

	state_path(desk, reader, path, sizeof(path));
	(void)unlink(path);
	(void)snprintf(serial, sizeof(serial), "TEST%04u%04d", reader, (int)getpid() % 10000);
	option(&list, "--state", path);
	option(&list, "--model", key->model != NULL ? key->model : "V0");
	option(&list, "--serial", serial);
	option(&list, "--application", "OpenUKey-Rehearsal");
	option(&list, "--pin", DESK_PIN);
	option(&list, "--admin-pin", DESK_ADMIN_PIN);
	if (key->alg != NULL) {
		option(&list, "--container", DESK_CONTAINER);
		option_fixture(&list, "--sign-key", key->alg, "sign.key");
		if (!key->no_certs)
			option_fixture(&list, "--sign-cert", key->alg, "sign.pem");
	}
	if (key->alg != NULL && !key->no_enc_pair) {
		option_fixture(&list, "--enc-key", key->alg, "enc.key");
		if (!key->no_certs)
			option_fixture(&list, "--enc-cert", key->alg, "enc.pem");
	}
	assert_true(rig_provision(list.words));
	return path;
}

/* A test that failed half-way leaves its key in: the next one does not suffer for it. */
static void
reader_empty(struct desk *desk, unsigned int reader)
{
	if (desk->plugged[reader])
		desk_pull(desk, reader);
	desk->plugged[reader] = true;
}

void
desk_plug(struct desk *desk, unsigned int reader, const struct desk_key *key)
{
	(void)desk_state(desk, key, reader);
	desk_plug_again(desk, reader, key);
}

void
desk_plug_again(struct desk *desk, unsigned int reader, const struct desk_key *key)
{
	const char *const options[] = {"--model", key->model != NULL ? key->model : "V0", NULL};
	char path[512];

	state_path(desk, reader, path, sizeof(path));
	reader_empty(desk, reader);
	assert_true(rig_plug(desk->rig, reader, path, options));
}

void
desk_plug_state(struct desk *desk, unsigned int reader, const char *path)
{
	reader_empty(desk, reader);
	assert_true(rig_plug(desk->rig, reader, path, NULL));
}

const char *
desk_dir(struct desk *desk)
{
	return rig_dir(desk->rig);
}

void
desk_pull(struct desk *desk, unsigned int reader)
{
	desk->plugged[reader] = false;
	assert_true(rig_pull(desk->rig, reader));
}

void
desk_tell(struct desk *desk, unsigned int reader, const char *line)
{
	if (!rig_tell(desk->rig, reader, line))
		fail_msg("the key refuses \"%s\"", line);
}

/* The text behind "name": in the key's status; NULL when it is not there. Static storage. */
static const char *
status_value(struct desk *desk, unsigned int reader, const char *section, const char *name)
{
	static char answer[16384];
	char wanted[64];
	const char *found;

	assert_true(rig_ask(desk->rig, reader, "status", answer, sizeof(answer)));
	found = section == NULL ? answer : strstr(answer, section);
	if (found == NULL)
		fail_msg("no %s in %s", section, answer);
	(void)snprintf(wanted, sizeof(wanted), "\"%s\":", name);
	found = strstr(found, wanted);
	return found == NULL ? NULL : found + strlen(wanted);
}

long
desk_status(struct desk *desk, unsigned int reader, const char *name)
{
	const char *value = status_value(desk, reader, NULL, name);

	if (value == NULL)
		fail_msg("the key's status has no %s", name);
	return strncmp(value, "true", 4) == 0 ? 1 : strtol(value, NULL, 10);
}

long
desk_command_count(struct desk *desk, unsigned int reader, unsigned char ins)
{
	char name[3];
	const char *value;

	(void)snprintf(name, sizeof(name), "%02x", ins);
	value = status_value(desk, reader, "\"by_ins\":", name);
	return value == NULL ? 0 : strtol(value, NULL, 10);
}

CK_SLOT_ID
desk_slot(struct desk *desk, unsigned int reader)
{
	const char *name = rig_reader(desk->rig, reader);
	CK_SLOT_ID slots[64];
	CK_ULONG count = ARRAY_SIZE(slots);

	assert_rv(desk->f->C_GetSlotList(CK_FALSE, NULL, &count), CKR_OK);
	assert_rv(desk->f->C_GetSlotList(CK_FALSE, slots, &count), CKR_OK);
	for (CK_ULONG i = 0; i < count; i++) {
		CK_SLOT_INFO info;
		size_t len = strlen(name);

		assert_rv(desk->f->C_GetSlotInfo(slots[i], &info), CKR_OK);
		if (len > sizeof(info.slotDescription))
			len = sizeof(info.slotDescription);
		/* By way of a library its name is in front (drivers/skf). */
		if (memmem(info.slotDescription, sizeof(info.slotDescription), name, len) != NULL)
			return slots[i];
	}
	fail_msg("no slot for %s", name);
	return 0;
}

CK_SESSION_HANDLE
desk_session(struct desk *desk, unsigned int reader)
{
	CK_SESSION_HANDLE session = 0;

	assert_rv(desk->f->C_OpenSession(desk_slot(desk, reader),
					 CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
		  CKR_OK);
	return session;
}

CK_RV
desk_login(struct desk *desk, CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin)
{
	CK_UTF8CHAR copy[64];
	size_t len = strlen(pin);

	memcpy(copy, pin, len);
	return desk->f->C_Login(session, user, copy, len);
}

CK_SESSION_HANDLE
desk_user(struct desk *desk, const struct desk_key *key)
{
	CK_SESSION_HANDLE session;

	desk_plug(desk, 0, key);
	session = desk_session(desk, 0);
	assert_rv(desk_login(desk, session, CKU_USER, DESK_PIN), CKR_OK);
	return session;
}

CK_FLAGS
desk_token_flags(struct desk *desk, unsigned int reader)
{
	CK_TOKEN_INFO info;

	assert_rv(desk->f->C_GetTokenInfo(desk_slot(desk, reader), &info), CKR_OK);
	return info.flags;
}

static CK_ULONG
find_all(struct desk *desk, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class_,
	 CK_OBJECT_HANDLE *out, CK_ULONG max)
{
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class_, sizeof(class_)}};
	CK_ULONG count = 0;

	assert_rv(desk->f->C_FindObjectsInit(session, template, 1), CKR_OK);
	assert_rv(desk->f->C_FindObjects(session, out, max, &count), CKR_OK);
	assert_rv(desk->f->C_FindObjectsFinal(session), CKR_OK);
	return count;
}

CK_OBJECT_HANDLE
desk_find(struct desk *desk, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class_, unsigned char pair)
{
	CK_OBJECT_HANDLE objects[32];
	CK_ULONG count = find_all(desk, session, class_, objects, ARRAY_SIZE(objects));

	for (CK_ULONG i = 0; i < count; i++) {
		unsigned char id[80];
		CK_ULONG len = desk_attribute(desk, session, objects[i], CKA_ID, id, sizeof(id));

		if (len > 0 && id[len - 1] == pair)
			return objects[i];
	}
	return CK_INVALID_HANDLE;
}

CK_ULONG
desk_count(struct desk *desk, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class_)
{
	CK_OBJECT_HANDLE objects[32];

	return find_all(desk, session, class_, objects, ARRAY_SIZE(objects));
}

CK_ULONG
desk_attribute(struct desk *desk, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
	       CK_ATTRIBUTE_TYPE type, void *out, CK_ULONG size)
{
	CK_ATTRIBUTE attribute = {type, out, size};

	assert_rv(desk->f->C_GetAttributeValue(session, object, &attribute, 1), CKR_OK);
	return attribute.ulValueLen;
}

CK_RV
desk_sign(struct desk *desk, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism,
	  const void *data, CK_ULONG len, struct desk_signature *ret)
{
	CK_MECHANISM mech = {mechanism, NULL, 0};
	CK_OBJECT_HANDLE key = desk_find(desk, session, CKO_PRIVATE_KEY, 0);
	CK_RV rv = desk->f->C_SignInit(session, &mech, key);
	unsigned char copy[1024];

	if (rv != CKR_OK)
		return rv;
	assert_true(len <= sizeof(copy));
	memcpy(copy, data, len);
	ret->len = sizeof(ret->bytes);
	return desk->f->C_Sign(session, copy, len, ret->bytes, &ret->len);
}
