/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ukey init --batch: a list of blank keys, personalised at a CA's counter one after the other.  The
 * administrator PIN and the device key that a key ends up with are the service's: they come by
 * relay and are never on this computer.
 */
#ifndef UKEY_BATCH_H
#define UKEY_BATCH_H

#include "assistant/cli/cli.h"

#include <json-glib/json-glib.h>

/* ---- the list (batch_list.c) ---- */

typedef struct {
	char *sn, *model, *unit;
	char *phone, *account, *notify; /* "" where there is none */
} BatchKey;

typedef struct {
	char *application, *container, *algorithm;
	gint64 master;   /* version of the service's master */
	GPtrArray *keys; /* of BatchKey */
} BatchList;

/* OUK_E_FILE_READ, OUK_E_BATCH_LIST. */
BatchList *batch_list_read(const char *path, GError **error);
void batch_list_free(BatchList *list);
/* NULL: the key is not in the list. */
const BatchKey *batch_list_find(const BatchList *list, const char *sn);

/* The text that operators sign for a key: what is "personalise", "device" or "enrol". */
char *batch_body(const BatchList *list, const BatchKey *key, const char *what);
/* Writes SN.paper.json for each key of the list, for ukey approve. */
gboolean batch_papers_write(const BatchList *list, const char *dir, GError **error);

/* ---- how far a key is (batch_list.c) ---- */

typedef enum {
	BATCH_NEW,
	BATCH_MADE,      /* its application may be there; nothing on it is worth keeping */
	BATCH_ADMIN,     /* it has the service's administrator PIN */
	BATCH_REQUESTED, /* its request is written */
	BATCH_DEVICE,    /* it has the service's device key */
	BATCH_ENROLLED,  /* the service knows it; the certificates are to come */
	BATCH_DONE,      /* certificates are on it, its PIN is locked until it is activated */
	BATCH_STATES
} BatchState;

/* pin: of the station, until the key is done; no person ever has it. */
typedef struct {
	BatchState state;
	struct uk_secret pin;
} BatchNote;

gboolean batch_note_read(const char *dir, const char *sn, BatchNote *ret, GError **error);
/* On the disk when it returns, mode 0600. */
gboolean batch_note_write(const char *dir, const char *sn, const BatchNote *note, GError **error);

/* ---- openukey-unlockd (batch_desk.c) ---- */

typedef struct {
	const char *socket;    /* openukey-unlockd's, or one that ssh leads to it */
	const char *approvals; /* folder of the operators' answers */
	const BatchList *list;
	const BatchKey *key;
	const struct uk_secret *admin_pin, *device_key; /* one-time, and as bought; borrowed */
	GError *error;                                  /* of the last question */
} BatchDesk;

/* What the module's relayed calls are given. */
struct openukey_relay batch_relay(BatchDesk *desk);
/* Takes the key into the service's inventory; that it is there already is no failure. */
gboolean batch_enrol(BatchDesk *desk, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BatchList, batch_list_free)

#endif
