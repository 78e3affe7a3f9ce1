/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices: listed, connected, asked, locked, pulled. */
#include "tests/skf/seat.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct desk_key sm2_key = {.alg = "sm2"};

/* ---- list and state ---- */

static void
a_key_is_listed_by_its_reader(void **state)
{
	char list[512];
	ULONG len = 0;
	ULONG empty;

	assert_sar(SKF_EnumDev(TRUE, NULL, &len), SAR_OK);
	assert_int_equal(len, 2); /* two NULs */
	desk_plug(&seat_desk, 0, &sm2_key);
	assert_sar(SKF_EnumDev(TRUE, NULL, &len), SAR_OK);
	assert_int_equal(len, strlen(seat_device_name(&seat_desk, 0)) + 2);

	memset(list, 'x', sizeof(list));
	empty = len - 1;
	assert_sar(SKF_EnumDev(TRUE, list, &empty), SAR_BUFFER_TOO_SMALL);
	assert_int_equal(empty, len);
	assert_int_equal(list[0], 'x');

	assert_sar(SKF_EnumDev(TRUE, list, &len), SAR_OK);
	assert_true(seat_listed(list, len, seat_device_name(&seat_desk, 0)));
	assert_false(seat_listed(list, len, seat_device_name(&seat_desk, 1)));

	len = sizeof(list);
	assert_sar(SKF_EnumDev(FALSE, list, &len), SAR_OK);
	assert_true(seat_listed(list, len, seat_device_name(&seat_desk, 0)));
	assert_true(seat_listed(list, len, seat_device_name(&seat_desk, 1)));
	assert_sar(SKF_EnumDev(TRUE, list, NULL), SAR_INVALIDPARAMERR);
}

static void
its_state_is_told(void **state)
{
	ULONG found = 99;
	char long_name[200];

	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	desk_plug(&seat_desk, 0, &sm2_key);
	assert_sar(SKF_GetDevState(seat_device_name(&seat_desk, 0), &found), SAR_OK);
	assert_int_equal(found, DEV_PRESENT_STATE);
	assert_sar(SKF_GetDevState(seat_device_name(&seat_desk, 1), &found), SAR_OK);
	assert_int_equal(found, DEV_ABSENT_STATE);
	assert_sar(SKF_GetDevState(T("no such reader"), &found), SAR_OK);
	assert_int_equal(found, DEV_ABSENT_STATE);
	assert_sar(SKF_GetDevState(long_name, &found), SAR_NAMELENERR);
	assert_sar(SKF_GetDevState(T(""), &found), SAR_NAMELENERR);
	assert_sar(SKF_GetDevState(NULL, &found), SAR_INVALIDPARAMERR);
	assert_sar(SKF_GetDevState(seat_device_name(&seat_desk, 0), NULL), SAR_INVALIDPARAMERR);
}

static void
only_a_key_can_be_connected_to(void **state)
{
	DEVHANDLE dev = (DEVHANDLE)&dev;

	assert_sar(SKF_ConnectDev(T("no such reader"), &dev), SAR_DEVICE_REMOVED);
	assert_sar(SKF_ConnectDev(seat_device_name(&seat_desk, 0), &dev), SAR_DEVICE_REMOVED);
	assert_sar(SKF_ConnectDev(NULL, &dev), SAR_INVALIDPARAMERR);
	assert_sar(SKF_ConnectDev(seat_device_name(&seat_desk, 0), NULL), SAR_INVALIDPARAMERR);
	assert_ptr_equal(dev, &dev);
}

/* ---- what it is ---- */

static void
its_data_are_in_their_places(void **state)
{
	DEVINFO info;
	DEVHANDLE dev;

	desk_plug(&seat_desk, 0, &sm2_key);
	dev = seat_device(&seat_desk, 0);
	memset(&info, 0xff, sizeof(info));
	assert_sar(SKF_GetDevInfo(dev, &info), SAR_OK);
	assert_int_equal(info.Version.major, 1);
	assert_int_equal(info.Version.minor, 0);
	assert_memory_equal(info.SerialNumber, "TEST0000", 8);
	assert_int_equal(info.SerialNumber[31], 0);
	assert_memory_equal(info.Label, "VIRTUAL", 7);
	assert_int_not_equal(info.Manufacturer[0], 0);
	assert_int_equal(info.AlgSymCap & SGD_SM4_ECB, SGD_SM4_ECB);
	assert_true(info.TotalSpace >= info.FreeSpace);
	assert_int_not_equal(info.MaxBufferSize, 0);
	for (size_t i = 0; i < sizeof(info.Reserved); i++)
		assert_int_equal(info.Reserved[i], 0);
	assert_sar(SKF_GetDevInfo(dev, NULL), SAR_INVALIDPARAMERR);
	assert_sar(SKF_DisConnectDev(dev), SAR_OK);
	assert_sar(SKF_GetDevInfo(dev, &info), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_DisConnectDev(dev), SAR_INVALIDHANDLEERR);
}

static void
its_label_can_be_set(void **state)
{
	DEVINFO info;
	DEVHANDLE dev;

	desk_plug(&seat_desk, 0, &sm2_key);
	dev = seat_device(&seat_desk, 0);
	assert_sar(SKF_SetLabel(dev, T("印章")), SAR_OK);
	assert_sar(SKF_GetDevInfo(dev, &info), SAR_OK);
	assert_non_null(memmem(info.Label, sizeof(info.Label), "印章", strlen("印章")));
	assert_sar(SKF_SetLabel(dev, T("01234567890123456789012345678901")), SAR_NAMELENERR);
	assert_sar(SKF_SetLabel(dev, T("")), SAR_NAMELENERR);
	assert_sar(SKF_SetLabel(dev, NULL), SAR_INVALIDPARAMERR);
	assert_sar(SKF_DisConnectDev(dev), SAR_OK);
}

/* ---- pulled ---- */

static void
a_pulled_key_is_told_until_its_handles_are_closed(void **state)
{
	DEVINFO info;
	HCONTAINER con = NULL;
	ULONG type;
	DEVHANDLE dev, again;
	HAPPLICATION app;

	desk_plug(&seat_desk, 0, &sm2_key);
	dev = seat_device(&seat_desk, 0);
	app = seat_application(dev);
	assert_sar(SKF_OpenContainer(app, T(DESK_CONTAINER), &con), SAR_OK);
	desk_pull(&seat_desk, 0);
	assert_sar(SKF_GetDevInfo(dev, &info), SAR_DEVICE_REMOVED);
	assert_sar(SKF_GetContainerType(con, &type), SAR_DEVICE_REMOVED);
	assert_sar(seat_verify(app, USER_TYPE, DESK_PIN), SAR_DEVICE_REMOVED);
	assert_sar(SKF_ClearSecureState(app), SAR_DEVICE_REMOVED);

	desk_plug_again(&seat_desk, 0, &sm2_key);
	assert_sar(SKF_GetDevInfo(dev, &info), SAR_DEVICE_REMOVED);
	again = seat_device(&seat_desk, 0);
	assert_sar(SKF_GetDevInfo(dev, &info), SAR_DEVICE_REMOVED);
	assert_sar(SKF_GetDevInfo(again, &info), SAR_OK);
	assert_sar(SKF_GetContainerType(con, &type), SAR_DEVICE_REMOVED);

	assert_sar(SKF_CloseContainer(con), SAR_OK);
	assert_sar(SKF_CloseContainer(con), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_DisConnectDev(dev), SAR_OK);
	assert_sar(SKF_CloseApplication(app), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_GetDevInfo(again, &info), SAR_OK);
	assert_sar(SKF_DisConnectDev(again), SAR_OK);
}

static void
closing_closes_what_is_below(void **state)
{
	HCONTAINER con = NULL;
	ULONG type;
	DEVHANDLE dev, other;
	HAPPLICATION app;

	desk_plug(&seat_desk, 0, &sm2_key);
	dev = seat_device(&seat_desk, 0);
	other = seat_device(&seat_desk, 0);
	assert_ptr_not_equal(dev, other);
	app = seat_application(dev);
	assert_sar(SKF_OpenContainer(app, T(DESK_CONTAINER), &con), SAR_OK);
	assert_sar(SKF_CloseApplication(app), SAR_OK);
	assert_sar(SKF_GetContainerType(con, &type), SAR_INVALIDHANDLEERR);
	app = seat_application(dev);
	assert_sar(SKF_DisConnectDev(dev), SAR_OK);
	assert_sar(SKF_CloseApplication(app), SAR_INVALIDHANDLEERR);
	app = seat_application(other);
	assert_sar(SKF_DisConnectDev(other), SAR_OK);
}

static void
kinds_of_handles_are_not_mixed_up(void **state)
{
	ULONG left, type;
	HCONTAINER con = NULL;
	DEVINFO info;
	DEVHANDLE dev;
	HAPPLICATION app;
	int here;

	desk_plug(&seat_desk, 0, &sm2_key);
	dev = seat_device(&seat_desk, 0);
	app = seat_application(dev);
	assert_sar(SKF_OpenContainer(app, T(DESK_CONTAINER), &con), SAR_OK);
	assert_sar(SKF_GetDevInfo(app, &info), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_GetDevInfo(&here, &info), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_GetDevInfo(NULL, &info), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_VerifyPIN(con, USER_TYPE, T(DESK_PIN), &left), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_GetContainerType(dev, &type), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_CloseHandle(con), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_GetDevInfo((char *)dev + 1, &info), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_DisConnectDev(dev), SAR_OK);
}

/* ---- for one alone ---- */

/* A process that is connected already, as nobody can connect to a locked key. */
struct other {
	LPSTR name;
	int ready[2], go[2]; /* pipes */
};

static int
lock_at_once(void *data)
{
	const struct other *other = data;
	DEVHANDLE dev = NULL;
	char byte = 0;
	ULONG sar = SKF_ConnectDev(other->name, &dev);

	if (write(other->ready[1], &byte, 1) != 1 || read(other->go[0], &byte, 1) != 1)
		return 254;
	if (sar == SAR_OK)
		sar = SKF_LockDev(dev, 50);
	return (int)(sar & 0xff);
}

static int
other_begin(struct other *other)
{
	char byte;
	int child;

	other->name = seat_device_name(&seat_desk, 0);
	assert_int_equal(pipe(other->ready), 0);
	assert_int_equal(pipe(other->go), 0);
	child = seat_child_begin(lock_at_once, other);
	assert_int_equal(read(other->ready[0], &byte, 1), 1);
	return child;
}

static int
other_end(struct other *other, int child)
{
	assert_int_equal(write(other->go[1], "", 1), 1);
	for (size_t i = 0; i < 2; i++) {
		(void)close(other->ready[i]);
		(void)close(other->go[i]);
	}
	return seat_child_end(child);
}

static int
ask_info(void *data)
{
	DEVINFO info;
	DEVHANDLE dev = NULL;
	ULONG sar = SKF_ConnectDev(data, &dev);

	if (sar == SAR_OK)
		sar = SKF_GetDevInfo(dev, &info);
	return (int)(sar & 0xff);
}

static void
a_locked_key_is_ones_own(void **state)
{
	static const struct timespec a_while = {0, 300L * 1000 * 1000};
	DEVINFO info;
	DEVHANDLE dev, other;
	struct other process;
	int child;

	desk_plug(&seat_desk, 0, &sm2_key);
	dev = seat_device(&seat_desk, 0);
	other = seat_device(&seat_desk, 0);
	assert_sar(SKF_UnlockDev(dev), SAR_FAIL);
	child = other_begin(&process);
	assert_sar(SKF_LockDev(dev, 0), SAR_OK);
	assert_sar(SKF_LockDev(dev, INFINITE_TIMEOUT), SAR_OK);
	assert_sar(SKF_LockDev(other, 50), SAR_TIMEOUTERR);
	assert_sar(SKF_UnlockDev(other), SAR_FAIL);
	assert_sar(SKF_GetDevInfo(dev, &info), SAR_OK);
	/* The standard's time-out, among those who lock. */
	assert_int_equal(other_end(&process, child), SAR_TIMEOUTERR & 0xff);
	/* Who does not lock waits. */
	child = seat_child_begin(ask_info, seat_device_name(&seat_desk, 0));
	(void)nanosleep(&a_while, NULL);
	assert_sar(SKF_GetDevInfo(dev, &info), SAR_OK);
	assert_sar(seat_verify(seat_application(dev), USER_TYPE, DESK_PIN), SAR_OK);
	assert_sar(SKF_UnlockDev(dev), SAR_OK);
	assert_int_equal(seat_child_end(child), 0);

	child = other_begin(&process);
	assert_int_equal(other_end(&process, child), 0);
	assert_sar(SKF_LockDev(dev, 0), SAR_OK);
	assert_sar(SKF_DisConnectDev(dev), SAR_OK); /* also unlocks */
	assert_sar(SKF_LockDev(other, 0), SAR_OK);
	desk_pull(&seat_desk, 0);
	assert_sar(SKF_GetDevInfo(other, &info), SAR_DEVICE_REMOVED);
	assert_sar(SKF_LockDev(other, 0), SAR_DEVICE_REMOVED);
	assert_sar(SKF_DisConnectDev(other), SAR_OK);
}

/* ---- commands as they are ---- */

static void
a_command_is_passed_on_unless_it_needs_a_right(void **state)
{
	static BYTE get_info[] = {0x80, 0x04, 0, 0, 0, 0, 0};
	static BYTE refused[][5] = {
		{0x80, 0x18, 0, 1}, {0x80, 0x16, 0, 1}, {0x84, 0x1a, 0, 0}, {0x80, 0x10, 0, 2},
		{0x80, 0x1c, 0, 0}, {0x80, 0x20, 0, 0}, {0x80, 0x24, 0, 0}, {0x80, 0x74, 2, 0},
		{0x90, 0x18, 0, 1}, {0x00, 0xa4, 4, 0}, {0x80, 0x99, 0, 0},
	};
	BYTE answer[1024];
	ULONG len = 0;
	DEVHANDLE dev;
	HAPPLICATION app;

	desk_plug(&seat_desk, 0, &sm2_key);
	dev = seat_device(&seat_desk, 0);
	app = seat_application(dev);
	assert_sar(SKF_Transmit(dev, get_info, sizeof(get_info), NULL, &len), SAR_OK);
	assert_true(len >= 65536);
	len = sizeof(answer);
	assert_sar(SKF_Transmit(dev, get_info, sizeof(get_info), answer, &len), SAR_OK);
	assert_int_equal(len, 290);
	assert_int_equal(answer[288], 0x90);
	len = 10;
	assert_sar(SKF_Transmit(dev, get_info, sizeof(get_info), answer, &len),
		   SAR_BUFFER_TOO_SMALL);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		len = sizeof(answer);
		assert_sar(SKF_Transmit(dev, refused[i], 5, answer, &len), SAR_FAIL);
	}
	assert_sar(SKF_Transmit(dev, get_info, 3, answer, &len), SAR_INDATALENERR);
	assert_int_equal(desk_command_count(&seat_desk, 0, 0x18), 0);
	assert_int_equal(seat_tries(app, USER_TYPE), SEAT_TRIES);
	assert_sar(SKF_DisConnectDev(dev), SAR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_key_is_listed_by_its_reader, seat_clear),
		cmocka_unit_test_teardown(its_state_is_told, seat_clear),
		cmocka_unit_test_teardown(only_a_key_can_be_connected_to, seat_clear),
		cmocka_unit_test_teardown(its_data_are_in_their_places, seat_clear),
		cmocka_unit_test_teardown(its_label_can_be_set, seat_clear),
		cmocka_unit_test_teardown(a_pulled_key_is_told_until_its_handles_are_closed,
					  seat_clear),
		cmocka_unit_test_teardown(closing_closes_what_is_below, seat_clear),
		cmocka_unit_test_teardown(kinds_of_handles_are_not_mixed_up, seat_clear),
		cmocka_unit_test_teardown(a_locked_key_is_ones_own, seat_clear),
		cmocka_unit_test_teardown(a_command_is_passed_on_unless_it_needs_a_right,
					  seat_clear),
	};

	return cmocka_run_group_tests_name("SKF devices", tests, seat_up, seat_down);
}
