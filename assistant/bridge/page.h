/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Web pages that ask for the key. A transport (listen/, wire.c) makes an OukPage for each page and
 * hands its calls over; a family (families/) is a table of the functions that such pages know. The
 * core stands between them: it decides whether a call may go on, and a handler reaches keys only
 * through the functions of OukPageDesk below, which ask, count and write down what they do.
 *
 *	page = ouk_page_new(bridge, &setup, &error);
 *	ouk_page_call_async(page, family, "SOF_Login", args, NULL, on_answer, data);
 *	... on_answer: node = ouk_page_call_finish(page, result, &error);
 *	ouk_page_close(page);    the connection ended: its sessions end with it
 *
 * Pages live on the main context. Handlers run on worker threads and may block.
 */
#ifndef OUK_BRIDGE_PAGE_H
#define OUK_BRIDGE_PAGE_H

#include "assistant/bridge/page_desk.h"
#include "assistant/bridge/peer.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>

typedef struct _OukBridge OukBridge; /* bridge.h */
typedef struct _OukPage OukPage;

/* Caps, for transports: more than this is refused before it is read. */
#define OUK_PAGE_FRAME_MAX   (2 * 1024 * 1024) /* a call */
#define OUK_PAGE_MESSAGE_MAX (256 * 1024)      /* any other message */
#define OUK_PAGE_ANSWER_MAX  (1024 * 1024)     /* to the extension */
#define OUK_PAGE_RANDOM_MAX  4096              /* bytes of one GenRandom */

/* ---- families ---- */

typedef enum {
	OUK_GATE_FREE,       /* no key, nothing of the person: version, hash, base64, verify */
	OUK_GATE_LIST,       /* certificates and what is public of keys: the site's consent */
	OUK_GATE_LOGIN,      /* consent; the handler calls ouk_page_desk_login */
	OUK_GATE_SIGN,       /* consent */
	OUK_GATE_DECRYPT,    /* consent */
	OUK_GATE_PIN_WINDOW, /* consent; our own window changes the PIN */
	OUK_GATE_REFUSED,    /* dangerous: OUK_E_PAGE_REFUSED and a line in the journal */
	OUK_GATE_COUNT
} OukGate;

/*
 * On a worker thread. args: what the page gave, hostile; never NULL. The answer is the handler's to
 * make, taken over; NULL with *error (OUK_ERROR) on failure. Families whose arguments are one
 * object have it as the array's only element.
 */
typedef JsonNode *(*OukHandler)(OukPageDesk *desk, JsonArray *args, GError **error);

typedef struct {
	const char *name;
	OukGate gate;
	OukHandler handler; /* NULL for OUK_GATE_REFUSED */
	/*
	 * Where a page puts PINs: bit n for argument n. They are wiped before the handler is
	 * called, which finds "" (or 0) there.
	 */
	guint pins;
	const char *pin_members; /* the same for members of an object: "pin userpin" */
} OukFamilyRow;

typedef struct {
	const char *name; /* "bjca" */
	const OukFamilyRow *rows;
	gsize count;
	/*
	 * What such a page is told in the place of an answer that failed; NULL: nothing but the
	 * error. row NULL: an unknown function. Main context.
	 */
	JsonNode *(*failed)(const OukFamilyRow *row, const GError *error);
} OukFamily;

/* By name; NULL when there is none. families.c has the list. */
const OukFamily *ouk_family_find(const char *name);
/* By the function's name, exactly; NULL: the page asks for something we do not know. */
const OukFamilyRow *ouk_family_row(const OukFamily *family, const char *function);

/* ---- pages ---- */

typedef enum {
	OUK_TRANSPORT_PORT,      /* a listener on the loopback interface */
	OUK_TRANSPORT_EXTENSION, /* the browser's extension */
	OUK_TRANSPORT_COUNT
} OukTransport;

#define OUK_PUSH_KEYS "onUsbkeyChange" /* a key came or went, or the site may see them now */

typedef struct {
	OukTransport transport;
	const char *origin;  /* as the browser gave it */
	const char *top;     /* of the page that holds the frame; NULL: the same */
	const OukPeer *peer; /* copied */
	/* Called on the main context; may be NULL. */
	void (*push)(OukPage *page, const char *event, gpointer data);
	gpointer data;
} OukPageSetup;

/*
 * OUK_E_PAGE_ORIGIN: "null", a path behind it, no http(s); OUK_E_PAGE_PEER; OUK_E_PAGE_BUSY when
 * there are too many pages.
 */
OukPage *ouk_page_new(OukBridge *bridge, const OukPageSetup *setup, GError **error);
/*
 * The page is gone: calls on their way end with OUK_E_CANCELLED, its sessions end, nothing is
 * pushed any more. Lets go of it. NULL is legal.
 */
void ouk_page_close(OukPage *page);
/* "https://a.example.org", "http://b.test:8080": lower case, IDN as punycode, default port dropped.
 */
const char *ouk_page_origin(const OukPage *page);
gpointer ouk_page_data(const OukPage *page);

/*
 * One call. args: taken as it is, and wiped where PINs are; NULL is an empty array. A call that
 * needs the site's consent is held until the person has answered. Finish: the answer, the caller's;
 * or NULL with an error of OUK_ERROR (ouk_error_row(error)->name for the page).
 *
 * OUK_E_PAGE_UNKNOWN (no such function), OUK_E_PAGE_REFUSED, OUK_E_PAGE_SITE (the person does not
 * allow it, or it looks like another site), OUK_E_PAGE_BUSY (too many calls), OUK_E_PAGE_DATA
 * (never signed for a page), OUK_E_PAGE_TRIES (so few are left that pages may not use one),
 * OUK_E_PAGE_ARGUMENT, and those of keys: OUK_E_CANCELLED, OUK_E_REMOVED, OUK_E_PIN_LOCKED, ...
 */
typedef struct {
	const OukFamily *family;
	const char *function;
	JsonArray *args;
} OukPageCall;

void ouk_page_call_start(OukPage *page, const OukPageCall *call, GCancellable *cancellable,
			 GAsyncReadyCallback callback, gpointer data);

/* The same, for callers that have the parts apart. */
static inline void
ouk_page_call_async(OukPage *page, const OukFamily *family, const char *function, JsonArray *args,
		    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
	const OukPageCall call = {family, function, args};

	ouk_page_call_start(page, &call, cancellable, callback, data);
}
JsonNode *ouk_page_call_finish(OukPage *page, GAsyncResult *result, GError **error);

/* Scheme, host and port in the one form that is compared; NULL: not an origin. Caller frees. */
char *ouk_origin_canonical(const char *origin);

#endif
