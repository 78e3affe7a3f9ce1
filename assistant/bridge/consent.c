/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a site may see a key's certificates. A call that must wait for the person is held with
 * all others of its kind; one question is asked for them on a worker.
 */
#include "assistant/bridge/core.h"
#include "assistant/bridge/site.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#define WARN_AGAIN_US (600 * (gint64)G_USEC_PER_SEC)

/* A question that is open, and the calls that wait for its answer. */
struct seek {
	OukBridge *bridge;
	OukPage *page; /* the one that asked first */
	char *name;    /* in bridge->seeks */
	char *origin;  /* that it is about: the page's, or the top page's */
	GPtrArray *calls;
	GPtrArray *keys; /* of OukTokenView: to choose from; empty: the site is a look-alike */
	GCancellable *cancellable;
	OukPromptDecision decision;
	guint choice;
	GError *error;
};

/* ---- what was said before ---- */

const GPtrArray *
consents_now(OukBridge *bridge)
{
	g_autofree char *path = ouk_consents_path();
	g_autofree char *stamp = NULL;
	g_autoptr(GError) error = NULL;
	GPtrArray *consents;
	GStatBuf status;

	if (g_stat(path, &status) == 0)
		stamp = g_strdup_printf("%ju %jd %ld.%ld", (uintmax_t)status.st_ino,
					(intmax_t)status.st_size, status.st_mtim.tv_sec,
					status.st_mtim.tv_nsec);
	if (bridge->consents != NULL && g_strcmp0(stamp, bridge->consents_stamp) == 0)
		return bridge->consents;
	consents = ouk_consents_load(&error);
	/* What cannot be read allows nothing. */
	if (consents == NULL) {
		g_warning("%s", error->message);
		consents = g_ptr_array_new_with_free_func((GDestroyNotify)ouk_consent_free);
	}
	g_clear_pointer(&bridge->consents, g_ptr_array_unref);
	bridge->consents = consents;
	g_free(bridge->consents_stamp);
	bridge->consents_stamp = g_steal_pointer(&stamp);
	return consents;
}

static gboolean
keys_contain(GPtrArray *keys, const char *key_id)
{
	for (guint i = 0; i < keys->len; i++)
		if (strcmp(g_ptr_array_index(keys, i), key_id) == 0)
			return TRUE;
	return FALSE;
}

/* The keys that are in and can be shown. */
static GPtrArray *
keys_plugged(OukBridge *bridge)
{
	GPtrArray *keys = g_ptr_array_new_with_free_func(g_object_unref);
	guint count = g_list_model_get_n_items(G_LIST_MODEL(bridge->watch));

	for (guint i = 0; i < count; i++) {
		OukTokenView *view = g_list_model_get_item(G_LIST_MODEL(bridge->watch), i);
		const OukTokenInfo *info = ouk_token_view_info(view);

		if (info->failed || (info->flags & OUK_TOKEN_BLANK) != 0 || info->pairs->len == 0)
			g_object_unref(view);
		else
			g_ptr_array_add(keys, view);
	}
	return keys;
}

static void
keys_narrow(GPtrArray *views, GPtrArray *allowed)
{
	for (guint i = views->len; i > 0; i--) {
		OukTokenView *view = g_ptr_array_index(views, i - 1);

		if (allowed == NULL || !keys_contain(allowed, ouk_token_view_info(view)->key_id))
			g_ptr_array_remove_index(views, i - 1);
	}
}

/* What is known for one origin: the page's own, or the one of the page around it. */
static OukMay
origin_check(OukPage *page, const char *origin, GPtrArray **ret_keys)
{
	const OukConsent *consent = ouk_consents_find(consents_now(page->bridge), origin);
	gboolean own = page->peer->browser == NULL; /* what browsers were allowed is not its */

	if (consent != NULL && consent->state == OUK_CONSENT_BLOCKED)
		return OUK_MAY_NOT;
	if (own) {
		*ret_keys = page->word.keys;
		return page->word.allowed ? OUK_MAY : OUK_MUST_ASK;
	}
	*ret_keys = consent != NULL ? consent->keys : NULL;
	return consent != NULL ? OUK_MAY : OUK_MUST_ASK;
}

/* A page that is opened again and again must not ask again and again. */
static gboolean
refusals_count(OukBridge *bridge, const char *origin, gboolean more)
{
	static const OukRate noes = {3, 600};
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&bridge->lock);
	g_autofree char *name = g_strdup_printf("no %s", origin);

	return (more ? ouk_rates_take : ouk_rates_fits)(bridge->rates, name, &noes,
							g_get_monotonic_time());
}

/* ---- asking ---- */

static void
seek_free(struct seek *seek)
{
	page_unref(seek->page);
	g_free(seek->name);
	g_free(seek->origin);
	g_ptr_array_unref(seek->calls);
	g_ptr_array_unref(seek->keys);
	g_object_unref(seek->cancellable);
	g_clear_error(&seek->error);
	g_free(seek);
}

static char *
choices_of(GPtrArray *keys)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < MIN(keys->len, 16); i++) {
		OukTokenView *view = g_ptr_array_index(keys, i);

		g_string_append_printf(text, "%s%s · …%s", i > 0 ? "\n" : "",
				       ouk_token_view_title(view),
				       ouk_token_view_info(view)->serial_end);
	}
	return g_string_free(text, FALSE);
}

static void
request_allow(struct seek *seek, OukPromptRequest *request)
{
	g_autofree char *site = site_words(seek->page);
	gboolean frame = strcmp(seek->origin, seek->page->origin) != 0;
	OukTokenView *only = g_ptr_array_index(seek->keys, 0);

	request->heading = g_strdup_printf(_("May %s see your certificate?"), site);
	if (frame)
		request->text = g_strdup_printf(
			_("The page is shown inside a page of %s, which must be allowed too. Allow "
			  "it only if you opened it yourself."),
			seek->origin);
	else
		request->text = g_strdup(_("It will know your unit's name and certificate, and may "
					   "ask you to log in and sign. Allow it only if you "
					   "opened it yourself. You can take this back at any "
					   "time."));
	request->yes = g_strdup(_("_Allow"));
	request->no = g_strdup(_("_Not Now"));
	request->never = g_strdup(_("Ne_ver for This Site"));
	if (seek->keys->len > 1) {
		request->choices = choices_of(seek->keys);
	} else {
		const OukTokenInfo *info = ouk_token_view_info(only);

		request->token = g_strdup(info->label);
		request->nickname = g_strdup(info->nickname);
		request->serial = g_strdup(info->serial_end);
		request->unit = g_strdup(info->unit);
	}
}

static void
request_warn(struct seek *seek, OukPromptRequest *request)
{
	request->heading = g_strdup_printf(_("This is not %s"), request->site_name);
	request->text =
		g_strdup(_("The page's address is only like the hall's, as those of "
			   "swindlers are. It was shown nothing of your key. Close the page "
			   "and open the hall from My Certificates."));
}

/* On a worker. */
static void
seek_run(gpointer data)
{
	struct seek *seek = data;
	OukPromptRequest request;

	ouk_prompt_request_init(&request);
	request.reason = OUK_PROMPT_QUESTION;
	site_request(seek->page, &request);
	if (seek->keys->len > 0)
		request_allow(seek, &request);
	else
		request_warn(seek, &request);
	(void)ouk_ask_question(seek->bridge->asks, &request, seek->cancellable, &seek->decision,
			       &seek->choice, &seek->error);
	ouk_prompt_request_clear(&request);
}

static void
consent_keep(struct seek *seek, const char *key_id)
{
	const OukConsent *before = ouk_consents_find(consents_now(seek->bridge), seek->origin);
	g_autoptr(OukConsent) consent =
		before != NULL ? ouk_consent_copy(before)
			       : ouk_consent_new(seek->origin, OUK_CONSENT_ALLOWED);
	g_autoptr(GError) error = NULL;

	if (seek->decision == OUK_PROMPT_NEVER)
		consent->state = OUK_CONSENT_BLOCKED;
	if (consent->name == NULL)
		consent->name = g_strdup(site_hall_name(seek->bridge, seek->origin));
	if (key_id != NULL && !ouk_consent_has_key(consent, key_id))
		g_ptr_array_add(consent->keys, g_strdup(key_id));
	if (!ouk_consents_set(consent, &error))
		g_warning("%s", error->message);
}

/* A program's word holds for its page; a browser's for the site. */
static void
seek_allow(struct seek *seek)
{
	OukTokenView *view = g_ptr_array_index(seek->keys, MIN(seek->choice, seek->keys->len - 1));
	const char *key_id = ouk_token_view_info(view)->key_id;

	if (seek->page->peer->browser != NULL) {
		consent_keep(seek, key_id);
		return;
	}
	seek->page->word.allowed = TRUE;
	if (!keys_contain(seek->page->word.keys, key_id))
		g_ptr_array_add(seek->page->word.keys, g_strdup(key_id));
}

/* Pages that were told "nothing there" before look again. */
static void
pages_push(OukBridge *bridge, const char *origin)
{
	g_autoptr(GPtrArray) pages = g_ptr_array_new_with_free_func((GDestroyNotify)page_unref);

	for (guint i = 0; i < bridge->pages->len; i++)
		g_ptr_array_add(pages, page_ref(g_ptr_array_index(bridge->pages, i)));
	for (guint i = 0; i < pages->len; i++) {
		OukPage *page = g_ptr_array_index(pages, i);

		if (!page->closed && page->push != NULL && strcmp(page->origin, origin) == 0)
			page->push(page, OUK_PUSH_KEYS, page->data);
	}
}

static void
seek_record(struct seek *seek, const char *event)
{
	const OukPageCert cert = {
		.key = seek->keys->len > 0 ? g_ptr_array_index(seek->keys, MIN(seek->choice,
									       seek->keys->len - 1))
					   : NULL,
	};
	g_autoptr(GError) error = NULL;

	if (!record_page(seek->page, &(OukRecord){event, NULL, &cert}, NULL, &error))
		g_warning("%s", error->message);
}

static void
seek_decide(struct seek *seek)
{
	const gboolean answered = seek->error == NULL && seek->keys->len > 0;

	if (answered && seek->decision == OUK_PROMPT_YES) {
		seek_allow(seek);
		seek_record(seek, "allowed");
		return;
	}
	if (answered && seek->decision == OUK_PROMPT_NEVER) {
		consent_keep(seek, NULL);
		seek_record(seek, "blocked");
	}
	for (guint i = 0; i < seek->calls->len; i++)
		((OukCall *)g_ptr_array_index(seek->calls, i))->page->word.refused = TRUE;
	if (answered)
		(void)refusals_count(seek->bridge, seek->page->origin, TRUE);
}

/* On the main context: every call that waited is looked at again. */
static void
seek_done(gpointer data)
{
	struct seek *seek = data;
	GPtrArray *resuming = seek->bridge->resuming;

	g_hash_table_remove(seek->bridge->seeks, seek->name);
	seek_decide(seek);
	for (guint i = 0; i < seek->calls->len; i++)
		g_ptr_array_add(resuming, g_ptr_array_index(seek->calls, i));
	/* Answering one may end others, which leave the list then. */
	while (resuming->len > 0)
		page_call_resume(g_ptr_array_remove_index(resuming, 0));
	if (seek->error == NULL && seek->decision == OUK_PROMPT_YES)
		pages_push(seek->bridge, seek->page->origin);
	seek_free(seek);
}

/* Puts the call among those that wait; asks when it is the first. Takes the keys. */
static void
seek_join(OukCall *call, const char *origin, GPtrArray *keys)
{
	OukPage *page = call->page;
	OukBridge *bridge = page->bridge;
	/* What a program is allowed is its page's alone. */
	g_autofree char *name =
		page->peer->browser != NULL
			? g_strdup_printf("%s %s", origin, page->origin)
			: g_strdup_printf("%s %s %u", origin, page->origin, page->id);
	struct seek *seek = g_hash_table_lookup(bridge->seeks, name);

	if (seek != NULL) {
		g_ptr_array_unref(keys);
		g_ptr_array_add(seek->calls, call);
		return;
	}
	seek = g_new0(struct seek, 1);
	seek->bridge = bridge;
	seek->page = page_ref(page);
	seek->name = g_strdup(name);
	seek->origin = g_strdup(origin);
	seek->calls = g_ptr_array_new();
	seek->keys = keys;
	seek->cancellable = g_cancellable_new();
	seek->decision = OUK_PROMPT_NO;
	g_ptr_array_add(seek->calls, call);
	g_hash_table_insert(bridge->seeks, seek->name, seek);
	work_push(bridge, seek_run, seek_done, seek);
}

void
consent_drop(OukCall *call)
{
	GHashTableIter iter;
	gpointer value;

	g_ptr_array_remove(call->page->bridge->resuming, call);
	g_hash_table_iter_init(&iter, call->page->bridge->seeks);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct seek *seek = value;

		if (g_ptr_array_remove(seek->calls, call) && seek->calls->len == 0 &&
		    seek->keys->len > 0)
			g_cancellable_cancel(seek->cancellable);
	}
}

void
consent_end(OukBridge *bridge)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, bridge->seeks);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		g_cancellable_cancel(((struct seek *)value)->cancellable);
}

/* ---- whether a call may go on ---- */

/* Nothing of the key, and one warning that names the true hall. */
static OukMay
alike_refuse(OukCall *call, GError **error)
{
	OukPage *page = call->page;
	gint64 now = g_get_monotonic_time();
	gint64 *when = g_hash_table_lookup(page->bridge->warned, page->origin);

	ouk_fail(error, OUK_E_PAGE_LOOKALIKE);
	if (when != NULL && now - *when < WARN_AGAIN_US)
		return OUK_MAY_NOT;
	if (g_hash_table_size(page->bridge->warned) > 1000)
		g_hash_table_remove_all(page->bridge->warned);
	when = g_new(gint64, 1);
	*when = now;
	g_hash_table_replace(page->bridge->warned, g_strdup(page->origin), when);
	seek_join(call, page->origin, g_ptr_array_new());
	/* It does not wait for the window. */
	consent_drop(call);
	return OUK_MAY_NOT;
}

static gpointer
view_ref(gconstpointer view, gpointer data)
{
	return g_object_ref((gpointer)(uintptr_t)view);
}

OukMay
consent_check(OukCall *call, GError **error)
{
	OukPage *page = call->page;
	const char *origins[] = {page->origin, page->top};
	g_autoptr(GPtrArray) plugged = keys_plugged(page->bridge);
	g_autoptr(GPtrArray) visible = g_ptr_array_copy(plugged, view_ref, NULL);
	OukHallSeen seen;

	g_ptr_array_set_free_func(visible, g_object_unref);
	site_look(page->bridge, page->origin, &seen);
	for (gsize i = 0; i < G_N_ELEMENTS(origins) && origins[i] != NULL; i++) {
		GPtrArray *allowed = NULL;
		OukMay may = origin_check(page, origins[i], &allowed);

		if (may == OUK_MUST_ASK && seen.match == OUK_HALL_LOOKALIKE)
			return alike_refuse(call, error);
		if (may == OUK_MAY_NOT || (may == OUK_MUST_ASK && page->word.refused)) {
			ouk_fail(error, OUK_E_PAGE_SITE);
			return OUK_MAY_NOT;
		}
		keys_narrow(visible, allowed);
		/* Without a key there is nothing to ask for, and nothing is told. */
		if (plugged->len > 0 && visible->len == 0) {
			if (page->word.refused ||
			    !refusals_count(page->bridge, page->origin, FALSE)) {
				ouk_fail(error, OUK_E_PAGE_SITE);
				return OUK_MAY_NOT;
			}
			seek_join(call, origins[i], g_steal_pointer(&plugged));
			return OUK_MUST_ASK;
		}
	}
	g_clear_pointer(&call->keys, g_ptr_array_unref);
	call->keys = g_steal_pointer(&visible);
	return OUK_MAY;
}
