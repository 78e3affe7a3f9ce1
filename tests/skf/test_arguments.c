/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every function with each pointer missing in its turn, and with handles that are none. */
#include "tests/skf/calls.h"
#include "tests/skf/seat.h"

#include <string.h>

#define ROOM 8192

static const struct desk_key sm2_key = {.alg = "sm2"};

/* What the arguments are when they are right. */
static struct {
	DEVHANDLE dev;
	HAPPLICATION app;
	HCONTAINER con;
	HANDLE key, hash, mac, agreement;
} handles;

static union {
	BYTE bytes[ROOM];
	ULONG number;
	HANDLE handle;
	BLOCKCIPHERPARAM param;
	ECCPUBLICKEYBLOB ecc;
	RSAPUBLICKEYBLOB rsa;
} room[CALL_WORDS_MAX];

/* Those that take no pointer for an answer of its own: without a public key or ID no Z is made. */
static bool
may_be_missing(const struct call *call, size_t i)
{
	char letter = call->arguments[i];

	if (letter == 'O')
		return true;
	return strcmp(call->name, "SKF_DigestInit") == 0 && (letter == 'E' || letter == 'i');
}

static HANDLE
handle_for(char letter)
{
	switch (letter) {
	case 'd':
		return handles.dev;
	case 'a':
		return handles.app;
	case 'c':
		return handles.con;
	case 'k':
		return handles.key;
	case 'h':
	case 'o':
		return handles.hash;
	case 'm':
		return handles.mac;
	case 'g':
		return handles.agreement;
	default:
		return NULL;
	}
}

static bool
is_pointer(char letter)
{
	return strchr("niOXLPHDFRESCVb", letter) != NULL;
}

static void
words_fill(const struct call *call, uintptr_t *words)
{
	memset(room, 0, sizeof(room));
	for (size_t i = 0; call->arguments[i] != '\0'; i++) {
		char letter = call->arguments[i];

		words[i] = (uintptr_t)room[i].bytes;
		if (strchr("dackhmgo", letter) != NULL)
			words[i] = (uintptr_t)handle_for(letter);
		else if (letter == 'u')
			words[i] = 1;
		else if (letter == 'l')
			words[i] = 16;
		else if (letter == 'n')
			memcpy(room[i].bytes, "654321", 7);
		else if (letter == 'L')
			room[i].number = ROOM;
		else if (letter == 'E')
			room[i].ecc.BitLen = 256;
		else if (letter == 'R')
			room[i].rsa =
				(RSAPUBLICKEYBLOB){SGD_RSA, 2048, {0x80, [255] = 1}, {0, 1, 0, 1}};
	}
}

static void
everything_open(void **state)
{
	ECCPUBLICKEYBLOB temporary;
	BYTE id[] = "1234567812345678";
	BLOCKCIPHERPARAM param = {.IVLen = 16};
	ECCCIPHERBLOB *wrapped = (ECCCIPHERBLOB *)room[1].bytes;
	ECCPUBLICKEYBLOB to;
	ULONG len = sizeof(to);

	handles.app = seat_user(&seat_desk, &sm2_key);
	handles.dev = seat_device(&seat_desk, 0);
	assert_sar(SKF_OpenContainer(handles.app, T(DESK_CONTAINER), &handles.con), SAR_OK);
	assert_sar(SKF_DigestInit(handles.dev, SGD_SM3, NULL, NULL, 0, &handles.hash), SAR_OK);
	assert_sar(SKF_ExportPublicKey(handles.con, FALSE, (BYTE *)&to, &len), SAR_OK);
	assert_sar(SKF_ECCExportSessionKey(handles.con, SGD_SM4_CBC, &to, wrapped, &handles.key),
		   SAR_OK);
	assert_sar(SKF_MacInit(handles.key, &param, &handles.mac), SAR_OK);
	(void)SKF_GenerateAgreementDataWithECC(handles.con, SGD_SM4_CBC, &temporary, id, 16,
					       &handles.agreement);
	(void)state;
}

/*
 * A pointer that is missing is told, before anything is sent; none is ever followed.  Of a cipher
 * that was not begun it may be said first that it was not.
 */
static void
a_missing_pointer_is_told(void **state)
{
	everything_open(state);
	for (size_t c = 0; c < calls_count; c++) {
		const struct call *call = &calls[c];

		for (size_t i = 0; call->arguments[i] != '\0'; i++) {
			uintptr_t words[CALL_WORDS_MAX] = {0};
			ULONG sar;

			if (!is_pointer(call->arguments[i]) || may_be_missing(call, i))
				continue;
			words_fill(call, words);
			words[i] = 0;
			sar = call->call(words);
			if (handle_for(call->arguments[0]) == NULL &&
			    strchr("g", call->arguments[0]) != NULL)
				assert_sar(sar, SAR_INVALIDHANDLEERR);
			else if (sar != SAR_INVALIDPARAMERR && sar != SAR_NOTSUPPORTYETERR &&
				 sar != SAR_NOTINITIALIZEERR)
				fail_msg("%s without argument %zu: 0x%08x", call->name, i,
					 (unsigned int)sar);
		}
	}
	assert_int_equal(seat_tries(handles.app, USER_TYPE), SEAT_TRIES);
	assert_int_equal(seat_tries(handles.app, ADMIN_TYPE), SEAT_TRIES);
}

/* The letters of one's own kind, for a first argument. */
static bool
takes(char letter, char kind)
{
	return letter == kind || (letter == 'o' && strchr("khmg", kind) != NULL);
}

static void
a_wrong_handle_is_told(void **state)
{
	static const char kinds[] = "dackhm";
	int here = 0;

	everything_open(state);
	for (size_t c = 0; c < calls_count; c++) {
		const struct call *call = &calls[c];
		uintptr_t words[CALL_WORDS_MAX] = {0};
		char letter = call->arguments[0];

		if (letter == '\0' || strchr("dackhmgo", letter) == NULL)
			continue;
		words_fill(call, words);
		words[0] = 0;
		assert_sar(call->call(words), SAR_INVALIDHANDLEERR);
		words[0] = (uintptr_t)&here;
		assert_sar(call->call(words), SAR_INVALIDHANDLEERR);
		words[0] = UINTPTR_MAX;
		assert_sar(call->call(words), SAR_INVALIDHANDLEERR);
		for (size_t k = 0; kinds[k] != '\0'; k++) {
			if (takes(letter, kinds[k]))
				continue;
			words[0] = (uintptr_t)handle_for(kinds[k]);
			if (call->call(words) != SAR_INVALIDHANDLEERR)
				fail_msg("%s took a handle of kind %c", call->name, kinds[k]);
		}
	}
}

/* The key is pulled: every handle says so, until it is closed. */
static void
a_pulled_key_is_told_by_every_function(void **state)
{
	everything_open(state);
	desk_pull(&seat_desk, 0);
	for (size_t c = 0; c < calls_count; c++) {
		const struct call *call = &calls[c];
		uintptr_t words[CALL_WORDS_MAX] = {0};
		bool closes = strstr(call->name, "Close") != NULL ||
			      strcmp(call->name, "SKF_DisConnectDev") == 0;

		if (call->arguments[0] == '\0' || strchr("dackhmg", call->arguments[0]) == NULL ||
		    closes || handle_for(call->arguments[0]) == NULL)
			continue;
		words_fill(call, words);
		if (call->call(words) != SAR_DEVICE_REMOVED)
			fail_msg("%s did not notice", call->name);
	}
	assert_sar(SKF_CloseHandle(handles.hash), SAR_OK);
	assert_sar(SKF_CloseHandle(handles.hash), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_CloseHandle(handles.mac), SAR_OK);
	assert_sar(SKF_CloseHandle(handles.key), SAR_OK);
	assert_sar(SKF_CloseContainer(handles.con), SAR_OK);
	assert_sar(SKF_DisConnectDev(handles.dev), SAR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_missing_pointer_is_told, seat_clear),
		cmocka_unit_test_teardown(a_wrong_handle_is_told, seat_clear),
		cmocka_unit_test_teardown(a_pulled_key_is_told_by_every_function, seat_clear),
	};

	return cmocka_run_group_tests_name("SKF arguments", tests, seat_up, seat_down);
}
