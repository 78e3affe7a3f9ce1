/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What calls, items and signatures cost with any module, once it runs.
 *
 *	rates JOB MODULE LABEL [COUNT [SECONDS]]	(the PIN on standard input)
 *
 * JOB is one of the rows at the end. Prints "name value" lines; times are CPU microseconds.
 */
#include "tests/bench/crowd.h"
#include "tests/bench/guest.h"

#include "common/defs.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS       200
#define OBJECTS_MAX 1024
#define TOKENS_MAX  16
#define ITEMS_MAX   1000
#define REPEATS     100

static size_t
allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* ---- calls ---- */

static CK_SESSION_HANDLE opened;

static void
call_slot_list(CK_SLOT_ID slot)
{
	CK_ULONG count;

	(void)slot;
	guest_must(guest->C_GetSlotList(CK_FALSE, NULL, &count), "C_GetSlotList");
}

static void
call_token_info(CK_SLOT_ID slot)
{
	CK_TOKEN_INFO info;

	guest_must(guest->C_GetTokenInfo(slot, &info), "C_GetTokenInfo");
}

static void
call_session_info(CK_SLOT_ID slot)
{
	CK_SESSION_INFO info;

	(void)slot;
	guest_must(guest->C_GetSessionInfo(opened, &info), "C_GetSessionInfo");
}

/* The first call is not counted. */
static double
call_cpu(void (*call)(CK_SLOT_ID), CK_SLOT_ID slot)
{
	double start;

	call(slot);
	start = guest_cpu_us();
	for (int i = 0; i < CALLS; i++)
		call(slot);
	return (guest_cpu_us() - start) / CALLS;
}

/* Without a token only the list can be asked for. */
static void
job_list(const struct job *job)
{
	guest_load(job->module);
	guest_initialize();
	printf("slot-list %.2f\n", call_cpu(call_slot_list, 0));
}

static void
job_calls(const struct job *job)
{
	CK_SLOT_ID slot;

	job_list(job);
	slot = guest_slot(job->label);
	opened = guest_session(slot);
	printf("token-info %.2f\n", call_cpu(call_token_info, slot));
	printf("session-info %.2f\n", call_cpu(call_session_info, slot));
}

/* ---- items ---- */

/* By session: opening, a call in each while all are open, closing, memory. */
static void
job_sessions(const struct job *job)
{
	CK_SESSION_HANDLE list[ITEMS_MAX];
	unsigned int count = job->count < ITEMS_MAX ? job->count : ITEMS_MAX;
	double open = 0, used = 0, close = 0, bytes = 0;
	CK_SLOT_ID slot;

	opened = guest_open(job->module, job->label);
	slot = guest_slot(job->label);
	for (int i = -1; i < REPEATS; i++) {
		size_t before = allocated();
		double at[4];

		at[0] = guest_cpu_us();
		for (unsigned int k = 0; k < count; k++)
			list[k] = guest_session(slot);
		at[1] = guest_cpu_us();
		bytes = (double)(allocated() - before);
		at[1] = at[1] - at[0];
		at[0] = guest_cpu_us();
		for (unsigned int k = 0; k < count; k++)
			(void)guest_find(list[k], &(CK_OBJECT_CLASS){CKO_DOMAIN_PARAMETERS},
					 &(CK_OBJECT_HANDLE){0}, 1);
		at[2] = guest_cpu_us() - at[0];
		at[0] = guest_cpu_us();
		for (unsigned int k = 0; k < count; k++)
			guest_must(guest->C_CloseSession(list[k]), "C_CloseSession");
		at[3] = guest_cpu_us() - at[0];
		if (i < 0)
			continue; /* warms up */
		open += at[1];
		used += at[2];
		close += at[3];
	}
	printf("open %.2f\nuse %.2f\nclose %.2f\nbytes %.0f\n", open / count / REPEATS,
	       used / count / REPEATS, close / count / REPEATS, bytes / count);
}

static void
look_at_all(CK_SESSION_HANDLE session, const CK_OBJECT_HANDLE *list, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++) {
		CK_BYTE label[256], id[256];
		CK_OBJECT_CLASS class;
		CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &class, sizeof(class)},
					 {CKA_LABEL, label, sizeof(label)},
					 {CKA_ID, id, sizeof(id)}};

		/* Some objects have no label or no id. */
		(void)guest->C_GetAttributeValue(session, list[i], wanted, ARRAY_SIZE(wanted));
	}
}

/*
 * By object: the first search and look at each, which may ask the key, and later ones; the memory
 * of the whole module after all was read.
 */
static void
job_objects(const struct job *job)
{
	CK_OBJECT_HANDLE list[OBJECTS_MAX];
	size_t before = allocated();
	CK_SESSION_HANDLE session = guest_open(job->module, job->label);
	double first, start;
	CK_ULONG count;

	guest_login(session, job->pin);
	start = guest_cpu_us();
	count = guest_find(session, NULL, list, OBJECTS_MAX);
	look_at_all(session, list, count);
	first = guest_cpu_us() - start;
	if (count == 0)
		guest_must(CKR_OBJECT_HANDLE_INVALID, "no objects");
	(void)guest_read_certificates(session);
	printf("count %lu\nfirst %.2f\nheap %.2f\n", count, first / (double)count,
	       (double)(allocated() - before) / 1024);
	start = guest_cpu_us();
	for (int i = 0; i < REPEATS; i++) {
		(void)guest_find(session, NULL, list, OBJECTS_MAX);
		look_at_all(session, list, count);
	}
	printf("again %.2f\n", (guest_cpu_us() - start) / REPEATS / (double)count);
	guest_pick_key(session, &(struct guest_key){0});
	start = guest_cpu_us();
	for (int i = 0; i < REPEATS; i++)
		guest_pick_key(session, &(struct guest_key){0});
	printf("pick %.2f\nrss %ld\n", (guest_cpu_us() - start) / REPEATS, guest_peak_kib());
}

/* By token: what the first look and later ones cost, and certificates. */
static void
job_tokens(const struct job *job)
{
	CK_SLOT_ID slots[TOKENS_MAX];
	CK_ULONG count;
	double start;

	guest_load(job->module);
	guest_initialize();
	start = guest_cpu_us();
	count = guest_slots(slots, TOKENS_MAX);
	for (CK_ULONG i = 0; i < count; i++)
		(void)guest_read_certificates(guest_session(slots[i]));
	printf("count %lu\nfirst %.2f\n", count, (guest_cpu_us() - start) / (double)count);
	printf("slot-list %.2f\n", call_cpu(call_slot_list, 0));
	start = guest_cpu_us();
	for (int k = 0; k < REPEATS; k++)
		for (CK_ULONG i = 0; i < count; i++)
			call_token_info(slots[i]);
	printf("token-info %.2f\n", (guest_cpu_us() - start) / (double)count / REPEATS);
}

static const struct {
	const char *name;
	void (*run)(const struct job *job);
} jobs[] = {
	{"list", job_list},
	{"calls", job_calls},
	{"sessions", job_sessions},
	{"objects", job_objects},
	{"tokens", job_tokens},
	{"threads", crowd_threads},
	{"threads-bare", crowd_threads_bare},
	{"threads-bare-piv", crowd_threads_bare_piv},
	{"alternate", crowd_alternate},
	{"alternate-piv", crowd_alternate_piv},
	{"processes", crowd_processes},
};

int
main(int argc, char **argv)
{
	char pin[64] = "";
	struct job job = {.pin = pin, .count = 1, .seconds = 1};

	if (argc < 4)
		return 1;
	if (fgets(pin, sizeof(pin), stdin) != NULL)
		pin[strcspn(pin, "\n")] = '\0';
	job.module = argv[2];
	job.label = argv[3];
	if (argc > 4)
		job.count = (unsigned int)strtoul(argv[4], NULL, 10);
	if (argc > 5)
		job.seconds = strtod(argv[5], NULL);
	if (job.count == 0)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		if (strcmp(jobs[i].name, argv[1]) == 0) {
			jobs[i].run(&job);
			return 0;
		}
	}
	return 1;
}
