/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/pin.h"

#include "provider/module.h"
#include "provider/reason.h"
#include "provider/token.h"

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
pin_token_name(const CK_TOKEN_INFO *info, char name[TOKEN_NAME_SIZE])
{
	size_t len = sizeof(info->label);

	while (len > 0 && (info->label[len - 1] == ' ' || info->label[len - 1] == '\0'))
		len--;
	for (size_t i = 0; i < len; i++)
		name[i] =
			info->label[i] < ' ' || info->label[i] == 0x7f ? '?' : (char)info->label[i];
	name[len] = '\0';
	if (len == 0)
		(void)snprintf(name, TOKEN_NAME_SIZE, "UKEY");
}

/* "9 tries left", or what the flags say where the module has no number */
static void
tries_text(const struct token *token, CK_FLAGS flags, char *text, size_t size)
{
	int left = module_tries_left(token->module, token->slot);

	if (left >= 0)
		(void)snprintf(text, size, "%d %s left", left, left == 1 ? "try" : "tries");
	else if ((flags & CKF_USER_PIN_FINAL_TRY) != 0)
		(void)snprintf(text, size, "1 try left");
	else
		(void)snprintf(text, size, "%s",
			       (flags & CKF_USER_PIN_COUNT_LOW) != 0 ? "few tries left" : "PIN");
}

void
pin_raise(const struct token *token, CK_RV rv)
{
	char tries[32];

	if (rv == CKR_PIN_INCORRECT) {
		CK_TOKEN_INFO info = {0};

		(void)token->module->C_GetTokenInfo(token->slot, &info);
		tries_text(token, info.flags, tries, sizeof(tries));
		raise_error(token->provider, REASON_PIN_WRONG, "%s: %s", token->name, tries);
	} else if (rv == CKR_FUNCTION_FAILED || rv == CKR_FUNCTION_CANCELED) {
		raise_error(token->provider, REASON_CANCELLED, "%s (CKR 0x%lx)", token->name, rv);
	} else {
		raise_rv(token->provider, rv, token->name);
	}
}

static bool
take(const struct token *token, const char *bytes, size_t len, struct uk_secret *ret_pin)
{
	if (len == 0 ||
	    uk_secret_set(ret_pin, (struct uk_span){(const uint8_t *)bytes, len}) != UK_OK) {
		raise_error(token->provider, REASON_PIN_LENGTH, "%s", token->name);
		return false;
	}
	return true;
}

static void
fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

/* The first line of a file. Programs ("|command", RFC 7512) are not started. */
static bool
from_file(const struct token *token, const char *source, struct uk_secret *ret_pin)
{
	const char *path = strncmp(source, "file:", 5) == 0 ? source + 5 : source;
	UK_CLEANUP(fd_close) int fd = -1;
	UK_SECRET line = {0};
	struct stat info;
	ssize_t len = -1;
	char *end;

	if (strncmp(path, "///", 3) == 0)
		path += 2;
	if (*path == '/')
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
		len = read(fd, line.bytes, sizeof(line.bytes));
	if (len < 0) {
		raise_error(token->provider, REASON_PIN_SOURCE, "%s", token->name);
		return false;
	}
	end = memchr(line.bytes, '\n', (size_t)len);
	return take(token, (const char *)line.bytes,
		    end != NULL ? (size_t)(end - (char *)line.bytes) : (size_t)len, ret_pin);
}

static bool
from_person(const struct token *token, const struct pin_source *source, CK_FLAGS flags,
	    struct uk_secret *ret_pin)
{
	char info[128], tries[32];
	OSSL_PARAM params[2];
	UK_SECRET typed = {0};
	size_t len = 0;

	tries_text(token, flags, tries, sizeof(tries));
	(void)snprintf(info, sizeof(info), "PIN of the key %s (%s)", token->name, tries);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PASSPHRASE_PARAM_INFO, info, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (source->ask == NULL || source->ask((char *)typed.bytes, sizeof(typed.bytes) - 1, &len,
					       params, source->ask_arg) != 1) {
		raise_error(token->provider, REASON_PIN_NEEDED, "%s", token->name);
		return false;
	}
	return take(token, (const char *)typed.bytes, len, ret_pin);
}

bool
pin_get(const struct token *token, const struct pin_source *source, CK_FLAGS flags,
	struct uk_secret *ret_pin)
{
	const char *value = p11_kit_uri_get_pin_value(source->uri);
	const char *file = p11_kit_uri_get_pin_source(source->uri);
	enum reason reason = REASON_NONE;

	if ((flags & CKF_USER_PIN_LOCKED) != 0)
		reason = REASON_PIN_LOCKED;
	else if ((flags & CKF_USER_PIN_FINAL_TRY) != 0)
		reason = REASON_PIN_LAST;
	else if ((value != NULL || file != NULL) && (flags & CKF_USER_PIN_COUNT_LOW) != 0)
		reason = REASON_PIN_STORED;
	if (reason != REASON_NONE) {
		raise_error(token->provider, reason, "%s", token->name);
		return false;
	}
	if (value != NULL)
		return take(token, value, strlen(value), ret_pin);
	if (file != NULL)
		return from_file(token, file, ret_pin);
	return from_person(token, source, flags, ret_pin);
}
