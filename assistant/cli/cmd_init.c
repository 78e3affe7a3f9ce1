/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey init: personalise a key. */
#include "assistant/cli/init.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <string.h>

InitOptions init_options = {
	.tries = 10,
	.admin_tries = 10,
	.new_device_key_fd = -1,
	.bits = 2048,
};

#define TEXT(name, where, help, value)                                            \
	{                                                                         \
		name, 0, 0, G_OPTION_ARG_STRING, &init_options.where, help, value \
	}
#define NUMBER(name, where, help, value)                                       \
	{                                                                      \
		name, 0, 0, G_OPTION_ARG_INT, &init_options.where, help, value \
	}
#define PATH(name, where, help)                                                          \
	{                                                                                \
		name, 0, 0, G_OPTION_ARG_FILENAME, &init_options.where, help, N_("FILE") \
	}
#define SWITCH(name, where, help)                                              \
	{                                                                      \
		name, 0, 0, G_OPTION_ARG_NONE, &init_options.where, help, NULL \
	}

static const GOptionEntry entries[] = {
	PATH("request", request, N_("make a key pair and write its PKCS #10 request here")),
	TEXT("container", container, N_("name of the container for keys and certificates"),
	     N_("NAME")),
	TEXT("alg", algorithm, N_("sm2 or rsa"), N_("ALGORITHM")),
	NUMBER("bits", bits, N_("size of an RSA key: 1024 or 2048"), N_("NUMBER")),
	TEXT("unit", unit, N_("the unit's name, for the request"), N_("NAME")),
	TEXT("subject", subject, N_("the request's whole name: /C=CN/O=…/CN=…"), N_("NAME")),
	SWITCH("force", force, N_("replace a request file that exists")),
	TEXT("application", application, N_("blank key: name of the application to make"),
	     N_("NAME")),
	TEXT("label", label, N_("blank key: the key's name"), N_("NAME")),
	NUMBER("tries", tries, N_("blank key: wrong PINs until it locks, 1 to 10"), N_("NUMBER")),
	NUMBER("admin-tries", admin_tries,
	       N_("blank key: wrong administrator PINs until it locks, 1 to 10"), N_("NUMBER")),
	NUMBER("new-device-key-fd", new_device_key_fd,
	       N_("blank key: read a new device authentication key from this descriptor"),
	       N_("FD")),
	SWITCH("import", import, N_("write what the CA sent back to the key")),
	PATH("sign-cert", sign_cert, N_("import: signing certificate")),
	PATH("enc-cert", enc_cert, N_("import: encryption certificate")),
	PATH("envelope", envelope, N_("import: enveloped SM2 encryption key pair")),
	PATH("wrapped-key", wrapped_key, N_("import: wrapped symmetric key of an RSA pair")),
	PATH("key-blob", key_blob, N_("import: RSA encryption key pair under that key")),
	PATH("batch", batch, N_("personalise the keys of this list, with a CA's service")),
	PATH("papers", papers, N_("batch: write what operators sign to this folder, and end")),
	PATH("approvals", approvals, N_("batch: folder with the operators' answers")),
	PATH("unlockd", unlockd, N_("batch: socket of openukey-unlockd")),
	PATH("out", out, N_("batch: folder for requests, certificates and notes")),
	{NULL}};

#define TAKES                                                                             \
	(CLI_TAKES_PIN | CLI_TAKES_NEW_PIN | CLI_TAKES_ADMIN_PIN | CLI_TAKES_DEVICE_KEY | \
	 CLI_TAKES_YES)

#define TRIES_MAX 10 /* GM/T 0027 */

GBytes *
init_object_id(const OukToken *token, const char *container, gboolean encryption)
{
	g_autoptr(GByteArray) id = g_byte_array_new();
	guint8 pair = encryption ? 1 : 0;

	g_byte_array_append(id, (const guint8 *)container, (guint)strlen(container));
	if (token->vendor != NULL)
		g_byte_array_append(id, &pair, 1);
	return g_byte_array_free_to_bytes(g_steal_pointer(&id));
}

static gboolean
has_import_files(void)
{
	return init_options.sign_cert != NULL || init_options.enc_cert != NULL ||
	       init_options.envelope != NULL || init_options.wrapped_key != NULL ||
	       init_options.key_blob != NULL;
}

static gboolean
check_options(GError **error)
{
	const InitOptions *o = &init_options;

	if (o->import == (o->request != NULL))
		return ouk_fail_with(error, OUK_E_USAGE, "%s",
				     _("(Say either --request or --import.)"));
	if (o->container == NULL || *o->container == '\0')
		return ouk_fail_with(error, OUK_E_USAGE, "%s", _("(Say --container.)"));
	if (o->import != has_import_files())
		return ouk_fail_with(error, OUK_E_USAGE, "%s",
				     _("(--import goes with the files to import.)"));
	if ((o->wrapped_key == NULL) != (o->key_blob == NULL))
		return ouk_fail_with(error, OUK_E_USAGE, "%s",
				     _("(--wrapped-key and --key-blob go together.)"));
	if (o->request != NULL && (o->subject == NULL) == (o->unit == NULL))
		return ouk_fail_with(error, OUK_E_USAGE, "%s",
				     _("(Say either --unit or --subject.)"));
	if (o->algorithm != NULL && strcmp(o->algorithm, "sm2") != 0 &&
	    strcmp(o->algorithm, "rsa") != 0)
		return ouk_fail_with(error, OUK_E_USAGE, "(--alg %s)", o->algorithm);
	if (o->bits != 1024 && o->bits != 2048)
		return ouk_fail_with(error, OUK_E_USAGE, "(--bits %d)", o->bits);
	if (o->tries < 1 || o->tries > TRIES_MAX || o->admin_tries < 1 ||
	    o->admin_tries > TRIES_MAX)
		return ouk_fail_with(error, OUK_E_USAGE, "(--tries, --admin-tries)");
	return TRUE;
}

static gboolean
make_request(OukToken *token, GError **error)
{
	UK_SECRET pin = {0};
	const char *path = init_options.request;

	if (!init_options.force && g_file_test(path, G_FILE_TEST_EXISTS))
		return ouk_fail_with(error, OUK_E_FILE_EXISTS, "(%s)", path);
	if (!token->blank) {
		if (init_options.application != NULL)
			return ouk_fail(error, OUK_E_NOT_BLANK);
		return ouk_token_open(token, TRUE, error) &&
		       cli_login(token, _("make a key pair"), &pin, error) &&
		       init_request(token, &pin, error);
	}
	return init_blank(token, &pin, error) && ouk_token_open(token, TRUE, error) &&
	       ouk_token_login(token, CKU_USER, &pin, error) && init_request(token, &pin, error);
}

static gboolean
run(int argc, char **argv, GError **error)
{
	UK_CLEANUP(cli_keys_close) CliKeys keys = {0};
	OukToken *token;

	if (!cli_parse(&cli_init, &argc, &argv, TAKES, entries, error) ||
	    !cli_arguments(argc, 0, 0, error))
		return FALSE;
	if (init_options.batch != NULL)
		return init_batch(error);
	if (!check_options(error) || !cli_keys_open(&keys, init_options.request != NULL, error))
		return FALSE;
	token = cli_one_token(&keys, init_options.request != NULL, error);
	if (token == NULL)
		return FALSE;
	return init_options.import ? init_import(token, error) : make_request(token, error);
}

const CliCommand cli_init = {"init", "", N_("personalise a key: request, then import"), run};
