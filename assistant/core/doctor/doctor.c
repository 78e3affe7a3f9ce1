/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/doctor.h"

#include "assistant/core/doctor/exam.h"
#include "assistant/core/doctor/run.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <string.h>

struct _OukDoctor {
	GObject parent;
	char *module, *hall;
	gboolean offline, keyless, busy;
	OukLinkResult results[OUK_LINKS];
	OukClues clues; /* of the last walk */
};

G_DEFINE_TYPE(OukDoctor, ouk_doctor, G_TYPE_OBJECT)

static guint signal_link;

#define LINK(id, title, check) [OUK_LINK_##id] = {title, check},
static const struct {
	const char *title;
	void (*check)(OukExam *exam, OukLinkResult *ret);
} links[] = {
#include "assistant/core/doctor/links.def"
};
#undef LINK

#define FINDING(name, number, link, ...) \
	[OUK_F_##name] = {#name, number, OUK_LINK_##link, __VA_ARGS__},
static const OukFinding findings[] = {
#include "assistant/core/doctor/findings.def"
};
#undef FINDING

const OukFinding *
exam_finding(OukFindingId id)
{
	return id < OUK_FINDING_COUNT ? &findings[id] : NULL;
}

const OukFinding *
ouk_findings(gsize *ret_count)
{
	*ret_count = G_N_ELEMENTS(findings);
	return findings;
}

const char *
ouk_link_title(OukLinkId id)
{
	return _(links[id].title);
}

/* ---- results ---- */

static void
result_clear(OukLinkResult *result)
{
	g_clear_pointer(&result->text, g_free);
	g_clear_pointer(&result->fact, g_free);
	*result = (OukLinkResult){0};
}

static void
result_set(OukDoctor *doctor, OukLinkId id, OukLinkResult *result)
{
	result_clear(&doctor->results[id]);
	doctor->results[id] = *result;
	*result = (OukLinkResult){0};
	g_signal_emit(doctor, signal_link, 0, (guint)id);
}

/* ---- the walk ---- */

/* Hands a result, which it takes, to whoever shows it. */
typedef void (*Tell)(OukDoctor *doctor, OukLinkId id, OukLinkResult *result, gpointer data);

static void
tell_plain(OukDoctor *doctor, OukLinkId id, OukLinkState state, const char *text, Tell tell,
	   gpointer data)
{
	OukLinkResult result = {.state = state, .text = g_strdup(text), .fact = g_strdup(text)};

	tell(doctor, id, &result, data);
}

/* What is looked at only where a key is. */
static const gboolean needs_key[OUK_LINKS] = {
	[OUK_LINK_KEY] = TRUE,
	[OUK_LINK_CERTIFICATE] = TRUE,
	[OUK_LINK_PIN] = TRUE,
	[OUK_LINK_HALL] = TRUE,
};

/* Whether the only thing that is wrong is that no key is there. */
static gboolean
is_absence(const OukLinkResult *result)
{
	static const OukFindingId absences[] = {OUK_F_USB_NONE, OUK_F_READER_NONE,
						OUK_F_KEY_ABSENT};

	for (size_t i = 0; i < G_N_ELEMENTS(absences); i++)
		if (result->finding == exam_finding(absences[i]))
			return TRUE;
	return FALSE;
}

static void
walk(OukDoctor *doctor, OukExam *exam, Tell tell, gpointer data)
{
	gboolean broken = FALSE, absent = FALSE;

	for (OukLinkId id = 0; id < OUK_LINKS; id++) {
		OukLinkResult result = {0};

		if (broken || g_cancellable_is_cancelled(exam->cancellable)) {
			tell_plain(doctor, id, OUK_LINK_NOT_TESTED,
				   _("not looked at: something before it is broken"), tell, data);
			continue;
		}
		if (absent && needs_key[id]) {
			tell_plain(doctor, id, OUK_LINK_NOT_TESTED, _("no key is plugged in"), tell,
				   data);
			continue;
		}
		tell_plain(doctor, id, OUK_LINK_LOOKING, "", tell, data);
		links[id].check(exam, &result);
		broken = result.state == OUK_LINK_BROKEN;
		if (broken && doctor->keyless && is_absence(&result)) {
			result_clear(&result);
			exam_not_tested(&result, _("no key is plugged in"));
			broken = FALSE;
			absent = TRUE;
		}
		tell(doctor, id, &result, data);
	}
}

static void
exam_start(OukDoctor *doctor, OukExam *exam, GCancellable *cancellable)
{
	OukDoctorSetup setup = {doctor->module, doctor->hall, doctor->offline, doctor->keyless};

	exam_init(exam, &setup);
	g_set_object(&exam->cancellable, cancellable);
}

static gboolean
start(OukDoctor *doctor, GError **error)
{
	if (doctor->busy) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_PENDING,
				    _("The doctor is looking already."));
		return FALSE;
	}
	doctor->busy = TRUE;
	for (OukLinkId id = 0; id < OUK_LINKS; id++) {
		OukLinkResult waiting = {.text = g_strdup(""), .fact = g_strdup("")};

		result_set(doctor, id, &waiting);
	}
	return TRUE;
}

static void
tell_here(OukDoctor *doctor, OukLinkId id, OukLinkResult *result, gpointer data)
{
	result_set(doctor, id, result);
}

gboolean
ouk_doctor_run(OukDoctor *doctor, GCancellable *cancellable, GError **error)
{
	OukExam exam = {0};

	if (!start(doctor, error))
		return FALSE;
	exam_start(doctor, &exam, cancellable);
	walk(doctor, &exam, tell_here, NULL);
	clues_clear(&doctor->clues);
	doctor->clues = exam.clues;
	exam.clues = (OukClues){0};
	exam_clear(&exam);
	doctor->busy = FALSE;
	return !g_cancellable_set_error_if_cancelled(cancellable, error);
}

/* A result on its way from the worker to the main context. */
struct note {
	OukDoctor *doctor;
	OukLinkId id;
	OukLinkResult result;
};

static void
note_free(gpointer data)
{
	struct note *note = data;

	result_clear(&note->result);
	g_object_unref(note->doctor);
	g_free(note);
}

static gboolean
note_deliver(gpointer data)
{
	struct note *note = data;

	result_set(note->doctor, note->id, &note->result);
	return G_SOURCE_REMOVE;
}

static void
tell_context(OukDoctor *doctor, OukLinkId id, OukLinkResult *result, gpointer data)
{
	GMainContext *context = data;
	g_autoptr(GSource) source = g_idle_source_new();
	struct note *note = g_new0(struct note, 1);

	note->doctor = g_object_ref(doctor);
	note->id = id;
	note->result = *result;
	*result = (OukLinkResult){0};
	/* not g_main_context_invoke: that runs here and now while nobody owns the context */
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, note_deliver, note, note_free);
	g_source_attach(source, context);
}

static void
exam_free(gpointer data)
{
	OukExam *exam = data;

	exam_clear(exam);
	g_free(exam);
}

static void
run_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
	walk(source, task_data, tell_context, g_task_get_context(task));
	g_task_return_boolean(task, TRUE);
}

void
ouk_doctor_run_async(OukDoctor *doctor, GCancellable *cancellable, GAsyncReadyCallback callback,
		     gpointer data)
{
	g_autoptr(GTask) task = g_task_new(doctor, cancellable, callback, data);
	OukExam *exam;
	GError *error = NULL;

	g_task_set_source_tag(task, ouk_doctor_run_async);
	if (!start(doctor, &error)) {
		g_task_return_error(task, error);
		return;
	}
	exam = g_new0(OukExam, 1);
	exam_start(doctor, exam, cancellable);
	g_task_set_task_data(task, exam, exam_free);
	g_task_run_in_thread(task, run_thread);
}

gboolean
ouk_doctor_run_finish(OukDoctor *doctor, GAsyncResult *result, GError **error)
{
	GTask *task = G_TASK(result);
	OukExam *exam = g_task_get_task_data(task);

	if (exam != NULL) {
		clues_clear(&doctor->clues);
		doctor->clues = exam->clues;
		exam->clues = (OukClues){0};
		doctor->busy = FALSE;
	}
	return g_task_propagate_boolean(task, error);
}

/* ---- the outcome ---- */

const OukLinkResult *
ouk_doctor_result(OukDoctor *doctor, OukLinkId id)
{
	return &doctor->results[id];
}

const OukFinding *
ouk_doctor_finding(OukDoctor *doctor)
{
	const OukFinding *note = NULL;

	for (OukLinkId id = 0; id < OUK_LINKS; id++) {
		const OukLinkResult *result = &doctor->results[id];

		if (result->state == OUK_LINK_BROKEN)
			return result->finding;
		if (result->state == OUK_LINK_NOTE && note == NULL)
			note = result->finding;
	}
	return note;
}

const OukClues *
doctor_clues(OukDoctor *doctor)
{
	return &doctor->clues;
}

/* ---- the object ---- */

static void
ouk_doctor_finalize(GObject *object)
{
	OukDoctor *doctor = OUK_DOCTOR(object);

	for (OukLinkId id = 0; id < OUK_LINKS; id++)
		result_clear(&doctor->results[id]);
	clues_clear(&doctor->clues);
	g_free(doctor->module);
	g_free(doctor->hall);
	G_OBJECT_CLASS(ouk_doctor_parent_class)->finalize(object);
}

static void
ouk_doctor_class_init(OukDoctorClass *class)
{
	G_OBJECT_CLASS(class)->finalize = ouk_doctor_finalize;
	signal_link = g_signal_new("link", OUK_TYPE_DOCTOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
				   G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
ouk_doctor_init(OukDoctor *doctor)
{
	for (OukLinkId id = 0; id < OUK_LINKS; id++) {
		doctor->results[id].text = g_strdup("");
		doctor->results[id].fact = g_strdup("");
	}
}

OukDoctor *
ouk_doctor_new(const OukDoctorSetup *setup)
{
	OukDoctor *doctor = g_object_new(OUK_TYPE_DOCTOR, NULL);

	if (setup != NULL) {
		doctor->module = g_strdup(setup->module);
		doctor->hall = g_strdup(setup->hall);
		doctor->offline = setup->offline;
		doctor->keyless = setup->keyless;
	}
	return doctor;
}
