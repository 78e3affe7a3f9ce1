/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a maker's library may do in the helper.  It needs devices or pcscd's socket, threads, and
 * the odd file; it gets no other program, no screen, no network, nobody else's memory.  Where the
 * kernel or the configuration does not allow a part, the others hold.
 */
#include "drivers/skf/host/serve.h"

#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MIB       ((rlim_t)1024 * 1024)
#define FILES     256
#define FILE_SIZE (64 * MIB) /* logs of the library's */

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED false
#endif

static bool
limits_set(const struct skf_config *config)
{
	const struct {
		int what;
		rlim_t most;
		bool sanitized; /* also with a sanitizer, whose shadow takes terabytes */
	} limits[] = {{RLIMIT_CORE, 0, true},
		      {RLIMIT_NOFILE, FILES, true},
		      {RLIMIT_FSIZE, FILE_SIZE, true},
		      {RLIMIT_DATA, config->memory_mib * MIB, false}};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct rlimit limit = {limits[i].most, limits[i].most};

		if ((limits[i].sanitized || !SANITIZED) &&
		    setrlimit((__rlimit_resource_t)limits[i].what, &limit) != 0)
			return false;
	}
	return true;
}

/* ---- namespaces ---- */

static bool
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return good;
}

/* The same user and group inside as outside, and nobody else. */
static bool
ids_map(uid_t uid, gid_t gid)
{
	char users[64], groups[64];

	(void)snprintf(users, sizeof(users), "%u %u 1", uid, uid);
	(void)snprintf(groups, sizeof(groups), "%u %u 1", gid, gid);
	return write_file("/proc/self/setgroups", "deny") &&
	       write_file("/proc/self/gid_map", groups) && write_file("/proc/self/uid_map", users);
}

/* Empty folders over those where the screen and the session's bus are found. */
static void
places_hide(uid_t uid)
{
	char runtime[64];

	(void)snprintf(runtime, sizeof(runtime), "/run/user/%u", uid);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return;
	if (mount("none", "/tmp/.X11-unix", "tmpfs", MS_NOSUID | MS_NODEV, "size=4k") != 0)
		uk_debug("skf", "no screen to hide");
	if (mount("none", runtime, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") != 0)
		uk_debug("skf", "no session to hide");
}

/* Not everywhere: containers and some systems let nobody make namespaces. */
static void
namespaces_make(const struct skf_config *config)
{
	const int flags = CLONE_NEWNS | (config->network != 0 ? 0 : CLONE_NEWNET);
	const uid_t uid = geteuid();
	const gid_t gid = getegid();

	if (uid == 0 ? unshare(flags) != 0 : unshare(CLONE_NEWUSER | flags) != 0) {
		uk_debug("skf", "no namespaces here");
		return;
	}
	if (uid == 0 || ids_map(uid, gid))
		places_hide(uid);
}

/* ---- system calls ---- */

/* Never of use to a library that talks to a key. */
static const int never[] = {
	SCMP_SYS(acct),
	SCMP_SYS(add_key),
	SCMP_SYS(bpf),
	SCMP_SYS(chroot),
	SCMP_SYS(delete_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(init_module),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(kexec_load),
	SCMP_SYS(keyctl),
	SCMP_SYS(mount),
	SCMP_SYS(move_mount),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(open_tree),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(pivot_root),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(ptrace),
	SCMP_SYS(quotactl),
	SCMP_SYS(reboot),
	SCMP_SYS(request_key),
	SCMP_SYS(setns),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(swapoff),
	SCMP_SYS(swapon),
	SCMP_SYS(syslog),
	SCMP_SYS(umount2),
	SCMP_SYS(unshare),
	SCMP_SYS(userfaultfd),
};

/* Other programs: starting them, and sending them signals. */
static const int programs[] = {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork),
			       SCMP_SYS(vfork)};

static bool
forbid(scmp_filter_ctx filter, const int *calls, size_t count)
{
	bool good = true;

	for (size_t i = 0; i < count; i++)
		good = good && seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0) == 0;
	return good;
}

/* Threads, never processes; clone3 hides its flags, so libc is to use clone. */
static bool
forbid_programs(scmp_filter_ctx filter)
{
	return forbid(filter, programs, ARRAY_SIZE(programs)) &&
	       seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 &&
	       seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
				SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)) == 0;
}

static bool
forbid_network(scmp_filter_ctx filter)
{
	static const int families[] = {AF_INET,      AF_INET6, AF_PACKET,
				       AF_BLUETOOTH, AF_VSOCK, AF_ALG};
	bool good = true;

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		good = good &&
		       seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
					SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i])) == 0;
	return good;
}

static bool
forbid_signals(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(kill), 1,
				SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid())) == 0 &&
	       seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tkill), 0) == 0 &&
	       seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tgkill), 1,
				SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid())) == 0;
}

static bool
calls_forbid(const struct skf_config *config)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	bool good = filter != NULL && forbid(filter, never, ARRAY_SIZE(never)) &&
		    forbid_signals(filter);

	if (config->processes == 0)
		good = good && forbid_programs(filter);
	if (config->network == 0)
		good = good && forbid_network(filter);
	good = good && seccomp_load(filter) == 0;
	if (filter != NULL)
		seccomp_release(filter);
	return good;
}

enum uk_status
confine(const struct skf_config *config)
{
	namespaces_make(config);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !limits_set(config) ||
	    !calls_forbid(config))
		return UK_E_POLICY;
	return UK_OK;
}
