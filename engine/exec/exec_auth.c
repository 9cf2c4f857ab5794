/* Credentials: one proof before fanning out, one renewal for many waiters, one clock correction. */
#include "engine/exec/exec_int.h"
#include <openssl/crypto.h>
#include <stdio.h>

enum { RENEW_AHEAD_S = 600, MAX_RENEWALS = 20 };

static void stop_for(struct target *t, const struct rc_answer *a)
{
	target_stop(t, RC_NOPERM, a->v == V_CLOCK ? "clock" : "credentials",
		    "target %s: the provider refused our credentials: %s (%s)%s%s", t->cfg->name,
		    a->message ? a->message : "no reason given", a->code ? a->code : "no code", a->remedy ? ": " : "",
		    a->remedy ? a->remedy : "");
}

static bool fetch(struct target *t, bool renew)
{
	struct rc_exec *x = t->x;
	struct rc_err err;
	struct rc_slice token = t->secrets.token;

	if (x->env.net.begin && x->env.net.begin(x->env.net.ctx, &err)) {
		target_stop(t, err.code, "network", "target %s: %s", t->cfg->name, err.what);
		return false;
	}
	if (x->env.secrets(x->env.ctx, t->index, renew, &t->secrets, &err)) {
		target_stop(t, err.code, "secrets", "target %s: %s", t->cfg->name, err.what);
		return false;
	}
	if (!t->secrets.token.n)
		t->secrets.token = token;
	return true;
}

static bool logs_in(const struct target *t)
{
	return t->conf.auth_method && strcmp(t->conf.auth_method, "password") == 0;
}

/* The lone call that proves the credentials: a locked key or a revoked token must not meet 64 requests at once. */
static void prove(struct target *t, int64_t now)
{
	struct server *s = &t->servers[0];
	struct call *c = call_new(s, t->auth == AUTH_LOGIN ? CALL_LOGIN : CALL_WHOAMI, 0);

	t->probe_in_flight = true;
	rc_pacer_sent(&s->pacer, x_sec(now), RC_PACER_READ, 1, &c->token);
	c->paced = true;
	call_send(c);
}

bool target_ready(struct target *t, int64_t now, int64_t *next)
{
	struct rc_pacer_decision d;

	if (t->auth == AUTH_OK && logs_in(t) && t->token_renew_at && rc_wall_ns(t->x->env.clock) >= t->token_renew_at &&
	    !t->in_flight)
		t->auth = AUTH_LOGIN;
	if (t->auth == AUTH_OK)
		return !(logs_in(t) && t->token_renew_at && rc_wall_ns(t->x->env.clock) >= t->token_renew_at);
	if (t->stopped || t->probe_in_flight)
		return false;
	if (t->auth == AUTH_NONE) {
		if (!fetch(t, false))
			return false;
		t->auth = logs_in(t) ? AUTH_LOGIN : AUTH_PROBE;
	}
	if (t->in_flight || target_held(t, now, next))
		return false;
	rc_pacer_poll_read(&t->servers[0].pacer, x_sec(now), &d);
	if (d.verb == RC_PACER_WAIT && (int64_t)(d.until * 1e9) + 1 < *next)
		*next = (int64_t)(d.until * 1e9) + 1;
	if (d.verb == RC_PACER_SEND)
		prove(t, now);
	return false;
}

static void take_token(struct target *t, const struct rc_answer *a)
{
	int64_t now = rc_wall_ns(t->x->env.clock), life = a->token_expires_ns - now;

	rc_buf_wipe(&t->token);
	rc_buf_addslice(&t->token, a->token);
	t->secrets.token = rc_buf_slice(&t->token);
	t->token_renew_at = 0;
	if (a->token_expires_ns) {
		int64_t by_share = now + life / 10 * 9, by_time = a->token_expires_ns - RENEW_AHEAD_S * 1000000000LL;

		t->token_renew_at = by_share < by_time ? by_share : by_time;
		if (t->token_renew_at <= now)
			t->token_renew_at = by_share;
	}
}

void auth_answered(struct call *c, const struct rc_answer *a)
{
	struct target *t = c->s->t;

	t->probe_in_flight = false;
	if (a->v == V_OK && c->req.kind == CALL_LOGIN) {
		take_token(t, a);
		t->auth = AUTH_PROBE;
	} else if (a->v == V_OK) {
		t->auth = AUTH_OK;
		t->renewed = false;
	} else if (a->v == V_AUTH || a->v == V_CLOCK) {
		auth_refused(c, a);
	} else if (a->v == V_TARGET || a->v == V_REJECTED || a->v == V_GONE) {
		target_stop(t, RC_UNAVAILABLE, "target", "target %s: %s (%s)%s%s", t->cfg->name,
			    a->message ? a->message : "the provider refuses the first call",
			    a->code ? a->code : "no code", a->remedy ? ": " : "", a->remedy ? a->remedy : "");
	} /* busy, throttled, unreachable: the pacer says when to try again */
}

bool auth_refused(struct call *c, const struct rc_answer *a)
{
	struct target *t = c->s->t;

	if (t->stopped)
		return false;
	if (a->v == V_CLOCK && !t->clock_fixed && a->server_date_ns) {
		t->clock_fixed = true;
		t->clock_shift_ns = a->server_date_ns - rc_wall_ns(t->x->env.clock);
		return true;
	}
	if (a->v == V_CLOCK) {
		stop_for(t, a);
		return false;
	}
	if (t->auth != AUTH_OK && c->req.kind != CALL_LOGIN && c->req.kind != CALL_WHOAMI)
		return true; /* sent with what has been renewed since */
	if (t->auth == AUTH_OK ? ++t->renewals > MAX_RENEWALS : t->renewed || c->req.kind == CALL_LOGIN || !a->renew) {
		stop_for(t, a);
		return false;
	}
	t->renewed = true;
	if (!fetch(t, true))
		return false;
	t->auth = logs_in(t) ? AUTH_LOGIN : AUTH_PROBE;
	return true;
}
