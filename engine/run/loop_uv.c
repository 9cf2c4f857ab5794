/* libuv drives the run; libcurl sends on the same loop. */
#include "engine/run/loop.h"
#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

enum { TICK_MS = 100, MAX_WAIT_MS = 60000, DESCRIPTORS = 16, SIGNALS = 3 };
#define NS_PER_MS 1000000

static const int watched[SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

struct uv_turner {
	const struct rc_clock *clock;
	const struct rc_loop_hooks *hooks;
	uv_loop_t loop;
	uv_timer_t timer, tick;
	uv_prepare_t prepare;
	uv_signal_t signals[SIGNALS];
	struct rc_transport net;
	bool paused, pumping, watching;
};

static void pump(struct uv_turner *u);

static void on_timer(uv_timer_t *t)
{
	pump(t->data);
}

static void on_prepare(uv_prepare_t *p)
{
	struct uv_turner *u = p->data;

	if (!u->pumping)
		pump(u);
}

static void on_tick(uv_timer_t *t)
{
	struct uv_turner *u = t->data;

	u->hooks->tick(u->hooks->arg);
}

static void on_signal(uv_signal_t *s, int signum)
{
	struct uv_turner *u = s->data;

	u->hooks->signal(u->hooks->arg, signum);
	pump(u);
}

static void on_answers(void *ctx)
{
	struct uv_turner *u = ctx;

	if (!u->pumping && u->hooks)
		pump(u);
}

static void pump(struct uv_turner *u)
{
	int64_t now, next;
	uint64_t ms;

	if (u->paused)
		return;
	u->pumping = true;
	next = u->hooks->pump(u->hooks->arg, &u->paused);
	u->pumping = false;
	if (u->paused) {
		uv_timer_stop(&u->timer);
		uv_stop(&u->loop);
		return;
	}
	now = rc_mono_ns(u->clock);
	ms = next == INT64_MAX ? MAX_WAIT_MS : next <= now ? 0 : (uint64_t)((next - now) / NS_PER_MS) + 1;
	if (ms > MAX_WAIT_MS)
		ms = MAX_WAIT_MS;
	uv_timer_start(&u->timer, on_timer, ms ? ms : 1, 0);
}

static void turn(void *ctx, const struct rc_loop_hooks *hooks)
{
	struct uv_turner *u = ctx;

	u->hooks = hooks;
	u->paused = false;
	uv_prepare_start(&u->prepare, on_prepare);
	uv_timer_start(&u->tick, on_tick, TICK_MS, TICK_MS);
	pump(u);
	while (!u->paused)
		uv_run(&u->loop, UV_RUN_DEFAULT);
	uv_prepare_stop(&u->prepare);
	uv_timer_stop(&u->tick);
	uv_timer_stop(&u->timer);
}

/* As nohup leaves SIGHUP: what the caller wants ignored stays so. */
static bool ignored(int signum)
{
	struct sigaction now;

	return sigaction(signum, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static void watch(void *ctx, const struct rc_loop_hooks *hooks, bool on)
{
	struct uv_turner *u = ctx;

	u->hooks = hooks;
	for (size_t i = 0; i < SIGNALS && on != u->watching; i++) {
		if (!on)
			uv_signal_stop(&u->signals[i]);
		else if (!ignored(watched[i]))
			uv_signal_start(&u->signals[i], on_signal, watched[i]);
	}
	u->watching = on;
}

static void free_turner(void *ctx)
{
	struct uv_turner *u = ctx;

	if (u->net.ctx)
		rc_net_free(&u->net);
	uv_close((uv_handle_t *)&u->timer, NULL);
	uv_close((uv_handle_t *)&u->tick, NULL);
	uv_close((uv_handle_t *)&u->prepare, NULL);
	for (size_t i = 0; i < SIGNALS; i++)
		uv_close((uv_handle_t *)&u->signals[i], NULL);
	while (uv_run(&u->loop,
		      UV_RUN_DEFAULT)) /* a stop asked for outside a turn makes the first one return at once */
		;
	uv_loop_close(&u->loop);
	free(u);
}

/* libuv aborts the process when it finds no descriptors for itself, so they are counted before. */
static int descriptors_left(void)
{
	int fds[DESCRIPTORS], n = 0, rc = 0;

	while (n < DESCRIPTORS && !rc) {
		fds[n] = open("/", O_PATH | O_CLOEXEC);
		if (fds[n] < 0)
			rc = -errno;
		else
			n++;
	}
	while (n--)
		close(fds[n]);
	return rc;
}

static int start(struct uv_turner *u)
{
	int rc = descriptors_left();

	uv_replace_allocator(rc_xmalloc, rc_xrealloc, rc_xcalloc, free); /* it aborts where one of its own fails */
	if (!rc)
		rc = uv_loop_init(&u->loop);
	if (rc)
		return rc;
	for (size_t i = 0; i < SIGNALS && !rc; i++) {
		rc = uv_signal_init(&u->loop, &u->signals[i]);
		u->signals[i].data = u;
	}
	if (rc)
		return rc;
	uv_timer_init(&u->loop, &u->timer);
	uv_timer_init(&u->loop, &u->tick);
	uv_prepare_init(&u->loop, &u->prepare);
	u->timer.data = u->tick.data = u->prepare.data = u;
	return 0;
}

enum rc_code rc_loop_uv(const struct rc_clock *clock, const struct rc_transport_opts *net, struct rc_loop *ret,
			struct rc_err *err)
{
	struct uv_turner *u = rc_xcalloc(1, sizeof(*u));
	struct rc_transport_opts opts = *net;
	int rc = start(u);

	if (rc) {
		free(u);
		return rc_fail_sys(err, RC_INTERNAL, -rc, "the event loop cannot start");
	}
	u->clock = clock;
	opts.answered = on_answers;
	opts.ctx = u;
	rc_net_new(&u->loop, &opts, &u->net);
	*ret = (struct rc_loop){u, u->net, turn, watch, free_turner};
	return RC_OK;
}
