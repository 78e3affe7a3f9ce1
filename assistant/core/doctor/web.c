/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/web.h"

#include "assistant/core/cert.h"
#include "assistant/core/doctor/local_ca.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE_S 5
#define LINES_MAX  64

/* ---- TLS ---- */

/* Everybody is talked to; what is wrong with the certificate is looked at afterwards. */
static gboolean
on_certificate(GTlsConnection *connection, GTlsCertificate *certificate,
	       GTlsCertificateFlags errors, gpointer data)
{
	return TRUE;
}

static void
on_event(GSocketClient *client, GSocketClientEvent event, GSocketConnectable *connectable,
	 GIOStream *connection, gpointer data)
{
	if (event == G_SOCKET_CLIENT_TLS_HANDSHAKING)
		g_signal_connect(connection, "accept-certificate", G_CALLBACK(on_certificate),
				 NULL);
}

static X509 *
x509_of(GTlsCertificate *certificate)
{
	g_autoptr(GByteArray) der = NULL;
	const unsigned char *at;

	g_object_get(certificate, "certificate", &der, NULL);
	at = der != NULL ? der->data : NULL;
	return at != NULL ? d2i_X509(NULL, &at, (long)der->len) : NULL;
}

/* Not the connection's own verdict: one that resumes an earlier session has none. */
static GTlsCertificateFlags
errors_of(GTlsCertificate *certificate, GSocketConnectable *host, GCancellable *cancellable)
{
	GTlsDatabase *database = g_tls_backend_get_default_database(g_tls_backend_get_default());
	GTlsCertificateFlags errors = G_TLS_CERTIFICATE_GENERIC_ERROR;

	if (database != NULL && certificate != NULL)
		errors = g_tls_database_verify_chain(
			database, certificate, G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER, host,
			NULL, G_TLS_DATABASE_VERIFY_NONE, cancellable, NULL);
	g_clear_object(&database);
	return errors;
}

static GTlsCertificate *
tls_of(X509 *x509)
{
	unsigned char *der = NULL;
	int len = i2d_X509(x509, &der);
	g_autofree char *text = len > 0 ? g_base64_encode(der, (gsize)len) : NULL;
	g_autofree char *pem = NULL;

	OPENSSL_free(der);
	if (text == NULL)
		return NULL;
	pem = g_strdup_printf("-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n", text);
	return g_tls_certificate_new_from_pem(pem, -1, NULL);
}

/* By one of the anchors, where the computer's own do not do. */
static void
look_at_anchors(GTlsCertificate *certificate, GSocketConnectable *host, OukWebAnswer *answer)
{
	const GPtrArray *anchors = answer->anchors;

	for (guint i = 0; anchors != NULL && i < anchors->len && certificate != NULL; i++) {
		g_autoptr(GTlsCertificate) anchor = tls_of(g_ptr_array_index(anchors, i));
		GTlsCertificateFlags errors;

		/* some are of algorithms that TLS here does not know */
		if (anchor == NULL)
			continue;
		errors = g_tls_certificate_verify(certificate, host, anchor);
		if ((errors & G_TLS_CERTIFICATE_UNKNOWN_CA) != 0)
			continue;
		answer->errors = errors;
		answer->local_issuer = FALSE;
		if (errors == 0)
			return;
	}
}

/* The server's certificate and what came along with it. */
static void
look_at_certificate(GTlsConnection *connection, GUri *uri, GCancellable *cancellable,
		    OukWebAnswer *answer)
{
	GTlsCertificate *certificate = g_tls_connection_get_peer_certificate(connection);
	GTlsCertificate *first = certificate;
	g_autoptr(GSocketConnectable) host = g_network_address_new(g_uri_get_host(uri), 443);
	g_autoptr(GPtrArray) chain = g_ptr_array_new_with_free_func((GDestroyNotify)X509_free);

	answer->errors = errors_of(certificate, host, cancellable);
	for (; certificate != NULL; certificate = g_tls_certificate_get_issuer(certificate)) {
		X509 *x509 = x509_of(certificate);

		if (x509 != NULL)
			g_ptr_array_add(chain, x509);
	}
	if (chain->len == 0)
		return;
	answer->issuer = ouk_x509_issuer(g_ptr_array_index(chain, 0));
	answer->local_issuer = answer->errors == 0 && local_ca_vouches(chain);
	if (answer->errors != 0 || answer->local_issuer)
		look_at_anchors(first, host, answer);
}

/* ---- HTTP ---- */

/* What is no number makes a date that is none. */
static int
number(const char *text)
{
	return (int)MIN(g_ascii_strtoull(text, NULL, 10), 9999);
}

/* "Date: Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7) */
static gint64
date_of(const char *line)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	g_auto(GStrv) words = g_strsplit_set(g_strchug((char *)(uintptr_t)line), " :", -1);
	g_autoptr(GDateTime) time = NULL;
	const char *month;

	if (g_strv_length(words) < 7 || strlen(words[2]) != 3)
		return 0;
	month = strstr(months, words[2]);
	if (month == NULL)
		return 0;
	time = g_date_time_new_utc(number(words[3]), (int)(month - months) / 3 + 1,
				   number(words[1]), number(words[4]), number(words[5]),
				   number(words[6]));
	return time != NULL ? g_date_time_to_unix(time) : 0;
}

static void
read_answer(GInputStream *stream, GCancellable *cancellable, OukWebAnswer *answer)
{
	g_autoptr(GDataInputStream) lines = g_data_input_stream_new(stream);

	g_data_input_stream_set_newline_type(lines, G_DATA_STREAM_NEWLINE_TYPE_ANY);
	for (int i = 0; i < LINES_MAX; i++) {
		g_autofree char *line =
			g_data_input_stream_read_line_utf8(lines, NULL, cancellable, NULL);

		if (line == NULL || *line == '\0')
			return;
		if (i == 0 && g_str_has_prefix(line, "HTTP/") && strchr(line, ' ') != NULL)
			answer->status = (guint)g_ascii_strtoull(strchr(line, ' '), NULL, 10);
		else if (g_ascii_strncasecmp(line, "Date:", 5) == 0)
			answer->date = date_of(line + 5);
	}
}

static void
ask(GIOStream *stream, GUri *uri, gboolean whole_address, GCancellable *cancellable,
    OukWebAnswer *answer)
{
	g_autofree char *address = g_uri_to_string_partial(
		uri, G_URI_HIDE_USERINFO | G_URI_HIDE_FRAGMENT | G_URI_HIDE_QUERY);
	const char *path = *g_uri_get_path(uri) != '\0' ? g_uri_get_path(uri) : "/";
	g_autofree char *question = g_strdup_printf(
		"HEAD %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nAccept: */*\r\n\r\n",
		whole_address ? address : path, g_uri_get_host(uri));

	if (g_output_stream_write_all(g_io_stream_get_output_stream(stream), question,
				      strlen(question), NULL, cancellable, NULL))
		read_answer(g_io_stream_get_input_stream(stream), cancellable, answer);
	answer->state = answer->status != 0 ? OUK_WEB_ANSWERED : OUK_WEB_NO_ANSWER;
	/* 407: the proxy wants to know who we are */
	if (answer->proxy != NULL && answer->status == 407)
		answer->state = OUK_WEB_PROXY_REFUSED;
}

/* ---- connecting ---- */

/* The first proxy that is set for the address; NULL for none. */
static char *
proxy_of(const char *address, GCancellable *cancellable)
{
	g_auto(GStrv) proxies =
		g_proxy_resolver_lookup(g_proxy_resolver_get_default(), address, cancellable, NULL);

	if (proxies == NULL || proxies[0] == NULL || g_str_has_prefix(proxies[0], "direct:"))
		return NULL;
	return g_strdup(proxies[0]);
}

/* Of errors that say more than "no answer". */
static const struct {
	GQuark (*domain)(void);
	int code; /* -1: any */
	OukWebState state;
} error_rows[] = {
	{g_resolver_error_quark, -1, OUK_WEB_NO_NAME},
	{g_tls_error_quark, -1, OUK_WEB_NOT_TLS},
	{g_io_error_quark, G_IO_ERROR_NETWORK_UNREACHABLE, OUK_WEB_NO_NETWORK},
	{g_io_error_quark, G_IO_ERROR_HOST_UNREACHABLE, OUK_WEB_NO_ANSWER},
	{g_io_error_quark, G_IO_ERROR_PROXY_FAILED, OUK_WEB_PROXY_REFUSED},
	{g_io_error_quark, G_IO_ERROR_PROXY_AUTH_FAILED, OUK_WEB_PROXY_REFUSED},
	{g_io_error_quark, G_IO_ERROR_PROXY_NEED_AUTH, OUK_WEB_PROXY_REFUSED},
	{g_io_error_quark, G_IO_ERROR_PROXY_NOT_ALLOWED, OUK_WEB_PROXY_REFUSED},
};

static OukWebState
state_of(const GError *error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(error_rows); i++)
		if (error->domain == error_rows[i].domain() &&
		    (error_rows[i].code < 0 || error->code == error_rows[i].code))
			return error_rows[i].state;
	return OUK_WEB_NO_ANSWER;
}

/* Whether any way leads off this computer. */
static gboolean
network_is_there(void)
{
	return g_network_monitor_get_network_available(g_network_monitor_get_default());
}

static void
connect_and_ask(GUri *uri, const char *address, GCancellable *cancellable, OukWebAnswer *answer)
{
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketConnection) connection = NULL;
	g_autoptr(GError) error = NULL;
	gboolean tls = strcmp(g_uri_get_scheme(uri), "https") == 0;
	gboolean through =
		answer->proxy != NULL && !tls && g_str_has_prefix(answer->proxy, "http:");

	g_socket_client_set_timeout(client, PATIENCE_S);
	g_socket_client_set_tls(client, tls);
	g_signal_connect(client, "event", G_CALLBACK(on_event), NULL);
	/* a proxy for plain HTTP is asked itself; for the rest GIO makes the tunnel */
	g_socket_client_set_enable_proxy(client, !through);
	connection = g_socket_client_connect_to_uri(client, through ? answer->proxy : address,
						    tls ? 443 : 80, cancellable, &error);
	if (connection == NULL) {
		answer->state = state_of(error);
		return;
	}
	if (tls && G_IS_TCP_WRAPPER_CONNECTION(connection))
		look_at_certificate(G_TLS_CONNECTION(g_tcp_wrapper_connection_get_base_io_stream(
					    G_TCP_WRAPPER_CONNECTION(connection))),
				    uri, cancellable, answer);
	ask(G_IO_STREAM(connection), uri, through, cancellable, answer);
}

void
web_ask(const char *address, GCancellable *cancellable, OukWebAnswer *ret)
{
	web_ask_trusting(address, NULL, cancellable, ret);
}

void
web_ask_trusting(const char *address, const GPtrArray *anchors, GCancellable *cancellable,
		 OukWebAnswer *ret)
{
	g_autoptr(GUri) uri = g_uri_parse(address, G_URI_FLAGS_ENCODED, NULL);

	*ret = (OukWebAnswer){.state = OUK_WEB_BAD_ADDRESS, .anchors = anchors};
	if (uri == NULL || g_uri_get_host(uri) == NULL ||
	    (strcmp(g_uri_get_scheme(uri), "http") != 0 &&
	     strcmp(g_uri_get_scheme(uri), "https") != 0))
		return;
	ret->proxy = proxy_of(address, cancellable);
	connect_and_ask(uri, address, cancellable, ret);
	if (ret->state == OUK_WEB_NO_NAME && ret->proxy == NULL && !network_is_there())
		ret->state = OUK_WEB_NO_NETWORK;
}

void
web_answer_clear(OukWebAnswer *answer)
{
	g_free(answer->issuer);
	g_free(answer->proxy);
	*answer = (OukWebAnswer){0};
}
