/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/service-client/order_data.h"

#include "common/secret.h"

#include <glib/gi18n.h>
#include <string.h>

struct _OukOrder {
	GObject parent;
	OukOrderInfo info;
	char *capability;
};

G_DEFINE_FINAL_TYPE(OukOrder, ouk_order, G_TYPE_OBJECT)

static const struct {
	const char *kind;
	const char *text;
} kinds[] = {
	{"new", N_("new certificate")},
	{"renewal", N_("renewal")},
	{"unlock", N_("unlock")},
	{"lost", N_("replacement of a lost key")},
	{"damaged", N_("replacement of a damaged key")},
	{"revoke", N_("revocation")},
	{"change", N_("change of information")},
	{"open", N_("opening an application")},
	{"return", N_("return of the certificate")},
	{"loss", N_("report of loss")},
};

static const struct {
	const char *state;
	OukNext next; /* where the service does not say */
	gboolean over;
	const char *text;
} states[] = {
	{"draft", OUK_NEXT_SUBMIT, FALSE, N_("not handed in yet")},
	{"submitted", OUK_NEXT_WAIT, FALSE, N_("being checked")},
	{"identified", OUK_NEXT_CODE, FALSE, N_("identity checked")},
	{"docs", OUK_NEXT_CONSENT, FALSE, N_("documents and consent are missing")},
	{"consented", OUK_NEXT_PAY, FALSE, N_("agreed")},
	{"wait-pay", OUK_NEXT_WAIT_MONEY, FALSE, N_("waiting for the payment")},
	{"wait-transfer", OUK_NEXT_TRANSFER, FALSE, N_("waiting for the bank transfer")},
	{"paid", OUK_NEXT_HAND_IN, FALSE, N_("paid")},
	{"review", OUK_NEXT_WAIT, FALSE, N_("in review")},
	{"correct", OUK_NEXT_CORRECT, FALSE, N_("to be corrected")},
	{"paper-wait", OUK_NEXT_PAPERS, FALSE, N_("waiting for the papers by post")},
	{"paper-in", OUK_NEXT_WAIT, FALSE, N_("the papers have come")},
	{"approved", OUK_NEXT_WAIT, FALSE, N_("approved")},
	{"ready", OUK_NEXT_INSTALL, FALSE, N_("ready to be written onto the key")},
	{"issued", OUK_NEXT_INSTALL, FALSE, N_("issued, not yet confirmed")},
	{"confirmed", OUK_NEXT_NONE, TRUE, N_("done")},
	{"made", OUK_NEXT_WAIT, FALSE, N_("the new key is made")},
	{"to-collect", OUK_NEXT_COLLECT, FALSE, N_("ready to be collected")},
	{"posted", OUK_NEXT_RECEIVE, FALSE, N_("in the post")},
	{"handed-over", OUK_NEXT_NONE, TRUE, N_("handed over")},
	{"code-sent", OUK_NEXT_CODE, FALSE, N_("the code was sent")},
	{"code-ok", OUK_NEXT_COMMAND, FALSE, N_("the code was right")},
	{"counter-wait", OUK_NEXT_COUNTER, FALSE, N_("at the counter")},
	{"commanded", OUK_NEXT_COMMAND, FALSE, N_("unlocking, not finished")},
	{"done", OUK_NEXT_NONE, TRUE, N_("done")},
	{"counter-only", OUK_NEXT_COUNTER, TRUE, N_("only at a counter")},
	{"dead", OUK_NEXT_NONE, TRUE, N_("closed after too many wrong codes")},
	{"suspended", OUK_NEXT_WAIT, FALSE, N_("suspended")},
	{"released", OUK_NEXT_NONE, TRUE, N_("released")},
	{"replaced", OUK_NEXT_NONE, TRUE, N_("replaced")},
	{"revoked", OUK_NEXT_NONE, TRUE, N_("revoked")},
	{"refunding", OUK_NEXT_WAIT, FALSE, N_("the money is on its way back")},
	{"refunded", OUK_NEXT_NONE, TRUE, N_("the money was paid back")},
	{"refused", OUK_NEXT_NONE, TRUE, N_("refused")},
	{"cancelled", OUK_NEXT_NONE, TRUE, N_("cancelled")},
	{"expired", OUK_NEXT_NONE, TRUE, N_("its time is over")},
};

#define NEXT(name, word, text) [OUK_NEXT_##name] = {word, text},
static const struct {
	const char *word, *text;
} nexts[] = {
#include "assistant/service-client/next.def"
};
#undef NEXT

static void
document_free(gpointer data)
{
	OukDocument *document = data;

	g_free(document->slot);
	g_free(document->title);
	g_free(document->state);
	g_free(document->reason);
	g_free(document);
}

static void
ouk_order_finalize(GObject *object)
{
	OukOrder *order = OUK_ORDER(object);

	for (gsize i = 0; i < G_N_ELEMENTS(order_texts); i++)
		g_free(*order_text_at(&order->info, i));
	g_ptr_array_unref(order->info.documents);
	order_text_wipe(order->capability);
	G_OBJECT_CLASS(ouk_order_parent_class)->finalize(object);
}

static void
ouk_order_class_init(OukOrderClass *class)
{
	G_OBJECT_CLASS(class)->finalize = ouk_order_finalize;
}

static void
ouk_order_init(OukOrder *order)
{
	for (gsize i = 0; i < G_N_ELEMENTS(order_texts); i++)
		*order_text_at(&order->info, i) = g_strdup("");
	order->info.documents = g_ptr_array_new_with_free_func(document_free);
	order->capability = g_strdup("");
}

OukOrder *
order_new(const char *capability, OukOrderInfo **ret_info)
{
	OukOrder *order = g_object_new(OUK_TYPE_ORDER, NULL);

	order_text_wipe(order->capability);
	order->capability = g_strdup(capability);
	*ret_info = &order->info;
	return order;
}

void
order_text_wipe(char *text)
{
	if (text != NULL)
		uk_wipe(text, strlen(text));
	g_free(text);
}

char **
order_text_at(OukOrderInfo *info, gsize index)
{
	return (char **)(void *)((char *)info + order_texts[index].offset);
}

OukNext
order_next_of(const char *word, const char *state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(nexts) && *word != '\0'; i++)
		if (strcmp(nexts[i].word, word) == 0)
			return (OukNext)i;
	for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
		if (strcmp(states[i].state, state) == 0)
			return states[i].next;
	return OUK_NEXT_UNKNOWN;
}

OukOrder *
ouk_order_remembered(const char *id, const char *number, const char *kind, const char *serial,
		     const char *capability)
{
	OukOrderInfo *info;
	OukOrder *order = order_new(capability, &info);

	g_free(info->id);
	g_free(info->number);
	g_free(info->kind);
	g_free(info->serial);
	info->id = g_strdup(id);
	info->number = g_strdup(number);
	info->kind = g_strdup(kind);
	info->serial = g_strdup(serial != NULL ? serial : "");
	return order;
}

const OukOrderInfo *
ouk_order_info(const OukOrder *order)
{
	return &order->info;
}

gboolean
ouk_order_is_over(const OukOrder *order)
{
	for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
		if (strcmp(states[i].state, order->info.state) == 0)
			return states[i].over;
	return FALSE;
}

gboolean
ouk_order_writes(const OukOrder *order)
{
	static const char *const writing[] = {"renewal", "change", "open", NULL};

	return g_strv_contains(writing, order->info.kind);
}

gboolean
ouk_order_is_ours(const OukOrder *order)
{
	return *order->capability != '\0';
}

const char *
ouk_order_capability(const OukOrder *order)
{
	return order->capability;
}

const char *
ouk_order_kind_text(const char *kind)
{
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return _(kinds[i].text);
	return _("order");
}

const char *
ouk_order_state_text(const char *state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
		if (strcmp(states[i].state, state) == 0)
			return _(states[i].text);
	return _("not known");
}

const char *
ouk_next_text(OukNext next)
{
	return _(nexts[next < OUK_NEXT_COUNT ? next : OUK_NEXT_UNKNOWN].text);
}
