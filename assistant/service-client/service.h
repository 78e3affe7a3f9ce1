/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A CA's certificate service (service/certd/README.md), as its profile names it. Each question is
 * an OukCall, made by one of the functions of calls.h, and asked either way:
 *
 *	g_autoptr(OukCall) call = ouk_call_submit(order);
 *	g_autoptr(OukReply) reply = ouk_service_ask_sync(service, call, cancellable, &error);
 *
 * on a worker thread, or ouk_service_ask_async on the main context. Answers are bounded in size and
 * time, the system's proxies are used, and of TLS only the anchors of the profile are believed. A
 * question whose answer was lost is asked again where that does no harm.
 *
 * Errors are of OUK_ERROR: SERVICE_* for what the service says (one for each code of
 * service/base/status.def) and for not reaching it.
 */
#ifndef OUK_SERVICE_CLIENT_SERVICE_H
#define OUK_SERVICE_CLIENT_SERVICE_H

#include "assistant/core/profile.h"
#include "assistant/service-client/order.h"

#include "common/secret.h"

#include <gio/gio.h>

typedef struct _OukService OukService;
typedef struct _OukCall OukCall;
typedef struct _OukReply OukReply;

/*
 * Immutable, any thread. OUK_E_SERVICE_NONE when the profile names no service: its modes say where
 * the person goes instead. $OPENUKEY_SERVICE is another address for a rehearsal's profile.
 */
OukService *ouk_service_new(const OukProfile *profile, GError **error);
OukService *ouk_service_ref(OukService *service);
void ouk_service_unref(OukService *service);
/* The profile's id; the address without a slash at its end. Borrowed. */
const char *ouk_service_profile(const OukService *service);
const char *ouk_service_url(const OukService *service);
/* Whether orders of that kind are taken. */
gboolean ouk_service_offers(const OukService *service, const char *kind);

/*
 * The call may be asked any number of times. cancellable: G_IO_ERROR_CANCELLED becomes
 * OUK_E_CANCELLED; the service may have got the question all the same.
 */
OukReply *ouk_service_ask_sync(OukService *service, OukCall *call, GCancellable *cancellable,
			       GError **error);
void ouk_service_ask_async(OukService *service, OukCall *call, GCancellable *cancellable,
			   GAsyncReadyCallback callback, gpointer data);
OukReply *ouk_service_ask_finish(GAsyncResult *result, GError **error);

OukCall *ouk_call_ref(OukCall *call);
/* Wipes what was in it. */
void ouk_call_unref(OukCall *call);
void ouk_reply_unref(OukReply *reply);

/* ---- what came back ---- */

/* The order as it is now; NULL when the answer is about none. Borrowed. */
OukOrder *ouk_reply_order(const OukReply *reply);
/* Of OukOrder, for the calls that list some; else empty. Borrowed. */
const GPtrArray *ouk_reply_orders(const OukReply *reply);
/* A member of the answer. NULL when there is none. Borrowed. */
const char *ouk_reply_text(const OukReply *reply, const char *name);
gint64 ouk_reply_number(const OukReply *reply, const char *name, gint64 otherwise);
/* A member of hexadecimal digits, at most so many bytes; NULL. The caller unrefs. */
GBytes *ouk_reply_bytes(const OukReply *reply, const char *name, gsize most);
/* A member that is secret. FALSE when there is none or it is too long. */
gboolean ouk_reply_secret(const OukReply *reply, const char *name, struct uk_secret *ret);
/* The answer of a call for a file; NULL for all others. Borrowed. */
GBytes *ouk_reply_file(const OukReply *reply);

/* A text to agree to. Each has a tick box of its own, not ticked. */
typedef struct {
	char *id, *version, *title, *text;
	char *needed_if; /* a member of the form; "": always */
	gboolean sensitive;
	char *sha256; /* of the words that came, computed here; `text` is those, safe to show */
} OukAgreement;
/* A list of the answer whose elements are texts (ouk_call_texts). Of OukAgreement. */
GPtrArray *ouk_reply_agreements(const OukReply *reply);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukService, ouk_service_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukCall, ouk_call_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukReply, ouk_reply_unref)

#endif
