/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The doctor as a window uses it: on a worker thread, told on the main one. */
#include "assistant/core/doctor/doctor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct seen {
	GMainLoop *loop;
	GThread *thread;
	guint next;     /* the link that must be told of next */
	guint finished; /* runs */
	gboolean ok, busy, cancelled;
};

static void
on_link(OukDoctor *doctor, guint id, gpointer data)
{
	struct seen *seen = data;
	const OukLinkResult *result = ouk_doctor_result(doctor, id);

	assert_ptr_equal(g_thread_self(), seen->thread);
	assert_non_null(result->text);
	assert_non_null(result->fact);
	if (result->state < OUK_LINK_OK)
		return;
	assert_int_equal(id, seen->next);
	seen->next++;
	assert_int_equal(result->finding != NULL,
			 result->state == OUK_LINK_NOTE || result->state == OUK_LINK_BROKEN);
}

static void
on_done(GObject *source, GAsyncResult *result, gpointer data)
{
	struct seen *seen = data;
	g_autoptr(GError) error = NULL;

	if (ouk_doctor_run_finish(OUK_DOCTOR(source), result, &error))
		seen->ok = TRUE;
	else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PENDING))
		seen->busy = TRUE;
	else
		seen->cancelled = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	if (++seen->finished == 2)
		g_main_loop_quit(seen->loop);
}

static OukDoctor *
doctor_new(struct seen *seen)
{
	OukDoctorSetup setup = {.offline = TRUE};
	OukDoctor *doctor = ouk_doctor_new(&setup);

	*seen = (struct seen){.loop = g_main_loop_new(NULL, FALSE), .thread = g_thread_self()};
	g_signal_connect(doctor, "link", G_CALLBACK(on_link), seen);
	return doctor;
}

static void
every_link_is_told_once_in_order_on_the_main_thread(void **state)
{
	struct seen seen;
	g_autoptr(OukDoctor) doctor = doctor_new(&seen);

	ouk_doctor_run_async(doctor, NULL, on_done, &seen);
	ouk_doctor_run_async(doctor, NULL, on_done, &seen);
	g_main_loop_run(seen.loop);
	assert_true(seen.ok);
	assert_true(seen.busy);
	assert_int_equal(seen.next, OUK_LINKS);
	assert_string_equal(ouk_doctor_finding(doctor)->name, "SERVICE_STOPPED");
	assert_int_equal(ouk_doctor_result(doctor, OUK_LINK_SERVICE)->state, OUK_LINK_BROKEN);
	assert_int_equal(ouk_doctor_result(doctor, OUK_LINK_KEY)->state, OUK_LINK_NOT_TESTED);
	g_main_loop_unref(seen.loop);
}

static void
a_cancelled_walk_can_be_begun_again(void **state)
{
	struct seen seen;
	g_autoptr(OukDoctor) doctor = doctor_new(&seen);
	g_autoptr(GCancellable) cancellable = g_cancellable_new();

	g_cancellable_cancel(cancellable);
	ouk_doctor_run_async(doctor, cancellable, on_done, &seen);
	seen.finished = 1;
	g_main_loop_run(seen.loop);
	assert_true(seen.cancelled);
	seen.next = 0;
	seen.finished = 1;
	ouk_doctor_run_async(doctor, NULL, on_done, &seen);
	g_main_loop_run(seen.loop);
	assert_true(seen.ok);
	assert_int_equal(seen.next, OUK_LINKS);
	g_main_loop_unref(seen.loop);
}

static void
all_findings_have_words_and_a_number_of_their_own(void **state)
{
	gboolean taken[100] = {FALSE};
	gsize count;
	const OukFinding *all = ouk_findings(&count);

	for (gsize i = 0; i < count; i++) {
		assert_in_range(all[i].number, 1, 99);
		assert_false(taken[all[i].number]);
		taken[all[i].number] = TRUE;
		assert_true(*all[i].sentence != '\0' && *all[i].cure != '\0' &&
			    *all[i].question != '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_link_is_told_once_in_order_on_the_main_thread),
		cmocka_unit_test(a_cancelled_walk_can_be_begun_again),
		cmocka_unit_test(all_findings_have_words_and_a_number_of_their_own),
	};

	/* a service that nobody serves */
	g_setenv("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm", TRUE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
