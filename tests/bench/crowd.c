/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/crowd.h"

#include "tests/bench/bare.h"
#include "tests/bench/guest.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TURNS_MAX       101
#define TURN_SIGNATURES 20
#define SLICES          9

/* One who signs, with a module or, when `bare` is set, without. */
struct member {
	CK_SESSION_HANDLE session;
	struct guest_key key;
	struct bare *bare;
	double until_ms;
	unsigned long done;
	double longest_ms;
};

static void
sign_once(struct member *member)
{
	if (member->bare == NULL)
		guest_must(guest_sign(member->session, &member->key), "signing");
	else if (!bare_sign(member->bare))
		guest_must(CKR_DEVICE_ERROR, "SCardTransmit by ourselves");
}

static void *
sign_until(void *argument)
{
	struct member *member = argument;

	for (double before = guest_wall_ms(); before < member->until_ms;) {
		double now;

		sign_once(member);
		now = guest_wall_ms();
		if (now - before > member->longest_ms)
			member->longest_ms = now - before;
		member->done++;
		before = now;
	}
	return NULL;
}

/* What a crowd did in one go. */
struct pace {
	double rate, cpu_us;
};

/* All sign for so many seconds, in a thread each. */
static struct pace
sign_together(struct member *members, const struct job *job)
{
	pthread_t threads[CROWD_MAX];
	unsigned long done = 0;
	double cpu = guest_cpu_us(), start = guest_wall_ms();

	for (unsigned int i = 0; i < job->count; i++) {
		members[i].until_ms = start + job->seconds * 1e3;
		members[i].done = 0;
		if (pthread_create(&threads[i], NULL, sign_until, &members[i]) != 0)
			guest_must(CKR_HOST_MEMORY, "pthread_create");
	}
	for (unsigned int i = 0; i < job->count; i++) {
		(void)pthread_join(threads[i], NULL);
		done += members[i].done;
	}
	return (struct pace){(double)done * 1e3 / (guest_wall_ms() - start),
			     (guest_cpu_us() - cpu) / (double)done};
}

/* One session for each; they share the key. */
static void
members_open(struct member *members, const struct job *job)
{
	CK_SLOT_ID slot;

	if (job->count > CROWD_MAX)
		guest_must(CKR_ARGUMENTS_BAD, "too many");
	members[0].session = guest_open(job->module, job->label);
	slot = guest_slot(job->label);
	guest_login(members[0].session, job->pin);
	guest_pick_key(members[0].session, &members[0].key);
	for (unsigned int i = 0; i < job->count; i++) {
		if (i > 0)
			members[i].session = guest_session(slot);
		members[i].key = members[0].key;
		sign_once(&members[i]);
	}
}

void
crowd_threads(const struct job *job)
{
	struct member members[CROWD_MAX] = {0};
	struct pace pace;

	members_open(members, job);
	pace = sign_together(members, job);
	printf("rate %.1f\ncpu %.2f\n", pace.rate, pace.cpu_us);
}

static struct bare *
bare_for(const struct guest_key *key, bool piv)
{
	bool rsa = key->mechanism.mechanism == CKM_RSA_PKCS;
	struct bare *bare =
		piv ? bare_open_piv() : bare_open(key->container, rsa, key->input, key->input_len);

	if (bare == NULL)
		guest_must(CKR_DEVICE_ERROR, "SCardTransmit by ourselves");
	return bare;
}

static int
ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), ascending);
	return values[count / 2];
}

/* With the module and without it, in turns, so that what else the machine does hits both. */
static void
threads_alternately(const struct job *job, bool piv)
{
	struct member with[CROWD_MAX] = {0}, without[CROWD_MAX] = {0};
	double rates[SLICES], bare_rates[SLICES], shares[SLICES], cpu = 0;

	members_open(with, job);
	for (unsigned int i = 0; i < job->count; i++)
		without[i].bare = bare_for(&with[0].key, piv);
	for (size_t i = 0; i < SLICES; i++) {
		struct pace mine = sign_together(with, job);
		struct pace bare = sign_together(without, job);

		rates[i] = mine.rate;
		bare_rates[i] = bare.rate;
		shares[i] = mine.rate / bare.rate;
		cpu = i == 0 || mine.cpu_us < cpu ? mine.cpu_us : cpu;
	}
	printf("rate %.1f\nbare %.1f\nshare %.3f\ncpu %.2f\n", median(rates, SLICES),
	       median(bare_rates, SLICES), median(shares, SLICES), cpu);
}

void
crowd_threads_bare(const struct job *job)
{
	threads_alternately(job, false);
}

void
crowd_threads_bare_piv(const struct job *job)
{
	threads_alternately(job, true);
}

/* ---- one, with and without the module, in turns ---- */

struct turn {
	double wall_us, cpu_us;
};

static struct turn
sign_turn(struct member *member)
{
	double wall = guest_wall_ms(), cpu = guest_cpu_us();

	for (int i = 0; i < TURN_SIGNATURES; i++)
		sign_once(member);
	return (struct turn){(guest_wall_ms() - wall) * 1e3 / TURN_SIGNATURES,
			     (guest_cpu_us() - cpu) / TURN_SIGNATURES};
}

static int
by_wall(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	return (x->wall_us > y->wall_us) - (x->wall_us < y->wall_us);
}

static int
by_cpu(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	return (x->cpu_us > y->cpu_us) - (x->cpu_us < y->cpu_us);
}

/* The lower quartile: what other programs do on the machine only makes turns longer. */
static void
turns_print(const char *name, struct turn *turns, unsigned int count)
{
	qsort(turns, count, sizeof(*turns), by_wall);
	printf("%swall %.2f\n", name, turns[count / 4].wall_us);
	qsort(turns, count, sizeof(*turns), by_cpu);
	printf("%scpu %.2f\n", name, turns[count / 4].cpu_us);
}

static void
sign_alternately(const struct job *job, bool piv)
{
	struct turn with[TURNS_MAX], without[TURNS_MAX];
	struct member member = {0}, bare = {0};

	if (job->count > TURNS_MAX)
		guest_must(CKR_ARGUMENTS_BAD, "too many");
	member.session = guest_open(job->module, job->label);
	guest_login(member.session, job->pin);
	guest_pick_key(member.session, &member.key);
	sign_once(&member);
	bare.bare = bare_for(&member.key, piv);
	sign_once(&bare);
	for (unsigned int i = 0; i < job->count; i++) {
		with[i] = sign_turn(&member);
		without[i] = sign_turn(&bare);
	}
	turns_print("", with, job->count);
	turns_print("bare-", without, job->count);
}

void
crowd_alternate(const struct job *job)
{
	sign_alternately(job, false);
}

void
crowd_alternate_piv(const struct job *job)
{
	sign_alternately(job, true);
}

/* ---- processes ---- */

struct result {
	unsigned long done;
	double longest_ms;
};

/* Says so when it is ready to sign, and signs from when it is told. */
static void
child_run(const struct job *job, int told, int out)
{
	struct member member = {0};
	struct result result;
	char go = 1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	member.session = guest_open(job->module, job->label);
	guest_login(member.session, job->pin);
	guest_pick_key(member.session, &member.key);
	sign_once(&member);
	if (write(out, &go, 1) != 1 || read(told, &go, 1) != 1)
		_exit(2);
	member.until_ms = guest_wall_ms() + job->seconds * 1e3;
	sign_until(&member);
	result = (struct result){member.done, member.longest_ms};
	_exit(write(out, &result, sizeof(result)) == sizeof(result) ? 0 : 2);
}

struct child {
	pid_t pid;
	int out;
};

static void
child_start(struct child *child, const struct job *job, const int gate[2])
{
	int pipes[2];

	if (pipe(pipes) != 0)
		guest_must(CKR_HOST_MEMORY, "pipe");
	child->pid = fork();
	if (child->pid == 0) {
		(void)close(gate[1]);
		child_run(job, gate[0], pipes[1]);
	}
	if (child->pid < 0)
		guest_must(CKR_HOST_MEMORY, "fork");
	(void)close(pipes[1]);
	child->out = pipes[0];
}

void
crowd_processes(const struct job *job)
{
	struct child children[CROWD_MAX];
	unsigned long total = 0, least = ~0UL, most = 0, failed = 0;
	double longest = 0, start;
	int gate[2];
	char go = 1;

	if (job->count > CROWD_MAX || pipe(gate) != 0)
		guest_must(CKR_ARGUMENTS_BAD, "too many");
	for (unsigned int i = 0; i < job->count; i++)
		child_start(&children[i], job, gate);
	for (unsigned int i = 0; i < job->count; i++)
		failed += read(children[i].out, &go, 1) != 1;
	start = guest_wall_ms();
	for (unsigned int i = 0; i < job->count; i++)
		failed += write(gate[1], &go, 1) != 1;
	for (unsigned int i = 0; i < job->count; i++) {
		struct result result = {0};

		if (read(children[i].out, &result, sizeof(result)) != sizeof(result))
			failed++;
		(void)waitpid(children[i].pid, NULL, 0);
		total += result.done;
		least = result.done < least ? result.done : least;
		most = result.done > most ? result.done : most;
		longest = result.longest_ms > longest ? result.longest_ms : longest;
	}
	printf("total %.1f\nleast %lu\nmost %lu\nlongest %.1f\nfailed %lu\n",
	       (double)total * 1e3 / (guest_wall_ms() - start), least, most, longest, failed);
}
