/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/skf/seat.h"

#include "tests/skf/crypto_pcsc.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct desk seat_desk;

int
seat_up(void **state)
{
	(void)state;
	desk_start(&seat_desk, 2);
	return 0;
}

int
seat_down(void **state)
{
	(void)state;
	desk_stop(&seat_desk);
	return 0;
}

int
seat_clear(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++)
		if (seat_desk.plugged[i])
			desk_pull(&seat_desk, i);
	return 0;
}

LPSTR
seat_device_name(struct desk *desk, unsigned int reader)
{
	return T(crypto_reader(desk, reader));
}

DEVHANDLE
seat_device(struct desk *desk, unsigned int reader)
{
	DEVHANDLE dev = NULL;

	assert_sar(SKF_ConnectDev(seat_device_name(desk, reader), &dev), SAR_OK);
	assert_non_null(dev);
	return dev;
}

HAPPLICATION
seat_application(DEVHANDLE dev)
{
	HAPPLICATION app = NULL;

	assert_sar(SKF_OpenApplication(dev, T(SEAT_APPLICATION), &app), SAR_OK);
	assert_non_null(app);
	return app;
}

HAPPLICATION
seat_fresh(struct desk *desk, const struct desk_key *key)
{
	desk_plug(desk, 0, key);
	return seat_application(seat_device(desk, 0));
}

HAPPLICATION
seat_user(struct desk *desk, const struct desk_key *key)
{
	HAPPLICATION app = seat_fresh(desk, key);

	assert_sar(seat_verify(app, USER_TYPE, DESK_PIN), SAR_OK);
	return app;
}

ULONG
seat_verify(HAPPLICATION app, ULONG type, const char *pin)
{
	ULONG left = 0;

	return SKF_VerifyPIN(app, type, T(pin), &left);
}

ULONG
seat_tries(HAPPLICATION app, ULONG type)
{
	ULONG max = 0;
	ULONG left = 99;
	BOOL first = FALSE;

	assert_sar(SKF_GetPINInfo(app, type, &max, &left, &first), SAR_OK);
	assert_int_equal(max, SEAT_TRIES);
	return left;
}

void
seat_device_auth(DEVHANDLE dev, const char *key)
{
	BYTE random[16] = {0};
	BYTE proof[32];
	int len = 0;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	EVP_CIPHER *sm4 = EVP_CIPHER_fetch(NULL, "SM4-ECB", NULL);

	assert_sar(SKF_GenRandom(dev, random, 8), SAR_OK);
	assert_int_equal(EVP_EncryptInit_ex2(ctx, sm4, (const BYTE *)key, NULL, NULL), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, proof, &len, random, sizeof(random)), 1);
	EVP_CIPHER_free(sm4);
	EVP_CIPHER_CTX_free(ctx);
	assert_int_equal(len, 16);
	assert_sar(SKF_DevAuth(dev, proof, 16), SAR_OK);
}

bool
seat_listed(const char *list, ULONG len, const char *name)
{
	bool found = false;

	assert_true(len >= 2);
	assert_int_equal(list[len - 1], '\0');
	assert_int_equal(list[len - 2], '\0');
	for (const char *p = list; *p != '\0'; p += strlen(p) + 1)
		found = found || strcmp(p, name) == 0;
	return found;
}

int
seat_child_begin(int (*fn)(void *data), void *data)
{
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fn(data));
	return pid;
}

int
seat_child_end(int pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

int
seat_in_child(int (*fn)(void *data), void *data)
{
	return seat_child_end(seat_child_begin(fn, data));
}
