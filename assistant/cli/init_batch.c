/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ukey init --batch.  Every step of a key is noted before the next one begins; what a step does is
 * done again when it is not known whether it was done.
 */
#include "assistant/cli/batch.h"
#include "assistant/cli/init.h"
#include "assistant/core/errors.h"
#include "common/gm.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <openssl/rand.h>
#include <string.h>
#include <unistd.h>

#define RANDOM_PIN_LEN 13 /* 77 bits; what every model's padding carries */
#define LOCK_TRIES_MAX 16

/* One key on the bench. */
struct bench {
	OukToken *token;
	const struct uk_secret *device_key;
	BatchDesk desk;
	BatchNote note;
};

static void
bench_clear(struct bench *bench)
{
	g_clear_error(&bench->desk.error);
	uk_secret_wipe(&bench->note.pin);
}

static gboolean
random_pin(struct uk_secret *ret, GError **error)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz";
	guint8 byte = 0;

	ret->len = 0;
	while (ret->len < RANDOM_PIN_LEN) {
		if (RAND_bytes(&byte, 1) != 1)
			return ouk_fail(error, OUK_E_INTERNAL);
		if (byte < 4 * 62) /* all digits alike */
			ret->bytes[ret->len++] = (guint8)digits[byte % 62];
	}
	uk_wipe(&byte, sizeof(byte));
	return TRUE;
}

static gboolean
note(struct bench *bench, BatchState state, GError **error)
{
	bench->note.state = state;
	return batch_note_write(init_options.out, bench->desk.key->sn, &bench->note, error);
}

static gboolean
relay_failed(struct bench *bench, CK_RV rv, GError **error)
{
	if (bench->desk.error != NULL) {
		g_propagate_error(error, g_steal_pointer(&bench->desk.error));
		return FALSE;
	}
	if (rv == CKR_OPENUKEY_FOREIGN)
		return ouk_fail(error, OUK_E_ADMIN_PIN_WRONG);
	if (rv == CKR_OPENUKEY_LATE)
		return ouk_fail(error, OUK_E_UNLOCK_LATE);
	if (rv == CKR_OPENUKEY_ANSWER)
		return ouk_fail(error, OUK_E_UNLOCK_ANSWER);
	return ouk_fail_rv(error, OUK_TASK_DEVICE_KEY, rv);
}

/* ---- the steps ---- */

/* What an earlier run began is begun anew: nothing on it is worth keeping. */
static gboolean
application_clear(struct bench *bench, GError **error)
{
	OukToken *token = bench->token;
	CK_RV rv;

	if (token->blank)
		return TRUE;
	if (bench->note.state != BATCH_MADE)
		return ouk_fail(error, OUK_E_NOT_BLANK);
	rv = token->vendor->delete_application(token->slot, bench->device_key->bytes,
					       bench->desk.list->application);
	return rv == CKR_OK || ouk_fail_rv(error, OUK_TASK_DEVICE_KEY, rv);
}

static gboolean
application_make(struct bench *bench, const struct uk_secret *admin_pin, GError **error)
{
	OukToken *token = bench->token;
	const struct openukey_new_application settings = {
		.name = bench->desk.list->application,
		.admin_pin = admin_pin->bytes,
		.admin_pin_len = admin_pin->len,
		.admin_tries = (CK_ULONG)init_options.admin_tries,
		.user_pin = bench->note.pin.bytes,
		.user_pin_len = bench->note.pin.len,
		.user_tries = (CK_ULONG)init_options.tries,
	};
	struct openukey_relay relay = batch_relay(&bench->desk);
	CK_RV rv;

	rv = token->vendor->create_application(token->slot, bench->device_key->bytes, &settings);
	if (rv != CKR_OK)
		return ouk_fail_rv(error, OUK_TASK_DEVICE_KEY, rv);
	rv = token->vendor->change_admin_pin_by_relay(token->slot, bench->desk.key->sn, &relay);
	return rv == CKR_OK || relay_failed(bench, rv, error);
}

static gboolean
step_application(struct bench *bench, GError **error)
{
	UK_SECRET admin_pin = {0};

	bench->desk.admin_pin = &admin_pin;
	if (!application_clear(bench, error) || !random_pin(&admin_pin, error) ||
	    !note(bench, BATCH_MADE, error) || !random_pin(&bench->note.pin, error) ||
	    !application_make(bench, &admin_pin, error) || !note(bench, BATCH_ADMIN, error))
		return FALSE;
	ouk_token_refresh(bench->token);
	bench->token->blank = FALSE;
	return TRUE;
}

static char *
file_of(const struct bench *bench, const char *suffix)
{
	g_autofree char *name = g_strconcat(bench->desk.key->sn, suffix, NULL);

	return g_build_filename(init_options.out, name, NULL);
}

/* A key pair whose request nobody has seen is made anew. */
static gboolean
step_request(struct bench *bench, GError **error)
{
	OukToken *token = bench->token;
	g_autofree char *path = file_of(bench, ".csr");

	if (!ouk_token_open(token, TRUE, error) ||
	    !ouk_token_login(token, CKU_USER, &bench->note.pin, error))
		return FALSE;
	(void)token->vendor->delete_container(token->slot, (const CK_BYTE *)init_options.container,
					      strlen(init_options.container));
	init_options.request = path;
	init_options.unit = bench->desk.key->unit;
	init_options.force = TRUE;
	if (!init_request(token, &bench->note.pin, error))
		return FALSE;
	init_options.request = NULL;
	return note(bench, BATCH_REQUESTED, error);
}

static gboolean
step_device_key(struct bench *bench, GError **error)
{
	OukToken *token = bench->token;
	struct openukey_relay relay = batch_relay(&bench->desk);
	CK_RV rv = token->vendor->change_device_key_by_relay(token->slot, bench->desk.key->sn,
							     &relay, bench->device_key->bytes);

	return rv == CKR_OK ? note(bench, BATCH_DEVICE, error) : relay_failed(bench, rv, error);
}

static gboolean
step_enrol(struct bench *bench, GError **error)
{
	return batch_enrol(&bench->desk, error) && note(bench, BATCH_ENROLLED, error);
}

/* ---- what the CA sent back ---- */

/* The PIN as init_import reads it, in a pipe. */
static gboolean
pin_offer(const struct uk_secret *pin, GError **error)
{
	int ends[2];
	gboolean done;

	if (!g_unix_open_pipe(ends, FD_CLOEXEC, NULL))
		return ouk_fail(error, OUK_E_INTERNAL);
	done = write(ends[1], pin->bytes, pin->len) == (ssize_t)pin->len;
	close(ends[1]);
	cli_options.pin_fd = ends[0];
	return done || ouk_fail(error, OUK_E_INTERNAL);
}

static char *
file_if_there(const struct bench *bench, const char *suffix)
{
	g_autofree char *path = file_of(bench, suffix);

	return g_file_test(path, G_FILE_TEST_EXISTS) ? g_steal_pointer(&path) : NULL;
}

/* Nobody is to find out a PIN by trying: it is locked, and the owner activates the key. */
static gboolean
pin_lock(struct bench *bench, GError **error)
{
	OukToken *token = bench->token;
	UK_SECRET wrong = {0};
	CK_RV rv = CKR_PIN_INCORRECT;

	if (!random_pin(&wrong, error) || !ouk_token_open(token, TRUE, error))
		return FALSE;
	for (guint i = 0; rv == CKR_PIN_INCORRECT && i < LOCK_TRIES_MAX; i++)
		rv = token->module->C_Login(token->session, CKU_USER, wrong.bytes, wrong.len);
	return rv == CKR_PIN_LOCKED || ouk_fail_rv(error, OUK_TASK_USER_PIN, rv);
}

static gboolean
import_files(struct bench *bench, GError **error)
{
	gboolean done;

	init_options.sign_cert = file_if_there(bench, ".sign.crt");
	init_options.enc_cert = file_if_there(bench, ".enc.crt");
	init_options.envelope = file_if_there(bench, ".envelope");
	init_options.wrapped_key = file_if_there(bench, ".wrapped");
	init_options.key_blob = file_if_there(bench, ".blob");
	if (init_options.sign_cert == NULL)
		return ouk_fail_with(error, OUK_E_FILE_READ, "(%s.sign.crt)", bench->desk.key->sn);
	done = pin_offer(&bench->note.pin, error) && init_import(bench->token, error);
	if (cli_options.pin_fd >= 0)
		close(cli_options.pin_fd);
	cli_options.pin_fd = -1;
	g_clear_pointer(&init_options.sign_cert, g_free);
	g_clear_pointer(&init_options.enc_cert, g_free);
	g_clear_pointer(&init_options.envelope, g_free);
	g_clear_pointer(&init_options.wrapped_key, g_free);
	g_clear_pointer(&init_options.key_blob, g_free);
	return done;
}

static gboolean
step_import(struct bench *bench, GError **error)
{
	OukTries tries;

	/* Locked: an earlier run had come as far as that. */
	ouk_token_tries(bench->token, CKU_USER, &tries);
	if (!tries.locked && (!import_files(bench, error) || !pin_lock(bench, error)))
		return FALSE;
	uk_secret_wipe(&bench->note.pin);
	return note(bench, BATCH_DONE, error);
}

/* ---- one key after the other ---- */

/* What is done in a state; those that want the CA's files are done by --import only. */
static const struct {
	gboolean (*run)(struct bench *bench, GError **error);
	gboolean import;
} steps[BATCH_STATES] = {
	[BATCH_NEW] = {step_application, FALSE},
	[BATCH_MADE] = {step_application, FALSE},
	[BATCH_ADMIN] = {step_request, FALSE},
	[BATCH_REQUESTED] = {step_device_key, FALSE},
	[BATCH_DEVICE] = {step_enrol, FALSE},
	[BATCH_ENROLLED] = {step_import, TRUE},
	[BATCH_DONE] = {NULL, FALSE},
};

static gboolean
key_run(struct bench *bench, GError **error)
{
	const BatchKey *key = bench->desk.key;
	struct openukey_device_info info;

	if (!ouk_token_device(bench->token, &info, error))
		return FALSE;
	if (strcmp(info.model, key->model) != 0)
		return ouk_fail_with(error, OUK_E_BATCH_LIST, "(%s: %s)", key->sn, info.model);
	if (!batch_note_read(init_options.out, key->sn, &bench->note, error))
		return FALSE;
	while (steps[bench->note.state].run != NULL &&
	       steps[bench->note.state].import == init_options.import)
		if (!steps[bench->note.state].run(bench, error))
			return FALSE;
	return TRUE;
}

/* NULL: not a key of the list. */
static const BatchKey *
key_of(OukToken *token, const BatchList *list)
{
	struct openukey_device_info info;

	if (token->vendor == NULL || token->vendor->size <= OPENUKEY_SIZE_2 ||
	    !ouk_token_device(token, &info, NULL))
		return NULL;
	return batch_list_find(list, info.serial);
}

static gboolean
token_run(OukToken *token, const BatchList *list, const struct uk_secret *device_key,
	  GError **error)
{
	UK_CLEANUP(bench_clear)
	struct bench bench = {
		.token = token,
		.device_key = device_key,
		.desk = {.socket = init_options.unlockd,
			 .approvals = init_options.approvals,
			 .list = list,
			 .key = key_of(token, list),
			 .device_key = device_key},
	};

	if (bench.desk.key == NULL)
		return TRUE;
	if (!key_run(&bench, error)) {
		g_prefix_error(error, "%s: ", bench.desk.key->sn);
		return FALSE;
	}
	g_print(bench.note.state == BATCH_DONE
			? _("%s: ready to be handed over; its owner activates it.\n")
			: _("%s: personalised; its request waits for the CA.\n"),
		bench.desk.key->sn);
	return TRUE;
}

/* How many keys of the list are not finished. */
static guint
keys_left(const BatchList *list)
{
	guint left = 0;

	for (guint i = 0; i < list->keys->len; i++) {
		const BatchKey *key = g_ptr_array_index(list->keys, i);
		BatchNote of = {.state = BATCH_NEW};

		(void)batch_note_read(init_options.out, key->sn, &of, NULL);
		left += of.state < (init_options.import ? BATCH_DONE : BATCH_ENROLLED);
		uk_secret_wipe(&of.pin);
	}
	return left;
}

static gboolean
batch_work(const BatchList *list, GError **error)
{
	UK_CLEANUP(cli_keys_close) CliKeys keys = {0};
	UK_SECRET device_key = {0};
	guint left;

	init_options.container = list->container;
	init_options.algorithm = list->algorithm;
	if (!cli_keys_open(&keys, TRUE, error) ||
	    (!init_options.import &&
	     !init_device_key(g_ptr_array_index(keys.tokens, 0), &device_key, error)) ||
	    !cli_confirm(_("Personalise the keys of the list that are plugged in? ukey cannot make "
			   "them blank again."),
			 error))
		return FALSE;
	for (guint i = 0; i < keys.tokens->len; i++)
		if (!token_run(g_ptr_array_index(keys.tokens, i), list, &device_key, error))
			return FALSE;
	left = keys_left(list);
	if (left > 0)
		g_print(ngettext("%u key of the list is left. Plug it in and repeat.\n",
				 "%u keys of the list are left. Plug them in and repeat.\n", left),
			left);
	return TRUE;
}

gboolean
init_batch(GError **error)
{
	g_autoptr(BatchList) list = batch_list_read(init_options.batch, error);
	const InitOptions *o = &init_options;

	if (list == NULL)
		return FALSE;
	if (o->papers != NULL)
		return batch_papers_write(list, o->papers, error);
	if (o->out == NULL || (!o->import && (o->unlockd == NULL || o->approvals == NULL)))
		return ouk_fail_with(error, OUK_E_USAGE, "%s",
				     _("(--batch goes with --papers, or with --out, --unlockd and "
				       "--approvals.)"));
	if (g_mkdir_with_parents(o->out, 0700) != 0)
		return ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s)", o->out);
	return batch_work(list, error);
}
