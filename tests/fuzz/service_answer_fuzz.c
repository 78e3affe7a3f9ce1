/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a CA's service, or whoever answers in its place, says to the assistant. */
#include "assistant/service-client/answer.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void
look_at(const OukOrder *order)
{
	const OukOrderInfo *info = ouk_order_info(order);

	must(*info->id != '\0' && strpbrk(info->id, "/?#%. ") == NULL);
	must(info->next < OUK_NEXT_COUNT && info->deadline >= 0);
	must(g_utf8_validate(info->payment_code, -1, NULL));
	must(ouk_order_is_ours(order) == (strlen(ouk_order_capability(order)) == 64));
	for (guint i = 0; i < info->documents->len; i++)
		must(((OukDocument *)g_ptr_array_index(info->documents, i))->slot != NULL);
}

static void
look_into(const OukReply *reply)
{
	g_autoptr(GPtrArray) texts = ouk_reply_agreements(reply);
	g_autoptr(GBytes) bytes = ouk_reply_bytes(reply, "sign_cert", 100);
	UK_SECRET secret = {0};

	if (ouk_reply_order(reply) != NULL)
		look_at(ouk_reply_order(reply));
	for (guint i = 0; i < ouk_reply_orders(reply)->len; i++)
		look_at(g_ptr_array_index(ouk_reply_orders(reply), i));
	for (guint i = 0; i < texts->len; i++)
		must(strlen(((OukAgreement *)g_ptr_array_index(texts, i))->sha256) == 64);
	must(bytes == NULL || g_bytes_get_size(bytes) <= 100);
	must(!ouk_reply_secret(reply, "transport", &secret) || secret.len <= UK_SECRET_MAX);
	(void)ouk_reply_number(reply, "amount", 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	g_autoptr(GBytes) input = g_bytes_new_static(bytes, size);
	g_autoptr(OukOrder) before =
		ouk_order_remembered("0123456789abcdef", "20260101A000001", "renewal", "SN", "");
	g_autoptr(OukReply) fresh = answer_read(input, NULL, NULL);
	g_autoptr(OukReply) about = answer_read(input, before, NULL);
	g_autoptr(GError) error = NULL;

	if (fresh != NULL)
		look_into(fresh);
	if (about != NULL)
		look_into(about);
	must(!answer_fail(input, 400, &error) && error->domain == OUK_ERROR);
	return 0;
}
