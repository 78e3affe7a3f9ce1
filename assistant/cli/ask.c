/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PINs and questions: what is asked, what it costs, and from where the answer may come. */
#include "assistant/cli/cli.h"
#include "assistant/core/errors.h"
#include "assistant/core/pin.h"
#include "assistant/core/unlock.h"

#include <glib/gi18n.h>
#include <stdlib.h>
#include <string.h>

/* With so few tries left a person must say that one may be spent. */
#define LAST_TRIES 3

/* What the person at the terminal types to let one of the last tries be spent. */
static gboolean
ask_last_tries(unsigned int left, GError **error)
{
	g_autofree char *prompt = NULL;
	g_autofree char *wanted = g_strdup_printf("%u", left);
	g_autofree char *answer = NULL;

	prompt = g_strdup_printf(
		ngettext(
			"Only %u try is left; a wrong PIN locks the key, and then only your CA can "
			"help.\nType %s to use it, or press Enter to stop: ",
			"Only %u tries are left; when they are used up the key locks, and then "
			"only your CA can help.\nType %s to use one, or press Enter to stop: ",
			left),
		left, wanted);
	answer = ouk_terminal_ask(prompt, error);
	if (answer == NULL) {
		g_clear_error(error);
		return ouk_fail(error, OUK_E_LAST_TRIES);
	}
	return strcmp(answer, wanted) == 0 || ouk_fail(error, OUK_E_CANCELLED);
}

/* The hint is for the owner: nobody but the CA changes the administrator PIN. */
static void
say_purpose(const OukToken *token, CK_USER_TYPE user, const OukTries *tries, const char *purpose)
{
	g_autofree char *left = ouk_tries_text(tries);

	g_printerr(_("Key %s (%s). For: %s. %s.\n"), token->label, token->serial, purpose, left);
	if (tries->is_default && user == CKU_USER)
		g_printerr(
			_("This is still the first PIN the key was issued with, which others know "
			  "too.\n"));
}

/* Whether the try was confirmed, by the number given or by asking; arms it on the key's driver. */
static gboolean
confirm_try(OukToken *token, CK_USER_TYPE user, const OukTries *tries, GError **error)
{
	if (!tries->exact)
		return TRUE;
	if (cli_options.confirm_tries >= 0) {
		if ((unsigned int)cli_options.confirm_tries != tries->left)
			return ouk_fail(error, OUK_E_COUNTER_MOVED);
	} else if (tries->left <= LAST_TRIES) {
		if (!ask_last_tries(tries->left, error))
			return FALSE;
	} else if ((user == CKU_SO ? cli_options.admin_pin_fd : cli_options.pin_fd) >= 0) {
		return TRUE; /* nobody was shown the tries: the local policy decides */
	}
	return ouk_token_confirm_try(token, user, tries->left, error);
}

gboolean
cli_tries_gate(OukToken *token, CK_USER_TYPE user, const char *purpose, GError **error)
{
	OukTries tries;

	if (user == CKU_USER && !ouk_unlock_check(token->serial, error))
		return FALSE;
	ouk_token_tries(token, user, &tries);
	if (tries.locked)
		return ouk_fail(error, user == CKU_SO ? OUK_E_ADMIN_PIN_LOCKED : OUK_E_PIN_LOCKED);
	say_purpose(token, user, &tries, purpose);
	return confirm_try(token, user, &tries, error);
}

static gboolean
has_keypad(const OukToken *token)
{
	return (token->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
}

gboolean
cli_pin_get(OukToken *token, int fd, const char *prompt, struct uk_secret *ret_pin, GError **error)
{
	if (fd >= 0)
		return ouk_pin_read(fd, ret_pin, error);
	if (has_keypad(token)) {
		g_printerr("%s\n", _("Type the PIN on the key's own keypad."));
		return TRUE;
	}
	return ouk_pin_ask(prompt, ret_pin, error);
}

gboolean
cli_new_pin_get(OukToken *token, int fd, struct uk_secret *ret_pin, GError **error)
{
	g_autofree char *prompt = NULL;
	UK_SECRET first = {0};
	UK_SECRET second = {0};

	if (fd >= 0)
		return ouk_pin_read(fd, ret_pin, error) &&
		       ouk_token_check_pin(token, ret_pin, error);
	if (has_keypad(token))
		return TRUE;
	prompt = g_strdup_printf(_("New PIN (%lu to %lu characters, better letters and digits): "),
				 token->pin_min, token->pin_max);
	if (!ouk_pin_ask(prompt, &first, error) || !ouk_token_check_pin(token, &first, error) ||
	    !ouk_pin_ask(_("New PIN once more: "), &second, error))
		return FALSE;
	if (!uk_span_equal(uk_secret_peek(&first), uk_secret_peek(&second)))
		return ouk_fail(error, OUK_E_PIN_MISMATCH);
	*ret_pin = first;
	return TRUE;
}

gboolean
cli_login(OukToken *token, const char *purpose, struct uk_secret *ret_pin, GError **error)
{
	if (!cli_tries_gate(token, CKU_USER, purpose, error) ||
	    !cli_pin_get(token, cli_options.pin_fd, _("PIN: "), ret_pin, error))
		return FALSE;
	return ouk_token_login(token, CKU_USER, ret_pin, error);
}

gboolean
cli_confirm(const char *question, GError **error)
{
	g_autofree char *prompt = g_strdup_printf("%s %s ", question, _("[y/N]"));
	g_autofree char *answer = NULL;

	if (cli_options.yes)
		return TRUE;
	answer = ouk_terminal_ask(prompt, error);
	if (answer == NULL) {
		g_clear_error(error);
		return ouk_fail(error, OUK_E_NOT_CONFIRMED);
	}
	if (g_ascii_strcasecmp(answer, "y") == 0 || g_ascii_strcasecmp(answer, "yes") == 0 ||
	    strcmp(answer, "是") == 0)
		return TRUE;
	return ouk_fail(error, OUK_E_CANCELLED);
}
