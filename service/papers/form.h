/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages to print, from JSON (README.md says which), as a PDF. */
#ifndef CS_PAPERS_FORM_H
#define CS_PAPERS_FORM_H

#include "service/wire/json.h"

#define CS_PAGES_MAX 4

/* CS_E_ARGUMENTS for JSON that is no list of pages. */
UK_CHECKED enum cs_status cs_form_draw(const json_t *json, struct cs_blob *ret);

#endif
