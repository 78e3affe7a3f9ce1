/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/deliver/drivers.h"

#include "service/base/clock.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ADDRESS_MAX 128
#define TEXT_MAX    4096
#define MAIL_ROOM   16384
#define TIMEOUT_S   20L
#define LINE        57 /* bytes that make a line of base64 */
#define URL_MAX     256

/* One address and nothing that could begin another header, recipient or option. */
static bool
address_good(const char *address)
{
	size_t len = address != NULL ? strlen(address) : 0;
	const char *at = address != NULL ? strchr(address, '@') : NULL;

	return len > 2 && len < ADDRESS_MAX && at != NULL && at != address && at[1] != '\0' &&
	       address[0] != '-' && strpbrk(address, "\r\n\t <>,;:\"\\()[]") == NULL &&
	       strchr(at + 1, '@') == NULL;
}

/* The words travel as base64, so nothing in them is ever looked at on the way. */
static void
base64_put(struct uk_writer *out, const char *text)
{
	size_t len = strlen(text);

	for (size_t at = 0; at < len; at += LINE) {
		unsigned char line[LINE * 2];
		size_t part = len - at < LINE ? len - at : LINE;
		int made = EVP_EncodeBlock(line, (const unsigned char *)text + at, (int)part);

		uk_put(out, uk_span_of(line, (size_t)made));
		uk_put(out, uk_span_str("\r\n"));
	}
}

static enum cs_status
mail_make(const char *from, const char *id, const char *to, const char *text, struct cs_blob *ret)
{
	CS_BLOB room = {NULL, 0};
	char head[1024], date[64];
	struct uk_writer out;
	struct tm tm;
	time_t now = (time_t)cs_now();
	enum cs_status st = cs_blob_room(&room, MAIL_ROOM);

	if (st != CS_OK)
		return st;
	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm) == 0)
		return CS_E_INTERNAL;
	out = uk_writer_of(room.ptr, room.len);
	(void)snprintf(
		head, sizeof(head),
		"From: <%s>\r\nTo: <%s>\r\nDate: %s\r\nMessage-ID: <%s@openukey.invalid>\r\n"
		"Subject: =?UTF-8?B?5pWw5a2X6K+B5Lmm5Lia5Yqh6YCa55+l?=\r\n"
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n",
		from, to, date, id);
	uk_put(&out, uk_span_str(head));
	base64_put(&out, text);
	return out.overflow ? CS_E_TOO_LARGE : cs_blob_set(ret, uk_writer_span(&out));
}

struct sending {
	struct uk_span left;
};

static size_t
on_mail_read(char *ret, size_t one, size_t room, void *ctx)
{
	struct sending *sending = ctx;
	struct uk_span part;
	size_t len = sending->left.len < one * room ? sending->left.len : one * room;

	if (len == 0 || !uk_take(&sending->left, len, &part))
		return 0;
	memcpy(ret, part.ptr, len);
	return len;
}

static bool
user_set(CURL *curl, const json_t *driver)
{
	const char *user = cs_json_text(driver, "user", ADDRESS_MAX);
	UK_SECRET secret = {.len = 0};
	char password[UK_SECRET_MAX + 1];
	bool good;

	if (user == NULL)
		return true;
	if (cs_driver_secret(driver, &secret) != CS_OK)
		return false;
	memcpy(password, secret.bytes, secret.len);
	password[secret.len] = '\0';
	good = curl_easy_setopt(curl, CURLOPT_USERNAME, user) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PASSWORD, password) == CURLE_OK;
	uk_wipe(password, sizeof(password));
	return good;
}

static enum cs_status
smtp_send(const json_t *driver, const char *from, const char *to, struct uk_span mail)
{
	const char *url = cs_json_text(driver, "url", URL_MAX);
	const char *anchors = cs_json_text(driver, "ca", URL_MAX);
	/* Without TLS only inside the machine: to the mail program that runs there. */
	bool local = url != NULL && strncmp(url, "smtp://127.0.0.1:", 17) == 0;
	struct curl_slist *recipients = curl_slist_append(NULL, to);
	struct sending sending = {mail};
	CURL *curl = curl_easy_init();
	CURLcode sent = CURLE_FAILED_INIT;

	if (curl != NULL && recipients != NULL && url != NULL && user_set(curl, driver) &&
	    (anchors == NULL || curl_easy_setopt(curl, CURLOPT_CAINFO, anchors) == CURLE_OK) &&
	    curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_USE_SSL, local ? CURLUSESSL_NONE : CURLUSESSL_ALL) ==
		    CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_mail_read) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_READDATA, &sending) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK)
		sent = curl_easy_perform(curl);
	curl_slist_free_all(recipients);
	curl_easy_cleanup(curl);
	return sent == CURLE_OK ? CS_OK : CS_E_UNAVAILABLE;
}

/* The program gets the addresses as words of its own, after "--". */
static bool
program_start(const char *program, const char *from, const char *to, int in, pid_t *ret)
{
	char words[6][URL_MAX];
	const char *const given[] = {program, "-i", "-f", from, "--", to};
	char *argv[ARRAY_SIZE(given) + 1] = {NULL};
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *env[] = {path, NULL};
	posix_spawn_file_actions_t actions;
	bool good;

	for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
		(void)snprintf(words[i], sizeof(words[i]), "%s", given[i]);
		argv[i] = words[i];
	}
	if (posix_spawn_file_actions_init(&actions) != 0)
		return false;
	good = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO) == 0 &&
	       posix_spawn(ret, words[0], &actions, NULL, argv, env) == 0;
	(void)posix_spawn_file_actions_destroy(&actions);
	return good;
}

static enum cs_status
program_send(const char *program, const char *from, const char *to, struct uk_span mail)
{
	int ends[2], how = -1;
	pid_t pid = -1;
	bool good;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return CS_E_UNAVAILABLE;
	good = program_start(program, from, to, ends[0], &pid);
	(void)close(ends[0]);
	while (good && mail.len > 0) {
		ssize_t put = write(ends[1], mail.ptr, mail.len);
		struct uk_span done;

		good = put > 0 && uk_take(&mail, (size_t)put, &done);
	}
	(void)close(ends[1]);
	if (pid > 0 && waitpid(pid, &how, 0) != pid)
		return CS_E_UNAVAILABLE;
	return good && WIFEXITED(how) && WEXITSTATUS(how) == 0 ? CS_OK : CS_E_UNAVAILABLE;
}

enum cs_status
cs_driver_mail(const json_t *driver, const char *id, const char *to, const char *text)
{
	const char *from = cs_json_text(driver, "from", ADDRESS_MAX - 1);
	const char *program = cs_json_text(driver, "sendmail", URL_MAX - 1);
	CS_BLOB mail = {NULL, 0};
	enum cs_status st = CS_E_DENIED;

	if (address_good(from) && address_good(to) && strlen(text) < TEXT_MAX)
		st = mail_make(from, id, to, text, &mail);
	if (st != CS_OK)
		return st;
	return program != NULL ? program_send(program, from, to, cs_blob_span(&mail))
			       : smtp_send(driver, from, to, cs_blob_span(&mail));
}
