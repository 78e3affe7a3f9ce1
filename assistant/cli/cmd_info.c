/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey info: what kind of key it is. */
#include "assistant/cli/cli.h"
#include "assistant/cli/words.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>

static void
print_line(const char *name, const char *text)
{
	if (text != NULL && *text != '\0')
		g_print(_("  %s: %s\n"), name, text);
}

static void
print_tries(const char *name, OukToken *token, CK_USER_TYPE user)
{
	g_autofree char *left = NULL;
	OukTries tries;

	ouk_token_tries(token, user, &tries);
	left = ouk_tries_text(&tries);
	g_print(_("  %s: %s%s\n"), name, left,
		tries.is_default && user == CKU_USER ? _(" (still the first PIN: change it)") : "");
}

static void
print_device(const struct openukey_device_info *device)
{
	if ((device->flags & OPENUKEY_DEVICE_VIRTUAL) != 0)
		g_print("  %s\n", _("A VIRTUAL key for rehearsals: nothing signed with it binds "
				    "anybody."));
	print_line(_("Issued by"), device->issuer);
	print_line(_("Application"), device->application);
	g_print(_("  Hardware %u.%u, firmware %u.%u, specification %u.%u\n"),
		(unsigned int)device->hardware.major, (unsigned int)device->hardware.minor,
		(unsigned int)device->firmware.major, (unsigned int)device->firmware.minor,
		(unsigned int)device->specification.major,
		(unsigned int)device->specification.minor);
	g_print(_("  Space: %lu of %lu bytes free\n"), device->free_space, device->total_space);
	g_print(_("  Room for %lu containers, %lu certificates, %lu files\n"),
		device->max_containers, device->max_certificates, device->max_files);
	if ((device->flags & OPENUKEY_DEVICE_VERIFIED) == 0)
		g_print("  %s\n",
			_("PIN change and unlocking are not proven on this model and stay "
			  "off."));
	if ((device->flags & OPENUKEY_DEVICE_AUTH_EACH_USE) != 0)
		g_print("  %s\n", _("This key wants its PIN before each signature."));
}

static void
print_token(OukToken *token)
{
	struct openukey_device_info device = {0};

	g_print(_("Key %s, serial number %s\n"), token->label, token->serial);
	print_line(_("Made by"), token->maker);
	print_line(_("Model"), token->model);
	print_line(_("Reader"), token->reader);
	if (ouk_token_device(token, &device, NULL))
		print_device(&device);
	if (token->blank) {
		g_print("  %s\n", _("This key is blank: nobody has personalised it yet."));
		return;
	}
	print_tries(_("PIN"), token, CKU_USER);
	print_tries(_("Administrator PIN"), token, CKU_SO);
}

static char *
version_text(CK_VERSION version)
{
	return g_strdup_printf("%u.%u", (unsigned int)version.major, (unsigned int)version.minor);
}

static void
json_device(JsonBuilder *json, const struct openukey_device_info *device)
{
	g_autofree char *hardware = version_text(device->hardware);
	g_autofree char *firmware = version_text(device->firmware);
	g_autofree char *specification = version_text(device->specification);

	json_builder_set_member_name(json, "device");
	json_builder_begin_object(json);
	cli_json_flag(json, "virtual", (device->flags & OPENUKEY_DEVICE_VIRTUAL) != 0);
	cli_json_flag(json, "verified", (device->flags & OPENUKEY_DEVICE_VERIFIED) != 0);
	cli_json_flag(json, "pin_for_each_use",
		      (device->flags & OPENUKEY_DEVICE_AUTH_EACH_USE) != 0);
	cli_json_text(json, "manufacturer", device->manufacturer);
	cli_json_text(json, "issuer", device->issuer);
	cli_json_text(json, "label", device->label);
	cli_json_text(json, "model", device->model);
	cli_json_text(json, "application", device->application);
	cli_json_text(json, "hardware", hardware);
	cli_json_text(json, "firmware", firmware);
	cli_json_text(json, "specification", specification);
	cli_json_number(json, "total_space", (gint64)device->total_space);
	cli_json_number(json, "free_space", (gint64)device->free_space);
	cli_json_number(json, "max_containers", (gint64)device->max_containers);
	cli_json_number(json, "max_certificates", (gint64)device->max_certificates);
	cli_json_number(json, "max_files", (gint64)device->max_files);
	json_builder_end_object(json);
}

static void
print_token_json(OukToken *token)
{
	struct openukey_device_info device = {0};
	g_autoptr(JsonBuilder) json = json_builder_new();
	OukTries tries;

	json_builder_begin_object(json);
	cli_json_token(json, token);
	if (ouk_token_device(token, &device, NULL))
		json_device(json, &device);
	if (!token->blank) {
		ouk_token_tries(token, CKU_USER, &tries);
		cli_json_tries(json, "user_pin", &tries);
		ouk_token_tries(token, CKU_SO, &tries);
		cli_json_tries(json, "admin_pin", &tries);
	}
	json_builder_end_object(json);
	cli_print_json(json_builder_get_root(json));
}

static gboolean
run(int argc, char **argv, GError **error)
{
	UK_CLEANUP(cli_keys_close) CliKeys keys = {0};
	OukToken *token;

	if (!cli_parse(&cli_info, &argc, &argv, CLI_TAKES_JSON, NULL, error) ||
	    !cli_arguments(argc, 0, 0, error) || !cli_keys_open(&keys, FALSE, error))
		return FALSE;
	token = cli_one_token(&keys, cli_options.token != NULL || keys.tokens->len == 1, error);
	if (token == NULL)
		return FALSE;
	if (cli_options.json)
		print_token_json(token);
	else
		print_token(token);
	return TRUE;
}

const CliCommand cli_info = {"info", "", N_("what kind of key it is, space and tries left"), run};
