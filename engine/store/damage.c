#include "engine/store/damage.h"
#include "engine/base/err.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Thread_local volatile unsigned rc_damage_depth;

static char message[1024];
static size_t message_n;
static struct sigaction before_bus, before_segv;

void rc_damage_end(void)
{
	ssize_t ignored = write(STDERR_FILENO, message, message_n);

	(void)ignored;
	_exit(RC_CANTCREAT);
}

/* Returning repeats the fault, then under the handler that was there before. */
static void on_fault(int sig, siginfo_t *info, void *ctx)
{
	(void)ctx;
	if (rc_damage_depth || (sig == SIGBUS && info->si_code == BUS_ADRERR))
		rc_damage_end();
	sigaction(sig, sig == SIGBUS ? &before_bus : &before_segv, NULL);
}

static void install(int sig, struct sigaction *before)
{
	struct sigaction a = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK}, was;

	sigemptyset(&a.sa_mask);
	if (sigaction(sig, NULL, &was) || ((was.sa_flags & SA_SIGINFO) && was.sa_sigaction == on_fault))
		return;
	*before = was;
	sigaction(sig, &a, NULL);
}

void rc_damage_watch(const char *path)
{
	static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
	struct rc_err err = {0};
	int n;

	rc_fail(&err, RC_CANTCREAT,
		"state %.400s is damaged (a fault while reading it): move it away and restore a backup with `rollcall "
		"state "
		"import`, or start anew with `rollcall refresh`",
		path);
	pthread_mutex_lock(&mu);
	n = snprintf(message, sizeof(message), "rollcall: %s\n", err.what);
	message_n = n > 0 && (size_t)n < sizeof(message) ? (size_t)n : sizeof(message) - 1;
	install(SIGBUS, &before_bus);
	install(SIGSEGV, &before_segv);
	pthread_mutex_unlock(&mu);
}
