/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/papers/confine.h"

#include "common/defs.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MEMORY ((rlim_t)1024 * 1024 * 1024)
#define TIME   20 /* seconds of a processor */

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED false
#endif

/* Files of any kind that would be written are of no length. */
static bool
limits_set(void)
{
	const struct {
		int what;
		rlim_t most;
		bool sanitized; /* also with a sanitizer, whose shadow takes terabytes */
	} limits[] = {{RLIMIT_CORE, 0, true},
		      {RLIMIT_CPU, TIME, true},
		      {RLIMIT_FSIZE, 0, true},
		      {RLIMIT_AS, MEMORY, false}};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct rlimit limit = {limits[i].most, limits[i].most};

		if ((limits[i].sanitized || !SANITIZED) &&
		    setrlimit((__rlimit_resource_t)limits[i].what, &limit) != 0)
			return false;
	}
	return true;
}

static const int always[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(brk),
	SCMP_SYS(mmap),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(mprotect),
	SCMP_SYS(futex),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(getrandom),
	SCMP_SYS(sched_yield),
	SCMP_SYS(restart_syscall),
};
/* What looking for a font takes: reading and looking, never writing. */
static const int reading[] = {
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(lseek),
	SCMP_SYS(pread64),
	SCMP_SYS(getdents64),
	SCMP_SYS(fcntl),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(statfs),
	SCMP_SYS(fstatfs),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(statx),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(prlimit64),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(eventfd2),
};

static bool
fonts_allow(scmp_filter_ctx filter)
{
	bool good = true;

	for (size_t i = 0; i < ARRAY_SIZE(reading); i++)
		good = good && seccomp_rule_add(filter, SCMP_ACT_ALLOW, reading[i], 0) == 0;
	return good &&
	       seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
				SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, 0)) ==
		       0 &&
	       /* threads, never processes; clone3 hides its flags, so libc is to use clone */
	       seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 &&
	       seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0;
}

enum cs_status
cs_confine(bool fonts)
{
	scmp_filter_ctx filter;
	bool good = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
		    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && limits_set();

	filter = good ? seccomp_init(SCMP_ACT_ERRNO(EPERM)) : NULL;
	if (filter == NULL)
		return CS_E_DENIED;
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		good = good && seccomp_rule_add(filter, SCMP_ACT_ALLOW, always[i], 0) == 0;
	if (fonts)
		good = good && fonts_allow(filter);
	good = good && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return good ? CS_OK : CS_E_DENIED;
}

static bool
file_opens(int flags)
{
	return open("/proc/self/status", flags | O_CLOEXEC) >= 0;
}

const char *
cs_confine_hole(bool fonts)
{
	char *const none[] = {NULL};

	if (!fonts && file_opens(O_RDONLY))
		return "reading a file";
	if (file_opens(O_RDWR) || open("/tmp/openukey-papers-check", O_CREAT | O_WRONLY, 0600) >= 0)
		return "writing a file";
	if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0)
		return "the network";
	if (fork() >= 0)
		return "another process";
	(void)execve("/proc/self/exe", none, none);
	if (errno != EPERM)
		return "another program";
	if (kill(getppid(), 0) == 0)
		return "signals";
	return NULL;
}
