/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One walk of the doctor: what the checks know together, and how they say what they found. */
#ifndef OUK_CORE_DOCTOR_EXAM_H
#define OUK_CORE_DOCTOR_EXAM_H

#include "assistant/core/cert.h"
#include "assistant/core/doctor/doctor.h"
#include "assistant/core/doctor/pcsc.h"
#include "assistant/core/module.h"
#include "assistant/core/profile.h"

/* Where administrators register modules, on every system (p11-kit's sysconfdir is /etc). */
#define P11KIT_SYSTEM_CONFIGS "/etc/pkcs11/modules"

#define FINDING(name, ...) OUK_F_##name,
typedef enum {
#include "assistant/core/doctor/findings.def"
	OUK_FINDING_COUNT
} OukFindingId;
#undef FINDING

/* What a repair needs to know beyond its name; kept of the last walk. */
typedef struct {
	guint16 vendor, product; /* of the key that lacks a driver */
	GPid holder;             /* the process that keeps the key */
	guint64 holder_start;    /* its start time, so that no other process is ended */
	char *holder_name;
	gint64 offset; /* seconds to add to the clock; 0: only known to be wrong */
	char *path;    /* of the damaged or changed file */
	guint line;    /* in it */
} OukClues;

typedef struct {
	/* from the caller */
	char *module_path, *hall;
	gboolean offline;
	GCancellable *cancellable;
	/* found on the way */
	GPtrArray *devices;  /* of OukUsbDevice */
	gboolean has_usb;    /* this computer shows its USB ports */
	gboolean by_library; /* the key is no reader: its maker's library reaches it */
	OukPcsc pcsc;
	OukModules *modules;
	GPtrArray *tokens; /* of OukToken */
	GPtrArray *certs;  /* of OukCert, all tokens */
	OukProfiles *profiles;
	OukClues clues;
	gboolean clock_known; /* clock_* are set */
	OukFindingId clock_finding;
} OukExam;

/* A key or reader in a USB port. */
typedef struct {
	guint16 vendor, product;
	char *name;           /* of udev/keys.tsv, else the device's own; may be "" */
	gboolean is_ccid;     /* has a smart card interface */
	gboolean blocked;     /* the kernel was told not to use it */
	gboolean login_stays; /* nothing but pulling it ends a login (udev/keys.tsv, reset=none) */
} OukUsbDevice;

/* ---- saying it; text and fact are taken, NULL is "" ---- */

void exam_ok(OukLinkResult *ret, char *text);
void exam_found(OukLinkResult *ret, OukLinkState state, OukFindingId id, char *text);
void exam_not_tested(OukLinkResult *ret, const char *why);
/* Replaces the report's wording, which otherwise is the screen's. */
void exam_fact(OukLinkResult *ret, char *fact);

const OukFinding *exam_finding(OukFindingId id);

/* ---- the checks, one for each link ---- */

#define LINK(id, title, check) void check(OukExam *exam, OukLinkResult *ret);
#include "assistant/core/doctor/links.def"
#undef LINK

/* "…1234" */
char *exam_short_serial(const char *serial);
/* First letters of a unit's name: "示…" */
char *exam_initials(const char *name);
/* Loads the CAs' data once. */
void exam_profiles(OukExam *exam);
/* A server of the hall or CA that tells the time over TLS, or NULL. The caller frees. */
char *exam_time_server(OukExam *exam);
/* The clock's finding, or OUK_FINDING_COUNT when it seems right; worked out once a walk. */
OukFindingId exam_clock(OukExam *exam);

void exam_init(OukExam *exam, const OukDoctorSetup *setup);
void exam_clear(OukExam *exam);
void clues_clear(OukClues *clues);

#endif
