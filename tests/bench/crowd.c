/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/crowd.h"

#include "tests/bench/bare.h"
#include "tests/bench/guest.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* All sign for so many seconds, in a thread each. */
static void
sign_together(struct member *members, const struct job *job)
{
	pthread_t threads[CROWD_MAX];
	unsigned long done = 0;
	double cpu = guest_cpu_us(), start = guest_wall_ms();

	for (unsigned int i = 0; i < job->count; i++) {
		members[i].until_ms = start + job->seconds * 1e3;
		if (pthread_create(&threads[i], NULL, sign_until, &members[i]) != 0)
			guest_must(CKR_HOST_MEMORY, "pthread_create");
	}
	for (unsigned int i = 0; i < job->count; i++) {
		(void)pthread_join(threads[i], NULL);
		done += members[i].done;
	}
	printf("rate %.1f\ncpu %.2f\n", (double)done * 1e3 / (guest_wall_ms() - start),
	       (guest_cpu_us() - cpu) / (double)done);
}

void
crowd_threads(const struct job *job)
{
	struct member members[CROWD_MAX] = {0};
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
	sign_together(members, job);
}

/* The module logs in, for all who talk to the key. */
static void
bare_crowd(const struct job *job, bool piv)
{
	struct member members[CROWD_MAX] = {0};
	struct guest_key key;
	CK_SESSION_HANDLE session;

	if (job->count > CROWD_MAX)
		guest_must(CKR_ARGUMENTS_BAD, "too many");
	session = guest_open(job->module, job->label);
	guest_login(session, job->pin);
	guest_pick_key(session, &key);
	guest_must(guest_sign(session, &key), "signing");
	for (unsigned int i = 0; i < job->count; i++) {
		bool rsa = key.mechanism.mechanism == CKM_RSA_PKCS;

		members[i].bare = piv ? bare_open_piv()
				      : bare_open(key.container, rsa, key.input, key.input_len);
		if (members[i].bare == NULL)
			guest_must(CKR_DEVICE_ERROR, "SCardTransmit by ourselves");
	}
	sign_together(members, job);
}

void
crowd_bare(const struct job *job)
{
	bare_crowd(job, false);
}

void
crowd_bare_piv(const struct job *job)
{
	bare_crowd(job, true);
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
