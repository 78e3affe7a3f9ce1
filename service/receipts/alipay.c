/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Alipay: fields of a form, signed (RSA2) as NAME=VALUE joined by "&" in the order of their names,
 * all but sign and sign_type.
 */
#include "service/receipts/inside.h"

#include "service/base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIELDS_MAX 64
#define BEIJING    (8 * CS_HOUR)
#define CENTS_MAX  INT64_C(100000000000)

struct field {
	char *name, *value; /* in the form's own copy */
};

struct form {
	struct cs_blob text; /* the fields, taken apart in place */
	struct field fields[FIELDS_MAX];
	size_t len;
};

static void
form_clear(struct form *form)
{
	cs_blob_free(&form->text);
}

static int
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; a NUL, or a % that is none, makes it no form. */
static bool
unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '%') {
			int high = digit_of(at[1]), low = high >= 0 ? digit_of(at[2]) : -1;

			if (low < 0 || high * 16 + low == 0)
				return false;
			*to++ = (char)(high * 16 + low);
			at += 2;
		} else {
			*to++ = *at == '+' ? ' ' : *at;
		}
	}
	*to = '\0';
	return true;
}

static int
fields_order(const void *a, const void *b)
{
	return strcmp(((const struct field *)a)->name, ((const struct field *)b)->name);
}

/* Sorted; no name twice. */
static bool
form_read(struct uk_span body, struct form *form)
{
	char *at, *next;

	if (body.len == 0 || memchr(body.ptr, 0, body.len) != NULL ||
	    cs_blob_set(&form->text, body) != CS_OK)
		return false;
	for (at = (char *)form->text.ptr; at != NULL && *at != '\0'; at = next) {
		struct field *field = &form->fields[form->len];
		char *equals;

		next = strchr(at, '&');
		if (next != NULL)
			*next++ = '\0';
		equals = strchr(at, '=');
		if (form->len == FIELDS_MAX || equals == NULL)
			return false;
		*equals = '\0';
		*field = (struct field){at, equals + 1};
		if (!unescape(field->name) || !unescape(field->value))
			return false;
		form->len++;
	}
	qsort(form->fields, form->len, sizeof(form->fields[0]), fields_order);
	for (size_t i = 1; i < form->len; i++)
		if (strcmp(form->fields[i - 1].name, form->fields[i].name) == 0)
			return false;
	return true;
}

/* "" when there is none. */
static const char *
field_of(const struct form *form, const char *name)
{
	for (size_t i = 0; i < form->len; i++)
		if (strcmp(form->fields[i].name, name) == 0)
			return form->fields[i].value;
	return "";
}

static enum cs_status
signature_check(const struct cs_receipt_rules *rules, const struct form *form)
{
	CS_BLOB bytes = {NULL, 0}, signature = {NULL, 0};
	struct uk_writer out;
	enum cs_status st;

	if (strcmp(field_of(form, "sign_type"), "RSA2") != 0 ||
	    !cs_base64_take(field_of(form, "sign"), CS_NOTICE_SIGNATURE_MAX, &signature))
		return CS_E_PROOF;
	st = cs_blob_room(&bytes, form->text.len + 1);
	if (st != CS_OK)
		return st;
	out = uk_writer_of(bytes.ptr, bytes.len);
	for (size_t i = 0; i < form->len; i++) {
		const struct field *field = &form->fields[i];

		if (strcmp(field->name, "sign") == 0 || strcmp(field->name, "sign_type") == 0)
			continue;
		if (out.len > 0)
			uk_put_u8(&out, '&');
		uk_put(&out, uk_span_str(field->name));
		uk_put_u8(&out, '=');
		uk_put(&out, uk_span_str(field->value));
	}
	if (out.overflow)
		return CS_E_PROOF;
	return cs_receipt_signed(rules, uk_writer_span(&out), cs_blob_span(&signature));
}

/* "220", "220.5" or "220.50" yuan in cents. */
static bool
cents_read(const char *text, int64_t *ret)
{
	static const char digits[] = "0123456789";
	const char *point = strchr(text, '.');
	size_t whole = strspn(text, digits), part = point != NULL ? strspn(point + 1, digits) : 0;
	int64_t cents = 0;

	if (whole == 0 || whole > 9 || part > 2)
		return false;
	if (point == NULL ? text[whole] != '\0'
			  : point != text + whole || part == 0 || point[1 + part] != '\0')
		return false;
	for (size_t i = 0; i < whole; i++)
		cents = cents * 10 + (text[i] - '0');
	for (size_t i = 0; i < 2; i++)
		cents = cents * 10 + (i < part ? point[1 + i] - '0' : 0);
	*ret = cents;
	return cents <= CENTS_MAX;
}

/* "2026-11-22 16:00:00", in Beijing. */
static bool
time_read(const char *text, int64_t *ret)
{
	struct tm tm = {.tm_isdst = 0};
	const char *end = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);

	if (end == NULL || *end != '\0')
		return false;
	*ret = (int64_t)timegm(&tm) - BEIJING;
	return true;
}

static enum cs_status
notice_number(const char *text, char ret[CS_HASH_TEXT])
{
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st = CS_OK;

	if (strlen(text) < CS_HASH_TEXT) {
		memcpy(ret, text, strlen(text) + 1);
	} else {
		st = cs_hash(uk_span_str(text), hash);
		cs_hex(uk_span_of(hash, sizeof(hash)), ret);
	}
	return st;
}

enum cs_status
cs_alipay_read(const struct cs_receipt_rules *rules, const struct cs_notice_told *told,
	       struct cs_receipt *ret)
{
	UK_CLEANUP(form_clear) struct form form = {.len = 0};
	const char *reference, *state;
	enum cs_status st = form_read(told->body, &form) ? CS_OK : CS_E_PROOF;

	if (st == CS_OK)
		st = signature_check(rules, &form);
	if (st != CS_OK)
		return st;
	reference = field_of(&form, "out_trade_no");
	state = field_of(&form, "trade_status");
	if (!cs_receipt_ours(rules, "app_id", field_of(&form, "app_id")) ||
	    !cs_receipt_ours(rules, "seller_id", field_of(&form, "seller_id")) ||
	    reference[0] == '\0' || strlen(reference) >= sizeof(ret->reference) ||
	    field_of(&form, "notify_id")[0] == '\0' ||
	    !time_read(field_of(&form, "notify_time"), &ret->sent))
		return CS_E_PROOF;
	/* A notice about money that went back tells of the same trade; it is none that came. */
	if ((strcmp(state, "TRADE_SUCCESS") != 0 && strcmp(state, "TRADE_FINISHED") != 0) ||
	    field_of(&form, "refund_fee")[0] != '\0')
		return CS_E_STATE;
	if (!cents_read(field_of(&form, "total_amount"), &ret->amount))
		return CS_E_PROOF;
	memcpy(ret->reference, reference, strlen(reference) + 1);
	return notice_number(field_of(&form, "notify_id"), ret->notice);
}
