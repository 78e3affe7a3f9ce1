/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes with an operator's request: a certificate, a language, a form's token; and any text.
 */
#include "service/console/console.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

/* Nothing that is shown can be markup, or end the attribute it stands in. */
static void
shown(const char *text)
{
	struct page page = {.language = CON_EN};

	page_text(&page, text);
	must(!page.failed && (page.ptr == NULL || strpbrk(page.ptr, "<>\"'") == NULL));
	free(page.ptr);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	CS_BLOB copy = {NULL, 0};
	struct console console = {.url = "https://127.0.0.1"};
	struct con_request request = {.client_verify = "SUCCESS", .origin = "", .fetch_site = ""};
	struct visit visit = {.console = &console, .request = &request};
	const char *text;
	char masked[CS_MASK_TEXT];

	must(cs_blob_set(&copy, uk_span_of(bytes, size)) == CS_OK);
	text = (const char *)copy.ptr;
	request.client_cert = text;
	/* There is no list of operators: whatever it is, it is nobody's. */
	must(con_login(&visit) == CS_E_DENIED);
	memcpy(request.fields[0].name, "token", 6);
	request.fields[0].value = copy;
	request.fields_len = 1;
	must(con_token_check(&visit) == CS_E_PROOF);
	(void)con_language_of(text);
	shown(text);
	cs_mask("legal_name", text, masked);
	must(strlen(masked) < sizeof(masked));
	cs_mask("handler_phone", text, masked);
	must(strlen(text) < 12 || strchr(text, '*') != NULL || strstr(masked, text) == NULL);
	return 0;
}
