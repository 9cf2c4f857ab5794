#include "engine/progress.h"
#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/log.h"
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_NS (100 * 1000000LL)
#define PLAIN_NS (10 * 1000000000LL)
#define SAMPLE_NS 1000000000LL
enum { SAMPLES = 12, DEFAULT_WIDTH = 80, MAX_WIDTH = 240 };

struct rc_progress {
	int fd;
	enum rc_progress_mode mode;
	bool colour, begun;
	int64_t drawn_ns;
	enum rc_progress_phase phase;
	struct {
		int64_t ns;
		uint64_t done;
	} sample[SAMPLES]; /* of the last seconds, oldest first */
	size_t n_samples;
	struct rc_buf line; /* as last drawn, with its escapes */
};

static struct rc_progress *current; /* rc_log_hook knows no context */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const char *const phases[] = {
#define X(name, text) text,
	RC_PROGRESS_PHASES(X)
#undef X
};
static const char *const waits[] = {
#define X(name, text) text,
	RC_PROGRESS_WAITS(X)
#undef X
};

static void put(int fd, const char *p, size_t n)
{
	ssize_t ignored = write(fd, p, n); /* the terminal is gone: nobody to tell */

	(void)ignored;
}

static void step_aside(void)
{
	pthread_mutex_lock(&lock);
	if (current && current->line.n)
		put(current->fd, "\r\033[K", 4);
	pthread_mutex_unlock(&lock);
}

static void come_back(void)
{
	pthread_mutex_lock(&lock);
	if (current && current->line.n)
		put(current->fd, current->line.p, current->line.n);
	pthread_mutex_unlock(&lock);
}

struct rc_progress *rc_progress_new(int fd, enum rc_progress_mode mode, bool colour)
{
	struct rc_progress *p = rc_xcalloc(1, sizeof(*p));
	const char *term = getenv("TERM");

	if (mode == RC_PROGRESS_AUTO)
		mode = isatty(fd) && term && *term && strcmp(term, "dumb") != 0 ? RC_PROGRESS_LINE : RC_PROGRESS_PLAIN;
	p->fd = fd;
	p->mode = mode;
	p->colour = colour;
	if (mode == RC_PROGRESS_LINE) {
		pthread_mutex_lock(&lock);
		current = p;
		pthread_mutex_unlock(&lock);
		rc_log_hook(step_aside, come_back);
	}
	return p;
}

void rc_progress_free(struct rc_progress *p)
{
	if (!p)
		return;
	if (p->mode == RC_PROGRESS_LINE) {
		rc_log_hook(NULL, NULL);
		step_aside();
		pthread_mutex_lock(&lock);
		current = NULL;
		pthread_mutex_unlock(&lock);
	}
	rc_buf_done(&p->line);
	free(p);
}

/* The rate of the last SAMPLES seconds; a new phase begins anew. */
static double rate(struct rc_progress *p, const struct rc_progress_state *s, int64_t now_ns)
{
	size_t last = p->n_samples - 1;

	if (!p->n_samples || p->phase != s->phase || s->done < p->sample[last].done) {
		p->phase = s->phase;
		p->n_samples = 1;
		p->sample[0].ns = now_ns;
		p->sample[0].done = s->done;
		return 0;
	}
	if (now_ns - p->sample[last].ns >= SAMPLE_NS) {
		if (p->n_samples == SAMPLES)
			memmove(p->sample, p->sample + 1, (SAMPLES - 1) * sizeof(p->sample[0]));
		else
			p->n_samples++;
		p->sample[p->n_samples - 1].ns = now_ns;
		p->sample[p->n_samples - 1].done = s->done;
	}
	if (now_ns - p->sample[0].ns < SAMPLE_NS)
		return 0;
	return (double)(s->done - p->sample[0].done) / ((double)(now_ns - p->sample[0].ns) * 1e-9);
}

static void span(struct rc_buf *b, double s)
{
	if (s < 10)
		rc_buf_addf(b, "%.1f s", s);
	else if (s < 120)
		rc_buf_addf(b, "%.0f s", s);
	else if (s < 7200)
		rc_buf_addf(b, "%.0f min", s / 60);
	else
		rc_buf_addf(b, "%.1f h", s / 3600);
}

static void count(struct rc_buf *b, const char *before, uint64_t n, const char *after)
{
	if (n)
		rc_buf_addf(b, "%s%llu%s", before, (unsigned long long)n, after);
}

static void waiting(struct rc_buf *b, const struct rc_progress_state *s)
{
	if (s->wait == RC_WAIT_NONE || (unsigned)s->wait >= RC_WAIT_COUNT)
		return;
	rc_buf_addf(b, "%s: ", waits[s->wait]);
	if (s->wait == RC_WAIT_SEATS) {
		rc_buf_addf(b, "%llu waiting", (unsigned long long)s->parked);
		return;
	}
	rc_buf_adds(b, s->wait == RC_WAIT_SETTLE ? "next look in " : "next call in ");
	span(b, s->wait_s > 0 ? s->wait_s : 0);
}

static void describe(struct rc_progress *p, const struct rc_progress_state *s, int64_t now_ns, struct rc_buf *b)
{
	double per_s = rate(p, s, now_ns);
	const char *unit = s->phase == RC_PHASE_READ ? "rows" : s->phase == RC_PHASE_LIST ? "accounts" : "users";

	rc_buf_addf(b, "%s ", (unsigned)s->phase < RC_PHASE_COUNT ? phases[s->phase] : "");
	rc_buf_addf(b, "%llu", (unsigned long long)s->done);
	if (s->total)
		rc_buf_addf(b, "/%llu (%.0f%%)", (unsigned long long)s->total,
			    100.0 * (double)(s->done < s->total ? s->done : s->total) / (double)s->total);
	if (per_s > 0)
		rc_buf_addf(b, ", %.*f %s/s", per_s < 10 ? 1 : 0, per_s, unit);
	count(b, ", ", s->failed, " failed");
	count(b, ", ", s->in_flight, " in flight");
	count(b, ", ", s->busy, " busy");
	count(b, ", ", s->throttled, " throttled");
	if (s->wait != RC_WAIT_SEATS)
		count(b, ", ", s->parked, " parked");
	if (per_s > 0 && s->total > s->done) {
		rc_buf_adds(b, ", ETA ");
		span(b, (double)(s->total - s->done) / per_s);
	}
}

static size_t width_of(int fd)
{
	struct winsize w = {0};
	size_t n = DEFAULT_WIDTH;

	if (ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 1)
		n = w.ws_col;
	return (n < MAX_WIDTH ? n : MAX_WIDTH) - 1; /* the last column would wrap */
}

/* All text is ASCII of ours, so that bytes are columns. The reason for waiting comes first when room is short. */
static void draw(struct rc_progress *p, const struct rc_buf *text, const struct rc_buf *why)
{
	size_t width = width_of(p->fd), room = why->n ? why->n + 2 : 0;
	size_t head = text->n;

	if (head + room > width)
		head = room < width ? width - room : 0;
	pthread_mutex_lock(&lock);
	rc_buf_clear(&p->line);
	rc_buf_addc(&p->line, '\r');
	rc_buf_add(&p->line, text->p, head);
	if (why->n) {
		size_t n = room <= width ? why->n : width > 2 ? width - 2 : 0;

		rc_buf_adds(&p->line, p->colour ? "  \033[33m" : "  ");
		rc_buf_add(&p->line, why->p, n);
		rc_buf_adds(&p->line, p->colour ? "\033[0m" : "");
	}
	rc_buf_adds(&p->line, "\033[K");
	put(p->fd, p->line.p, p->line.n);
	pthread_mutex_unlock(&lock);
}

void rc_progress_update(struct rc_progress *p, const struct rc_progress_state *s, int64_t now_ns)
{
	int64_t every = p->mode == RC_PROGRESS_LINE ? REDRAW_NS : PLAIN_NS;
	struct rc_buf text = {0}, why = {0};

	if (p->mode == RC_PROGRESS_OFF)
		return;
	if (!p->begun) {
		p->begun = true;
		/* a terminal sees it at once; a log has no use for a line about a run of a second */
		p->drawn_ns = p->mode == RC_PROGRESS_LINE ? now_ns - every : now_ns;
	}
	if (now_ns - p->drawn_ns < every) {
		rate(p, s, now_ns);
		return;
	}
	p->drawn_ns = now_ns;
	describe(p, s, now_ns, &text);
	waiting(&why, s);
	if (p->mode == RC_PROGRESS_LINE)
		draw(p, &text, &why);
	else
		rc_log(RC_LOG_INFO, "%s%s%s", text.p, why.n ? "; " : "", why.n ? why.p : "");
	rc_buf_done(&text);
	rc_buf_done(&why);
}
