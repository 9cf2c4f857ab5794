/* engine/base/spin.h - waiting a moment awake for what another thread is about to do.
 *
 * To sleep and be woken takes tens of microseconds, on a virtual machine whose processors are given back meanwhile up
 * to milliseconds: longer than two threads that share work in small pieces wait for one another. Worth it only where
 * the other one can run at the same time. */
#ifndef RC_SPIN_H
#define RC_SPIN_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#include <stdbool.h>

enum { RC_SPINS = 6000 }; /* looks before one sleeps after all: some 100 microseconds */

/* Whether this process has more than one processor. */
static inline bool rc_spin_worth(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 1;
}

static inline void rc_spin_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

#endif
