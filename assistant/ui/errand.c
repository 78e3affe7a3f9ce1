/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/errand_data.h"

#include "assistant/core/errors.h"
#include "assistant/ui/application.h"
#include "assistant/ui/errand_work.h"

#include "common/secret.h"

#include <string.h>

#define POLL_SECONDS 4

G_DEFINE_TYPE(OukErrand, ouk_errand, G_TYPE_OBJECT)

enum { SIGNAL_CHANGED, SIGNAL_COUNT };
static guint signals[SIGNAL_COUNT];

static void run(OukErrand *self, OukDeskAction action);

void
errand_text_wipe(char *text)
{
	if (text != NULL)
		uk_wipe(text, strlen(text));
	g_free(text);
}

void
errand_set_error(OukErrand *self, GError *error)
{
	g_clear_error(&self->info.error);
	self->info.error = error;
}

void
errand_changed(OukErrand *self)
{
	g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
}

static gboolean
on_poll(gpointer data)
{
	OukErrand *self = data;

	if (!self->asking)
		ouk_errand_do(self, OUK_DESK_TICK);
	return G_SOURCE_CONTINUE;
}

static void
set_poll(OukErrand *self)
{
	gboolean wanted = ouk_desk_waits(&self->info.flow);

	if (wanted && self->poll == 0)
		self->poll = g_timeout_add_seconds(POLL_SECONDS, on_poll, self);
	if (!wanted)
		g_clear_handle_id(&self->poll, g_source_remove);
}

void
ouk_errand_do(OukErrand *self, OukDeskEvent event)
{
	OukDeskAction action = ouk_desk_step(&self->info.flow, event);

	set_poll(self);
	if (action != OUK_DESK_DO_POLL)
		errand_changed(self);
	run(self, action);
}

/* ---- the service ---- */

static OukErrandWork *
work_new(OukErrand *self, OukDeskAction action)
{
	OukErrandWork *work = g_new0(OukErrandWork, 1);
	const OukPairInfo *pair =
		self->info.pair != NULL ? ouk_pair_view_info(self->info.pair) : NULL;
	const char *code = ouk_errand_get(self, "unit_code");

	work->action = action;
	work->service = ouk_service_ref(self->service);
	work->order = self->info.order != NULL ? g_object_ref(self->info.order) : NULL;
	work->kind = g_strdup(self->info.kind);
	work->serial = g_strdup(self->serial);
	work->unit_code = g_strdup(code != NULL ? code : "");
	work->method = g_strdup(self->info.method);
	work->form = g_hash_table_ref(self->form);
	work->code = g_strdup(self->code);
	work->years = self->years;
	work->way = g_strdup(self->way);
	work->slot = g_strdup(self->slot);
	if (self->agreed != NULL)
		work->agreed = g_ptr_array_ref(self->agreed);
	if (self->info.texts != NULL)
		work->texts = g_ptr_array_ref(self->info.texts);
	if (self->picture != NULL)
		work->picture = g_bytes_ref(self->picture);
	work->pay_code = g_strdup(self->info.pay_code);
	work->pay_reference = g_strdup(self->info.pay_reference);
	work->amount = self->info.amount;
	if (pair != NULL && pair->sign != NULL) {
		work->not_after = g_date_time_to_unix(pair->sign->ends);
		work->certificate = g_bytes_ref(pair->sign->der);
		work->name_changed = g_strcmp0(ouk_errand_get(self, "unit"), pair->unit) != 0;
		work->code_changed = pair->credit_code != NULL &&
				     strcmp(work->unit_code, pair->credit_code) != 0;
	}
	work->locked = self->info.view != NULL &&
		       (ouk_token_view_info(self->info.view)->flags & OUK_TOKEN_PIN_LOCKED) != 0;
	return work;
}

/* What the worker found becomes what is shown. */
static void
take(OukErrand *self, OukErrandWork *work)
{
	g_set_object(&self->info.order, work->order);
	if (work->texts != NULL && self->info.texts == NULL)
		self->info.texts = g_ptr_array_ref(work->texts);
	if (work->grant != NULL) {
		errand_text_wipe(self->grant);
		self->grant = g_steal_pointer(&work->grant);
	}
	g_free(self->info.pay_code);
	g_free(self->info.pay_reference);
	self->info.pay_code = g_steal_pointer(&work->pay_code);
	self->info.pay_reference = g_steal_pointer(&work->pay_reference);
	self->info.amount = work->amount;
	self->info.kept_in_file = self->info.kept_in_file || work->kept_in_file;
}

static gboolean
documents_missing(const OukOrderInfo *order)
{
	for (guint i = 0; i < order->documents->len; i++) {
		const OukDocument *each = order->documents->pdata[i];

		if (strcmp(each->state, "missing") == 0 || strcmp(each->state, "rejected") == 0)
			return TRUE;
	}
	return FALSE;
}

static OukDeskEvent
event_of(OukErrand *self, const OukErrandWork *work)
{
	OukDeskEvent event = OUK_DESK_NOTHING;
	const OukOrderInfo *order =
		self->info.order != NULL ? ouk_order_info(self->info.order) : NULL;

	if (order == NULL)
		return OUK_DESK_NOTHING;
	event = ouk_desk_told(order->kind, order->state, documents_missing(order),
			      self->grant != NULL);
	return event == OUK_DESK_TOLD_TEXTS && work->asks_code ? OUK_DESK_TOLD_CONSENT_CODE : event;
}

/* Whether a refusal is told on the page where it can be put right. */
static gboolean
is_put_right_there(const OukErrandWork *work, const GError *error)
{
	static const struct {
		OukDeskAction action;
		OukErrorCode code;
	} rows[] = {
		{OUK_DESK_DO_AGREE, OUK_E_SERVICE_CODE_WRONG},
		{OUK_DESK_DO_AGREE, OUK_E_SERVICE_CODE_DEAD},
		{OUK_DESK_DO_AGREE, OUK_E_SERVICE_EXPIRED},
		{OUK_DESK_DO_UPLOAD, OUK_E_SERVICE_BAD_REQUEST},
		{OUK_DESK_DO_UPLOAD, OUK_E_SERVICE_TOO_LARGE},
		{OUK_DESK_DO_UPLOAD, OUK_E_SERVICE_LIMIT},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].action == work->action &&
		    g_error_matches(error, OUK_ERROR, (int)rows[i].code))
			return work->order != NULL;
	return FALSE;
}

static void
work_free(gpointer data)
{
	ouk_errand_work_free(data);
}

static void
on_worker(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	GError *error = NULL;

	if (ouk_errand_work(data, cancellable, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void
failed(OukErrand *self, const OukErrandWork *work, GError *error)
{
	gboolean code = work->action == OUK_DESK_DO_CHECK_CODE &&
			g_error_matches(error, OUK_ERROR, OUK_E_SERVICE_CODE_WRONG);

	/* a quiet look that finds nobody is made again by itself */
	if (work->action == OUK_DESK_DO_POLL) {
		g_error_free(error);
		return;
	}
	errand_set_error(self, error);
	ouk_errand_do(self, code                              ? OUK_DESK_CODE_WRONG
			    : is_put_right_there(work, error) ? event_of(self, work)
			    : ouk_errand_unreached(error)     ? OUK_DESK_UNREACHED
							      : OUK_DESK_FAILED);
}

static void
on_worked(GObject *source, GAsyncResult *result, gpointer data)
{
	OukErrand *self = OUK_ERRAND(source);
	OukErrandWork *work = g_task_get_task_data(G_TASK(result));
	GError *error = NULL;
	gboolean done = g_task_propagate_boolean(G_TASK(result), &error);

	if (g_cancellable_is_cancelled(self->cancellable)) {
		g_clear_error(&error);
		return;
	}
	/* whoever has pressed something meanwhile asks by themselves */
	if (work->action == OUK_DESK_DO_POLL &&
	    (self->asking || !ouk_desk_waits(&self->info.flow))) {
		g_clear_error(&error);
		return;
	}
	self->asking = FALSE;
	take(self, work);
	if (self->info.order != NULL)
		ouk_resume_note(ouk_application_resume(ouk_application_get()), self->info.order);
	if (work->action != OUK_DESK_DO_POLL)
		ouk_resume_refresh(ouk_application_resume(ouk_application_get()));
	if (!done) {
		failed(self, work, error);
		return;
	}
	errand_set_error(self, NULL);
	self->info.resumed = self->info.resumed ||
			     (work->action == OUK_DESK_DO_LOOK && self->info.order != NULL);
	if (work->action == OUK_DESK_DO_CANCEL) {
		g_clear_object(&self->info.order);
		errand_text_wipe(self->grant);
		self->grant = NULL;
		ouk_errand_do(self, OUK_DESK_TOLD_ENDED);
		return;
	}
	ouk_errand_do(self, event_of(self, work));
}

void
errand_ask_service(OukErrand *self, OukDeskAction action)
{
	g_autoptr(GTask) task = g_task_new(self, self->cancellable, on_worked, NULL);
	OukErrandWork *work = work_new(self, action);

	self->asking = self->asking || action != OUK_DESK_DO_POLL;
	g_task_set_check_cancellable(task, FALSE);
	g_task_set_task_data(task, work, work_free);
	g_task_run_in_thread(task, on_worker);
}

static gboolean
writes(OukErrand *self)
{
	return ouk_desk_has_stage(self->info.kind, OUK_DESK_STAGE_WRITE);
}

static void
run(OukErrand *self, OukDeskAction action)
{
	if (action == OUK_DESK_DO_NOTHING || self->asking)
		return;
	if (action == OUK_DESK_DO_PROMPT)
		errand_ask_pin(self);
	else if (action == OUK_DESK_DO_OPEN && self->info.view != NULL && writes(self))
		errand_check_key(self);
	else
		errand_ask_service(self, action);
}

/* ---- what the person fills in ---- */

void
ouk_errand_set(OukErrand *self, const char *name, const char *value)
{
	if (value == NULL || *value == '\0')
		g_hash_table_remove(self->form, name);
	else
		g_hash_table_replace(self->form, g_strdup(name), g_strdup(value));
}

const char *
ouk_errand_get(OukErrand *self, const char *name)
{
	return g_hash_table_lookup(self->form, name);
}

static void
replace(char **place, const char *text)
{
	errand_text_wipe(*place);
	*place = g_strdup(text);
}

void
ouk_errand_set_method(OukErrand *self, const char *method)
{
	replace(&self->info.method, method);
}

void
ouk_errand_set_code(OukErrand *self, const char *code)
{
	replace(&self->code, code);
}

void
ouk_errand_set_payment(OukErrand *self, guint years, const char *way)
{
	self->years = years;
	replace(&self->way, way);
}

void
ouk_errand_set_agreed(OukErrand *self, GPtrArray *agreed)
{
	g_clear_pointer(&self->agreed, g_ptr_array_unref);
	self->agreed = agreed;
}

void
ouk_errand_set_picture(OukErrand *self, const char *slot, GBytes *picture)
{
	replace(&self->slot, slot);
	g_clear_pointer(&self->picture, g_bytes_unref);
	self->picture = g_bytes_ref(picture);
}

void
ouk_errand_set_kind(OukErrand *self, const char *kind)
{
	if (self->info.order == NULL)
		replace(&self->info.kind, kind);
}

/* ---- life ---- */

const OukErrandInfo *
ouk_errand_info(OukErrand *self)
{
	return &self->info;
}

OukService *
ouk_errand_service(OukErrand *self)
{
	return self->service;
}

void
ouk_errand_begin(OukErrand *self)
{
	run(self, ouk_desk_start(&self->info.flow));
}

void
ouk_errand_close(OukErrand *self)
{
	g_clear_handle_id(&self->poll, g_source_remove);
	g_clear_pointer(&self->prompt, ouk_key_prompt_free);
	if (ouk_desk_can_leave(&self->info.flow))
		g_cancellable_cancel(self->cancellable);
}

static void
fill_in(OukErrand *self)
{
	const OukPairInfo *pair =
		self->info.pair != NULL ? ouk_pair_view_info(self->info.pair) : NULL;

	if (pair == NULL)
		return;
	ouk_errand_set(self, "unit", pair->unit);
	ouk_errand_set(self, "unit_code", pair->credit_code);
}

OukErrand *
ouk_errand_new(const OukErrandSetup *setup)
{
	OukService *service = setup->profile != NULL ? ouk_service_new(setup->profile, NULL) : NULL;
	OukErrand *self = NULL;

	if (service == NULL || !ouk_service_offers(service, setup->kind)) {
		g_clear_pointer(&service, ouk_service_unref);
		return NULL;
	}
	self = g_object_new(OUK_TYPE_ERRAND, NULL);
	self->service = service;
	self->info.kind = g_strdup(setup->kind);
	self->info.profile = setup->profile;
	g_set_object(&self->info.view, setup->view);
	g_set_object(&self->info.pair, setup->pair);
	g_set_object(&self->info.order, setup->order);
	self->serial = g_strdup(setup->view != NULL ? ouk_token_view_info(setup->view)->serial
						    : setup->serial);
	if (setup->view != NULL)
		self->tries = ouk_token_view_info(setup->view)->tries;
	self->parent_window = ouk_prompt_parent_new(setup->window);
	fill_in(self);
	g_signal_connect(ouk_application_watch(ouk_application_get()), "plugged",
			 G_CALLBACK(errand_on_plugged), self);
	g_signal_connect(ouk_application_watch(ouk_application_get()), "pulled",
			 G_CALLBACK(errand_on_pulled), self);
	return self;
}

static void
ouk_errand_dispose(GObject *object)
{
	OukErrand *self = OUK_ERRAND(object);

	g_cancellable_cancel(self->cancellable);
	g_clear_handle_id(&self->poll, g_source_remove);
	g_clear_pointer(&self->prompt, ouk_key_prompt_free);
	g_clear_pointer(&self->parent_window, ouk_prompt_parent_free);
	if (ouk_application_get() != NULL && ouk_application_watch(ouk_application_get()) != NULL)
		g_signal_handlers_disconnect_by_data(ouk_application_watch(ouk_application_get()),
						     self);
	G_OBJECT_CLASS(ouk_errand_parent_class)->dispose(object);
}

static void
ouk_errand_finalize(GObject *object)
{
	OukErrand *self = OUK_ERRAND(object);

	g_clear_pointer(&self->service, ouk_service_unref);
	g_clear_object(&self->cancellable);
	g_clear_object(&self->info.view);
	g_clear_object(&self->info.pair);
	g_clear_object(&self->info.order);
	g_clear_error(&self->info.error);
	g_clear_pointer(&self->info.texts, g_ptr_array_unref);
	g_clear_pointer(&self->agreed, g_ptr_array_unref);
	g_clear_pointer(&self->picture, g_bytes_unref);
	g_hash_table_unref(self->form);
	errand_text_wipe(self->code);
	errand_text_wipe(self->grant);
	g_free(self->info.method);
	g_free(self->way);
	g_free(self->slot);
	g_free(self->serial);
	g_free(self->info.kind);
	g_free(self->info.pay_code);
	g_free(self->info.pay_reference);
	G_OBJECT_CLASS(ouk_errand_parent_class)->finalize(object);
}

static void
ouk_errand_class_init(OukErrandClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ouk_errand_dispose;
	G_OBJECT_CLASS(klass)->finalize = ouk_errand_finalize;
	signals[SIGNAL_CHANGED] = g_signal_new("changed", OUK_TYPE_ERRAND, G_SIGNAL_RUN_LAST, 0,
					       NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
ouk_errand_init(OukErrand *self)
{
	self->cancellable = g_cancellable_new();
	self->form = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	self->years = 1;
	self->info.method = g_strdup("sms");
}
