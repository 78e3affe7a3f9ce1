/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey pin: change, test, unblock, info. */
#include "assistant/cli/cli.h"
#include "assistant/cli/words.h"
#include "assistant/core/errors.h"
#include "assistant/core/pin_rule.h"
#include "assistant/core/unlock.h"

#include <glib/gi18n.h>
#include <string.h>

/* ---- change ---- */

/* What is wrong with it, a sentence each; NULL when it will do. */
static char *
reasons(const OukPinRule *rule, const struct uk_secret *new_pin)
{
	guint broken = ouk_pin_rule_broken(rule, uk_secret_peek(new_pin), (struct uk_span){0});
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint id = 0; id < OUK_PIN_RULES; id++)
		if ((broken & 1U << id) != 0 && ouk_pin_rule_is_required((OukPinRuleId)id))
			g_string_append_printf(text, " %s",
					       ouk_pin_rule_reason(rule, (OukPinRuleId)id));
	return text->len > 0 ? g_strdup(text->str + 1) : NULL;
}

gboolean
cli_new_pin_good(OukToken *token, const struct uk_secret *new_pin, GError **error)
{
	g_autoptr(GPtrArray) certs = ouk_token_certs(token, error);
	g_autoptr(OukProfiles) profiles = ouk_profiles_load_default();
	const OukProfile *profile = NULL;
	const char *parts[] = {token->serial, NULL, NULL};
	g_autofree char *code = NULL;
	g_autoptr(OukPinRule) rule = NULL;
	g_autofree char *wrong = NULL;

	if (certs == NULL)
		return FALSE;
	for (guint i = 0; i < certs->len && profile == NULL; i++) {
		X509 *x509 = ((const OukCert *)g_ptr_array_index(certs, i))->x509;

		profile = ouk_profiles_for_cert(profiles, x509);
		g_free(code);
		code = ouk_x509_credit_code(x509);
	}
	parts[1] = code;
	rule = ouk_pin_rule_new(profile, (guint)token->pin_min,
				(guint)MIN(token->pin_max, G_MAXUINT16), parts);
	wrong = reasons(rule, new_pin);
	return wrong == NULL || ouk_fail_with(error, OUK_E_PIN_WEAK, "%s", wrong);
}

static gboolean
change(OukToken *token, GError **error)
{
	UK_SECRET old_pin = {0};
	UK_SECRET new_pin = {0};
	g_autoptr(GDateTime) now = NULL;
	g_autofree char *time = NULL;

	if (!ouk_token_open(token, TRUE, error) ||
	    !cli_tries_gate(token, CKU_USER, _("change the PIN"), error) ||
	    !cli_pin_get(token, cli_options.pin_fd, _("PIN now: "), &old_pin, error) ||
	    !ouk_token_check_pin(token, &old_pin, error) ||
	    !cli_new_pin_get(token, cli_options.new_pin_fd, &new_pin, error) ||
	    !cli_new_pin_good(token, &new_pin, error) ||
	    !ouk_token_change_pin(token, &old_pin, &new_pin, error))
		return FALSE;
	now = g_date_time_new_now_local();
	time = g_date_time_format(now, "%H:%M");
	g_print(_("PIN changed at %s on key %s (%s). Other computers need no change.\n"), time,
		token->label, token->serial);
	return TRUE;
}

/* ---- test ---- */

static gboolean
test(OukToken *token, GError **error)
{
	UK_SECRET pin = {0};
	g_autofree char *left = NULL;
	OukTries tries;

	if (!ouk_token_open(token, FALSE, error))
		return FALSE;
	g_printerr("%s\n", _("A wrong PIN costs one of the tries left; the right one gives all of "
			     "them back."));
	if (!cli_login(token, _("test the PIN"), &pin, error))
		return FALSE;
	ouk_token_logout(token);
	ouk_token_tries(token, CKU_USER, &tries);
	left = ouk_tries_text(&tries);
	g_print(_("The PIN is right. %s.\n"), left);
	return TRUE;
}

/* ---- unblock ---- */

static gboolean
unblock(OukToken *token, GError **error)
{
	UK_SECRET admin_pin = {0};
	UK_SECRET new_pin = {0};
	g_autofree char *left = NULL;
	OukTries tries;

	if (!ouk_token_open(token, TRUE, error))
		return FALSE;
	g_printerr("%s\n", _("Unlocking needs the administrator PIN, which usually only the CA "
			     "has. Wrong ones lock it for good."));
	if (!cli_tries_gate(token, CKU_SO, _("unlock the user PIN"), error) ||
	    !cli_pin_get(token, cli_options.admin_pin_fd, _("Administrator PIN: "), &admin_pin,
			 error) ||
	    !cli_new_pin_get(token, cli_options.new_pin_fd, &new_pin, error) ||
	    !cli_new_pin_good(token, &new_pin, error) ||
	    !ouk_token_login(token, CKU_SO, &admin_pin, error) ||
	    !ouk_token_init_pin(token, &new_pin, error))
		return FALSE;
	ouk_unlock_forget(token->serial);
	ouk_token_logout(token);
	ouk_token_tries(token, CKU_USER, &tries);
	left = ouk_tries_text(&tries);
	g_print(_("The key is unlocked and has the new PIN. %s.\n"), left);
	return TRUE;
}

/* ---- info ---- */

static void
print_tries(const char *name, const OukTries *tries)
{
	g_autofree char *left = ouk_tries_text(tries);

	g_print(_("%s: %s%s\n"), name, left,
		tries->is_default ? _(" (still the first PIN: change it)") : "");
}

static gboolean
info(OukToken *token, GError **error)
{
	OukTries user, admin;
	g_autoptr(JsonBuilder) json = NULL;

	if (token->blank)
		return ouk_fail(error, OUK_E_BLANK);
	ouk_token_tries(token, CKU_USER, &user);
	ouk_token_tries(token, CKU_SO, &admin);
	if (!cli_options.json) {
		g_print(_("Key %s, serial number %s\n"), token->label, token->serial);
		print_tries(_("PIN"), &user);
		admin.is_default = FALSE; /* not for the owner to change */
		print_tries(_("Administrator PIN"), &admin);
		return TRUE;
	}
	json = json_builder_new();
	json_builder_begin_object(json);
	cli_json_token(json, token);
	cli_json_tries(json, "user_pin", &user);
	cli_json_tries(json, "admin_pin", &admin);
	json_builder_end_object(json);
	cli_print_json(json_builder_get_root(json));
	return TRUE;
}

/* ---- the words after "pin" ---- */

static const struct {
	const char *name;
	gboolean (*run)(OukToken *token, GError **error);
} actions[] = {{"change", change}, {"test", test}, {"unblock", unblock}, {"info", info}};

#define TAKES (CLI_TAKES_PIN | CLI_TAKES_NEW_PIN | CLI_TAKES_ADMIN_PIN | CLI_TAKES_JSON)

static gboolean
run(int argc, char **argv, GError **error)
{
	UK_CLEANUP(cli_keys_close) CliKeys keys = {0};
	OukToken *token;

	if (!cli_parse(&cli_pin, &argc, &argv, TAKES, NULL, error) ||
	    !cli_arguments(argc, 1, 1, error))
		return FALSE;
	for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
		if (strcmp(actions[i].name, argv[1]) != 0)
			continue;
		if (!cli_keys_open(&keys, FALSE, error))
			return FALSE;
		token = cli_one_token(&keys, FALSE, error);
		return token != NULL && actions[i].run(token, error);
	}
	return ouk_fail_with(error, OUK_E_USAGE, "(%s)", argv[1]);
}

const CliCommand cli_pin = {"pin", N_("change|test|unblock|info"),
			    N_("change, test or unlock the PIN; tries left"), run};
