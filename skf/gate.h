/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one way in.  Each entry point declares a GATE and enters it with its row of functions.def:
 * a living handle of the right kind? key still there? logged in by this process?  All answers and
 * locks are given here, and undone on every way out.
 */
#ifndef UK_SKF_GATE_H
#define UK_SKF_GATE_H

#include "skf/device.h"
#include "skf/sar.h"

#define FN(name, what, need) FN_##name,
enum fn {
#include "skf/functions.def"
	FN_COUNT
};
#undef FN

struct gate {
	struct device *device; /* locked; NULL for rows without a handle */
	struct object *object;
	struct app *app; /* of the object; NULL for a device's own and a hash */
	struct token
		*token; /* the application's, else the device's; NULL in a CLOSE row is legal */
	bool locked;
};

ULONG gate_enter(struct gate *gate, enum fn fn, HANDLE handle);
/* The driver's outcome as the caller is told it; notes a removal and a lost login. */
ULONG gate_sar(struct gate *gate, enum uk_status status);
void gate_leave(struct gate *gate);

#define GATE UK_CLEANUP(gate_leave) struct gate

/* Lets others at the device for that long, and enters again. */
ULONG gate_wait(struct gate *gate, enum fn fn, HANDLE handle, unsigned int ms);

/* ---- answers (answer.c) ---- */

/*
 * The two-call rule: without a buffer the needed length is written to *len; one that is too small
 * is SAR_BUFFER_TOO_SMALL, with the needed length in *len and the buffer untouched.
 */
ULONG answer_put(struct uk_span value, void *out, ULONG *len);
/* A caller's string of 1..max bytes; SAR_INVALIDPARAMERR for NULL, else SAR_NAMELENERR. */
ULONG name_read(const char *text, size_t max, struct uk_span *ret);

/* A list of names in the making: each with its NUL, and one more NUL at the end. */
struct name_list {
	char *text; /* freed by name_list_free */
	size_t len, cap;
	bool failed; /* no memory */
};
void name_list_add(void *list, struct uk_span name);
ULONG name_list_answer(struct name_list *list, LPSTR out, ULONG *size);
void name_list_free(struct name_list *list);

#define NAME_LIST UK_CLEANUP(name_list_free) struct name_list

#endif
