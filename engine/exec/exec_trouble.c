/* A target that takes nothing, said while it is still tried: once for each cause, not once for each call. */
#include "engine/exec/exec_int.h"
#include <stdio.h>
#include <string.h>

enum { SILENT_AFTER_TAKEN = 2, UNTAKEN_CALLS = 3, ENOUGH_TRIES = 3 };

int64_t reach_limit(const struct rc_exec *x)
{
	return x->opts.patience_ns ? x->opts.patience_ns : x->cfg->timeouts.unreachable_ns;
}

const char *trouble_of(const struct target *t)
{
	for (size_t i = 0; i < t->n_servers; i++)
		if (t->servers[i].said[0])
			return t->servers[i].said;
	return NULL;
}

static bool answered(const struct http_resp *resp)
{
	return resp->fate == HTTP_ANSWERED;
}

/* One lost connection, or a busy moment, is no trouble; not to have been heard at all is. */
static bool worth_telling(const struct target *t, const struct http_resp *resp)
{
	if (answered(resp))
		return !t->taken && t->untaken >= UNTAKEN_CALLS;
	return t->silent >= (t->taken ? SILENT_AFTER_TAKEN : 1);
}

/* "timed out after 10001 ms" and "after 10002 ms" are one cause. */
static bool is_new(struct target *t, const char *cause)
{
	char bare[sizeof(t->told)];
	size_t n = 0;

	for (const char *p = cause; *p && n + 1 < sizeof(bare); p++)
		if (*p < '0' || *p > '9')
			bare[n++] = *p;
	bare[n] = 0;
	if (strcmp(bare, t->told) == 0)
		return false;
	memcpy(t->told, bare, n + 1);
	return true;
}

static const char *endpoint_of(const struct call *c)
{
	const struct target *t = c->s->t;

	return c->req.kind == CALL_LOGIN && t->conf.iam_endpoint ? t->conf.iam_endpoint : t->cfg->endpoint;
}

static void tell(struct call *c, bool heard, int64_t now)
{
	struct rc_exec *x = c->x;
	struct rc_exec_trouble trouble = {
		.target = c->s->t->index, .endpoint = endpoint_of(c), .cause = c->s->said, .answered = heard};
	int64_t until = c->s->waiting_since_ns + reach_limit(x);

	trouble.by_deadline = x->opts.deadline_ns && x->opts.deadline_ns < until;
	if (trouble.by_deadline)
		until = x->opts.deadline_ns;
	trouble.left_ns = until > now ? until - now : 0;
	if (x->env.trouble)
		x->env.trouble(x->env.ctx, &trouble);
}

/* Whoever waits at a terminal is not kept waiting for what a few calls have told. */
static void lose_patience(struct call *c, int64_t now)
{
	const struct rc_exec *x = c->x;
	struct target *t = c->s->t;

	if (t->silent >= ENOUGH_TRIES || now - c->s->waiting_since_ns >= x->cfg->timeouts.connect_ns / 2)
		target_stop(t, RC_UNAVAILABLE, "unreachable", "target %s: %s does not answer: %s", t->cfg->name,
			    endpoint_of(c), c->s->said);
}

void trouble_told(struct call *c, const struct http_resp *resp, bool taken, int64_t now)
{
	struct target *t = c->s->t;

	if (taken) {
		t->untaken = 0;
		t->told[0] = 0;
		return;
	}
	t->untaken++;
	if (t->stopped || c->x->stopping || resp->fate == HTTP_CANCELLED || !c->s->said[0])
		return;
	if (worth_telling(t, resp) && is_new(t, c->s->said))
		tell(c, answered(resp), now);
	if (c->x->opts.patience_ns && !answered(resp))
		lose_patience(c, now);
}
