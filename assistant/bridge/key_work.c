/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/key_work.h"

#include "assistant/bridge/site.h"
#include "assistant/core/errors.h"
#include "assistant/core/flow.h"
#include "assistant/core/prompt_facts.h"

#include <glib/gi18n.h>
#include <string.h>

/* ---- the login of a key ---- */

struct find {
	OukBridge *bridge;
	const char *token_id;
	OukLogin *login;
};

static void
find_run(gpointer data)
{
	struct find *find = data;

	find->login =
		ouk_sessions_login(find->bridge->sessions, find->bridge->watch, find->token_id);
}

OukLogin *
key_login(OukPageDesk *desk, OukTokenView *key, GError **error)
{
	struct find find = {desk->bridge, ouk_token_view_info(key)->id, NULL};

	work_on_main(desk->bridge, find_run, &find);
	if (find.login == NULL)
		ouk_fail(error, OUK_E_REMOVED);
	return find.login;
}

gboolean
key_open(OukLogin *login, GError **error)
{
	const OukPlace *place = &login->slot->place;
	g_autoptr(OukToken) token = NULL;

	if (login->token != NULL)
		return TRUE;
	token = ouk_token_new(place->module, place->slot, place->vendor);
	if (token == NULL || strcmp(token->serial, login->serial) != 0)
		return ouk_fail(error, OUK_E_REMOVED);
	if (!ouk_token_open(token, TRUE, error))
		return FALSE;
	login->token = g_steal_pointer(&token);
	return TRUE;
}

gboolean
key_do(OukLogin *login, KeyWork work, gpointer data, GError **error)
{
	gboolean done;

	g_mutex_lock(&login->slot->busy);
	done = login->token != NULL ? work(login->token, NULL, data, error)
				    : ouk_fail(error, OUK_E_LOGIN_LOST);
	g_mutex_unlock(&login->slot->busy);
	return done;
}

gboolean
key_tries(OukPageDesk *desk, OukTokenView *key, OukTries *ret, GError **error)
{
	g_autoptr(OukLogin) login = key_login(desk, key, error);
	gboolean open;

	if (login == NULL)
		return FALSE;
	g_mutex_lock(&login->slot->busy);
	open = key_open(login, error);
	if (open)
		ouk_token_tries(login->token, CKU_USER, ret);
	g_mutex_unlock(&login->slot->busy);
	ouk_sessions_tidy(desk->bridge->sessions, login);
	return open;
}

/* ---- what a window says ---- */

/* After so many noes the site has to be quiet for a while. */
static const OukRate stops = {3, 60};

void
key_stopped(OukPage *page)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&page->bridge->lock);
	g_autofree char *name = g_strdup_printf("stop %s", page->origin);

	page->word.stopped_at = g_get_monotonic_time();
	(void)ouk_rates_take(page->bridge->rates, name, &stops, page->word.stopped_at);
}

/* From here to window_close, pulling the key ends the call. */
static gboolean
window_open(OukPageDesk *desk, OukTokenView *key, GError **error)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&desk->bridge->lock);
	g_autofree char *name = g_strdup_printf("stop %s", desk->page->origin);

	if (!ouk_rates_fits(desk->bridge->rates, name, &stops, g_get_monotonic_time()))
		return ouk_fail(error, OUK_E_PAGE_BUSY);
	desk->call->asking = ouk_token_view_info(key)->id;
	return TRUE;
}

/* FALSE, with another error, when the key was pulled. */
static gboolean
window_close(OukPageDesk *desk, gboolean done, GError **error)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&desk->bridge->lock);

	desk->call->asking = NULL;
	if (done || !desk->call->pulled)
		return done;
	g_clear_error(error);
	return ouk_fail(error, OUK_E_REMOVED);
}

static void
request_key(OukPromptRequest *request, OukTokenView *key)
{
	const OukTokenInfo *info = ouk_token_view_info(key);

	request->token = g_strdup(info->label);
	request->nickname = g_strdup(info->nickname);
	request->serial = g_strdup(info->serial_end);
	request->unit = g_strdup(info->unit);
	request->rehearsal = (info->flags & OUK_TOKEN_VIRTUAL) != 0;
}

static void
request_pin(OukPageDesk *desk, OukTokenView *key, OukPromptRequest *request)
{
	const OukTokenInfo *info = ouk_token_view_info(key);
	OukPairView *best = ouk_token_view_best(key);
	const OukPairCert *cert = best != NULL ? ouk_pair_view_cert(best) : NULL;
	const OukProfile *profile =
		cert != NULL ? ouk_profiles_for_cert(desk->bridge->profiles, cert->x509) : NULL;
	const char *parts[] = {info->serial,
			       best != NULL ? ouk_pair_view_info(best)->credit_code : NULL, NULL};

	request->min_length = (int)MIN(info->pin_min, G_MAXUINT8);
	request->max_length = (int)MIN(info->pin_max, G_MAXUINT8);
	request->first_pin = (info->flags & OUK_TOKEN_FIRST_PIN) != 0;
	ouk_prompt_set_profile(request, profile, parts);
}

gboolean
key_confirm(OukPageDesk *desk, OukTokenView *key, const char *heading, const char *text,
	    const char *yes, GError **error)
{
	OukPromptDecision decision = OUK_PROMPT_NO;
	g_autoptr(GError) wrong = NULL;
	OukPromptRequest request;
	gboolean answered;
	guint choice;

	if (!window_open(desk, key, error))
		return FALSE;
	ouk_prompt_request_init(&request);
	request.reason = OUK_PROMPT_QUESTION;
	site_request(desk->page, &request);
	request_key(&request, key);
	request.heading = g_strdup(heading);
	request.text = g_strdup(text);
	request.yes = g_strdup(yes);
	request.no = yes != NULL ? g_strdup(_("_Cancel")) : NULL;
	answered = ouk_ask_question(desk->bridge->asks, &request, desk->call->cancellable,
				    &decision, &choice, &wrong);
	ouk_prompt_request_clear(&request);
	if (!window_close(desk, answered, &wrong)) {
		g_propagate_error(error, g_steal_pointer(&wrong));
		return FALSE;
	}
	if (decision == OUK_PROMPT_YES)
		return TRUE;
	if (yes != NULL)
		key_stopped(desk->page);
	return ouk_fail(error, OUK_E_CANCELLED);
}

gboolean
key_choose(OukPageDesk *desk, const char *lines, guint *ret_choice, GError **error)
{
	g_autofree char *site = site_words(desk->page);
	OukPromptDecision decision = OUK_PROMPT_NO;
	OukPromptRequest request;
	gboolean answered;

	ouk_prompt_request_init(&request);
	request.reason = OUK_PROMPT_QUESTION;
	site_request(desk->page, &request);
	request.heading = g_strdup_printf(_("Which certificate for %s?"), site);
	request.yes = g_strdup(_("_Use This One"));
	request.no = g_strdup(_("_Cancel"));
	request.choices = g_strdup(lines);
	answered = ouk_ask_question(desk->bridge->asks, &request, desk->call->cancellable,
				    &decision, ret_choice, error);
	ouk_prompt_request_clear(&request);
	if (!answered || decision == OUK_PROMPT_YES)
		return answered;
	key_stopped(desk->page);
	return ouk_fail(error, OUK_E_CANCELLED);
}

/* ---- a PIN ---- */

/* One conversation. */
struct talk {
	OukPageDesk *desk;
	OukTokenView *key;
	OukLogin *login;
	const KeyAsk *ask;
	OukAsk window;
	OukPromptRequest request;
	OukTries tries;
};

/* So few that a page may not spend one. */
static gboolean
is_few(const OukTries *tries)
{
	return ouk_flow_tries(tries) == OUK_FLOW_FEW;
}

static gboolean
tries_read(struct talk *talk, GError **error)
{
	gboolean open;

	g_mutex_lock(&talk->login->slot->busy);
	open = key_open(talk->login, error);
	if (open)
		ouk_token_tries(talk->login->token, CKU_USER, &talk->tries);
	g_mutex_unlock(&talk->login->slot->busy);
	return open;
}

/* With the PIN that was just typed; the slot is held. */
static gboolean
pin_use(struct talk *talk, const OukPromptAnswer *answer, GError **error)
{
	OukToken *token;

	if (!key_open(talk->login, error))
		return FALSE;
	token = talk->login->token;
	if (!ouk_token_check_pin(token, &answer->pin, error) ||
	    (answer->shown_left >= 0 &&
	     !ouk_token_confirm_try(token, CKU_USER, (unsigned int)answer->shown_left, error)))
		return FALSE;
	if (talk->ask->reason == OUK_PROMPT_CHANGE)
		return ouk_token_change_pin(token, &answer->pin, &answer->new_pin, error);
	return talk->ask->work(token, &answer->pin, talk->ask->data, error);
}

/* What the window shows of an end. */
static void
talk_tell(struct talk *talk, const GError *error)
{
	OukPrompt *prompt = talk->window.prompt;

	if (error == NULL)
		ouk_prompt_tell(prompt, OUK_PROMPT_RIGHT, &talk->tries, NULL);
	else if (g_error_matches(error, OUK_ERROR, OUK_E_PIN_LOCKED) || talk->tries.locked)
		ouk_prompt_tell(prompt, OUK_PROMPT_LOCKED, &talk->tries, NULL);
	else if (g_error_matches(error, OUK_ERROR, OUK_E_PIN_WRONG))
		ouk_prompt_tell(prompt, OUK_PROMPT_WRONG, &talk->tries, NULL);
	else
		ouk_prompt_tell(prompt, OUK_PROMPT_FAILED, &talk->tries, error->message);
}

/* One answer. *ret_again: it was wrong, and there are tries for another. */
static gboolean
talk_once(struct talk *talk, gboolean *ret_again, GError **error)
{
	g_autoptr(GError) wrong = NULL;
	OukPromptAnswer answer = {.shown_left = -1};

	*ret_again = FALSE;
	ouk_prompt_set_tries(&talk->request, &talk->tries);
	if (!ouk_ask_pin(&talk->window, &talk->request, &answer, error)) {
		key_stopped(talk->desk->page);
		return FALSE;
	}
	g_mutex_lock(&talk->login->slot->busy);
	(void)pin_use(talk, &answer, &wrong);
	ouk_prompt_answer_wipe(&answer);
	if (talk->login->token != NULL && wrong != NULL)
		ouk_token_tries(talk->login->token, CKU_USER, &talk->tries);
	g_mutex_unlock(&talk->login->slot->busy);
	*ret_again = (g_error_matches(wrong, OUK_ERROR, OUK_E_PIN_WRONG) ||
		      g_error_matches(wrong, OUK_ERROR, OUK_E_COUNTER_MOVED) ||
		      g_error_matches(wrong, OUK_ERROR, OUK_E_PIN_LEN)) &&
		     !talk->tries.locked && !is_few(&talk->tries);
	if (wrong != NULL && is_few(&talk->tries)) {
		g_clear_error(&wrong);
		ouk_fail(&wrong, OUK_E_PAGE_TRIES);
	}
	talk_tell(talk, wrong);
	if (wrong == NULL)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&wrong));
	return FALSE;
}

/* The window is ours: for as long as it takes. */
static gboolean
talk_run(struct talk *talk, GError **error)
{
	gboolean again = FALSE, done;

	do {
		g_clear_error(error);
		done = talk_once(talk, &again, error);
	} while (again);
	return done;
}

/* Instead of asking: pages may not use one of the last tries. */
static void
few_tell(OukPageDesk *desk, OukTokenView *key, const OukTries *tries)
{
	g_autofree char *site = site_words(desk->page);
	g_autofree char *heading = g_strdup_printf(_("%s may not ask for your UKEY PIN now"), site);
	g_autofree char *left = ouk_tries_text(tries);
	g_autofree char *text = g_strdup_printf(
		_("%s, and pages may not use one of the last. Test your UKEY PIN in My "
		  "Certificates: when it is right, all tries come back."),
		left);

	(void)key_confirm(desk, key, heading, text, NULL, NULL);
}

static gboolean
talk_open(struct talk *talk, GError **error)
{
	gboolean done;

	if (!ouk_ask_begin(talk->desk->bridge->asks, talk->desk->call->cancellable, error))
		return FALSE;
	/* It may have waited long for another window. */
	done = tries_read(talk, error);
	if (done && is_few(&talk->tries))
		done = ouk_fail(error, OUK_E_PAGE_TRIES);
	else if (done && ouk_ask_open(&talk->window, talk->desk->call->cancellable, error)) {
		done = talk_run(talk, error);
		ouk_ask_close(&talk->window);
	} else {
		done = FALSE;
	}
	ouk_ask_end(talk->desk->bridge->asks);
	return done;
}

gboolean
key_ask_pin(OukPageDesk *desk, OukTokenView *key, OukLogin *login, const KeyAsk *ask,
	    GError **error)
{
	struct talk talk = {.desk = desk, .key = key, .login = login, .ask = ask};
	g_autoptr(GError) wrong = NULL;
	gboolean done;

	if (!window_open(desk, key, error))
		return FALSE;
	ouk_prompt_request_init(&talk.request);
	talk.request.reason = (int)ask->reason;
	site_request(desk->page, &talk.request);
	request_key(&talk.request, key);
	request_pin(desk, key, &talk.request);
	talk.request.purpose = *ask->purpose != '\0' ? g_strdup(ask->purpose) : NULL;
	if (ask->reason == OUK_PROMPT_LOGIN)
		talk.request.notice = g_strdup(site_bind_text(desk->page, key));
	done = window_close(desk, talk_open(&talk, &wrong), &wrong);
	ouk_prompt_request_clear(&talk.request);
	ouk_sessions_tidy(desk->bridge->sessions, login);
	if (done)
		return TRUE;
	/* The window was the one that says how to unlock. */
	if (talk.tries.locked && g_error_matches(wrong, OUK_ERROR, OUK_E_CANCELLED)) {
		g_clear_error(&wrong);
		ouk_fail(&wrong, OUK_E_PIN_LOCKED);
	}
	/* Asked again and again, the answer is the same. */
	if (g_error_matches(wrong, OUK_ERROR, OUK_E_PAGE_TRIES)) {
		few_tell(desk, key, &talk.tries);
		key_stopped(desk->page);
	}
	g_propagate_error(error, g_steal_pointer(&wrong));
	return FALSE;
}
