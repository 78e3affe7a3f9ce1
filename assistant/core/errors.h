/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What went wrong, as the person at the keyboard is told it. The rows are in errors.def. */
#ifndef OUK_CORE_ERRORS_H
#define OUK_CORE_ERRORS_H

#include "assistant/core/cryptoki.h"

#include <glib.h>

#define ERROR(name, ...) OUK_E_##name,
typedef enum {
#include "assistant/core/errors.def"
	OUK_ERROR_COUNT
} OukErrorCode;
#undef ERROR

typedef struct {
	const char *name; /* shown in brackets, the same in all languages */
	int exit;         /* exit status */
	const char *what; /* untranslated */
	const char *cure; /* untranslated */
	/* action of the window that helps, such as "app.doctor"; NULL: none */
	const char *button;
} OukErrorRow;

/* What was being done when a PKCS #11 call failed: the same code means different things. */
typedef enum {
	OUK_TASK_ANY,
	OUK_TASK_USER_PIN,
	OUK_TASK_ADMIN_PIN,
	OUK_TASK_DEVICE_KEY,
	OUK_TASK_IMPORT,
} OukTask;

#define OUK_ERROR ouk_error_quark()
GQuark ouk_error_quark(void);

/* The row of an error of ours; INTERNAL's for any other domain. */
const OukErrorRow *ouk_error_row(const GError *error);

/* Sets *error to the row's sentence and returns FALSE. */
gboolean ouk_fail(GError **error, OukErrorCode code);
/* The same with a detail behind the sentence. */
gboolean ouk_fail_with(GError **error, OukErrorCode code, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
/* Translates a PKCS #11 return value; one we have no words for keeps its number. */
gboolean ouk_fail_rv(GError **error, OukTask task, CK_RV rv);

#endif
