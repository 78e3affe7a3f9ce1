/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The doctor: walks from the USB port to the hall, stops at the first link that is broken, says it
 * in a sentence and offers the repair. No GTK; everything slow happens on a worker thread.
 */
#ifndef OUK_CORE_DOCTOR_H
#define OUK_CORE_DOCTOR_H

#include <gio/gio.h>

/* In the order in which they are looked at. */
#define LINK(id, title, check) OUK_LINK_##id,
typedef enum {
#include "assistant/core/doctor/links.def"
	OUK_LINKS
} OukLinkId;
#undef LINK

typedef enum {
	OUK_LINK_WAITING,
	OUK_LINK_LOOKING,
	OUK_LINK_OK,
	OUK_LINK_NOTE,       /* works, but something is worth a word: finding is set */
	OUK_LINK_BROKEN,     /* finding is set; the walk ends here */
	OUK_LINK_NOT_TESTED, /* text says why */
} OukLinkState;

/* What can be found, a row of findings.def; texts untranslated. */
typedef struct {
	const char *name;    /* "SERVICE_STOPPED" */
	unsigned int number; /* 1 to 99, the first two digits of the code */
	OukLinkId link;
	const char *sentence; /* what is wrong */
	const char *cure;     /* what to do now */
	const char *repair;   /* name of a row of repairs.def, or NULL */
	const char *question; /* what the hotline asks next */
} OukFinding;

typedef struct {
	OukLinkState state;
	const OukFinding *finding; /* NULL unless NOTE or BROKEN */
	char *text; /* translated: what was seen; "" for nothing. For the screen, not for reports */
	char *fact; /* the same for a report: no names of people or units, serials shortened */
} OukLinkResult;

/* What to look at; all may be NULL or FALSE. */
typedef struct {
	const char *module; /* path of our PKCS #11 module; NULL: where it is installed */
	const char *hall;   /* address to try; NULL: the first of the certificate's CA */
	gboolean offline;   /* do not use the network */
	gboolean keyless;   /* a key that is not plugged in yet does not end the walk */
} OukDoctorSetup;

#define OUK_TYPE_DOCTOR ouk_doctor_get_type()
G_DECLARE_FINAL_TYPE(OukDoctor, ouk_doctor, OUK, DOCTOR, GObject)

/*
 * Signal "link" (guint id): a link's result has changed. Emitted on the main context that
 * ouk_doctor_run_async was called in (ouk_doctor_run: on the calling thread).
 */
OukDoctor *ouk_doctor_new(const OukDoctorSetup *setup);

/* One walk at a time: G_IO_ERROR_PENDING while there is one. Cancelled: G_IO_ERROR_CANCELLED. */
void ouk_doctor_run_async(OukDoctor *doctor, GCancellable *cancellable,
			  GAsyncReadyCallback callback, gpointer data);
gboolean ouk_doctor_run_finish(OukDoctor *doctor, GAsyncResult *result, GError **error);
/* The same on this thread, for programs without a main loop. */
gboolean ouk_doctor_run(OukDoctor *doctor, GCancellable *cancellable, GError **error);

/* Translated name of a link: "USB port". */
const char *ouk_link_title(OukLinkId id);
/* As of the last signal. Borrowed until the next one. */
const OukLinkResult *ouk_doctor_result(OukDoctor *doctor, OukLinkId id);
/* The broken link's finding, else the first note's, else NULL: all is well. */
const OukFinding *ouk_doctor_finding(OukDoctor *doctor);

/* ---- the code that is read out ---- */

/* "37-12-5": finding, system, version, check digit; says nothing about anybody. */
char *ouk_doctor_code(OukDoctor *doctor);

typedef struct {
	const OukFinding *finding; /* NULL: all was well */
	const char *system;        /* "Debian", ...; translated "unknown" */
	char version[16];          /* the release it came from, "0.1"; "?" for one unknown here */
} OukCodeMeaning;

/* OUK_E_CODE when a digit was misheard, OUK_E_CODE_UNKNOWN for one of a later release. */
gboolean ouk_code_explain(const char *code, OukCodeMeaning *ret, GError **error);
/* Every finding, by number; count is set. */
const OukFinding *ouk_findings(gsize *ret_count);

/* ---- the report for the hotline ---- */

/* Plain text, to be shown before it is saved or copied. */
char *ouk_doctor_report(OukDoctor *doctor);

/* ---- repairs ---- */

/* An exact change, worked out but not made. */
typedef struct _OukRepair OukRepair;

/*
 * The repair that the finding offers, worked out for this computer; NULL with OUK_E_NO_REPAIR when
 * there is none here. Does I/O, no longer than a second.
 */
OukRepair *ouk_repair_new(OukDoctor *doctor, const OukFinding *finding, GError **error);
void ouk_repair_free(OukRepair *repair);
/* Translated, a verb: "Start the smart card service". For the button. */
const char *ouk_repair_title(const OukRepair *repair);
/* The lines or the command that will change the computer; to be shown before it is made. */
const char *ouk_repair_change(const OukRepair *repair);
/* Whether the administrator's password will be asked for (by polkit). */
gboolean ouk_repair_needs_root(const OukRepair *repair);
/* FALSE: cannot be undone, and the person must be told so. */
gboolean ouk_repair_has_undo(const OukRepair *repair);

/* Makes the change; the caller then runs the doctor again. Takes the repair. Any thread. */
gboolean ouk_repair_apply(OukRepair *repair, GCancellable *cancellable, GError **error);
void ouk_repair_apply_async(OukRepair *repair, GCancellable *cancellable,
			    GAsyncReadyCallback callback, gpointer data);
gboolean ouk_repair_apply_finish(GAsyncResult *result, GError **error);

/* The last repair that can be undone, as its change backwards; OUK_E_NOTHING_TO_UNDO. */
OukRepair *ouk_repair_undo(GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukRepair, ouk_repair_free)

#endif
