/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A payment notice from anybody: the stamp up to a newline, then the body.  Nobody's key has
 * signed. */
#include "service/receipts/receipts.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const rules_texts[] = {
	"{\"form\": \"alipay\", \"public_keys\": [], \"app_id\": \"a\"}",
	"{\"form\": \"wechatpay-v3\", \"public_keys\": [], \"api_key_file\": \"none\"}"};

static char paths[2][32] = {"/tmp/receipt-fuzz-XXXXXX", "/tmp/receipt-fuzz-XXXXXX"};

static void
rules_drop(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		(void)unlink(paths[i]);
}

static void
rules_make(void)
{
	static bool made;

	if (made)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int fd = mkstemp(paths[i]);
		size_t len = strlen(rules_texts[i]);

		must(fd >= 0 && write(fd, rules_texts[i], len) == (ssize_t)len && close(fd) == 0);
	}
	must(atexit(rules_drop) == 0);
	made = true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t stamp_len = end != NULL ? (size_t)(end - data) : 0;
	char stamp[CS_NOTICE_STAMP_TEXT * 2] = "";
	struct cs_notice_told told = {.stamp = stamp, .signature = uk_span_of("x", 1)};
	struct cs_receipt receipt;
	CS_BLOB bytes = {NULL, 0};

	if (size == 0)
		return 0;
	rules_make();
	if (stamp_len < sizeof(stamp) && stamp_len > 0)
		memcpy(stamp, data, stamp_len);
	told.body = uk_span_of(data + (end != NULL ? stamp_len + 1 : 0),
			       size - (end != NULL ? stamp_len + 1 : 0));
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		must(cs_receipt_read(paths[i], &told, &receipt) != CS_OK);
	if (cs_base64_take(stamp, 48, &bytes))
		must(bytes.len <= 48 && bytes.len * 4 <= strlen(stamp) * 3);
	return 0;
}
