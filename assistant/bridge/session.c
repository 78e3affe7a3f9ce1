/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/session.h"

#include <string.h>

struct _OukSessions {
	OukSessionsSetup setup;
	GMutex lock;
	GPtrArray *list;    /* of OukSession */
	GHashTable *logins; /* token_id -> OukLogin */
	GSource *tick;      /* while there are any */
	guint last;
};

/* ---- logins ---- */

OukLogin *
ouk_login_ref(OukLogin *login)
{
	g_atomic_int_inc(&login->refs);
	return login;
}

void
ouk_login_unref(OukLogin *login)
{
	if (login == NULL || !g_atomic_int_dec_and_test(&login->refs))
		return;
	ouk_token_free(login->token);
	ouk_engine_leave(login->engine);
	g_free(login->token_id);
	g_free(login->serial);
	g_free(login);
}

/* ---- sessions ---- */

static void
session_free(OukSession *session)
{
	g_free(session->origin);
	g_free(session->title);
	g_free(session->program);
	ouk_login_unref(session->login);
	g_free(session);
}

OukSessions *
ouk_sessions_new(const OukSessionsSetup *setup)
{
	OukSessions *sessions = g_new0(OukSessions, 1);

	sessions->setup = *setup;
	sessions->list = g_ptr_array_new();
	sessions->logins = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
						 (GDestroyNotify)ouk_login_unref);
	g_mutex_init(&sessions->lock);
	return sessions;
}

void
ouk_sessions_free(OukSessions *sessions)
{
	if (sessions == NULL)
		return;
	g_hash_table_unref(sessions->logins);
	if (sessions->tick != NULL) {
		g_source_destroy(sessions->tick);
		g_source_unref(sessions->tick);
	}
	g_ptr_array_unref(sessions->list);
	g_mutex_clear(&sessions->lock);
	g_free(sessions);
}

/* Seconds that are left; 0 or less: it is over. */
static gint64
time_left(const OukSessions *sessions, const OukSession *session, const char **ret_why)
{
	gint64 now = g_get_monotonic_time();
	gint64 idle = session->used + sessions->setup.idle * (gint64)G_USEC_PER_SEC - now;
	gint64 limit = session->begun + sessions->setup.limit * (gint64)G_USEC_PER_SEC - now;

	if (ret_why != NULL)
		*ret_why = idle < limit ? "idle" : "limit";
	return (MIN(idle, limit) + (gint64)G_USEC_PER_SEC - 1) / (gint64)G_USEC_PER_SEC;
}

static OukSession *
session_find(OukSessions *sessions, guint page, const char *token_id)
{
	for (guint i = 0; i < sessions->list->len; i++) {
		OukSession *session = g_ptr_array_index(sessions->list, i);

		if (session->page == page && strcmp(session->login->token_id, token_id) == 0 &&
		    time_left(sessions, session, NULL) > 0)
			return session;
	}
	return NULL;
}

OukLogin *
ouk_sessions_find(OukSessions *sessions, guint page, const char *token_id)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&sessions->lock);
	OukSession *session = session_find(sessions, page, token_id);

	return session != NULL ? ouk_login_ref(session->login) : NULL;
}

/* What C_GetTokenInfo has of a long serial number is its end. */
static OukLogin *
login_new(const OukTokenInfo *info, OukSlot *slot, OukEngine *engine)
{
	OukLogin *login = g_new0(OukLogin, 1);
	gsize len = strlen(info->serial), most = sizeof(((CK_TOKEN_INFO *)NULL)->serialNumber);
	gboolean ours = (info->flags & OUK_TOKEN_VENDOR) != 0;

	login->refs = 1;
	login->token_id = g_strdup(info->id);
	login->serial = g_strdup(ours && len > most ? info->serial + len - most : info->serial);
	login->slot = slot;
	login->engine = engine;
	return login;
}

OukLogin *
ouk_sessions_login(OukSessions *sessions, OukWatch *watch, const char *token_id)
{
	OukLogin *login = g_hash_table_lookup(sessions->logins, token_id);
	OukTokenView *view = ouk_watch_find(watch, token_id);
	OukEngine *engine = NULL;
	OukSlot *slot;

	if (login != NULL)
		return ouk_login_ref(login);
	slot = view != NULL ? ouk_watch_slot(watch, token_id, &engine) : NULL;
	if (slot == NULL || !ouk_engine_enter(engine))
		return NULL;
	login = login_new(ouk_token_view_info(view), slot, engine);
	g_hash_table_insert(sessions->logins, g_strdup(token_id), login);
	return ouk_login_ref(login);
}

void
ouk_sessions_tidy(OukSessions *sessions, OukLogin *login)
{
	gboolean unused;

	g_mutex_lock(&login->slot->busy);
	g_mutex_lock(&sessions->lock);
	unused = login->sessions == 0;
	g_mutex_unlock(&sessions->lock);
	if (unused)
		g_clear_pointer(&login->token, ouk_token_free);
	g_mutex_unlock(&login->slot->busy);
}

void
ouk_sessions_use(OukSessions *sessions, guint page, const char *token_id)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&sessions->lock);
	OukSession *session = session_find(sessions, page, token_id);

	if (session == NULL)
		return;
	session->used = g_get_monotonic_time();
	session->signatures++;
}

/* ---- ends ---- */

struct end {
	OukSession *session;
	const char *why;
	gboolean unused; /* the last one on its key */
};

/* Takes one out of the list; the lock is held. */
static void
session_take(OukSessions *sessions, guint at, const char *why, GArray *ends)
{
	struct end end = {g_ptr_array_index(sessions->list, at), why, FALSE};

	g_ptr_array_remove_index(sessions->list, at);
	end.unused = --end.session->login->sessions == 0;
	g_array_append_val(ends, end);
}

/* Tells of them; the lock is not held. */
static void
ends_tell(OukSessions *sessions, GArray *ends)
{
	for (guint i = 0; i < ends->len; i++) {
		const struct end *end = &g_array_index(ends, struct end, i);

		sessions->setup.ended(end->session, end->why, sessions->setup.data);
		if (end->unused)
			sessions->setup.unused(ouk_login_ref(end->session->login),
					       sessions->setup.data);
		session_free(end->session);
	}
	g_array_unref(ends);
}

static gboolean
fits(const OukSession *session, const OukSessionFilter *filter)
{
	return (filter->id == 0 || filter->id == session->id) &&
	       (filter->page == 0 || filter->page == session->page) &&
	       (filter->token_id == NULL ||
		strcmp(filter->token_id, session->login->token_id) == 0) &&
	       (filter->origin == NULL || strcmp(filter->origin, session->origin) == 0);
}

guint
ouk_sessions_end(OukSessions *sessions, const OukSessionFilter *filter, const char *why)
{
	GArray *ends = g_array_new(FALSE, FALSE, sizeof(struct end));
	guint count;

	g_mutex_lock(&sessions->lock);
	for (guint i = sessions->list->len; i > 0; i--)
		if (fits(g_ptr_array_index(sessions->list, i - 1), filter))
			session_take(sessions, i - 1, why, ends);
	g_mutex_unlock(&sessions->lock);
	count = ends->len;
	ends_tell(sessions, ends);
	return count;
}

void
ouk_sessions_pulled(OukSessions *sessions, const char *token_id)
{
	(void)ouk_sessions_end(sessions, &(OukSessionFilter){.token_id = token_id}, "key");
	g_hash_table_remove(sessions->logins, token_id);
}

static gboolean
on_tick(gpointer data)
{
	OukSessions *sessions = data;
	GArray *ends = g_array_new(FALSE, FALSE, sizeof(struct end));
	gboolean more;

	g_mutex_lock(&sessions->lock);
	for (guint i = sessions->list->len; i > 0; i--) {
		const char *why;

		if (time_left(sessions, g_ptr_array_index(sessions->list, i - 1), &why) <= 0)
			session_take(sessions, i - 1, why, ends);
	}
	more = sessions->list->len > 0;
	if (!more)
		g_clear_pointer(&sessions->tick, g_source_unref);
	g_mutex_unlock(&sessions->lock);
	ends_tell(sessions, ends);
	return more ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
tick_start(OukSessions *sessions)
{
	if (sessions->tick != NULL)
		return;
	sessions->tick = g_timeout_source_new_seconds(1);
	g_source_set_callback(sessions->tick, on_tick, sessions, NULL);
	g_source_attach(sessions->tick, sessions->setup.context);
}

void
ouk_sessions_begin(OukSessions *sessions, const OukSession *like)
{
	const OukSessionFilter same = {.page = like->page, .token_id = like->login->token_id};
	OukSession *session = g_new0(OukSession, 1);
	GArray *ends = g_array_new(FALSE, FALSE, sizeof(struct end));

	session->page = like->page;
	session->origin = g_strdup(like->origin);
	session->title = g_strdup(like->title);
	session->program = g_strdup(like->program);
	session->login = ouk_login_ref(like->login);
	session->begun = session->used = g_get_monotonic_time();
	session->since = g_get_real_time() / G_USEC_PER_SEC;
	g_mutex_lock(&sessions->lock);
	session->id = ++sessions->last;
	session->login->sessions++;
	for (guint i = sessions->list->len; i > 0; i--)
		if (fits(g_ptr_array_index(sessions->list, i - 1), &same))
			session_take(sessions, i - 1, "again", ends);
	g_ptr_array_add(sessions->list, session);
	tick_start(sessions);
	g_mutex_unlock(&sessions->lock);
	ends_tell(sessions, ends);
}

void
ouk_sessions_foreach(OukSessions *sessions,
		     void (*fn)(const OukSession *session, gint64 left, gpointer data),
		     gpointer data)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&sessions->lock);

	for (guint i = 0; i < sessions->list->len; i++) {
		const OukSession *session = g_ptr_array_index(sessions->list, i);

		fn(session, time_left(sessions, session, NULL), data);
	}
}
