/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hosts whose kernel lets them do little, and what the module may not change in any host. */
#include "tests/hosts/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FLAGS_ARGUMENT(n) ((uint32_t)offsetof(struct seccomp_data, args[n]))
#define SLOW_S            1.0

#define REFUSE(number)                                                 \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(number), 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)EPERM)

/* Refused when any of the bits is in the argument; the number is loaded again for the next. */
#define REFUSE_BITS(number, argument, bits)                                     \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(number), 0, 3),          \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FLAGS_ARGUMENT(argument)),   \
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)(bits), 0, 1),   \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)EPERM), \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))

#define LOAD_NUMBER BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define ALLOW       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void
filter_install(struct sock_filter *rules, unsigned short count)
{
	struct sock_fprog program = {.len = count, .filter = rules};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		probe_fail("no seccomp filter: %s", strerror(errno));
}

/* No file or folder can be made, and none locked. */
int
probe_no_files(struct host *host)
{
	struct sock_filter rules[] = {
		LOAD_NUMBER,
		REFUSE(SYS_mkdirat),
		REFUSE(SYS_flock),
		REFUSE(SYS_memfd_create),
#ifdef SYS_mkdir
		REFUSE(SYS_mkdir),
		REFUSE_BITS(SYS_open, 1, O_CREAT),
#endif
		REFUSE_BITS(SYS_openat, 2, O_CREAT),
		REFUSE_BITS(SYS_fcntl, 1, 32), /* F_OFD_SETLK and its like */
		ALLOW,
	};
	CK_SESSION_HANDLE session;
	double begin;

	filter_install(rules, ARRAY_SIZE(rules));
	begin = host_now();
	session = probe_begin(host);
	WANT(host_sign_checked(host, session, "poor"), CKR_OK);
	probe_end(host, session);
	if (host_now() - begin > SLOW_S)
		probe_fail("it took %.1f s", host_now() - begin);
	return 0;
}

/* A program that shuts itself in once it runs: nothing is opened, made or started any more. */
int
probe_late_sandbox(struct host *host)
{
	struct sock_filter rules[] = {
		LOAD_NUMBER,
		REFUSE(SYS_openat),
		REFUSE(SYS_mkdirat),
		REFUSE(SYS_flock),
		REFUSE(SYS_execve),
		REFUSE(SYS_socket),
		REFUSE(SYS_connect),
#ifdef SYS_open
		REFUSE(SYS_open),
		REFUSE(SYS_mkdir),
		REFUSE(SYS_fork),
#endif
		ALLOW,
	};
	CK_SESSION_HANDLE session = probe_begin(host);

	WANT(host_sign_checked(host, session, "open"), CKR_OK);
	filter_install(rules, ARRAY_SIZE(rules));
	for (int i = 0; i < 20; i++)
		WANT(host_sign_checked(host, session, "shut in"), CKR_OK);
	probe_end(host, session);
	/* A sanitizer that looks for leaks at exit could not do so in here. */
	_exit(0);
}

/* ---- what belongs to the host ---- */

struct ways {
	struct sigaction actions[_NSIG];
	sigset_t mask;
	mode_t umask_bits;
	char folder[512];
};

static void
ways_note(struct ways *ways)
{
	memset(ways, 0, sizeof(*ways));
	for (int i = 1; i < _NSIG; i++)
		(void)sigaction(i, NULL, &ways->actions[i]);
	(void)sigprocmask(SIG_SETMASK, NULL, &ways->mask);
	ways->umask_bits = umask(022);
	(void)umask(ways->umask_bits);
	if (getcwd(ways->folder, sizeof(ways->folder)) == NULL)
		probe_fail("no folder");
}

static void
ways_same(const struct ways *before)
{
	struct ways now;

	ways_note(&now);
	for (int i = 1; i < _NSIG; i++)
		if (now.actions[i].sa_handler != before->actions[i].sa_handler ||
		    now.actions[i].sa_flags != before->actions[i].sa_flags)
			probe_fail("the action of signal %d was changed", i);
	if (memcmp(&now.mask, &before->mask, sizeof(now.mask)) != 0)
		probe_fail("the signal mask was changed");
	if (now.umask_bits != before->umask_bits || strcmp(now.folder, before->folder) != 0)
		probe_fail("the umask or the folder was changed");
}

int
probe_signals(struct host *host)
{
	CK_SESSION_HANDLE session;
	struct ways before;

	ways_note(&before);
	session = probe_begin(host);
	ways_same(&before);
	WANT(host_sign_checked(host, session, "quiet"), CKR_OK);
	ways_same(&before);
	probe_end(host, session);
	host_unload(host);
	ways_same(&before);
	return 0;
}
