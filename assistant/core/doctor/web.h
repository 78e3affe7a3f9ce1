/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One question (HEAD) to a web server, through the proxy that the desktop is set to. Nothing is
 * sent that says who asks, so a server whose certificate is not accepted is talked to all the same:
 * the doctor wants to know who it is.
 */
#ifndef OUK_CORE_DOCTOR_WEB_H
#define OUK_CORE_DOCTOR_WEB_H

#include <gio/gio.h>

typedef enum {
	OUK_WEB_ANSWERED,
	OUK_WEB_NO_NETWORK,
	OUK_WEB_NO_NAME,
	OUK_WEB_NO_ANSWER,
	OUK_WEB_PROXY_REFUSED,
	OUK_WEB_NOT_TLS, /* the handshake failed */
	OUK_WEB_BAD_ADDRESS,
} OukWebState;

typedef struct {
	OukWebState state;
	guint status;                /* of HTTP; 0: it was not HTTP */
	gint64 date;                 /* Unix time the server says; 0: none */
	GTlsCertificateFlags errors; /* what is wrong with its certificate */
	char *issuer;                /* who vouches for it; NULL without TLS */
	gboolean local_issuer;       /* accepted only because of a CA added on this computer */
	char *proxy;                 /* "host:port" it went through; NULL: directly */
	const GPtrArray *anchors;    /* as given */
} OukWebAnswer;

/* At most some ten seconds. Sets all of *ret; the caller clears it. */
void web_ask(const char *address, GCancellable *cancellable, OukWebAnswer *ret);
/*
 * The same of a server that other anchors (of X509; NULL: none) vouch for as well. What they vouch
 * for has no local issuer.
 */
void web_ask_trusting(const char *address, const GPtrArray *anchors, GCancellable *cancellable,
		      OukWebAnswer *ret);
void web_answer_clear(OukWebAnswer *answer);

#endif
