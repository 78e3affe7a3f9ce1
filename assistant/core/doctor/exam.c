/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/exam.h"

#include "assistant/core/doctor/usb.h"

#include <glib/gi18n.h>
#include <string.h>

#define SERIAL_SHOWN 4

static char *
text_or_empty(char *text)
{
	return text != NULL ? text : g_strdup("");
}

void
exam_ok(OukLinkResult *ret, char *text)
{
	exam_found(ret, OUK_LINK_OK, OUK_FINDING_COUNT, text);
}

void
exam_found(OukLinkResult *ret, OukLinkState state, OukFindingId id, char *text)
{
	ret->state = state;
	ret->finding = exam_finding(id);
	ret->text = text_or_empty(text);
	ret->fact = g_strdup(ret->text);
}

void
exam_not_tested(OukLinkResult *ret, const char *why)
{
	exam_found(ret, OUK_LINK_NOT_TESTED, OUK_FINDING_COUNT, g_strdup(why));
}

void
exam_fact(OukLinkResult *ret, char *fact)
{
	g_free(ret->fact);
	ret->fact = text_or_empty(fact);
}

char *
exam_short_serial(const char *serial)
{
	size_t len = serial != NULL ? strlen(serial) : 0;

	if (len == 0)
		return g_strdup("…");
	/* a short one is not given away either */
	return g_strdup_printf(
		"…%s", serial + (len > SERIAL_SHOWN * 2 ? len - SERIAL_SHOWN : len - len / 2));
}

char *
exam_initials(const char *name)
{
	g_autofree char *valid = g_utf8_make_valid(name != NULL ? name : "", -1);
	g_autofree char *first = g_utf8_substring(valid, 0, g_utf8_strlen(valid, -1) > 0 ? 1 : 0);

	return g_strdup_printf("%s…", first);
}

void
exam_init(OukExam *exam, const OukDoctorSetup *setup)
{
	/* one that is not installed; what follows a colon are other makers' */
	const char *uninstalled = g_getenv("OPENUKEY_MODULE");
	g_autofree char *first =
		uninstalled != NULL ? g_strndup(uninstalled, strcspn(uninstalled, ":")) : NULL;
	const char *module = setup->module != NULL ? setup->module : first;

	*exam = (OukExam){.module_path = g_strdup(module != NULL ? module : OPENUKEY_MODULE_PATH),
			  .hall = g_strdup(setup->hall),
			  .offline = setup->offline,
			  .clock_finding = OUK_FINDING_COUNT};
	exam->certs = g_ptr_array_new_with_free_func((GDestroyNotify)ouk_cert_free);
}

void
clues_clear(OukClues *clues)
{
	g_free(clues->holder_name);
	g_free(clues->path);
	*clues = (OukClues){0};
}

void
exam_clear(OukExam *exam)
{
	g_clear_pointer(&exam->certs, g_ptr_array_unref);
	g_clear_pointer(&exam->tokens, g_ptr_array_unref);
	g_clear_pointer(&exam->modules, ouk_modules_free);
	g_clear_pointer(&exam->profiles, ouk_profiles_unref);
	g_clear_pointer(&exam->devices, g_ptr_array_unref);
	pcsc_clear(&exam->pcsc);
	clues_clear(&exam->clues);
	g_clear_object(&exam->cancellable);
	g_free(exam->module_path);
	g_free(exam->hall);
}
