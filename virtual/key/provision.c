/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/provision.h"

#include "common/secret.h"
#include "virtual/key/ids.h"
#include "virtual/key/keyfile.h"
#include "virtual/key/model.h"
#include "virtual/key/protect.h"
#include "virtual/key/rsa.h"
#include "virtual/key/sm2.h"
#include "virtual/key/store.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APPLICATION "OpenUKey-Rehearsal"
#define USER_PIN    "123456"
#define ADMIN_PIN   "admin-8421"
#define SETTINGS    32

enum {
	EXIT_USAGE = 2,
	EXIT_STATE = 3,
	EXIT_INPUT = 5,
};

enum setting {
	SET_STATE,
	SET_MODEL,
	SET_SERIAL,
	SET_LABEL,
	SET_SPACE,
	SET_APPLICATION,
	SET_PIN,
	SET_ADMIN_PIN,
	SET_TRIES,
	SET_ADMIN_TRIES,
	SET_DEFAULT_PIN,
	SET_DEVICE_KEY,
	SET_CONTAINERS,
	SET_COUNT, /* the rest come in order and may come again */
	SET_CONTAINER = SET_COUNT,
	SET_GENERATE,
	SET_SIGN_KEY,
	SET_SIGN_CERT,
	SET_ENC_KEY,
	SET_ENC_CERT,
};

static const struct option options[] = {
	{"state", required_argument, NULL, SET_STATE},
	{"model", required_argument, NULL, SET_MODEL},
	{"serial", required_argument, NULL, SET_SERIAL},
	{"label", required_argument, NULL, SET_LABEL},
	{"space", required_argument, NULL, SET_SPACE},
	{"application", required_argument, NULL, SET_APPLICATION},
	{"pin", required_argument, NULL, SET_PIN},
	{"admin-pin", required_argument, NULL, SET_ADMIN_PIN},
	{"tries", required_argument, NULL, SET_TRIES},
	{"admin-tries", required_argument, NULL, SET_ADMIN_TRIES},
	{"default-pin", required_argument, NULL, SET_DEFAULT_PIN},
	{"device-key", required_argument, NULL, SET_DEVICE_KEY},
	{"containers", required_argument, NULL, SET_CONTAINERS},
	{"container", required_argument, NULL, SET_CONTAINER},
	{"generate", required_argument, NULL, SET_GENERATE},
	{"sign-key", required_argument, NULL, SET_SIGN_KEY},
	{"sign-cert", required_argument, NULL, SET_SIGN_CERT},
	{"enc-key", required_argument, NULL, SET_ENC_KEY},
	{"enc-cert", required_argument, NULL, SET_ENC_CERT},
	{NULL, 0, NULL, 0},
};

struct job {
	struct vk_store store;
	struct vk_state state;
	struct vk_app *app;
	struct vk_container *container;
	const char *values[SET_COUNT];
	struct {
		enum setting setting;
		const char *value;
	} steps[SETTINGS];
	size_t step_count;
};

static int
complain(int code, const char *what, const char *name)
{
	(void)fprintf(stderr, "openukey-virtual-key: %s: %s\n", name, what);
	return code;
}

static int
parse_options(struct job *job, int argc, char **argv)
{
	int setting;

	optind = 1;
	while ((setting = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (setting < 0 || setting > SET_ENC_CERT)
			return EXIT_USAGE; /* getopt has said what */
		if (setting < SET_COUNT) {
			job->values[setting] = optarg;
			continue;
		}
		if (job->step_count == SETTINGS)
			return complain(EXIT_USAGE, "too many container options", optarg);
		job->steps[job->step_count].setting = (enum setting)setting;
		job->steps[job->step_count++].value = optarg;
	}
	if (optind < argc)
		return complain(EXIT_USAGE, "not understood", argv[optind]);
	if (job->values[SET_STATE] == NULL)
		return complain(EXIT_USAGE, "is missing", "--state");
	return EXIT_SUCCESS;
}

static const char *
value_or(const struct job *job, enum setting setting, const char *otherwise)
{
	return job->values[setting] != NULL ? job->values[setting] : otherwise;
}

static int
make_blank(struct job *job)
{
	const char *model = value_or(job, SET_MODEL, "V0");

	if (vk_model_find(model) == NULL)
		return complain(EXIT_USAGE, "there is no such model", model);
	if (!vk_state_blank(&job->state, model, NULL, NULL))
		return complain(EXIT_FAILURE, "no random numbers", "libcrypto");
	return EXIT_SUCCESS;
}

static int
open_state(struct job *job)
{
	const char *path = job->values[SET_STATE];
	enum vk_loaded loaded = vk_store_open(&job->store, path);

	if (loaded == VK_LOADED)
		loaded = vk_store_load(&job->store, &job->state);
	if (loaded == VK_LOAD_EMPTY)
		return make_blank(job);
	if (loaded == VK_LOAD_BUSY)
		return complain(EXIT_STATE, "a virtual key runs on this state file", path);
	if (loaded != VK_LOADED)
		return complain(EXIT_STATE, "cannot be opened, or is damaged", path);
	if (job->values[SET_MODEL] != NULL &&
	    !vk_name_is(&job->state.model, uk_span_str(job->values[SET_MODEL])))
		return complain(EXIT_STATE, "belongs to a key of another model", path);
	return EXIT_SUCCESS;
}

static int
set_device(struct job *job)
{
	const char *key = job->values[SET_DEVICE_KEY];

	if (job->values[SET_SERIAL] != NULL &&
	    (strlen(job->values[SET_SERIAL]) > 32 ||
	     !vk_name_set(&job->state.serial, uk_span_str(job->values[SET_SERIAL]))))
		return complain(EXIT_USAGE, "at most 32 bytes", "--serial");
	if (job->values[SET_LABEL] != NULL &&
	    (strlen(job->values[SET_LABEL]) > GM_LABEL_MAX ||
	     !vk_name_set(&job->state.label, uk_span_str(job->values[SET_LABEL]))))
		return complain(EXIT_USAGE, "at most 32 bytes", "--label");
	if (key != NULL && strlen(key) != GM_BLOCK_LEN)
		return complain(EXIT_USAGE, "is 16 characters", "--device-key");
	if (key != NULL)
		memcpy(job->state.device_key, key, GM_BLOCK_LEN);
	if (job->values[SET_SPACE] != NULL) {
		uint32_t space;

		if (!vk_number_parse(job->values[SET_SPACE], 10, VK_SPACE_MAX, &space))
			return complain(EXIT_USAGE, "is a number up to 131072", "--space");
		job->state.space = space;
	}
	return EXIT_SUCCESS;
}

static int
set_tries(struct vk_pin *pin, const char *text, const char *name)
{
	uint32_t tries;

	if (text == NULL)
		return EXIT_SUCCESS;
	if (!vk_number_parse(text, 10, VK_TRIES_MAX, &tries) || tries == 0)
		return complain(EXIT_USAGE, "is a number from 1 to 15", name);
	pin->max = pin->left = (uint8_t)tries;
	return EXIT_SUCCESS;
}

static int
set_pin(struct vk_pin *pin, const char *text, const char *name)
{
	if (text == NULL)
		return EXIT_SUCCESS;
	if (!vk_pin_key(uk_span_str(text), pin->key))
		return complain(EXIT_USAGE, "is 6 to 16 characters", name);
	pin->left = pin->max;
	pin->is_default = true;
	return EXIT_SUCCESS;
}

static struct vk_app *
make_app(struct vk_state *state, const char *name)
{
	for (size_t i = 0; i < VK_APPS_MAX; i++) {
		struct vk_app *app = &state->apps[i];

		if (app->used)
			continue;
		if (!vk_name_set(&app->name, uk_span_str(name)) || app->name.len == 0 ||
		    app->name.len > GM_APP_NAME_MAX || !vk_state_room(state, 0))
			return NULL;
		app->used = true;
		app->create_rights = GM_RIGHT_USER;
		app->max_containers = VK_CONTAINERS_MAX;
		app->max_certs = 2 * VK_CONTAINERS_MAX;
		app->max_files = VK_FILES_MAX;
		for (size_t k = 0; k < 2; k++)
			app->pins[k].max = app->pins[k].left = VK_TRIES_DEFAULT;
		return app;
	}
	return NULL;
}

/* How many containers the application has room for, each with two certificates. */
static int
set_containers(struct vk_app *app, const char *text)
{
	uint32_t count;

	if (text == NULL)
		return EXIT_SUCCESS;
	if (!vk_number_parse(text, 10, VK_CONTAINERS_MAX, &count) || count == 0)
		return complain(EXIT_USAGE, "is a number from 1 to 32", "--containers");
	app->max_containers = (uint8_t)count;
	app->max_certs = (uint8_t)(2 * count);
	return EXIT_SUCCESS;
}

static int
set_application(struct job *job)
{
	const char *name = value_or(job, SET_APPLICATION, APPLICATION);
	const char *pin = job->values[SET_PIN], *admin_pin = job->values[SET_ADMIN_PIN];
	struct vk_pin *pins;
	int code;

	job->app = vk_app_by_name(&job->state, uk_span_str(name), NULL);
	if (job->app == NULL) {
		pin = pin == NULL ? USER_PIN : pin;
		admin_pin = admin_pin == NULL ? ADMIN_PIN : admin_pin;
		job->app = make_app(&job->state, name);
	}
	if (job->app == NULL)
		return complain(EXIT_USAGE, "no room for this application, or its name is wrong",
				name);
	pins = job->app->pins;
	code = set_containers(job->app, job->values[SET_CONTAINERS]);
	if (code == EXIT_SUCCESS)
		code = set_tries(&pins[GM_PIN_USER], job->values[SET_TRIES], "--tries");
	if (code == EXIT_SUCCESS)
		code = set_tries(&pins[GM_PIN_ADMIN], job->values[SET_ADMIN_TRIES],
				 "--admin-tries");
	if (code == EXIT_SUCCESS)
		code = set_pin(&pins[GM_PIN_USER], pin, "--pin");
	if (code == EXIT_SUCCESS)
		code = set_pin(&pins[GM_PIN_ADMIN], admin_pin, "--admin-pin");
	if (code == EXIT_SUCCESS && job->values[SET_DEFAULT_PIN] != NULL)
		pins[GM_PIN_USER].is_default = strcmp(job->values[SET_DEFAULT_PIN], "yes") == 0;
	return code;
}

static int
open_container(struct job *job, const char *name)
{
	job->container = vk_container_by_name(job->app, uk_span_str(name), NULL);
	for (size_t i = 0; i < VK_CONTAINERS_MAX && job->container == NULL; i++) {
		struct vk_container *container = &job->app->containers[i];

		if (container->used)
			continue;
		if (!vk_name_set(&container->name, uk_span_str(name)) || container->name.len == 0 ||
		    !vk_state_room(&job->state, 0))
			return complain(EXIT_USAGE, "no room, or its name is wrong", name);
		container->used = true;
		job->container = container;
	}
	return job->container == NULL ? complain(EXIT_USAGE, "too many containers", name)
				      : EXIT_SUCCESS;
}

static int
generate_key(struct vk_key *key, const char *kind)
{
	uint8_t pair[VK_SM2_PAIR_LEN];
	bool made = false;

	if (strcmp(kind, "sm2") == 0) {
		made = vk_sm2_generate(pair) &&
		       vk_blob_set(&key->secret, uk_span_of(pair, sizeof(pair)));
		uk_wipe(pair, sizeof(pair));
		key->type = GM_CONTAINER_SM2;
		key->bits = 256;
	} else if (strcmp(kind, "rsa2048") == 0) {
		made = vk_rsa_generate(2048, key);
	} else if (strcmp(kind, "rsa1024") == 0) {
		made = vk_rsa_generate(1024, key);
	}
	return made ? EXIT_SUCCESS
		    : complain(EXIT_USAGE, "can be sm2, rsa2048 or rsa1024", "--generate");
}

static int
run_step(struct job *job, enum setting setting, const char *value)
{
	struct vk_container *container = job->container;
	struct vk_state *state = &job->state;

	if (setting == SET_CONTAINER)
		return open_container(job, value);
	if (container == NULL)
		return complain(EXIT_USAGE, "comes before any --container", value);
	if (setting == SET_GENERATE)
		return generate_key(&container->keys[GM_PAIR_SIGN], value);
	if (setting == SET_SIGN_KEY || setting == SET_ENC_KEY) {
		size_t which = setting == SET_SIGN_KEY ? GM_PAIR_SIGN : GM_PAIR_ENCRYPT;

		if (!vk_keyfile_load_key(value, &container->keys[which]))
			return complain(EXIT_INPUT, "no private key of SM2 or RSA", value);
	} else {
		size_t which = setting == SET_SIGN_CERT ? GM_PAIR_SIGN : GM_PAIR_ENCRYPT;

		if (!vk_keyfile_load_cert(value, &container->certs[which]))
			return complain(EXIT_INPUT, "no certificate", value);
	}
	return vk_state_used(state) <= state->space
		       ? EXIT_SUCCESS
		       : complain(EXIT_INPUT, "no room left on the key", value);
}

static int
run_job(struct job *job)
{
	int code = open_state(job);
	bool blank = job->values[SET_APPLICATION] == NULL && job->values[SET_PIN] == NULL &&
		     job->values[SET_ADMIN_PIN] == NULL && job->values[SET_TRIES] == NULL &&
		     job->values[SET_ADMIN_TRIES] == NULL && job->values[SET_DEFAULT_PIN] == NULL &&
		     job->step_count == 0;

	if (code == EXIT_SUCCESS)
		code = set_device(job);
	if (code == EXIT_SUCCESS && !blank)
		code = set_application(job);
	for (size_t i = 0; code == EXIT_SUCCESS && i < job->step_count; i++)
		code = run_step(job, job->steps[i].setting, job->steps[i].value);
	if (code != EXIT_SUCCESS)
		return code;
	if (vk_store_save(&job->store, &job->state) != VK_STORED)
		return complain(EXIT_STATE, "cannot be written", job->values[SET_STATE]);
	return EXIT_SUCCESS;
}

int
vk_provision(int argc, char **argv)
{
	struct job *job = calloc(1, sizeof(*job));
	int code;

	if (job == NULL)
		return complain(EXIT_FAILURE, "no memory", "provision");
	job->store.fd = -1;
	code = parse_options(job, argc, argv);
	if (code == EXIT_SUCCESS)
		code = run_job(job);
	vk_state_clear(&job->state);
	vk_store_close(&job->store);
	free(job);
	return code;
}
