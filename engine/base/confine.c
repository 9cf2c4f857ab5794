#include "engine/base/confine.h"

#ifndef ROLLCALL_SECCOMP

enum rc_code rc_confine(bool programs, struct rc_err *err)
{
	(void)programs;
	return rc_fail(err, RC_USAGE, "--confine: this build has no system call filter (made without libseccomp)");
}

#else
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* Numbers by name, so that a call this machine does not have is one that nobody can make. */
static const char *const never[] = {
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"kcmp",
	"pidfd_getfd",
	"process_madvise", /* other processes */
	"mount",
	"umount",
	"umount2",
	"pivot_root",
	"chroot",
	"move_mount",
	"open_tree",
	"fsopen",
	"fsconfig",
	"fsmount",
	"fspick",
	"mount_setattr",
	"setns",
	"unshare",
	"swapon",
	"swapoff",
	"quotactl",
	"quotactl_fd",
	"acct",
	"keyctl",
	"add_key",
	"request_key", /* the kernel's own secrets */
	"bpf",
	"perf_event_open",
	"userfaultfd",
	"lookup_dcookie",
	"fanotify_init", /* ways into the kernel */
	"kexec_load",
	"kexec_file_load",
	"init_module",
	"finit_module",
	"delete_module",
	"reboot",
	"syslog",
	"settimeofday",
	"clock_settime",
	"clock_adjtime",
	"adjtimex",
	"stime",
	"sethostname",
	"setdomainname",
	"iopl",
	"ioperm",
	"modify_ldt",
	"personality",
	"open_by_handle_at",
	"vhangup",
	"nfsservctl",
	"uselib",
};
static const char *const of_programs[] = {
	"execve",         "execveat",          "fork",         "vfork",        "setuid",
	"setgid",         "setreuid",          "setregid",     "setresuid",    "setresgid",
	"setgroups",      "setfsuid",          "setfsgid",     "capset",       "io_uring_setup",
	"io_uring_enter", "io_uring_register", "memfd_create", "memfd_secret",
};
static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}; /* the last is the resolver's, for addresses */

static int refuse(scmp_filter_ctx f, const char *const *names, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);

		if (number != __NR_SCMP_ERROR)
			rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), number, 0);
	}
	return rc;
}

static int refuse_families(scmp_filter_ctx f)
{
	unsigned next = 0;
	int rc = 0;

	for (size_t i = 0; i < sizeof(families) / sizeof(*families) && !rc; i++) {
		for (; next < (unsigned)families[i] && !rc; next++)
			rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
					      SCMP_A0_32(SCMP_CMP_EQ, next, 0));
		next++;
	}
	return rc ? rc
		  : seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, SCMP_A0_32(SCMP_CMP_GE, next, 0));
}

/* A thread shares everything, a process does not. clone3 hides its flags behind a pointer: glibc asks the old one when
 * it is not there. */
static int refuse_processes(scmp_filter_ctx f)
{
	const unsigned both = PROT_WRITE | PROT_EXEC;
	int rc = refuse(f, of_programs, sizeof(of_programs) / sizeof(*of_programs));

	if (!rc)
		rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
				      SCMP_A0_64(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	if (!rc)
		rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (!rc)
		rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mmap), 1,
				      SCMP_A2_32(SCMP_CMP_MASKED_EQ, both, both));
	if (!rc)
		rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mprotect), 1,
				      SCMP_A2_32(SCMP_CMP_MASKED_EQ, both, both));
	return rc ? rc
		  : seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
				     SCMP_A1_32(SCMP_CMP_EQ, TIOCSTI, 0)); /* typing for the terminal's owner */
}

enum rc_code rc_confine(bool programs, struct rc_err *err)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int rc = f ? seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1) : -ENOMEM;

	if (!rc)
		rc = refuse(f, never, sizeof(never) / sizeof(*never));
	if (!rc)
		rc = refuse_families(f);
	if (!rc && !programs)
		rc = refuse_processes(f);
	if (!rc)
		rc = seccomp_load(f);
	if (f)
		seccomp_release(f);
	return rc ? rc_fail_sys(err, RC_INTERNAL, -rc,
				"--confine: the system call filter cannot be set; run without it")
		  : RC_OK;
}
#endif
