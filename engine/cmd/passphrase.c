#include "engine/cmd/passphrase.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { LONGEST = 1023, SIGNALS = 4 };

static const int signals[SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	stopped = signal;
}

/* Up to a line end or the file's end. 0 or errno. awake: the signal mask while it waits, NULL: as it is. A signal that
 * is let through only there cannot slip in between the look at `stopped` and the read. */
static int read_line(int fd, const sigset_t *awake, struct rc_buf *ret)
{
	char c;
	ssize_t n = 1;

	while (ret->n <= LONGEST) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		n = awake ? ppoll(&p, 1, NULL, awake) : 1;
		if (n > 0)
			n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR && !stopped)
			continue;
		if (n <= 0 || c == '\n')
			break;
		rc_buf_addc(ret, c);
	}
	c = 0;
	OPENSSL_cleanse(&c, 1);
	if (ret->n && ret->p[ret->n - 1] == '\r')
		ret->n--;
	return n < 0 ? errno : 0;
}

static enum rc_code from_file(const char *path, struct rc_buf *ret, struct rc_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int sys = fd < 0 ? errno : read_line(fd, NULL, ret);

	if (fd >= 0)
		close(fd);
	if (sys)
		return rc_fail_sys(err, RC_DATA, sys, "passphrase file %s cannot be read", path);
	if (!ret->n)
		return rc_fail(err, RC_DATA, "passphrase file %s is empty in its first line", path);
	return RC_OK;
}

/* A signal waits until the terminal echoes again. */
static int ask(int fd, const char *key, struct rc_buf *ret)
{
	struct sigaction mine = {.sa_handler = stop}, before[SIGNALS];
	struct termios loud, quiet;
	sigset_t held, awake;
	int sys;

	if (tcgetattr(fd, &loud))
		return errno;
	sigemptyset(&mine.sa_mask);
	stopped = 0;
	sigemptyset(&held);
	for (size_t i = 0; i < SIGNALS; i++)
		sigaddset(&held, signals[i]);
	sigprocmask(SIG_BLOCK, &held, &awake);
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &mine, &before[i]);
	quiet = loud;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &quiet);
	dprintf(fd, "Passphrase of %s: ", key);
	sys = read_line(fd, &awake, ret);
	tcsetattr(fd, TCSAFLUSH, &loud);
	dprintf(fd, "\n");
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &before[i], NULL);
	sigprocmask(SIG_SETMASK, &awake, NULL);
	if (stopped)
		raise(stopped);
	return sys;
}

enum rc_code rc_passphrase(void *ctx, struct rc_buf *ret, struct rc_err *err)
{
	const struct rc_passphrase_from *from = ctx;
	int fd, sys;

	if (from->file)
		return from_file(from->file, ret, err);
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return rc_fail(err, RC_USAGE,
			       "key %s has a passphrase: give --passphrase-file, or run this on a terminal", from->key);
	sys = ask(fd, from->key, ret);
	close(fd);
	return sys ? rc_fail_sys(err, RC_USAGE, sys, "the passphrase of key %s cannot be read", from->key) : RC_OK;
}
