/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any function of GM/T 0016 after any other, with arguments that may be anything as long as the
 * memory they name is there: what a pointer says is its length is exactly that, for a sanitizer to
 * see one byte too many.
 *
 * An input is calls in a row: which one, then for each of its arguments (tests/skf/calls.def) a
 * byte that says how it is wrong, or right, and what that byte asks for.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/skf_key.h"
#include "tests/skf/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HANDLES_MAX 64
#define CALLS_MAX   24
#define OUT_MAX     8192

/* Handles that were given, closed or not, by the letter of their kind. */
static struct {
	HANDLE handle;
	char kind;
} given[HANDLES_MAX];
static size_t given_count;
static bool spoilt; /* a PIN is locked */
static char device_name[256];

struct frame {
	uintptr_t words[CALL_WORDS_MAX];
	void *memory[CALL_WORDS_MAX];
	ULONG length; /* of the last 'i', 'O' */
};

static uint8_t
take(struct uk_span *in)
{
	uint8_t byte = 0;

	(void)!uk_take_u8(in, &byte);
	return byte;
}

/* ---- memory ---- */

static uintptr_t
memory_of(struct frame *frame, size_t i, const void *bytes, size_t len, size_t room)
{
	frame->memory[i] = calloc(1, room > 0 ? room : 1);
	must(frame->memory[i] != NULL);
	if (len > 0)
		memcpy(frame->memory[i], bytes, len < room ? len : room);
	return (uintptr_t)frame->memory[i];
}

static uintptr_t
struct_of(struct frame *frame, size_t i, struct uk_span *in, size_t size)
{
	struct uk_span bytes = {0};
	size_t len = take(in);

	(void)!uk_take(in, len < in->len ? len : in->len, &bytes);
	return memory_of(frame, i, bytes.ptr, bytes.len, size);
}

/* ---- arguments ---- */

static const ULONG numbers[] = {
	0,          1,           2,           8,           16,          17,          32,
	255,        256,         1024,        2048,        65535,       65536,       0x7fffffff,
	0xffffffff, SGD_SM4_ECB, SGD_SM4_CBC, SGD_SM4_MAC, SGD_SM1_CBC, SGD_SM4_OFB, SGD_SM2_1,
	SGD_SM2_3,  SGD_SM3,     SGD_SHA1,    SGD_SHA256,  SGD_RSA,     10,
};

static const char *const names[] = {
	SKF_KEY_PIN,
	SKF_KEY_ADMIN_PIN,
	SKF_KEY_APPLICATION,
	SKF_KEY_CONTAINER,
	"second",
	"000000",
	"a file",
	"another",
	"",
	"1234567",
	"证书",
	"x",
};

static uintptr_t
name_for(struct frame *frame, size_t i, struct uk_span *in)
{
	uint8_t which = take(in);
	char text[100];

	if (which < ARRAY_SIZE(names))
		return memory_of(frame, i, names[which], strlen(names[which]),
				 strlen(names[which]) + 1);
	if (which == 0xfe)
		return memory_of(frame, i, device_name, strlen(device_name),
				 strlen(device_name) + 1);
	memset(text, which, sizeof(text));
	return memory_of(frame, i, text, which % sizeof(text), which % sizeof(text) + 1);
}

static uintptr_t
handle_for(struct uk_span *in, char kind)
{
	uint8_t which = take(in);

	/* Mostly the newest of the right kind; of others, any. */
	if (which < 0xc0)
		for (size_t i = given_count; i > 0; i--)
			if (given[i - 1].kind == kind || (kind == 'o' && i - 1 == which % 8U))
				return (uintptr_t)given[i - 1].handle;
	if (given_count > 0 && which < 0xf8)
		return (uintptr_t)given[which % given_count].handle;
	return which == 0xff ? 0 : (uintptr_t)which * 4097;
}

static uintptr_t
number_for(struct uk_span *in)
{
	uint8_t which = take(in);

	return which < ARRAY_SIZE(numbers) ? numbers[which] : which * 3U;
}

static uintptr_t
bytes_for(struct frame *frame, size_t i, struct uk_span *in)
{
	struct uk_span bytes = {0};

	frame->length = take(in);
	(void)!uk_take(in, frame->length < in->len ? frame->length : in->len, &bytes);
	return memory_of(frame, i, bytes.ptr, bytes.len, frame->length);
}

static uintptr_t
room_for(struct frame *frame, size_t i, struct uk_span *in)
{
	frame->length = (ULONG)take(in) * (ULONG)(take(in) % 32 + 1);
	return memory_of(frame, i, NULL, 0, frame->length);
}

static uintptr_t
blob_for(struct frame *frame, size_t i, struct uk_span *in, char letter)
{
	switch (letter) {
	case 'D':
		return struct_of(frame, i, in, sizeof(DEVINFO));
	case 'F':
		return struct_of(frame, i, in, sizeof(FILEATTRIBUTE));
	case 'R':
		return struct_of(frame, i, in, sizeof(RSAPUBLICKEYBLOB));
	case 'E':
		return struct_of(frame, i, in, sizeof(ECCPUBLICKEYBLOB));
	case 'S':
		return struct_of(frame, i, in, sizeof(ECCSIGNATUREBLOB));
	case 'V':
		return struct_of(frame, i, in, sizeof(ENVELOPEDKEYBLOB) + 15);
	case 'B':
	case 'b':
		return struct_of(frame, i, in, sizeof(BLOCKCIPHERPARAM));
	case 'C': /* as long as what it is made of, which is no longer than 255 */
		return struct_of(frame, i, in, sizeof(ECCCIPHERBLOB) + 255);
	default:
		return struct_of(frame, i, in, sizeof(HANDLE));
	}
}

static uintptr_t
word_for(struct frame *frame, size_t i, struct uk_span *in, char letter)
{
	if (strchr("dackhmgo", letter) != NULL)
		return handle_for(in, letter);
	if (letter == 'u')
		return number_for(in);
	if (letter == 'l')
		return frame->length;
	/* One pointer in sixteen is missing; a value is always there. */
	if (letter != 'B' && take(in) >= 0xf0) {
		frame->length = letter == 'i' || letter == 'X' ? 16 : frame->length;
		return 0;
	}
	if (letter == 'n')
		return name_for(frame, i, in);
	if (letter == 'i')
		return bytes_for(frame, i, in);
	if (letter == 'O')
		return room_for(frame, i, in);
	if (letter == 'X')
		return memory_of(frame, i, NULL, 0, OUT_MAX);
	if (letter == 'L')
		return memory_of(frame, i, &frame->length, sizeof(frame->length),
				 sizeof(frame->length));
	return blob_for(frame, i, in, letter);
}

/* ---- calls ---- */

/* Which kind of handle a function gives, if any. */
static char
kind_given(const char *name)
{
	static const struct {
		const char *part;
		char kind;
	} kinds[] = {
		{"ConnectDev", 'd'}, {"Application", 'a'}, {"Container", 'c'},
		{"DigestInit", 'h'}, {"MacInit", 'm'},     {"AgreementDataWithECC", 'g'},
		{"SessionKey", 'k'}, {"KeyWithECC", 'k'},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strstr(name, kinds[i].part) != NULL)
			return kinds[i].kind;
	return 'k';
}

static void
give(HANDLE handle, char kind)
{
	if (given_count == HANDLES_MAX) {
		memmove(given + 8, given + 9, (HANDLES_MAX - 9) * sizeof(given[0]));
		given_count--;
	}
	given[given_count].handle = handle;
	given[given_count++].kind = kind;
}

/* What would wait for somebody who never comes, or take minutes. */
static bool
would_wait(const struct call *call, struct frame *frame)
{
	if (strcmp(call->name, "SKF_WaitForDevEvent") == 0)
		return frame->words[0] != 0 && frame->words[1] != 0 && frame->words[2] != 0;
	if (strcmp(call->name, "SKF_LockDev") == 0)
		frame->words[1] %= 8;
	if (strcmp(call->name, "SKF_GenRandom") == 0)
		frame->words[2] %= OUT_MAX + 1;
	if (strcmp(call->name, "SKF_GenRSAKeyPair") == 0 && frame->words[1] == 2048)
		frame->words[1] = 1024;
	return false;
}

static void
call_one(struct uk_span *in)
{
	const struct call *call = &calls[take(in) % calls_count];
	struct frame frame = {0};
	ULONG sar = SAR_FAIL;

	for (size_t i = 0; call->arguments[i] != '\0'; i++)
		frame.words[i] = word_for(&frame, i, in, call->arguments[i]);
	if (!would_wait(call, &frame))
		sar = call->call(frame.words);
	must(sar == SAR_OK || (sar > 0x0a000000 && sar <= SAR_REACH_MAX_CONTAINER_COUNT));
	spoilt = spoilt || sar == SAR_PIN_LOCKED;
	for (size_t i = 0; call->arguments[i] != '\0'; i++)
		if (call->arguments[i] == 'H' && sar == SAR_OK)
			give(*(HANDLE *)frame.words[i], kind_given(call->name));
	for (size_t i = 0; i < CALL_WORDS_MAX; i++)
		free(frame.memory[i]);
}

/* ---- the key ---- */

/* A device, an application, a login and a container; false where the key has them no more. */
static bool
everything_open(void)
{
	char application[] = SKF_KEY_APPLICATION, container[] = SKF_KEY_CONTAINER;
	char pin[] = SKF_KEY_PIN;
	ULONG left;
	HANDLE dev, app, con;

	given_count = 0;
	if (SKF_ConnectDev(device_name, &dev) != SAR_OK)
		return false;
	give(dev, 'd');
	if (SKF_OpenApplication(dev, application, &app) != SAR_OK ||
	    SKF_VerifyPIN(app, USER_TYPE, pin, &left) != SAR_OK)
		return false;
	give(app, 'a');
	if (SKF_OpenContainer(app, container, &con) != SAR_OK)
		return false;
	give(con, 'c');
	return true;
}

static void
everything_closed(void)
{
	for (size_t i = given_count; i > 0; i--) {
		if (given[i - 1].kind == 'd')
			(void)SKF_DisConnectDev(given[i - 1].handle);
		else
			(void)SKF_CloseHandle(given[i - 1].handle);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uk_span in = uk_span_of(data, size);

	if (device_name[0] == '\0' || spoilt || !everything_open()) {
		everything_closed();
		(void)snprintf(device_name, sizeof(device_name), "%s", skf_key_fresh());
		spoilt = false;
		must(everything_open());
	}
	for (int i = 0; i < CALLS_MAX && in.len > 0; i++)
		call_one(&in);
	everything_closed();
	return 0;
}
