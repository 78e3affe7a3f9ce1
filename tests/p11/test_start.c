/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program that merely loads the module does to keys, to other cards and to itself: nothing.
 */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"
#include "tests/rig/rig.h"

#include <dirent.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define KEY_READER     0
#define FOREIGN_READER 1
#define SEEN_MS        5000
#define READER_ASKS    0x04 /* the reader driver's control frame: send the ATR */

static struct desk desk;

static const struct desk_key sm2_key = {.alg = "sm2", .model = "V0"};

static int
desk_up(void **state)
{
	desk_start(&desk, 2);
	return 0;
}

static int
desk_down(void **state)
{
	desk_stop(&desk);
	return 0;
}

static size_t
threads_count(void)
{
	DIR *tasks = opendir("/proc/self/task");
	size_t count = 0;

	assert_non_null(tasks);
	while (readdir(tasks) != NULL)
		count++;
	(void)closedir(tasks);
	return count;
}

/* ---- a card that is not ours ---- */

struct foreign {
	pthread_t thread;
	int listener, link;    /* atomic: the reader's connection, -1 = none */
	unsigned int commands; /* atomic */
};

static bool
read_exactly(int fd, unsigned char *out, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t got = read(fd, out + done, len - done);

		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

/* Gives an ATR like our keys', with another name in it; counts what is said to it. */
static void
foreign_serve(struct foreign *foreign, int fd)
{
	static const unsigned char atr[] = {0,   13,  0x3b, 0x88, 0x80, 0x01, 'S', 'T',
					    'R', 'A', 'N',  'G',  'E',  'R',  0};
	unsigned char framed[sizeof(atr)], header[2], bytes[65536];

	memcpy(framed, atr, sizeof(atr));
	for (size_t i = 3; i < sizeof(framed) - 1; i++)
		framed[sizeof(framed) - 1] ^= framed[i];
	while (read_exactly(fd, header, sizeof(header))) {
		size_t len = (size_t)header[0] << 8 | header[1];

		if (!read_exactly(fd, bytes, len))
			return;
		if (len == 1 && bytes[0] == READER_ASKS)
			(void)!write(fd, framed, sizeof(framed));
		if (len == 1)
			continue;
		__atomic_add_fetch(&foreign->commands, 1, __ATOMIC_RELAXED);
		(void)!write(fd, "\0\2\x6d\0", 4);
	}
}

static void *
foreign_run(void *data)
{
	struct foreign *foreign = data;

	for (;;) {
		int fd = accept(foreign->listener, NULL, NULL);

		if (fd < 0)
			return NULL;
		__atomic_store_n(&foreign->link, fd, __ATOMIC_RELEASE);
		foreign_serve(foreign, fd);
		__atomic_store_n(&foreign->link, -1, __ATOMIC_RELEASE);
		(void)close(fd);
	}
}

static void
foreign_plug(struct foreign *foreign)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	*foreign = (struct foreign){.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
				    .link = -1};
	strncpy(address.sun_path, rig_socket(desk.rig, FOREIGN_READER),
		sizeof(address.sun_path) - 1);
	assert_int_equal(
		bind(foreign->listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(foreign->listener, 1), 0);
	assert_int_equal(pthread_create(&foreign->thread, NULL, foreign_run, foreign), 0);
	assert_true(rig_await(desk.rig, FOREIGN_READER, true, SEEN_MS));
}

static void
foreign_pull(struct foreign *foreign)
{
	(void)unlink(rig_socket(desk.rig, FOREIGN_READER));
	(void)shutdown(foreign->listener, SHUT_RDWR);
	(void)shutdown(__atomic_load_n(&foreign->link, __ATOMIC_ACQUIRE), SHUT_RDWR);
	(void)pthread_join(foreign->thread, NULL);
	(void)close(foreign->listener);
}

static void
a_foreign_card_is_told_as_such_and_never_spoken_to(void **state)
{
	struct foreign foreign;
	CK_SLOT_ID slots[4], slot = desk_slot(&desk, FOREIGN_READER);
	CK_ULONG count = ARRAY_SIZE(slots);
	CK_SESSION_HANDLE session;
	CK_TOKEN_INFO token;
	CK_SLOT_INFO info;

	foreign_plug(&foreign);
	assert_rv(desk.f->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
	assert_int_equal(count, 0);
	assert_rv(desk.f->C_GetSlotInfo(slot, &info), CKR_OK);
	assert_int_equal(info.flags & CKF_TOKEN_PRESENT, 0);
	assert_rv(desk.f->C_GetTokenInfo(slot, &token), CKR_TOKEN_NOT_RECOGNIZED);
	assert_rv(desk.f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session),
		  CKR_TOKEN_NOT_RECOGNIZED);
	assert_int_equal(__atomic_load_n(&foreign.commands, __ATOMIC_RELAXED), 0);
	foreign_pull(&foreign);
}

/* ---- a key of ours ---- */

/* What browsers do at their start and every second after. */
static void
looking_at_slots_asks_no_key_and_makes_no_thread(void **state)
{
	size_t threads = threads_count();
	CK_SLOT_ID slots[4], event;
	CK_MECHANISM_TYPE types[64];
	CK_SLOT_INFO info;
	CK_INFO library;

	desk_plug(&desk, KEY_READER, &sm2_key);
	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	assert_rv(desk.f->C_Initialize(NULL), CKR_OK);
	assert_rv(desk.f->C_GetInfo(&library), CKR_OK);
	for (int i = 0; i < 5; i++) {
		CK_ULONG count = 0, types_count = ARRAY_SIZE(types);

		assert_rv(desk.f->C_GetSlotList(CK_FALSE, NULL, &count), CKR_OK);
		assert_int_equal(count, 2);
		assert_rv(desk.f->C_GetSlotList(CK_FALSE, slots, &count), CKR_OK);
		for (CK_ULONG k = 0; k < count; k++) {
			assert_int_equal(slots[k], k);
			assert_rv(desk.f->C_GetSlotInfo(slots[k], &info), CKR_OK);
		}
		assert_rv(desk.f->C_GetMechanismList(desk_slot(&desk, KEY_READER), types,
						     &types_count),
			  CKR_OK);
		(void)desk.f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &event, NULL);
	}
	assert_int_equal(desk_status(&desk, KEY_READER, "commands"), 0);
	assert_int_equal(threads_count(), threads);
	desk_pull(&desk, KEY_READER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_foreign_card_is_told_as_such_and_never_spoken_to),
		cmocka_unit_test(looking_at_slots_asks_no_key_and_makes_no_thread),
	};

	return cmocka_run_group_tests_name("start", tests, desk_up, desk_down);
}
