/* rollcall-pacer - the controller of engine/exec/pacer.h behind the pacing simulator's line protocol, so that the code
 * that ships is what is judged. One line in, at most one line out; times in seconds from the start of the job.
 *
 *   INIT batch_max creates updates deletes seed
 *   RESULT t id op n outcome rtt retry_after hint_rate sent_at     absent numbers are "-"
 *   POLL t creates updates deletes inflight                        -> SEND op n | WAIT t2 | WAIT
 *
 * Ids count up from 1 in the order of the SENDs. */
#include "engine/exec/pacer.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct driver {
	bool ready;
	struct rc_pacer_call call;
	struct rc_pacer pacer;
	uint64_t random;
	struct rc_pacer_token *sent; /* by id - 1 */
	size_t sent_n, sent_cap;
};

/* splitmix64: the jitter of a run is a function of its seed. */
static double draw(void *ctx)
{
	uint64_t *state = ctx;
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return (double)(z >> 11) * 0x1p-53;
}

static const char *do_init(struct driver *d, const char *line)
{
	uint32_t batch_max;
	uint64_t seed;

	if (sscanf(line, "INIT %" SCNu32 " %*u %*u %*u %" SCNu64, &batch_max, &seed) != 2)
		return "INIT batch_max creates updates deletes seed";
	d->random = seed * 1009 + 3;
	d->sent_n = 0;
	rc_pacer_call_init(&d->call, NULL);
	rc_pacer_init(&d->pacer,
		      &(struct rc_pacer_config){
			      .batch_max = {batch_max, 1, 1}, .u = draw, .u_ctx = &d->random, .call = &d->call});
	d->ready = true;
	return NULL;
}

static bool parse_outcome(const char *word, enum rc_pacer_outcome *ret)
{
	for (enum rc_pacer_outcome o = 0; o < RC_PACER_OUTCOME_COUNT; o++) {
		if (strcmp(word, rc_pacer_outcome_name(o)) == 0) {
			*ret = o;
			return true;
		}
	}
	return false;
}

static double number_or_0(const char *word)
{
	return strcmp(word, "-") == 0 ? 0 : strtod(word, NULL);
}

static const char *do_result(struct driver *d, const char *line)
{
	struct rc_pacer_answer a = {0};
	char outcome[16], retry_after[32], hint[32];
	double t;
	size_t id;

	if (sscanf(line, "RESULT %lf %zu %*15s %*u %15s %*f %31s %31s", &t, &id, outcome, retry_after, hint) != 5 ||
	    !parse_outcome(outcome, &a.outcome))
		return "RESULT t id op n outcome rtt retry_after hint_rate sent_at";
	if (id < 1 || id > d->sent_n)
		return "RESULT with an id that was never sent";
	a.retry_after_s = number_or_0(retry_after);
	a.hint_calls_per_s = number_or_0(hint);
	rc_pacer_result(&d->pacer, t, &d->sent[id - 1], &a);
	return NULL;
}

static const char *remember(struct driver *d, double now, enum rc_pacer_op op, uint32_t n)
{
	if (d->sent_n == d->sent_cap) {
		size_t cap = d->sent_cap ? 2 * d->sent_cap : 1024;
		struct rc_pacer_token *more = reallocarray(d->sent, cap, sizeof(*more));

		if (!more)
			return "out of memory";
		d->sent = more;
		d->sent_cap = cap;
	}
	rc_pacer_sent(&d->pacer, now, op, n, &d->sent[d->sent_n++]);
	return NULL;
}

static const char *do_poll(struct driver *d, const char *line)
{
	struct rc_pacer_pending q;
	struct rc_pacer_decision dec;
	uint32_t in_flight;
	double t;

	if (sscanf(line, "POLL %lf %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32, &t, &q.creates, &q.updates,
		   &q.deletes, &in_flight) != 5)
		return "POLL t creates updates deletes inflight";
	d->pacer.in_flight = in_flight; /* the protocol counts for us */
	rc_pacer_poll(&d->pacer, t, &q, &dec);
	if (dec.verb == RC_PACER_SEND) {
		printf("SEND %s %" PRIu32 "\n", rc_pacer_op_name(dec.op), dec.n);
		return remember(d, t, dec.op, dec.n);
	}
	if (isfinite(dec.until))
		printf("WAIT %.9f\n", dec.until);
	else
		printf("WAIT\n");
	return NULL;
}

static const char *do_line(struct driver *d, const char *line)
{
	if (strncmp(line, "INIT ", 5) == 0)
		return do_init(d, line);
	if (!d->ready)
		return "INIT first";
	if (strncmp(line, "RESULT ", 7) == 0)
		return do_result(d, line);
	if (strncmp(line, "POLL ", 5) == 0)
		return do_poll(d, line);
	return "INIT, RESULT or POLL";
}

int main(void)
{
	struct driver d = {0};
	char line[512];
	int status = 0;

	while (status == 0 && fgets(line, sizeof(line), stdin)) {
		const char *wanted = do_line(&d, line);

		if (wanted) {
			fprintf(stderr, "rollcall-pacer: expected %s; got: %s\n", wanted, line);
			status = 64;
		} else if (fflush(stdout) != 0) {
			status = 73;
		}
	}
	free(d.sent);
	return status;
}
