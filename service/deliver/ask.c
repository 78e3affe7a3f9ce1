/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/deliver/drivers.h"

#include "service/base/clock.h"
#include "service/base/random.h"
#include "service/deliver/template.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_MAX  65536U
#define TIMEOUT_S   10
#define TIMEOUT_MAX 20 /* below the lease of a letter */
#define HEADER_MAX  1024
#define KEY_MAX     128

struct asking {
	const json_t *driver;
	json_t *values; /* of ours, with the secret in it */
	const char *once;
	struct uk_secret secret;
	struct cs_blob url, body;
	struct curl_slist *headers;
	struct cs_blob answer; /* room */
	size_t answer_len;
	CURL *curl;
};

static void
asking_clear(struct asking *asking)
{
	if (asking->curl != NULL)
		curl_easy_cleanup(asking->curl);
	curl_slist_free_all(asking->headers);
	cs_blob_free(&asking->url);
	cs_blob_free(&asking->body);
	cs_blob_free(&asking->answer);
	uk_secret_wipe(&asking->secret);
}

#define ASKING UK_CLEANUP(asking_clear) struct asking

static size_t
on_answer(char *bytes, size_t one, size_t len, void *ctx)
{
	struct asking *asking = ctx;

	if (len > asking->answer.len - asking->answer_len)
		return 0;
	memcpy(asking->answer.ptr + asking->answer_len, bytes, len);
	asking->answer_len += len;
	return len;
}

static bool
loopback(const char *url)
{
	CURLU *parts = curl_url();
	char *host = NULL;
	struct in_addr address;
	bool own = false;

	if (parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		own = strcmp(host, "[::1]") == 0 || (inet_pton(AF_INET, host, &address) == 1 &&
						     (ntohl(address.s_addr) >> 24) == 127);
	curl_free(host);
	curl_url_cleanup(parts);
	return own;
}

/* https everywhere; http where nobody else listens. */
static bool
url_good(const char *url)
{
	return strncmp(url, "https://", 8) == 0 ||
	       (strncmp(url, "http://", 7) == 0 && loopback(url));
}

static bool
header_add(struct asking *asking, const char *name, const char *value)
{
	char line[HEADER_MAX];
	int len = snprintf(line, sizeof(line), "%s: %s", name, value);
	struct curl_slist *grown = NULL;

	if (len > 0 && (size_t)len < sizeof(line))
		grown = curl_slist_append(asking->headers, line);
	uk_wipe(line, sizeof(line));
	if (grown != NULL)
		asking->headers = grown;
	return grown != NULL;
}

static enum cs_status
headers_make(struct asking *asking)
{
	CS_JSON *headers = json_deep_copy(json_object_get(asking->driver, "headers"));
	const char *name;
	json_t *template;

	json_object_foreach(headers, name, template)
	{
		CS_BLOB value = {NULL, 0};

		if (!json_is_string(template) ||
		    cs_template_fill(json_string_value(template), asking->values, CS_ESCAPE_HEADER,
				     NULL, &value) != CS_OK ||
		    !header_add(asking, name, (const char *)value.ptr))
			return CS_E_ARGUMENTS;
	}
	if (!header_add(asking, "Content-Type", "application/json") ||
	    !header_add(asking, "Idempotency-Key", asking->once))
		return CS_E_ARGUMENTS;
	return CS_OK;
}

static enum cs_status
signature_add(struct asking *asking)
{
	char timestamp[24], hex[CS_HASH_TEXT];
	uint8_t mac[CS_HASH_LEN];
	enum cs_status st;

	if (!json_is_true(json_object_get(asking->driver, "sign")))
		return CS_OK;
	(void)snprintf(timestamp, sizeof(timestamp), "%ld", (long)cs_now());
	st = cs_notice_mac(&asking->secret, timestamp, cs_blob_span(&asking->body), mac);
	if (st != CS_OK)
		return st;
	cs_hex(uk_span_of(mac, sizeof(mac)), hex);
	return header_add(asking, "X-Timestamp", timestamp) &&
			       header_add(asking, "X-Signature", hex)
		       ? CS_OK
		       : CS_E_MEMORY;
}

static enum cs_status
body_make(struct asking *asking)
{
	CS_JSON *body = NULL;
	const json_t *template = json_object_get(asking->driver, "body");
	char *text;
	enum cs_status st;

	body = template != NULL ? cs_template_json(template, asking->values) : json_object();
	text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	if (text == NULL)
		return CS_E_ARGUMENTS;
	st = cs_blob_set(&asking->body, uk_span_str(text));
	uk_wipe(text, strlen(text));
	free(text);
	return st;
}

static enum cs_status
request_make(struct asking *asking)
{
	const char *url = cs_json_text(asking->driver, "url", HEADER_MAX);
	enum cs_status st = cs_driver_secret(asking->driver, &asking->secret);

	if (st == CS_E_NOT_FOUND && !json_is_true(json_object_get(asking->driver, "sign")))
		st = CS_OK;
	if (url == NULL || strlen(asking->once) > KEY_MAX)
		return CS_E_ARGUMENTS;
	if (st == CS_OK && asking->secret.len > 0 &&
	    json_object_set_new(
		    asking->values, "secret",
		    json_stringn((const char *)asking->secret.bytes, asking->secret.len)) != 0)
		return CS_E_ARGUMENTS;
	if (st == CS_OK)
		st = cs_template_fill(url, asking->values, CS_ESCAPE_URL, NULL, &asking->url);
	if (st == CS_OK && !url_good((const char *)asking->url.ptr))
		st = CS_E_ARGUMENTS;
	if (st == CS_OK)
		st = body_make(asking);
	if (st == CS_OK)
		st = headers_make(asking);
	if (st == CS_OK)
		st = signature_add(asking);
	return st == CS_OK ? cs_blob_room(&asking->answer, ANSWER_MAX) : st;
}

static bool
options_set(struct asking *asking)
{
	const char *anchors = cs_json_text(asking->driver, "ca", HEADER_MAX);
	int64_t timeout = TIMEOUT_S;
	CURL *curl = asking->curl;
	bool good;

	if (cs_json_number(asking->driver, "timeout", &timeout) &&
	    (timeout < 1 || timeout > TIMEOUT_MAX))
		timeout = TIMEOUT_S;
	good = curl_easy_setopt(curl, CURLOPT_URL, (const char *)asking->url.ptr) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)timeout) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)asking->body.ptr) ==
		       CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)asking->body.len) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTPHEADER, asking->headers) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, asking) == CURLE_OK;
	return good &&
	       (anchors == NULL || curl_easy_setopt(curl, CURLOPT_CAINFO, anchors) == CURLE_OK);
}

/* 4xx is a no, but for those that mean later. */
static enum cs_status
http_status(long code)
{
	static const long later[] = {408, 409, 425, 429};

	if (code >= 200 && code < 300)
		return CS_OK;
	for (size_t i = 0; i < ARRAY_SIZE(later); i++)
		if (later[i] == code)
			return CS_E_UNAVAILABLE;
	return code >= 400 && code < 500 ? CS_E_DENIED : CS_E_UNAVAILABLE;
}

static bool
all_ok(const json_t *wanted, const json_t *answer)
{
	CS_JSON *copy = json_deep_copy(wanted);
	const char *name;
	json_t *value;

	json_object_foreach(copy, name,
			    value) if (json_equal(value, json_object_get(answer, name)) ==
				       0) return false;
	return true;
}

static json_t *
values_find(const json_t *names, const json_t *answer)
{
	CS_JSON *copy = json_deep_copy(names);
	json_t *found = json_object(), *member;
	const char *name;

	json_object_foreach(copy, name, member)
	{
		const char *at = json_string_value(member);
		json_t *value = at != NULL ? json_object_get(answer, at) : NULL;

		if (json_is_string(value))
			(void)json_object_set(found, name, value);
	}
	return found;
}

static enum cs_status
answer_read(const struct asking *asking, json_t **ret_answer)
{
	const json_t *wanted = json_object_get(asking->driver, "ok");
	const json_t *names = json_object_get(asking->driver, "answer");
	CS_JSON *answer = cs_json_read(uk_span_of(asking->answer.ptr, asking->answer_len));

	if (wanted != NULL && !all_ok(wanted, answer))
		return CS_E_DENIED;
	if (ret_answer != NULL)
		*ret_answer = values_find(names, answer);
	return CS_OK;
}

enum cs_status
cs_driver_ask(const json_t *driver, const json_t *values, const char *once, json_t **ret_answer)
{
	CS_JSON *all = values != NULL ? json_deep_copy(values) : json_object();
	ASKING asking = {.driver = driver, .values = all, .once = once};
	long code = 0;
	enum cs_status st = request_make(&asking);

	if (st != CS_OK)
		return st;
	asking.curl = curl_easy_init();
	if (asking.curl == NULL || !options_set(&asking))
		return CS_E_MEMORY;
	if (curl_easy_perform(asking.curl) != CURLE_OK ||
	    curl_easy_getinfo(asking.curl, CURLINFO_RESPONSE_CODE, &code) != CURLE_OK)
		return CS_E_UNAVAILABLE;
	st = http_status(code);
	return st == CS_OK ? answer_read(&asking, ret_answer) : st;
}
