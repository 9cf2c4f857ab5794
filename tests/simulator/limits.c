#include "tests/simulator/limits.h"

/* Sums of users are whole numbers, but capacity times seconds is not: without this slack the last user of a queue
 * could seem to wait for a rounding error. */
#define SLACK 1e-6

void sim_queue_advance(struct sim_queue *q, double now_s)
{
	if (now_s < q->at_s)
		return;
	if (q->capacity <= 0)
		q->served = q->accepted;
	else
		q->served += q->capacity * (now_s - q->at_s);
	if (q->served > q->accepted)
		q->served = q->accepted;
	q->at_s = now_s;
}

bool sim_queue_take(struct sim_queue *q, double n, double now_s, double *ret_mark)
{
	sim_queue_advance(q, now_s);
	if (q->capacity > 0 && q->room > 0 && q->accepted - q->served + n > q->room + SLACK)
		return false;
	q->accepted += n;
	*ret_mark = q->accepted;
	return true;
}

bool sim_queue_served(const struct sim_queue *q, double mark, double now_s, double *ret_s)
{
	double when = q->at_s;

	if (q->capacity > 0 && mark > q->served + SLACK)
		when += (mark - q->served) / q->capacity;
	if (when > now_s + SLACK)
		return false;
	*ret_s = when;
	return true;
}

bool sim_bucket_take(struct sim_bucket *b, double now_s, double *ret_wait_s)
{
	double burst = b->burst < 1 ? 1 : b->burst;

	if (b->rate <= 0)
		return true;
	if (!b->begun)
		b->tokens = burst;
	else if (now_s > b->at_s)
		b->tokens += b->rate * (now_s - b->at_s);
	b->begun = true;
	b->at_s = now_s;
	if (b->tokens > burst)
		b->tokens = burst;
	if (b->tokens < 1 - SLACK) {
		*ret_wait_s = (1 - b->tokens) / b->rate;
		return false;
	}
	b->tokens -= 1;
	return true;
}

bool sim_window_take(struct sim_window *w, double now_s, double *ret_wait_s)
{
	int64_t index;

	if (!w->limit || w->period_s <= 0)
		return true;
	index = (int64_t)(now_s / w->period_s);
	if (index != w->index) {
		w->index = index;
		w->used = 0;
	}
	if (w->used >= w->limit) {
		*ret_wait_s = (double)(index + 1) * w->period_s - now_s;
		return false;
	}
	w->used++;
	return true;
}
